//! How does a command have work done in a lake that another process writes? By a file with the
//! request, which the writer answers with a file.
//!
//! `_resonanz/errands/ID.json` holds the request, `ID.answer` the outcome. Both appear whole. A
//! request that no writer takes is done by the command itself as soon as the lake is free.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{StateError, io_error};
use super::home::Home;
use super::whole::{json_bytes, make_dir, write_whole};
use crate::config::Retention;
use crate::system::random;

/// Requests that may wait; beyond, new ones are refused.
const WAITING_MAX: usize = 64;
/// After which time an answer that nobody fetched is removed.
const ANSWER_KEPT: Duration = Duration::from_secs(3_600);

/// Work on the lake as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Errand {
    /// Merge small files, those of the running day too.
    Compact {
        /// Only say what would be done.
        dry: bool,
    },
    /// End the keeping of rows and texts past their retention.
    Retain {
        /// Which is over when.
        retention: Retention,
        /// Only say what would be done.
        dry: bool,
    },
    /// Remove files that nothing needs any more.
    Vacuum {
        /// Kept for readers of older versions, in microseconds.
        older_than_us: i64,
        /// Only say what would be done.
        dry: bool,
    },
}

/// The requests that wait, and their answers.
#[derive(Debug, Clone)]
pub struct Errands {
    folder: PathBuf,
}

impl Errands {
    /// The errands of a lake.
    #[must_use]
    pub fn of(folder: &Home) -> Self {
        Self { folder: folder.errands() }
    }

    /// Leaves a request; gives the name under which the answer will come.
    ///
    /// # Errors
    /// When too many wait already, or the folder cannot be written.
    pub fn leave(&self, errand: &Errand) -> Result<String, StateError> {
        make_dir(&self.folder).map_err(io_error(&self.folder))?;
        if self.waiting()?.len() >= WAITING_MAX {
            return Err(StateError::Busy { path: self.folder.clone(), waiting: WAITING_MAX });
        }
        let id = random::<8>().map_err(io_error(&self.folder))?;
        let id = format!("{:016x}", u64::from_le_bytes(id));
        let path = self.folder.join(format!("{id}.json"));
        write_whole(&path, &json_bytes(&path, errand)?)?;
        Ok(id)
    }

    /// The answer to a request, once it is there; removed with the request.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn fetch(&self, id: &str) -> Result<Option<Value>, StateError> {
        let path = self.folder.join(format!("{id}.answer"));
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read(&path).map_err(io_error(&path))?;
        let answer = serde_json::from_slice(&text)
            .map_err(|error| StateError::Damaged { path: path.clone(), what: error.to_string() })?;
        fs::remove_file(&path).map_err(io_error(&path))?;
        Ok(Some(answer))
    }

    /// Takes a request back.
    pub fn withdraw(&self, id: &str) {
        let _ = fs::remove_file(self.folder.join(format!("{id}.json")));
    }

    /// A request; in words, if this version does not know it.
    pub(crate) fn read(&self, id: &str) -> Result<Result<Errand, String>, StateError> {
        let path = self.folder.join(format!("{id}.json"));
        let text = fs::read(&path).map_err(io_error(&path))?;
        let unknown = |error| format!("not a request that this version knows: {error}");
        Ok(serde_json::from_slice(&text).map_err(unknown))
    }

    /// Answers a request, which waits no longer.
    pub(crate) fn answer(&self, id: &str, answer: &Value) -> Result<(), StateError> {
        let path = self.folder.join(format!("{id}.answer"));
        write_whole(&path, &json_bytes(&path, answer)?)?;
        let request = self.folder.join(format!("{id}.json"));
        fs::remove_file(&request).map_err(io_error(&request))
    }

    /// The requests that wait, in order of name.
    pub(crate) fn waiting(&self) -> Result<Vec<String>, StateError> {
        if !self.folder.exists() {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(&self.folder).map_err(io_error(&self.folder))?;
        let name = |entry: fs::DirEntry| {
            entry.file_name().to_str()?.strip_suffix(".json").map(str::to_owned)
        };
        let mut waiting: Vec<String> = entries.flatten().filter_map(name).collect();
        waiting.sort();
        Ok(waiting)
    }

    /// Removes answers that nobody fetched.
    pub(crate) fn sweep(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let age = entry.metadata().ok().and_then(|metadata| metadata.modified().ok());
            let age = age.and_then(|made| SystemTime::now().duration_since(made).ok());
            let answer = entry.path().extension().is_some_and(|ending| ending == "answer");
            if answer && age.is_some_and(|age| age > ANSWER_KEPT) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}
