//! How does the store go on after the disk refused something, or a kill while it was made? It is opened
//! or made anew.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{PoisonError, RwLockReadGuard};

use redb::Database;

use super::{Outbox, OutboxError};

impl Outbox {
    /// Held as long as a transaction, or it could end in a file that is no more. After a failure the
    /// file is opened anew: redb refuses everything until then.
    pub(super) fn database(&self) -> Result<RwLockReadGuard<'_, Option<Database>>, redb::Error> {
        if self.refused.load(Ordering::Acquire) {
            let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
            if self.refused.load(Ordering::Acquire) {
                // It holds the file's lock as long as it lives.
                *database = None;
                *database = Some(Database::create(&self.path)?);
                self.refused.store(false, Ordering::Release);
            }
        }
        Ok(self.database.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Remembers when the disk refused.
    pub(super) fn noted<T>(&self, outcome: Result<T, redb::Error>) -> Result<T, OutboxError> {
        if outcome.is_err() {
            self.refused.store(true, Ordering::Release);
        }
        outcome.map_err(OutboxError::Store)
    }
}

/// Why a store cannot be opened: whether its file is at fault.
pub(super) fn unusable(path: &Path, source: redb::Error) -> OutboxError {
    let is_at_fault = match &source {
        redb::Error::Io(error) => error.kind() == ErrorKind::InvalidData,
        redb::Error::Corrupted(_) | redb::Error::UpgradeRequired(_) => true,
        _ => false,
    };
    if is_at_fault {
        OutboxError::Damaged { path: path.to_owned(), source }
    } else {
        OutboxError::Store(source)
    }
}

/// Bytes with which the file of a store begins.
const MARK_BYTES: usize = 9;

/// Empties a file that a kill left before it was a store: its mark is written last, so nothing is in it.
pub(super) fn empty_unborn(path: &Path) -> io::Result<()> {
    let mut file = match File::options().read(true).write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    // Who makes it just now holds its lock; once that is let go, it may be made.
    if is_unborn(&mut file)? && file.try_lock().is_ok() && is_unborn(&mut file)? {
        let bytes = file.metadata()?.len();
        if bytes > 0 {
            let path = path.display();
            tracing::warn!(%path, bytes, "emptied a file that a kill left before it was an outbox");
        }
        file.set_len(0)?;
    }
    Ok(())
}

fn is_unborn(file: &mut File) -> io::Result<bool> {
    let mut mark = [0; MARK_BYTES];
    file.rewind()?;
    match file.read_exact(&mut mark) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(true),
        read => read.map(|()| mark == [0; MARK_BYTES]),
    }
}

/// The store, unless the file could not be opened.
pub(super) fn opened(database: &Option<Database>) -> Result<&Database, redb::Error> {
    database.as_ref().ok_or(redb::Error::DatabaseClosed)
}
