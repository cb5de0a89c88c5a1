//! How is an archive played back on the command line?

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use serde::de::IgnoredAny;
use tokio::net::TcpListener;

use super::inputs::ArchiveFormat;
use super::{Ending, Failure, runtime};
use crate::connect::open_lines;
use crate::decode::ArchiveLine;
use crate::replay::{self, Archive};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The archive, plain, .gz or .zst
    file: PathBuf,
    /// How many times faster than it happened; 0 for as fast as possible
    #[arg(long, default_value_t = 600.0, value_parser = speed)]
    speed: f64,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8601")]
    listen: SocketAddr,
    /// Format of a line of the archive
    #[arg(long, alias = "format", value_enum, default_value_t = ArchiveFormat::Jsonl)]
    input_format: ArchiveFormat,
}

/// A speed; 0 stands for as fast as possible.
pub(super) fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(0.0) => Ok(f64::INFINITY),
        Ok(speed) if speed > 0.0 && speed.is_finite() => Ok(speed),
        _ => Err("write a number above 0, or 0 for as fast as possible".to_owned()),
    }
}

/// Refuses a file in whose first lines there is not one post: it would be served as silence.
fn look(args: &Args) -> Result<(), Failure> {
    let path = args.file.display();
    let hint =
        "an archive is lines of JSON, plain, .gz or .zst; reprocess reads CSV and Parquet too";
    let mut lines =
        open_lines(&args.file, 0).map_err(|error| Failure::usage(error.to_string(), hint))?;
    let first = lines.next_block().with_context(|| path.to_string())?.unwrap_or_default();
    let is_post = |line: &[u8]| match args.input_format {
        ArchiveFormat::Jsonl => ArchiveLine::parse(line).map(drop),
        ArchiveFormat::Jetstream => {
            let frame = serde_json::from_slice::<IgnoredAny>(line);
            frame.map(drop).map_err(|error| error.to_string())
        }
    };
    let mut refused = None;
    for line in first.lines() {
        match is_post(line) {
            Ok(()) => return Ok(()),
            Err(reason) => refused = refused.or(Some(reason)),
        }
    }
    // An empty file may grow until somebody connects.
    let Some(why) = refused else { return Ok(()) };
    Err(Failure::usage(format!("{path}: there is not one post in its first lines: {why}"), hint))
}

pub(super) fn replay(args: &Args) -> Result<Ending, Failure> {
    if !args.file.exists() {
        return Err(Failure::usage(
            format!("{}: no such file", args.file.display()),
            "the bundled archive is data/archive.jsonl.zst",
        ));
    }
    look(args)?;
    let archive = Archive::File { path: args.file.clone(), format: args.input_format.into() };
    runtime()?.block_on(async {
        let listener = TcpListener::bind(args.listen).await;
        let listener = listener.map_err(|error| Failure::listen(args.listen, &error))?;
        writeln!(
            io::stdout().lock(),
            "serving {} on ws://{}/subscribe",
            args.file.display(),
            listener.local_addr()?
        )?;
        let served =
            replay::replay(listener, replay::Replay { archive, speed: args.speed, slower: None });
        tokio::select! {
            served = served => served?,
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(Ending::Done)
    })
}
