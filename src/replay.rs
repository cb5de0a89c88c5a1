//! How is an archive played back as if it were live? A WebSocket server in Jetstream's wire format.
//!
//! For demonstrations, tests and load: it keeps the distances of the archive's reception times,
//! divided by a speed, and honors the `cursor` of whoever connects. At the end of the archive the
//! connection stays open and silent, as a live tail does.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use crate::connect::{bundled_lines, open_lines};
use crate::decode::{ArchiveLine, Format, jetstream_frame};
use crate::time::EventTime;

/// Connections served at once; more wait.
const CONNECTIONS_MAX: usize = 16;
/// Frames read ahead per connection.
const FRAMES_AHEAD: usize = 4_096;
/// Frames sent between two flushes at full speed.
const FLUSH_FRAMES: usize = 256;

/// What to play.
#[derive(Debug, Clone)]
pub enum Archive {
    /// The archive that comes with resonanz; see data/README.md.
    Bundled,
    /// A file, plain, `.gz` or `.zst`.
    File {
        /// Which file.
        path: PathBuf,
        /// Its format; Jetstream frames are passed on as they are.
        format: Format,
    },
}

/// What to play, and how fast.
#[derive(Debug, Clone)]
pub struct Replay {
    /// What to play.
    pub archive: Archive,
    /// How many times faster than it happened; infinite for as fast as possible.
    pub speed: f64,
    /// Another speed from an instant on.
    pub slower: Option<Slower>,
}

/// Another speed from an instant of the archive on.
#[derive(Debug, Clone, Copy)]
pub struct Slower {
    /// By reception time.
    pub from: EventTime,
    /// How many times faster than it happened.
    pub speed: f64,
}

/// Serves connections until the task is aborted.
///
/// # Errors
/// When the listener fails.
pub async fn replay(listener: TcpListener, replay: Replay) -> std::io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let (stream, peer) = listener.accept().await?;
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
        let replay = replay.clone();
        tokio::spawn(async move {
            if let Err(error) = play(stream, replay).await {
                tracing::info!(%peer, error = format!("{error:#}"), "connection ended");
            }
            drop(place);
        });
    }
}

async fn play(stream: TcpStream, replay: Replay) -> anyhow::Result<()> {
    let mut cursor = None;
    #[allow(clippy::result_large_err, reason = "the signature is the handshake's")]
    let note_cursor = |request: &Request, response: Response| {
        cursor = request.uri().query().and_then(cursor_of);
        Ok(response)
    };
    let mut socket = accept_hdr_async(stream, note_cursor).await?;
    let (frames, mut ahead) = mpsc::channel(FRAMES_AHEAD);
    let Replay { archive, speed, slower } = replay;
    let reader = tokio::task::spawn_blocking(move || read(&archive, cursor, &frames));
    let mut pace = Pace { speed, slower, begin: None };
    let mut unflushed = 0;
    loop {
        let frame = tokio::select! {
            frame = ahead.recv() => frame,
            message = socket.next() => match message {
                // Reading answers pings on the way.
                Some(Ok(_)) => continue,
                _ => return Ok(()),
            },
        };
        let Some((frame, time_us)) = frame else { break };
        if let Some(due) = pace.due(time_us) {
            socket.flush().await?;
            unflushed = 0;
            tokio::time::sleep_until(due).await;
        }
        socket.feed(Message::text(frame)).await?;
        unflushed += 1;
        if unflushed >= FLUSH_FRAMES {
            socket.flush().await?;
            unflushed = 0;
        }
    }
    socket.flush().await?;
    reader.await??;
    stay_open(socket).await;
    Ok(())
}

/// A silent tail, until the client goes.
async fn stay_open(mut socket: WebSocketStream<TcpStream>) {
    while let Some(Ok(message)) = socket.next().await {
        if message.is_close() {
            return;
        }
    }
}

fn cursor_of(query: &str) -> Option<i64> {
    query.split('&').find_map(|pair| pair.strip_prefix("cursor="))?.parse().ok()
}

/// Reads frames from the cursor on; lines that cannot be read are skipped with a warning.
fn read(
    archive: &Archive,
    cursor: Option<i64>,
    frames: &mpsc::Sender<(String, i64)>,
) -> anyhow::Result<()> {
    let (mut lines, format) = match archive {
        Archive::Bundled => (bundled_lines(), Format::Archive),
        Archive::File { path, format } => (open_lines(path, 0)?, *format),
    };
    while let Some(block) = lines.next_block()? {
        for line in block.lines() {
            let frame = match format {
                Format::Archive => ArchiveLine::parse(line).map(jetstream_frame),
                Format::Jetstream | Format::JetstreamEvents => pass_on(line),
                Format::Export(_) => Err("exports cannot be replayed; import them".to_owned()),
            };
            match frame {
                Ok((_, time_us)) if cursor.is_some_and(|cursor| time_us < cursor) => {}
                Ok(frame) => {
                    if frames.blocking_send(frame).is_err() {
                        return Ok(());
                    }
                }
                Err(reason) => tracing::warn!(reason, "line skipped"),
            }
        }
    }
    Ok(())
}

fn pass_on(line: &[u8]) -> Result<(String, i64), String> {
    #[derive(serde::Deserialize)]
    struct Stamp {
        time_us: i64,
    }
    let text = std::str::from_utf8(line).map_err(|error| error.to_string())?;
    let stamp: Stamp = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok((text.to_owned(), stamp.time_us))
}

/// Keeps the archive's distances, divided by the speed.
struct Pace {
    speed: f64,
    slower: Option<Slower>,
    begin: Option<(Instant, i64)>,
}

impl Pace {
    /// When the frame is due, if that is worth waiting for.
    fn due(&mut self, time_us: i64) -> Option<Instant> {
        let (start, first_us) = *self.begin.get_or_insert_with(|| (Instant::now(), time_us));
        let change_us = self.slower.map_or(i64::MAX, |slower| slower.from.0.max(first_us));
        let waited = |from_us: i64, to_us: i64, speed: f64| {
            let distance_us = u64::try_from(to_us - from_us).unwrap_or(0);
            let is_timed = speed.is_finite() && speed > 0.0;
            Duration::from_micros(if is_timed { distance_us } else { 0 }).div_f64(speed.max(1e-6))
        };
        let quickly = waited(first_us, time_us.min(change_us), self.speed);
        let slowly = self.slower.map_or(Duration::ZERO, |slower| {
            waited(change_us, time_us.max(change_us), slower.speed)
        });
        let due = start + quickly + slowly;
        (due > Instant::now() + Duration::from_millis(1)).then_some(due)
    }
}
