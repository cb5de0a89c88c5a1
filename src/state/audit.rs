//! What of the audit log is not yet in its table? A journal for each process that writes one, in
//! files that become the table's commits.
//!
//! A file's name is the sequence number of its commit: whoever finds one that a kill left behind
//! commits it under that number, or sees that it was. Numbers of different processes differ by what
//! is left when they are divided by [`SLOTS`].

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::{StateError, io_error};
use super::home::Home;
use super::whole::{json_bytes, make_dir};
use crate::time::EventTime;

/// Processes that write an audit log of one lake at once.
pub(crate) const SLOTS: i64 = 16;
/// Most bytes that wait for a lake that cannot be written.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: EventTime,
    /// Who; `?` for a login under a name that nobody bears.
    pub who: String,
    /// What they may do.
    pub role: Option<String>,
    /// `login`, `login_failed`, `logout`, `read`, `export`, `change`, `erase` or `refused`.
    pub action: String,
    /// What was asked for.
    pub what: String,
    /// The topic that was asked for.
    pub topic: Option<String>,
    /// Which one.
    pub detail: Option<String>,
    /// The status of HTTP.
    pub status: Option<u16>,
    /// From where.
    pub peer: Option<String>,
    /// `http`, `postgres` or `cli`.
    pub door: String,
    /// How many alike.
    pub count: u64,
}

/// A place among the processes that write an audit log.
#[derive(Debug)]
pub struct AuditSlot {
    /// What is left when its numbers are divided by [`SLOTS`].
    pub(crate) number: i64,
    folder: PathBuf,
    /// Held as long as the place is.
    _lock: File,
}

/// A file of the journal that waits for its commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Waiting {
    pub(crate) sequence: i64,
    path: PathBuf,
}

impl AuditSlot {
    /// The first free place of a lake.
    ///
    /// # Errors
    /// When the lake's own files cannot be written here, or all places are taken.
    pub fn take(home: &Home) -> Result<Self, StateError> {
        home.need_state()?;
        let folder = home.own("audit");
        make_dir(&folder).map_err(io_error(&folder))?;
        for number in 0..SLOTS {
            if let Some(slot) = Self::at(folder.clone(), number)? {
                return Ok(slot);
            }
        }
        Err(StateError::Locked { path: folder })
    }

    fn at(folder: PathBuf, number: i64) -> Result<Option<Self>, StateError> {
        let path = folder.join(format!("{number}.lock"));
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(io_error(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { number, folder, _lock: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(StateError::Io { path, source }),
        }
    }

    /// Whether it is the first, which tidies the table for all.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.number == 0
    }

    /// Free places of others that left something behind.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(crate) fn left_behind(&self) -> Result<Vec<Self>, StateError> {
        let mut found = Vec::new();
        for number in 0..SLOTS {
            if number != self.number && !self.waiting_of(number)?.is_empty() {
                found.extend(Self::at(self.folder.clone(), number)?);
            }
        }
        Ok(found)
    }

    /// Its files, oldest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(crate) fn waiting(&self) -> Result<Vec<Waiting>, StateError> {
        self.waiting_of(self.number)
    }

    fn waiting_of(&self, number: i64) -> Result<Vec<Waiting>, StateError> {
        let entries = fs::read_dir(&self.folder).map_err(io_error(&self.folder))?;
        let mut found: Vec<Waiting> = entries
            .flatten()
            .filter_map(|entry| {
                let path = entry.path();
                let name = path.file_name()?.to_str()?.strip_suffix(".jsonl")?;
                let sequence: i64 = name.parse().ok()?;
                (sequence.rem_euclid(SLOTS) == number).then_some(Waiting { sequence, path })
            })
            .collect();
        found.sort();
        Ok(found)
    }

    /// Adds lines, durably, to the file of a number.
    ///
    /// # Errors
    /// When the disk refuses, or too much waits already.
    pub(crate) fn append(&self, sequence: i64, entries: &[AuditEntry]) -> Result<(), StateError> {
        let path = self.folder.join(format!("{sequence:012}.jsonl"));
        let mut text = Vec::new();
        for entry in entries {
            text.extend(json_bytes(&path, entry)?);
            text.push(b'\n');
        }
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let write = || {
            let mut file = options.open(&path)?;
            if file.metadata()?.len() > JOURNAL_BYTES_MAX {
                return Err(std::io::Error::new(ErrorKind::StorageFull, "the journal is full"));
            }
            file.write_all(&text)?;
            file.sync_data()
        };
        write().map_err(io_error(&path))
    }
}

impl Waiting {
    /// Its lines; one that was cut off by a kill, which nobody waited for, is passed over.
    pub(crate) fn read(&self) -> Result<Vec<AuditEntry>, StateError> {
        let bytes = fs::read(&self.path).map_err(io_error(&self.path))?;
        let lines = bytes.split(|&byte| byte == b'\n');
        Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }

    /// It was committed.
    pub(crate) fn remove(&self) -> Result<(), StateError> {
        fs::remove_file(&self.path).map_err(io_error(&self.path))
    }
}
