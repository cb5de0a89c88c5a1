//! How is a pipe read, which ends only when its writer does? As lines come, and never for longer
//! than somebody listens.
//!
//! Reading blocks, so a thread of its own does it and stays a few pieces ahead. Nobody waits for
//! that thread: it may hang in a read when the process ends. While the listener is busy the pieces
//! pile up and are taken as one block, so that a full pipe is as fast as a file.
//!
//! A pipe belongs to the process, not to a configuration: what left it cannot be read again, so the
//! next reader of the same path takes over from the one before.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;

use super::block::{BLOCK_BYTES, Block, Cutter};

/// Bytes asked for at a time; what a pipe holds.
const PIECE_BYTES: usize = 64 << 10;
/// Pieces read ahead.
const PIECES: usize = 16;

/// Pieces of a stream in order, then perhaps the error that ended it.
pub(super) type Pieces = mpsc::Receiver<io::Result<Vec<u8>>>;

/// Whether something is read as it comes: standard input (`-`), a FIFO, a device; a regular file is
/// not, even behind standard input's own path.
///
/// # Errors
/// When there is nothing at the path, or it may not be looked at.
pub(in crate::connect) fn is_stream(path: &Path) -> io::Result<bool> {
    if path.as_os_str() == "-" {
        return Ok(true);
    }
    let kind = std::fs::metadata(path)?.file_type();
    Ok(!kind.is_file() && !kind.is_dir())
}

/// Who writes into a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::connect) enum Writers {
    /// One; when it ends, so does the stream.
    One,
    /// One after the other. A FIFO is kept open between them: what the next one writes while nobody
    /// had it open would be lost to it.
    Many,
}

/// Reads a stream on a thread of its own, from the first byte that comes.
pub(super) fn read_ahead(path: &Path, writers: Writers) -> Pieces {
    let (sender, pieces) = mpsc::channel(PIECES);
    let path = path.to_owned();
    std::thread::spawn(move || {
        let opened: io::Result<Box<dyn Read>> = if path.as_os_str() == "-" {
            Ok(Box::new(io::stdin()))
        } else {
            open(&path, writers).map(|file| Box::new(file) as Box<dyn Read>)
        };
        let mut reader = match opened {
            Ok(reader) => reader,
            Err(error) => return drop(sender.blocking_send(Err(error))),
        };
        loop {
            let mut piece = vec![0; PIECE_BYTES];
            let read = match reader.read(&mut piece) {
                Ok(0) => return,
                Ok(read) => {
                    piece.truncate(read);
                    Ok(piece)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let ends = read.is_err();
            if sender.blocking_send(read).is_err() || ends {
                return;
            }
        }
    });
    pieces
}

/// Opens a stream; for one writer that waits until the writer is there.
fn open(path: &Path, writers: Writers) -> io::Result<File> {
    let is_fifo = std::os::unix::fs::FileTypeExt::is_fifo(&std::fs::metadata(path)?.file_type());
    OpenOptions::new().read(true).write(is_fifo && writers == Writers::Many).open(path)
}

/// Appends the pieces that are there without waiting, up to about `limit` bytes.
pub(super) fn fill(pieces: &mut Pieces, bytes: &mut Vec<u8>, limit: usize) -> io::Result<()> {
    while bytes.len() < limit
        && let Ok(piece) = pieces.try_recv()
    {
        bytes.extend_from_slice(&piece?);
    }
    Ok(())
}

/// Pipes whose reader ended before they did, until the next one comes. Bounded by the sources of a
/// configuration.
static LEFT: Mutex<BTreeMap<PathBuf, PipeLines>> = Mutex::new(BTreeMap::new());

/// The lines of a stream for whoever awaits them.
#[derive(Debug)]
pub(in crate::connect) struct PipeLines {
    pieces: Pieces,
    cutter: Cutter,
    failed: Option<io::Error>,
}

impl PipeLines {
    /// The lines of a stream from its first byte on, or from where another reader left it.
    pub(in crate::connect) fn open(path: &Path, writers: Writers) -> Self {
        let left = LEFT.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
        left.unwrap_or_else(|| {
            let pieces = read_ahead(path, writers);
            Self { pieces, cutter: Cutter::default(), failed: None }
        })
    }

    /// Leaves the stream, with the beginning of a line, to whoever opens it next.
    pub(in crate::connect) fn leave(self, path: &Path) {
        LEFT.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), self);
    }

    /// Waits for the next whole lines; at the end of the stream, for what is left. `None` behind it.
    /// May be dropped while it waits; nothing is lost.
    ///
    /// # Errors
    /// When reading fails; what was read before came before.
    pub(in crate::connect) async fn next_block(&mut self) -> io::Result<Option<Block>> {
        loop {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            let Some(piece) = self.pieces.recv().await else { return Ok(self.cutter.last_line()) };
            if let Some(block) = self.cut(piece) {
                return Ok(Some(block));
            }
        }
    }

    /// The lines that were read already, and no more: what left the pipe cannot be read again.
    pub(in crate::connect) fn read_already(&mut self) -> Option<Block> {
        self.pieces.close();
        while let Ok(piece) = self.pieces.try_recv() {
            if let Some(block) = self.cut(piece) {
                return Some(block);
            }
        }
        None
    }

    fn cut(&mut self, piece: io::Result<Vec<u8>>) -> Option<Block> {
        let (mut bytes, before) = self.cutter.begin();
        match piece {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(error) => self.failed = Some(error),
        }
        if let Err(error) = fill(&mut self.pieces, &mut bytes, BLOCK_BYTES) {
            self.failed = Some(error);
        }
        self.cutter.cut(bytes, before)
    }
}
