//! What did people decide about mentions that wait for an answer? Changes that are on their way into
//! table `triage`, each a small file.
//!
//! ```text
//! LAKE/_resonanz/triage/ID.json   one change, until the table holds it
//! LAKE/_resonanz/triage/lock      held while somebody looks and writes
//! ```
//!
//! Who changes something holds the lock, sees what waits here and what the table holds, and writes a
//! file; the process that writes the lake moves files into the table, and removes them under the
//! lock. So each change is in one of the two, and nobody overwrites what they have not seen.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::{StateError, io_error};
use super::home::Home;
use super::turn::take;
use super::whole::{json_bytes, make_dir, write_whole};
use crate::time::{EventTime, rfc3339};

/// Changes that may wait for a process that writes the lake.
const WAITING_MAX: usize = 10_000;

/// How a mention stands that may want an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Nobody takes care.
    #[default]
    Open,
    /// Somebody does.
    Assigned,
    /// It was answered.
    Answered,
    /// It wants no answer.
    Ignored,
}

impl Standing {
    /// All, in the order of a mention's way.
    pub const ALL: [Self; 4] = [Self::Open, Self::Assigned, Self::Answered, Self::Ignored];

    /// Its name in tables and addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Assigned => "assigned",
            Self::Answered => "answered",
            Self::Ignored => "ignored",
        }
    }

    /// The standing of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == name)
    }
}

/// A change of a mention's state, made by a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its identity.
    pub id: String,
    /// When it was made, by the wall clock.
    #[serde(with = "rfc3339")]
    pub at: EventTime,
    /// Topic of the mention.
    pub topic: String,
    /// Its source.
    pub source: String,
    /// Its post.
    pub post_id: String,
    /// The number of the state that it makes.
    pub revision: u64,
    /// Answers of our accounts that were known.
    pub replies: u64,
    /// How the mention stands from now on.
    pub state: Standing,
    /// Who takes care of it.
    pub owner: Option<String>,
    /// What else there is to say.
    pub note: Option<String>,
    /// Who made the change.
    pub changed_by: String,
}

/// The changes of a lake that wait.
#[derive(Debug, Clone)]
pub struct Triage {
    folder: PathBuf,
    /// The address of a bucket that was opened without its state folder: nothing can wait there.
    stateless: Option<PathBuf>,
}

/// Nobody else looks and writes while it lives.
#[derive(Debug)]
pub struct TriageLock {
    _held: File,
}

impl Triage {
    /// Those of a lake.
    #[must_use]
    pub fn of(home: &Home) -> Self {
        let stateless = (!home.has_state()).then(|| home.root().to_owned());
        Self { folder: home.own("triage"), stateless }
    }

    /// What waits, in order of time; empty where no process ever noted anything.
    ///
    /// # Errors
    /// When a file cannot be read, or is none of ours.
    pub fn waiting(&self) -> Result<Vec<Change>, StateError> {
        let mut found = Vec::new();
        for path in self.paths()? {
            let bytes = match fs::read(&path) {
                // Meanwhile the table holds it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                bytes => bytes.map_err(io_error(&path))?,
            };
            let change: Change = serde_json::from_slice(&bytes)
                .map_err(|error| StateError::Damaged { path, what: error.to_string() })?;
            found.push(change);
        }
        found.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        Ok(found)
    }

    /// Waits until nobody else looks and writes. Blocks the thread, at most ten seconds.
    ///
    /// # Errors
    /// When the folder cannot be written, or somebody else does not end.
    pub fn lock(&self) -> Result<TriageLock, StateError> {
        if let Some(path) = &self.stateless {
            return Err(StateError::NoState { path: path.clone() });
        }
        make_dir(&self.folder).map_err(io_error(&self.folder))?;
        Ok(TriageLock { _held: take(&self.folder.join("lock"))? })
    }

    /// Notes a change, durably.
    ///
    /// # Errors
    /// When 10,000 wait already, or the disk refuses.
    pub fn put(&self, change: &Change, _lock: &TriageLock) -> Result<(), StateError> {
        if self.paths()?.len() >= WAITING_MAX {
            return Err(StateError::Busy { path: self.folder.clone(), waiting: WAITING_MAX });
        }
        let path = self.folder.join(format!("{}.json", change.id));
        write_whole(&path, &json_bytes(&path, change)?)
    }

    /// Removes what the table holds.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn settle(&self, changes: &[Change]) -> Result<(), StateError> {
        let _lock = self.lock()?;
        self.sweep();
        changes.iter().try_for_each(|change| self.remove(&change.id))
    }

    /// Removes what somebody left who was killed while he wrote; under the lock nobody writes.
    fn sweep(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|ending| ending == "draft") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Forgets changes of posts that are gone, by source and id.
    ///
    /// # Errors
    /// When a file cannot be read or removed.
    pub fn forget(&self, gone: &BTreeSet<(String, String)>) -> Result<(), StateError> {
        if gone.is_empty() || self.stateless.is_some() || !self.folder.exists() {
            return Ok(());
        }
        let _lock = self.lock()?;
        self.sweep();
        for change in self.waiting()? {
            if gone.contains(&(change.source, change.post_id)) {
                self.remove(&change.id)?;
            }
        }
        Ok(())
    }

    fn remove(&self, id: &str) -> Result<(), StateError> {
        let path = self.folder.join(format!("{id}.json"));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(&path)(error)),
            _ => Ok(()),
        }
    }

    fn paths(&self) -> Result<Vec<PathBuf>, StateError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(io_error(&self.folder))?,
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
        Ok(paths)
    }
}
