//! How does a command have work done in a lake that another process writes? By a file with the
//! request, which the writer answers with a file.
//!
//! `_resonanz/errands/ID.json` holds the request, `ID.answer` the outcome. Both appear whole. A
//! request that no writer takes is done by the command itself as soon as the lake is free.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::commit::Lake;
use super::folder::{Folder, LakeError, io_error, make_dir, write_whole};
use super::upkeep::Chore;
use super::vacuum::Mode;
use crate::config::Retention;
use crate::system::random;
use crate::time::EventTime;

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

impl Lake {
    /// Does an errand; says what was done as JSON.
    ///
    /// # Errors
    /// As the work itself; see [`Lake::tend`] and [`Lake::vacuum`].
    pub async fn run_errand(&mut self, errand: Errand, now: EventTime) -> Result<Value, LakeError> {
        match errand {
            Errand::Compact { dry } => {
                self.do_chore(&Chore::Compact { gathered: 2 }, now, dry).await
            }
            Errand::Retain { retention, dry } => {
                let mut done = self.do_chore(&Chore::Retain(retention), now, dry).await?;
                let mode = if dry { Mode::Dry } else { Mode::Real };
                done["dead_letters"] = self.retain_letters(&retention, now, mode)?.into();
                Ok(done)
            }
            Errand::Vacuum { older_than_us, dry } => {
                let mode = if dry { Mode::Dry } else { Mode::Real };
                Ok(json!(self.vacuum(older_than_us, now, mode).await?))
            }
        }
    }

    async fn do_chore(
        &mut self,
        chore: &Chore,
        now: EventTime,
        dry: bool,
    ) -> Result<Value, LakeError> {
        if dry {
            return Ok(json!({"jobs": self.plan(chore, now)?}));
        }
        let mut jobs = Vec::new();
        while let Some(job) = self.tend(chore, now).await? {
            jobs.push(job);
        }
        Ok(json!({"jobs": jobs}))
    }
}

/// The requests that wait, and their answers.
#[derive(Debug, Clone)]
pub struct Errands {
    folder: PathBuf,
}

impl Errands {
    /// The errands of a lake.
    #[must_use]
    pub fn of(folder: &Folder) -> Self {
        Self { folder: folder.errands() }
    }

    /// Leaves a request; gives the name under which the answer will come.
    ///
    /// # Errors
    /// When too many wait already, or the folder cannot be written.
    pub fn leave(&self, errand: &Errand) -> Result<String, LakeError> {
        make_dir(&self.folder).map_err(io_error(&self.folder))?;
        if self.waiting()?.len() >= WAITING_MAX {
            let what = format!("{WAITING_MAX} requests wait already; is its writer alive?");
            return Err(LakeError::Damaged { path: self.folder.clone(), what });
        }
        let id = random::<8>().map_err(io_error(&self.folder))?;
        let id = format!("{:016x}", u64::from_le_bytes(id));
        let text = serde_json::to_vec(errand).unwrap_or_default();
        write_whole(&self.folder.join(format!("{id}.json")), &text)?;
        Ok(id)
    }

    /// The answer to a request, once it is there; removed with the request.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn fetch(&self, id: &str) -> Result<Option<Value>, LakeError> {
        let path = self.folder.join(format!("{id}.answer"));
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read(&path).map_err(io_error(&path))?;
        let answer = serde_json::from_slice(&text)
            .map_err(|error| LakeError::Damaged { path: path.clone(), what: error.to_string() })?;
        fs::remove_file(&path).map_err(io_error(&path))?;
        Ok(Some(answer))
    }

    /// Takes a request back.
    pub fn withdraw(&self, id: &str) {
        let _ = fs::remove_file(self.folder.join(format!("{id}.json")));
    }

    /// Does what waits, in order of name; called by the process that writes the lake.
    ///
    /// # Errors
    /// When the folder cannot be used; what an errand itself meets goes into its answer.
    pub async fn work_off(&self, lake: &mut Lake, now: EventTime) -> Result<(), LakeError> {
        for id in self.waiting()? {
            let request = self.folder.join(format!("{id}.json"));
            let text = fs::read(&request).map_err(io_error(&request))?;
            let answer = match serde_json::from_slice::<Errand>(&text) {
                Ok(errand) => match lake.run_errand(errand, now).await {
                    Ok(done) => json!({"done": done}),
                    Err(error) => json!({"error": error.to_string(), "hint": error.hint()}),
                },
                Err(error) => {
                    json!({"error": format!("no request that this version knows: {error}")})
                }
            };
            let text = serde_json::to_vec(&answer).unwrap_or_default();
            write_whole(&self.folder.join(format!("{id}.answer")), &text)?;
            fs::remove_file(&request).map_err(io_error(&request))?;
        }
        self.sweep();
        Ok(())
    }

    fn waiting(&self) -> Result<Vec<String>, LakeError> {
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
    fn sweep(&self) {
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
