//! Where do the rows of a job grow, and is this the job that was begun there?

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Job, Origin};
use crate::decode::AuthorHasher;
use crate::lake::Folder;
use crate::privacy::Keyring;
use crate::state::{Site, StateError, json_bytes, write_whole};

/// Hours of a day.
const HOURS: i64 = 24;

/// What becomes of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// They are a new lake.
    New,
    /// They take the place of a lake's rows of the same days.
    Replace,
    /// They are looked at and thrown away.
    Dry,
}

/// A job that cannot be begun or gone on with.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A new lake is half full from another job.
    #[error("{path} holds an unfinished reprocess with other arguments or inputs", path = path.display())]
    OtherJob {
        /// Which lake.
        path: PathBuf,
    },
    /// Two lakes hash authors under different keys.
    #[error("{path} hashes authors under another key than the lake whose posts are read", path = path.display())]
    OtherKey {
        /// Which lake.
        path: PathBuf,
    },
}

impl StageError {
    /// One line that says how to mend it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::OtherJob { .. } => {
                "resume with the same arguments and unchanged inputs, or give a new folder"
            }
            Self::OtherKey { .. } => "give a new lake, which then takes over the key",
        }
    }
}

/// What a job notes beside its rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ledger {
    /// Hash of arguments, configuration and inputs.
    job: String,
    mode: Mode,
    /// Hours since the epoch in which posts were received.
    hours: BTreeSet<i64>,
}

/// Where the rows of a job grow.
#[derive(Debug)]
pub struct Stage {
    mode: Mode,
    folder: Arc<Folder>,
    target: Site,
    authors: AuthorHasher,
    reads_files: bool,
    pub(super) coverage: Coverage,
    /// Removed at the end.
    temporary: Option<PathBuf>,
}

/// Which hours a job has read.
#[derive(Debug, Clone)]
pub(super) struct Coverage {
    /// `None` where nothing is written.
    path: Option<PathBuf>,
    ledger: Ledger,
}

impl Coverage {
    /// Adds hours, durably.
    pub(super) fn add(&mut self, hours: &BTreeSet<i64>) -> Result<(), StateError> {
        let before = self.ledger.hours.len();
        self.ledger.hours.extend(hours);
        if self.ledger.hours.len() == before { Ok(()) } else { self.write() }
    }

    fn write(&self) -> Result<(), StateError> {
        let Some(path) = &self.path else { return Ok(()) };
        write_whole(path, &json_bytes(path, &self.ledger)?)
    }
}

impl Stage {
    /// Opens the stage that a job was begun in, or begins one. `dry` writes to a temporary folder
    /// and leaves the lake alone.
    ///
    /// # Errors
    /// When the lake cannot be used, or a new one was begun by another job.
    pub fn open(job: &Job, source_lake: Option<&Site>, dry: bool) -> anyhow::Result<Self> {
        let target = Site::from(&job.config.lake);
        if !dry && !target.has_state() {
            return Err(StateError::NoState { path: target.root().to_owned() }.into());
        }
        let identity = identity(job);
        let begun = if dry { None } else { read_ledger(&target)? };
        let mode = match &begun {
            _ if dry => Mode::Dry,
            Some(ledger) => ledger.mode,
            None if has_commits(&target) => Mode::Replace,
            None => Mode::New,
        };
        let known = begun.filter(|ledger| ledger.job == identity);
        if mode == Mode::New && known.is_none() && has_commits(&target) {
            return Err(StageError::OtherJob { path: target.root().to_owned() }.into());
        }
        let (root, temporary) = match mode {
            Mode::New => (target.clone(), None),
            Mode::Replace => (Site::from(&Folder::read(&target)?.staging()), None),
            Mode::Dry => {
                let name = format!("resonanz-dry-{}", std::process::id());
                let folder = std::env::temp_dir().join(name);
                (Site::from(&folder), Some(folder))
            }
        };
        if mode != Mode::New && known.is_none() && root.root().exists() {
            fs::remove_dir_all(root.root())
                .map_err(|source| StateError::Io { path: root.root().to_owned(), source })?;
        }
        let folder = Arc::new(Folder::write(&root)?);
        let fresh = Ledger { job: identity, mode, hours: BTreeSet::new() };
        let (path, begins) = (ledger_path(&target), known.is_none());
        let coverage =
            Coverage { path: (mode != Mode::Dry).then_some(path), ledger: known.unwrap_or(fresh) };
        if begins {
            coverage.write()?;
        }
        let key = author_key(job, &folder, &target, source_lake, mode)?;
        Ok(Self {
            mode,
            folder,
            target,
            authors: AuthorHasher::new(key).with_names(job.config.names),
            reads_files: matches!(job.origin, Origin::Files(_)),
            coverage,
            temporary,
        })
    }

    /// What becomes of the rows.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether posts come from files.
    #[must_use]
    pub fn reads_files(&self) -> bool {
        self.reads_files
    }

    /// The folder of the lake that grows.
    #[must_use]
    pub fn folder(&self) -> &Arc<Folder> {
        &self.folder
    }

    /// The lake that the job is for.
    #[must_use]
    pub fn target(&self) -> &Site {
        &self.target
    }

    pub(super) fn authors(&self) -> &AuthorHasher {
        &self.authors
    }

    /// Where what was refused is in the end.
    #[must_use]
    pub fn dead_letters(&self) -> PathBuf {
        match self.mode {
            Mode::Replace => self.target.own("dead-letter.jsonl"),
            Mode::New | Mode::Dry => self.folder.dead_letters().path().to_owned(),
        }
    }

    /// The days in which posts were received, with the hours since the epoch that are covered.
    #[must_use]
    pub fn days(&self) -> BTreeMap<i32, BTreeSet<i64>> {
        let mut days: BTreeMap<i32, BTreeSet<i64>> = BTreeMap::new();
        for &hour in &self.coverage.ledger.hours {
            let day = i32::try_from(hour.div_euclid(HOURS)).unwrap_or(i32::MAX);
            days.entry(day).or_default().insert(hour);
        }
        days
    }

    /// Ends the job: a new lake is complete, a staged one is no longer needed.
    ///
    /// # Errors
    /// When files cannot be removed.
    pub fn close(self) -> Result<(), StateError> {
        let removed = |path: &Path, result: std::io::Result<()>| match result {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(StateError::Io { path: path.to_owned(), source })
            }
            _ => Ok(()),
        };
        let ledger = ledger_path(&self.target);
        if self.mode != Mode::Dry {
            removed(&ledger, fs::remove_file(&ledger))?;
        }
        if self.mode == Mode::Replace {
            let root = self.folder.root().to_owned();
            removed(&root, fs::remove_dir_all(&root))?;
        }
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(folder) = &self.temporary {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn has_commits(target: &Site) -> bool {
    let entries = fs::read_dir(target.own("commits")).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().extension().is_some_and(|end| end == "json"))
}

fn ledger_path(target: &Site) -> PathBuf {
    target.own("reprocess.json")
}

fn read_ledger(target: &Site) -> Result<Option<Ledger>, StateError> {
    let path = ledger_path(target);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| StateError::Damaged { path, what: error.to_string() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StateError::Io { path, source }),
    }
}

/// A hash of all that decides about the rows.
fn identity(job: &Job) -> String {
    let mut hasher = blake3::Hasher::new();
    let config = &job.config;
    let tuned = config.sentiment.lexicons.iter().chain(&config.sentiment.model);
    for path in tuned.chain(config.topic_lexicons.iter().flatten()) {
        hasher.update(&fs::read(path).unwrap_or_default());
    }
    let said = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {}",
        job.layout,
        (&job.reading, job.encoding, job.sorting, &job.sheet),
        job.format,
        job.source,
        config.topics,
        config.rules,
        config.sentiment,
        config.engine,
        config.lake.archive,
        config.names,
        env!("CARGO_PKG_VERSION"),
    );
    hasher.update(said.as_bytes());
    match &job.origin {
        Origin::Files(inputs) => {
            for input in inputs {
                let said = format!("{} {:?} {}\n", input.name, input.bytes, input.changed);
                hasher.update(said.as_bytes());
            }
        }
        Origin::Lake(posts) => {
            for name in posts.file_names() {
                hasher.update(name.as_bytes()).update(b"\n");
            }
        }
    }
    hasher.finalize().to_hex().to_string()
}

/// The key of the author hashes: the configuration's, or else that of the lake that is read or
/// written.
fn author_key(
    job: &Job,
    stage: &Folder,
    target: &Site,
    source_lake: Option<&Site>,
    mode: Mode,
) -> anyhow::Result<Keyring> {
    let file = job.config.author_key_file.as_deref();
    let home = match (source_lake, mode) {
        (Some(lake), _) => Folder::read(lake)?.author_key(file)?,
        (None, Mode::Replace) => Folder::read(target)?.author_key(file)?,
        (None, Mode::Dry) if has_commits(target) => Folder::read(target)?.author_key(file)?,
        (None, _) => stage.author_key(file)?,
    };
    if source_lake.is_some() && file.is_none() && mode != Mode::Dry {
        let own = if mode == Mode::New {
            stage.take_key(&home)?
        } else {
            Folder::read(target)?.author_key(None)?
        };
        if own.check() != home.check() {
            return Err(StageError::OtherKey { path: target.root().to_owned() }.into());
        }
    }
    Ok(home)
}
