//! Which erasures are asked for, and what became of them? Small files, each there whole or not.
//!
//! ```text
//! LAKE/_resonanz/erasures/ID.json   asked for, until all of it is done
//! LAKE/_resonanz/receipts/ID.json   done: when, what, how much; no name
//! ```
//!
//! A command writes a request; whoever writes the lake works it off, also after a kill.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::{StateError, io_error};
use super::home::Home;
use super::whole::{json_bytes, json_lines, make_dir, write_whole};
use crate::privacy::{Lasting, Withdrawal};
use crate::system::{crash_point, fresh_id};

/// How often a request is written again whose draft somebody removed.
const DRAFTS: usize = 3;

/// What an erasure changes in the tables.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasing {
    /// Rows by table: of `posts` and `mentions` removed, of `panes` counted anew, of `alerts` with
    /// evidence taken out.
    pub rows: BTreeMap<String, u64>,
    /// The change of the lake in which they are gone; its number is in the log of each table.
    pub sequence: Option<i64>,
}

/// An erasure that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its identity.
    pub id: String,
    /// What is to go.
    pub what: What,
    /// The same as tombstones.
    pub withdrawals: Vec<Withdrawal>,
    /// Dead letters with one of these texts go.
    pub texts: Vec<String>,
    /// Posts whose rows were found; their texts may be kept elsewhere still.
    #[serde(default)]
    pub posts: BTreeSet<String>,
    /// Those among them that are not to come back, with their sources.
    #[serde(default)]
    pub gone: BTreeSet<(String, String)>,
    /// What was done so far.
    #[serde(default)]
    done: Done,
    /// What the last pass set out to change.
    #[serde(default)]
    attempt: Attempt,
    /// What all passes set out to take away outside the tables.
    #[serde(default)]
    going: Going,
}

/// What goes outside the tables, each thing once however often it was tried: noted before it goes,
/// so that it is counted after a kill, too.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Going {
    /// Files, by their paths in the lake.
    pub files: BTreeSet<String>,
    /// Dead letters, by a hash.
    pub letters: BTreeSet<u64>,
    /// Kept messages, by a hash.
    pub messages: BTreeSet<u64>,
    /// Reviews, by their ids.
    #[serde(default)]
    pub reviews: BTreeSet<String>,
}

/// A change of the tables that a kill may have prevented.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Attempt {
    posts: BTreeSet<String>,
    erasing: Erasing,
}

/// What was counted.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What was changed in the tables.
    #[serde(flatten)]
    pub erasing: Erasing,
    /// Files deleted from the disk.
    pub files_deleted: u64,
    /// Dead letters erased.
    pub dead_letters: u64,
    /// Kept messages with evidence taken out.
    pub messages: u64,
    /// Reviews of verdicts erased.
    #[serde(default)]
    pub reviews: u64,
}

/// What is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// All posts of an author.
    Author,
    /// One post.
    Post,
    /// What sources took back or said anew.
    Withdrawn,
}

/// What became of an erasure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Receipt {
    /// The request's identity.
    pub id: String,
    /// When it was done, by the wall clock.
    pub at: String,
    /// What was to go.
    pub what: What,
    /// Tombstones of what is gone for good; for [`What::Withdrawn`] only how many there were.
    pub tombstones: Vec<String>,
    /// What was withdrawn or replaced at its source.
    pub withdrawals: usize,
    /// How much of it was found.
    #[serde(flatten)]
    pub done: Done,
}

impl Request {
    /// A request under a new identity.
    ///
    /// # Errors
    /// When the operating system has no random bytes.
    pub fn new(
        folder: &Home,
        what: What,
        withdrawals: Vec<Withdrawal>,
    ) -> Result<Self, StateError> {
        let id = fresh_id("era").map_err(io_error(folder.root()))?;
        let (texts, posts) = (Vec::new(), BTreeSet::new());
        let (done, attempt, going) = (Done::default(), Attempt::default(), Going::default());
        let gone = BTreeSet::new();
        Ok(Self { id, what, withdrawals, texts, posts, gone, done, attempt, going })
    }

    /// Notes a change of the tables that is about to be made. The one before was made unless the
    /// posts that it was to erase were found again.
    pub fn attempt(&mut self, posts: BTreeSet<String>, erasing: Erasing) {
        self.posts.extend(posts.iter().cloned());
        let before = std::mem::replace(&mut self.attempt, Attempt { posts, erasing });
        if before.posts.is_disjoint(&self.attempt.posts) {
            self.done.add(before.erasing);
        }
    }

    /// Notes what is about to go outside the tables.
    pub fn set_out(&mut self, mut going: Going) {
        self.going.files.append(&mut going.files);
        self.going.letters.append(&mut going.letters);
        self.going.messages.append(&mut going.messages);
        self.going.reviews.append(&mut going.reviews);
    }

    /// The receipt of this request, once all is done.
    #[must_use]
    pub fn receipt(mut self, at: String) -> Receipt {
        self.done.add(self.attempt.erasing);
        let length = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        self.done.files_deleted += length(self.going.files.len());
        self.done.dead_letters += length(self.going.letters.len());
        self.done.messages += length(self.going.messages.len());
        self.done.reviews += length(self.going.reviews.len());
        let gone = self.withdrawals.iter().filter(|one| one.lasting == Lasting::Gone);
        let tombstones = match self.what {
            What::Withdrawn => Vec::new(),
            What::Author | What::Post => gone.map(|one| one.target.to_string()).collect(),
        };
        Receipt {
            id: self.id,
            at,
            what: self.what,
            tombstones,
            withdrawals: self.withdrawals.len(),
            done: self.done,
        }
    }
}

impl Done {
    fn add(&mut self, more: Erasing) {
        for (table, rows) in more.rows {
            *self.erasing.rows.entry(table).or_default() += rows;
        }
        self.erasing.sequence = more.sequence.or(self.erasing.sequence);
    }
}

/// The requests and receipts of a lake.
#[derive(Debug, Clone)]
pub struct Requests {
    asked: PathBuf,
    done: PathBuf,
}

impl Requests {
    /// Those of this lake.
    #[must_use]
    pub fn of(folder: &Home) -> Self {
        Self { asked: folder.own("erasures"), done: folder.own("receipts") }
    }

    /// Asks, unless the same is asked already; the identity under which it is.
    ///
    /// # Errors
    /// As [`Requests::open`] and [`Requests::put`].
    pub fn ask(&self, request: &Request) -> Result<String, StateError> {
        let same = |open: &Request| {
            let of = |one: &Request| (one.what, one.withdrawals.clone(), one.texts.clone());
            of(open) == of(request)
        };
        if let Some(open) = self.open()?.into_iter().find(same) {
            return Ok(open.id);
        }
        // The process that writes the lake may take the draft for one that a kill left.
        let refused = |error: &StateError| matches!(error, StateError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound);
        let mut put = self.put(request);
        for _ in 0..DRAFTS {
            if put.as_ref().is_err_and(refused) {
                put = self.put(request);
            }
        }
        put.map(|()| request.id.clone())
    }

    /// Removes what commands left that were killed while they asked: it can hold a name.
    pub fn sweep(&self) {
        for entry in fs::read_dir(&self.asked).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|ending| ending == "draft") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Notes a request, or how far it is.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn put(&self, request: &Request) -> Result<(), StateError> {
        make_dir(&self.asked).map_err(io_error(&self.asked))?;
        let path = self.asked.join(format!("{}.json", request.id));
        write_whole(&path, &json_bytes(&path, request)?)
    }

    /// What is asked for and not done.
    ///
    /// # Errors
    /// When a file cannot be read, or is none of ours.
    pub fn open(&self) -> Result<Vec<Request>, StateError> {
        let entries = match fs::read_dir(&self.asked) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(io_error(&self.asked))?,
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
        paths.sort();
        // A kill can leave a request beside its receipt.
        let is_done =
            |path: &PathBuf| path.file_name().is_some_and(|name| self.done.join(name).exists());
        let (done, paths): (Vec<PathBuf>, Vec<PathBuf>) = paths.into_iter().partition(is_done);
        for path in done {
            fs::remove_file(&path).map_err(io_error(&path))?;
        }
        let read = |path: &PathBuf| {
            let bytes = fs::read(path).map_err(io_error(path))?;
            serde_json::from_slice(&bytes).map_err(|error| StateError::Damaged {
                path: path.clone(),
                what: error.to_string(),
            })
        };
        paths.iter().map(read).collect()
    }

    /// Writes the receipt; then the request is no more.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn close(&self, receipt: &Receipt) -> Result<(), StateError> {
        make_dir(&self.done).map_err(io_error(&self.done))?;
        let name = format!("{}.json", receipt.id);
        let path = self.done.join(&name);
        write_whole(&path, &json_lines(&path, receipt)?)?;
        crash_point("erase.receipt");
        self.sweep();
        let path = self.asked.join(name);
        fs::remove_file(&path).map_err(io_error(&path))
    }

    /// The receipt of a request, once it is done.
    #[must_use]
    pub fn receipt(&self, id: &str) -> Option<String> {
        fs::read_to_string(self.done.join(format!("{id}.json"))).ok()
    }
}
