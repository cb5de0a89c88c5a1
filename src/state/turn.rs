//! How do processes take turns at what they share? Whoever looks and writes holds a file's lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::error::{StateError, io_error};

/// How long somebody else may look and write.
const PATIENCE: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(5);

/// Waits for the lock, which is held as long as the file lives. Blocks the thread, at most ten
/// seconds.
pub(super) fn take(lock: &Path) -> Result<File, StateError> {
    let open = OpenOptions::new().create(true).truncate(false).write(true).open(lock);
    let file = open.map_err(io_error(lock))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                thread::park_timeout(GLANCE);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StateError::Busy { path: lock.to_owned(), waiting: 1 });
            }
            Err(TryLockError::Error(error)) => return Err(io_error(lock)(error)),
        }
    }
}
