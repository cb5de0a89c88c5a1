//! How do posts come out of files and pipes?

use std::path::Path;
use std::time::Duration;

use super::Inbox;
use super::lines::{Block, Lines, open_lines};
use crate::decode::{Cursor, Decoder, Parcel};
use crate::post::SourceId;

/// How long to wait at the end of a growing file before looking again.
const FOLLOW_WAIT: Duration = Duration::from_millis(200);

/// Reads a file of lines from a cursor to its end.
///
/// # Errors
/// When the file cannot be opened or read.
pub async fn read_file(
    path: &Path,
    source: &SourceId,
    decoder: Decoder,
    cursor: Option<Cursor>,
    inbox: &Inbox,
) -> anyhow::Result<()> {
    let lines = open_lines(path, offset(cursor))?;
    pump(lines, source.clone(), decoder, inbox.clone()).await?;
    Ok(())
}

/// Reads standard input to its end. It cannot be read twice: after a restart, lines that were not
/// committed are lost unless whoever writes them sends them again.
///
/// # Errors
/// When reading fails.
pub async fn read_stdin(source: &SourceId, decoder: Decoder, inbox: &Inbox) -> anyhow::Result<()> {
    read_file(Path::new("-"), source, decoder, None, inbox).await
}

/// Reads a file from a cursor, and goes on as it grows; returns only on error or when the inbox is
/// closed. A file that became shorter is read from its beginning.
///
/// # Errors
/// When the file cannot be opened or read.
pub async fn follow_file(
    path: &Path,
    source: &SourceId,
    mut decoder: Decoder,
    cursor: Option<Cursor>,
    inbox: &Inbox,
) -> anyhow::Result<()> {
    let mut at = offset(cursor);
    while !inbox.is_closed() {
        let length = tokio::fs::metadata(path).await?.len();
        if length < at {
            tracing::warn!(source = %source, "file became shorter, reading it from its beginning");
            at = 0;
        }
        if length > at {
            let lines = open_lines(path, at)?;
            (decoder, at) =
                pump_whole_lines(lines, at, source.clone(), decoder, inbox.clone()).await?;
        }
        tokio::time::sleep(FOLLOW_WAIT).await;
    }
    Ok(())
}

fn offset(cursor: Option<Cursor>) -> u64 {
    match cursor {
        Some(Cursor::Offset(offset)) => offset,
        _ => 0,
    }
}

async fn pump(
    lines: Lines,
    source: SourceId,
    decoder: Decoder,
    inbox: Inbox,
) -> anyhow::Result<()> {
    tokio::task::spawn_blocking(move || {
        let mut lines = lines;
        let mut decoder = decoder;
        while let Some(block) = lines.next_block()? {
            if inbox.blocking_send(parcel(&block, &source, &mut decoder)).is_err() {
                break;
            }
        }
        Ok(())
    })
    .await?
}

/// Like [`pump`], but leaves an unfinished last line for later; returns where it begins.
async fn pump_whole_lines(
    lines: Lines,
    at: u64,
    source: SourceId,
    decoder: Decoder,
    inbox: Inbox,
) -> anyhow::Result<(Decoder, u64)> {
    tokio::task::spawn_blocking(move || {
        let (mut lines, mut decoder, mut at) = (lines, decoder, at);
        while let Some(block) = lines.next_whole_lines()? {
            at = block.end;
            if inbox.blocking_send(parcel(&block, &source, &mut decoder)).is_err() {
                break;
            }
        }
        Ok((decoder, at))
    })
    .await?
}

fn parcel(block: &Block, source: &SourceId, decoder: &mut Decoder) -> Parcel {
    let mut parcel = Parcel::new(source);
    block.lines().for_each(|line| decoder.decode(line, &mut parcel));
    parcel.refuse_long_lines(block.skipped);
    parcel.cursor = Some(Cursor::Offset(block.end));
    parcel
}
