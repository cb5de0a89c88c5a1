//! What did people ask of a running process? Small files that it and the command line share.
//!
//! ```text
//! LAKE/_resonanz/desk/silence-ID.json   one silence
//! LAKE/_resonanz/desk/ack-ALERT.json    one acknowledgement
//! LAKE/_resonanz/desk/resend-ID.json    messages to be sent once more, until that is done
//! LAKE/_resonanz/desk/state.json        what the process last said of alerts and deliveries
//! ```
//!
//! Each file appears whole, and each command writes files of its own, so that nobody overwrites
//! what another one asked. They are read anew whenever they matter.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::{StateError, io_error};
use super::home::Home;
use super::whole::{json_bytes, json_lines, make_dir, write_whole};
use crate::desk::{Ack, Silence};
use crate::system::fresh_id;
use crate::time::{EventTime, MINUTE_US};

/// Most files of one kind.
const FILES_MAX: usize = 10_000;
/// How long a silence can be looked up after it ended.
const SILENCE_KEPT_US: i64 = 7 * DAY_US;
/// How long an acknowledgement lasts: no alert fires for so long.
const ACK_KEPT_US: i64 = 90 * DAY_US;
const DAY_US: i64 = 24 * 60 * MINUTE_US;

/// The shared files of a lake.
#[derive(Debug, Clone)]
pub struct DeskFiles {
    folder: PathBuf,
    /// Where nothing of a writer is: the place, and whether it is a folder of shards rather than a bucket
    /// that was opened without its state.
    stateless: Option<(PathBuf, bool)>,
}

/// A message to be sent once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resend {
    /// The alert that it tells of.
    pub alert_id: String,
    /// Its `webhook-id`.
    pub message_id: String,
    /// To whom.
    pub receiver: String,
}

/// A kind of file, by the first part of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Silence,
    Ack,
    Resend,
}

impl Kind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Silence => "silence-",
            Self::Ack => "ack-",
            Self::Resend => "resend-",
        }
    }
}

impl DeskFiles {
    /// The files of this lake, which need not exist yet.
    #[must_use]
    pub fn of(folder: &Home) -> Self {
        let of = || (folder.root().to_owned(), folder.is_united());
        let stateless = (!folder.has_state()).then(of);
        Self { folder: folder.desk(), stateless }
    }

    /// A new identity, such as `sil_3f0c…`: 80 bits from the operating system.
    ///
    /// # Errors
    /// When the operating system has none to give.
    pub fn fresh_id(&self, prefix: &str) -> Result<String, StateError> {
        fresh_id(prefix).map_err(io_error(&self.folder))
    }

    /// All silences, by start; those that ended up to a week ago too.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn silences(&self) -> Result<Vec<Silence>, StateError> {
        let mut silences: Vec<Silence> = self.read_all(Kind::Silence)?.into_values().collect();
        silences.sort_by(|one, other| (one.starts, &one.id).cmp(&(other.starts, &other.id)));
        Ok(silences)
    }

    /// All acknowledgements, by alert.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn acks(&self) -> Result<BTreeMap<String, Ack>, StateError> {
        self.read_all(Kind::Ack)
    }

    /// Puts a silence in force, in place of one with the same id.
    ///
    /// # Errors
    /// When the file cannot be written, or there are 10,000 already.
    pub fn put_silence(&self, silence: &Silence) -> Result<(), StateError> {
        self.put(Kind::Silence, &silence.id, silence)
    }

    /// Ends a silence now; one that has not started never will. `None` when there is none of this id.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn end_silence(&self, id: &str, now: EventTime) -> Result<Option<Silence>, StateError> {
        let Some(silence) = self.read_all::<Silence>(Kind::Silence)?.remove(id) else {
            return Ok(None);
        };
        let ended = Silence { ends: silence.ends.min(now), ..silence };
        self.put_silence(&ended)?;
        Ok(Some(ended))
    }

    /// Notes that somebody takes care of an alert.
    ///
    /// # Errors
    /// When the file cannot be written, or there are 10,000 already.
    pub fn put_ack(&self, ack: &Ack) -> Result<(), StateError> {
        self.put(Kind::Ack, &ack.alert_id, ack)
    }

    /// Takes an acknowledgement back; says whether there was one.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn remove_ack(&self, alert_id: &str) -> Result<bool, StateError> {
        self.remove(Kind::Ack, alert_id)
    }

    /// Asks that a message be sent once more.
    ///
    /// # Errors
    /// When the file cannot be written, or 10,000 wait already.
    pub fn put_resend(&self, resend: &Resend) -> Result<(), StateError> {
        self.put(Kind::Resend, &self.fresh_id("r")?, resend)
    }

    /// What is to be sent once more, by the id under which it was asked.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn resends(&self) -> Result<BTreeMap<String, Resend>, StateError> {
        self.read_all(Kind::Resend)
    }

    /// A wish was granted, or cannot be.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn remove_resend(&self, id: &str) -> Result<bool, StateError> {
        self.remove(Kind::Resend, id)
    }

    /// Removes what has been over for long.
    ///
    /// # Errors
    /// When a file cannot be read or removed.
    pub fn sweep(&self, now: EventTime) -> Result<(), StateError> {
        let silences = self.silences()?.into_iter();
        for silence in silences.filter(|silence| now.since(silence.ends) > SILENCE_KEPT_US) {
            self.remove(Kind::Silence, &silence.id)?;
        }
        for ack in self.acks()?.into_values().filter(|ack| now.since(ack.at) > ACK_KEPT_US) {
            self.remove_ack(&ack.alert_id)?;
        }
        Ok(())
    }

    /// Says how things stand.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn publish<T: Serialize>(&self, state: &T) -> Result<(), StateError> {
        let path = self.folder.join("state.json");
        let bytes = json_bytes(&path, state)?;
        self.make()?;
        write_whole(&path, &bytes)
    }

    /// How things stood when the process last said so; `None` if it never did.
    ///
    /// # Errors
    /// When the file cannot be read, or is not what we wrote.
    pub fn published<T: DeserializeOwned>(&self) -> Result<Option<T>, StateError> {
        read(&self.folder.join("state.json"))
    }

    fn put<T: Serialize>(&self, kind: Kind, id: &str, value: &T) -> Result<(), StateError> {
        let path = self.path(kind, id)?;
        self.make()?;
        if !path.exists() && self.names(kind)?.len() >= FILES_MAX {
            let full = io::Error::other(format!("at most {FILES_MAX} of a kind are kept"));
            return Err(io_error(&path)(full));
        }
        write_whole(&path, &json_lines(&path, value)?)
    }

    /// Makes the folder.
    fn make(&self) -> Result<(), StateError> {
        self.check()?;
        make_dir(&self.folder).map_err(io_error(&self.folder))
    }

    /// Refuses to change what is not here.
    fn check(&self) -> Result<(), StateError> {
        match &self.stateless {
            Some((root, is_united)) => Err(Home::stateless(root, *is_united)),
            None => Ok(()),
        }
    }

    fn remove(&self, kind: Kind, id: &str) -> Result<bool, StateError> {
        self.check()?;
        let path = self.path(kind, id)?;
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(io_error(&path)(error)),
        }
    }

    /// An id becomes part of a path, so it holds letters, digits and underscores only.
    fn path(&self, kind: Kind, id: &str) -> Result<PathBuf, StateError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let path = self.folder.join(format!("{}{id}.json", kind.prefix()));
        if (1..=64).contains(&id.len()) && id.bytes().all(plain) {
            Ok(path)
        } else {
            Err(io_error(&path)(io::Error::other("this cannot be an id")))
        }
    }

    /// The ids of all files of a kind.
    fn names(&self, kind: Kind) -> Result<Vec<String>, StateError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(io_error(&self.folder))?,
        };
        let id = |entry: fs::DirEntry| {
            let name = entry.file_name();
            let id = name.to_str()?.strip_prefix(kind.prefix())?.strip_suffix(".json")?;
            Some(id.to_owned())
        };
        Ok(entries.flatten().filter_map(id).take(FILES_MAX).collect())
    }

    fn read_all<T: DeserializeOwned>(&self, kind: Kind) -> Result<BTreeMap<String, T>, StateError> {
        let mut found = BTreeMap::new();
        for id in self.names(kind)? {
            // It may have been removed in between.
            if let Some(value) = read(&self.folder.join(format!("{}{id}.json", kind.prefix())))? {
                found.insert(id, value);
            }
        }
        Ok(found)
    }
}

fn read<T: DeserializeOwned>(path: &std::path::Path) -> Result<Option<T>, StateError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(io_error(path))?,
    };
    let damaged = |error: serde_json::Error| StateError::Damaged {
        path: path.to_owned(),
        what: error.to_string(),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(damaged)
}
