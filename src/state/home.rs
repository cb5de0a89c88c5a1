//! Is this folder a lake, and is it ours to write? Layout, format version, lock, author key.
//!
//! ```text
//! LAKE/posts mentions panes alerts triage   Delta tables; audit, where people log in
//! LAKE/_resonanz/lake.json           format version
//! LAKE/_resonanz/lock                held by the one writer
//! LAKE/_resonanz/author.key          secret key of the author hashes
//! LAKE/_resonanz/author.check        tells that key from others
//! LAKE/_resonanz/author.place        where the key is, if it is elsewhere
//! LAKE/_resonanz/rotation/           what takes the place of other files when that key is rotated
//! LAKE/_resonanz/commits/            the last commit: manifest and engine checkpoint
//! LAKE/_resonanz/errands/            requests to the writer, and its answers
//! LAKE/_resonanz/erasures/           what must go, until all of it is gone
//! LAKE/_resonanz/receipts/           what went, without names
//! LAKE/_resonanz/tombstones          keyed hashes of what must stay away
//! LAKE/_resonanz/withdrawn.log       what sources took back, until it is gone
//! LAKE/_resonanz/reprocess/          rows that will take the place of others, while they grow
//! LAKE/_resonanz/answered.jsonl     keys of requests that were answered, hashed
//! LAKE/_resonanz/audit/              lines of the audit log that are not yet in its table
//! LAKE/_resonanz/outbox.redb         alerts on their way
//! LAKE/_resonanz/dead-letter.jsonl   what could not be understood
//! LAKE/_resonanz/triage/             what people decided about mentions, until the table holds it
//! LAKE/_resonanz/reviews.jsonl       what people found out about verdicts
//! LAKE/_resonanz/reports.json        which reports went out by themselves
//! LAKE/_resonanz/accounts.json       what networks call accounts of ours
//! LAKE/_resonanz/desk/               silences, acknowledgements, and what became of alerts
//! ```
//!
//! A lake in a bucket has its tables there. What is in `_resonanz` is in a folder of the machine
//! that writes it, the state folder; the tables name the writer to which it belongs.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::FORMAT;
use super::dead_letter::DeadLetters;
use super::error::{StateError, io_error};
use super::rekeying::Rekeying;
use super::site::Site;
use super::whole::{json_lines, write_whole};
use crate::system::{hex, instant, random, wall_clock};
use crate::time::{DAY_US, EventTime};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Meta {
    format: u32,
    created_by: String,
    /// Where the tables are, if they are in a bucket, and who may write them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bucket: Option<Claim>,
}

/// Which tables a state folder belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    url: PathBuf,
    writer: String,
}

/// A lake: its folder, or a bucket and the folder of its writer's state. While a writer's `Home`
/// lives, no other writer can open it.
#[derive(Debug)]
pub struct Home {
    site: Site,
    /// Identity of the writer of a bucket; `None` for readers.
    writer: Option<String>,
    dead_letters: DeadLetters,
    /// Held for its lock; `None` for readers.
    lock: Option<File>,
    /// Whether it is the folder of shards, which have the lakes.
    is_united: bool,
}

/// Room that a probe wants, in bytes.
const PROBE_BYTES: usize = 64 << 10;

impl Home {
    /// Opens a lake for reading. A bucket is not asked before its tables are opened.
    ///
    /// # Errors
    /// When the folder is no lake, or one of a later format.
    pub fn read(site: impl Into<Site>) -> Result<Self, StateError> {
        let folder = Self::at(site.into());
        if folder.has_state() {
            folder.check_format()?;
        }
        Ok(folder)
    }

    /// The folder of shards, to read them all together.
    #[must_use]
    pub fn united(site: Site) -> Self {
        Self { is_united: true, ..Self::at(site) }
    }

    /// Opens a lake for writing, or makes one in a new or empty folder.
    ///
    /// # Errors
    /// When the folder holds other things, is a lake of a later format, is being written by another
    /// process, or cannot be written; for a bucket, when its state folder is not known or belongs to
    /// another one.
    pub fn write(site: impl Into<Site>) -> Result<Self, StateError> {
        let home = Self::resume(site)?;
        home.rekeying().refuse()?;
        Ok(home)
    }

    /// The same, also where a rotation of the key broke off, which is gone on with.
    ///
    /// # Errors
    /// As [`Home::write`].
    pub fn resume(site: impl Into<Site>) -> Result<Self, StateError> {
        let mut folder = Self::at(site.into());
        folder.need_state()?;
        let private = folder.private();
        // A state folder holds other things than ours until there is a place for commits in it.
        let (home, begun) = if folder.site.is_bucket() {
            (private.as_path(), folder.commits())
        } else {
            (folder.site.root(), private.clone())
        };
        let known = private.join("lake.json").exists();
        if !known
            && !begun.exists()
            && fs::read_dir(home).is_ok_and(|mut entries| entries.next().is_some())
        {
            return Err(StateError::NotEmpty { path: home.to_owned() });
        }
        fs::create_dir_all(folder.commits()).map_err(io_error(home))?;
        folder.lock = Some(folder.lock()?);
        folder.writer = if known { folder.known_writer()? } else { folder.make()? };
        Ok(folder)
    }

    fn at(site: Site) -> Self {
        let dead_letters = DeadLetters::of(site.own("dead-letter.jsonl"));
        Self { site, writer: None, dead_letters, lock: None, is_united: false }
    }

    /// Writes down what this is; the identity of the writer of a bucket.
    fn make(&self) -> Result<Option<String>, StateError> {
        let path = self.own("lake.json");
        let claim = || {
            let id = random::<10>().map_err(io_error(&path))?;
            Ok::<Claim, StateError>(Claim { url: self.root().to_owned(), writer: hex(&id) })
        };
        let bucket = self.site.is_bucket().then(claim).transpose()?;
        let created_by = format!("resonanz {}", env!("CARGO_PKG_VERSION"));
        let writer = bucket.as_ref().map(|claim| claim.writer.clone());
        let meta = Meta { format: FORMAT, created_by, bucket };
        write_whole(&path, &json_lines(&path, &meta)?)?;
        Ok(writer)
    }

    /// Where it is meant to be.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The folder itself, or the address of the bucket.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.site.root()
    }

    /// Whether the writer's state can be read and written here: always, but for a bucket that was
    /// opened without its state folder, and for shards together.
    #[must_use]
    pub fn has_state(&self) -> bool {
        self.site.has_state() && !self.is_united
    }

    /// Refuses what needs the writer's state where it is not known.
    pub(crate) fn need_state(&self) -> Result<(), StateError> {
        if self.has_state() { Ok(()) } else { Err(Self::stateless(self.root(), self.is_united)) }
    }

    /// Refuses what is about one lake where there are those of shards.
    ///
    /// # Errors
    /// When it is the folder of shards.
    pub fn need_one(&self) -> Result<(), StateError> {
        if self.is_united { Err(Self::stateless(self.root(), true)) } else { Ok(()) }
    }

    /// Whether it is the folder of shards, which have the lakes.
    pub(super) fn is_united(&self) -> bool {
        self.is_united
    }

    /// Why there is no writer's state.
    pub(super) fn stateless(root: &Path, is_united: bool) -> StateError {
        let path = root.to_owned();
        if is_united {
            let what = "it holds shards, and this works on a single lake".to_owned();
            return StateError::United { path, what };
        }
        StateError::NoState { path }
    }

    /// Tries whether our own files can be written, and a little more than a small commit needs.
    ///
    /// `name` is that of the file, which whoever probes at the same time must not share.
    ///
    /// # Errors
    /// When the folder is gone or cannot be written, or the disk is full.
    pub fn probe(&self, name: &str) -> Result<(), StateError> {
        let path = self.own(name);
        write_whole(&path, &[0; PROBE_BYTES])?;
        fs::remove_file(&path).map_err(io_error(&path))
    }

    /// Who writes the tables, if they are in a bucket and open for writing.
    pub(crate) fn writer(&self) -> Option<&str> {
        self.writer.as_deref()
    }

    /// Where files without a name can be made, on the same disk.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        self.private()
    }

    /// The store of alerts on their way.
    #[must_use]
    pub fn outbox(&self) -> PathBuf {
        self.private().join("outbox.redb")
    }

    /// What could not be understood.
    #[must_use]
    pub fn dead_letters(&self) -> &DeadLetters {
        &self.dead_letters
    }

    pub(crate) fn errands(&self) -> PathBuf {
        self.private().join("errands")
    }

    pub(crate) fn desk(&self) -> PathBuf {
        self.private().join("desk")
    }

    /// Where a second lake grows, whose rows will take the place of this one's.
    #[must_use]
    pub fn staging(&self) -> PathBuf {
        self.private().join("reprocess")
    }

    pub(crate) fn commits(&self) -> PathBuf {
        self.private().join("commits")
    }

    /// What waits to take the place of files here, since the key is being rotated.
    pub(crate) fn rekeying(&self) -> Rekeying {
        Rekeying::of(self.private())
    }

    /// A file of our own.
    pub(crate) fn own(&self, name: &str) -> PathBuf {
        self.private().join(name)
    }

    fn private(&self) -> PathBuf {
        self.site.state()
    }

    /// Whether nobody else can write.
    pub(crate) fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    fn lock(&self) -> Result<File, StateError> {
        let path = self.private().join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(io_error(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                Err(StateError::Locked { path: self.root().to_owned() })
            }
            Err(TryLockError::Error(source)) => Err(StateError::Io { path, source }),
        }
    }

    /// What [`Home::make`] said; refused by a clock to which the lake is a day from being made.
    fn known_writer(&self) -> Result<Option<String>, StateError> {
        let (now, made) = (wall_clock(), self.made_at()?);
        if made.since(now) > DAY_US {
            return Err(StateError::Clock { path: self.own("lake.json"), now, made });
        }
        self.check_format()
    }

    /// When it was made, by the clock of then.
    ///
    /// # Errors
    /// When it is gone.
    pub fn made_at(&self) -> Result<EventTime, StateError> {
        let path = self.own("lake.json");
        let made = fs::metadata(&path).and_then(|meta| meta.modified());
        Ok(instant(made.map_err(io_error(&path))?))
    }

    /// Whether this version knows it; the identity of the writer of a bucket.
    fn check_format(&self) -> Result<Option<String>, StateError> {
        let path = self.private().join("lake.json");
        let home = if self.site.is_bucket() { self.private() } else { self.root().to_owned() };
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StateError::NoLake { path: home });
            }
            read => read.map_err(io_error(&path))?,
        };
        let meta: Meta = serde_json::from_slice(&bytes)
            .map_err(|error| StateError::Damaged { path, what: error.to_string() })?;
        if meta.format != FORMAT {
            return Err(StateError::Format { path: home, found: meta.format });
        }
        match (meta.bucket, self.site.is_bucket()) {
            (None, false) => Ok(None),
            (Some(claim), true) if claim.url == self.root() => Ok(Some(claim.writer)),
            (Some(claim), _) => {
                let what = format!("it is the state folder of {}", claim.url.display());
                Err(StateError::Foreign { path: home, what })
            }
            (None, true) => {
                let what = "it is a lake itself, not a state folder".to_owned();
                Err(StateError::Foreign { path: home, what })
            }
        }
    }
}
