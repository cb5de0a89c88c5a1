//! How do posts come out of files and pipes? Read once, followed as they grow, or as lines come.

mod follow;
mod once;
mod place;
mod print;
mod settings;

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;

use super::source::{Fault, Outlet, Source};
use super::transport::{Block, PipeLines, Writers, is_stream};
use crate::decode::Cursor;
use crate::decode::Decoder;
use crate::decode::Parcel;
use crate::post::SourceId;
use crate::system::wall_clock;
use follow::Following;
use once::Once;
use place::Place;
pub use settings::{FileSettings, Follow};
pub(super) use settings::{configure, configure_stdin};

/// How long to wait at the end of a growing file, or for a file that is away, before looking again.
const LOOK: Duration = Duration::from_millis(200);

/// A file of lines, or a pipe.
#[derive(Debug)]
pub struct FileSource {
    path: PathBuf,
    follow: Follow,
    decoder: Decoder,
    cursor: Option<Cursor>,
}

impl FileSource {
    /// The file at a path, `-` for standard input, from a cursor on.
    ///
    /// What comes through a pipe cannot be read twice, so a cursor means nothing there.
    #[must_use]
    pub fn new(path: PathBuf, follow: Follow, decoder: Decoder, cursor: Option<Cursor>) -> Self {
        Self { path, follow, decoder, cursor }
    }

    /// Reads what comes through a pipe to its end. What was read already is handed over when the
    /// process ends: nobody could read it again.
    async fn read_pipe(&self, writers: Writers, outlet: &Outlet) -> Result<(), Fault> {
        outlet.up();
        let mut decoder = self.decoder.clone();
        let mut lines = PipeLines::open(&self.path, writers);
        loop {
            let block = tokio::select! {
                block = lines.next_block() => block,
                () = outlet.closing() => break,
            };
            let block = block.map_err(|error| self.unreadable(&error))?;
            let Some(block) = block else { return Ok(()) };
            hand_over(parcel(&block, outlet.name(), &mut decoder), outlet).await?;
        }
        if outlet.is_renewed() {
            lines.leave(&self.path);
            return Err(Fault::Closed);
        }
        while let Some(block) = lines.read_already() {
            hand_over(parcel(&block, outlet.name(), &mut decoder), outlet).await?;
        }
        Err(Fault::Closed)
    }

    async fn read_once(&self, outlet: &Outlet) -> Result<(), Fault> {
        outlet.up();
        let place: Place = self.place();
        let path = self.path.clone();
        let opened = tokio::task::spawn_blocking(move || Once::open(&path, &place)).await;
        let once = opened.map_err(panicked)?.map_err(|error| self.unreadable(&error))?;
        once.read(self.decoder.clone(), outlet).await.map_err(|fault| match fault {
            Fault::User { reason, hint } => Fault::user(self.named(&reason), hint),
            other => other,
        })
    }

    async fn read_forever(&self, outlet: &Outlet) -> Result<(), Fault> {
        let mut following = Following::new(self.path.clone(), self.decoder.clone(), self.place());
        loop {
            if outlet.is_closing() {
                return Err(Fault::Closed);
            }
            let source = outlet.name().clone();
            let stepped = tokio::task::spawn_blocking(move || {
                let step = following.step(&source);
                (following, step)
            });
            let (next, step) = stepped.await.map_err(panicked)?;
            following = next;
            step.gaps.into_iter().for_each(|gap| outlet.gap(gap));
            match step.away {
                None => outlet.up(),
                Some(error) if error.kind() == ErrorKind::IsADirectory => {
                    return Err(self.unreadable(&error));
                }
                Some(error) => outlet.waiting(&self.named(&why(&error))),
            }
            match step.parcel {
                Some(parcel) => hand_over(parcel, outlet).await?,
                None => outlet.pause(LOOK).await,
            }
        }
    }

    fn place(&self) -> Place {
        self.cursor.as_ref().and_then(Cursor::read).unwrap_or_default()
    }

    fn named(&self, what: &str) -> String {
        format!("{}: {what}", self.path.display())
    }

    fn unreadable(&self, error: &std::io::Error) -> Fault {
        let hint = match error.kind() {
            ErrorKind::NotFound => "name a file that is there, or wait for it: follow = true",
            ErrorKind::PermissionDenied => "let the user of this process read it",
            ErrorKind::IsADirectory => "name a file",
            _ => "put a whole file in its place; what could be read is kept",
        };
        Fault::user(self.named(&why(error)), hint)
    }
}

#[async_trait]
impl Source for FileSource {
    async fn read(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        let path = self.path.clone();
        // A path on a file system that hangs must hang nobody else.
        let streams = tokio::task::spawn_blocking(move || is_stream(&path)).await;
        let streams = streams.map_err(panicked)?;
        match (streams, self.follow) {
            (Ok(true), Follow::Once) => self.read_pipe(Writers::One, outlet).await,
            (Ok(true), Follow::Forever) => {
                // What is neither a FIFO nor a file ends with its writer; the next may come later.
                loop {
                    self.read_pipe(Writers::Many, outlet).await?;
                    outlet.pause(LOOK).await;
                }
            }
            (_, Follow::Once) => self.read_once(outlet).await,
            (_, Follow::Forever) => self.read_forever(outlet).await,
        }
    }
}

fn parcel(block: &Block, source: &SourceId, decoder: &mut Decoder) -> Parcel {
    let mut parcel = Parcel::new(source);
    decoder.set_now(wall_clock());
    block.lines().for_each(|line| decoder.decode(line, &mut parcel));
    parcel.refuse_long_lines(block.skipped);
    parcel
}

/// A block of a mebibyte can be half a million lines that are refused.
async fn hand_over(parcel: Parcel, outlet: &Outlet) -> Result<(), Fault> {
    for piece in parcel.pieces() {
        outlet.send(piece).await?;
    }
    Ok(())
}

/// What an error of a file says, without Rust's numbers.
fn why(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}

fn panicked(error: tokio::task::JoinError) -> Fault {
    Fault::Internal { reason: error.to_string() }
}
