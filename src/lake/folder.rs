//! Is this folder a lake, and is it ours to write? Layout, format version, lock, author key.
//!
//! ```text
//! LAKE/posts mentions panes alerts   Delta tables
//! LAKE/_resonanz/lake.json           format version
//! LAKE/_resonanz/lock                held by the one writer
//! LAKE/_resonanz/author.key          secret key of the author hashes
//! LAKE/_resonanz/commits/            the last commit: manifest and engine checkpoint
//! LAKE/_resonanz/errands/            requests to the writer, and its answers
//! LAKE/_resonanz/erasures/           what must go, until all of it is gone
//! LAKE/_resonanz/receipts/           what went, without names
//! LAKE/_resonanz/tombstones          keyed hashes of what must stay away
//! LAKE/_resonanz/withdrawn.log       what sources took back, until it is gone
//! LAKE/_resonanz/reprocess/          rows that will take the place of others, while they grow
//! LAKE/_resonanz/outbox.redb         alerts on their way
//! LAKE/_resonanz/dead-letter.jsonl   what could not be understood
//! LAKE/_resonanz/desk/               silences, acknowledgements, and what became of alerts
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::schema::Table;

/// The layout this version writes and reads.
const FORMAT: u32 = 2;

/// Why a lake cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The operating system refused.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder is something else.
    #[error("{path} is no lake: it has no _resonanz/lake.json", path = path.display())]
    NoLake {
        /// Which folder.
        path: PathBuf,
    },
    /// The folder holds other things.
    #[error("{path} is not empty and no lake", path = path.display())]
    NotEmpty {
        /// Which folder.
        path: PathBuf,
    },
    /// Mentions would be lost.
    #[error(
        "the input has nothing of some hours of {day} in which the lake has {mentions} mentions"
    )]
    Gap {
        /// Which day.
        day: String,
        /// How many mentions.
        mentions: u64,
    },
    /// Another process writes.
    #[error("{path} is being written by another process", path = path.display())]
    Locked {
        /// Which folder.
        path: PathBuf,
    },
    /// Made by another version.
    #[error("{path} has lake format {found}; this version of resonanz knows format {FORMAT}", path = path.display())]
    Format {
        /// Which folder.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// Our own file does not say what we wrote.
    #[error("{path} is damaged: {what}", path = path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The table format's library refused.
    #[error("table {table}: {source}")]
    Delta {
        /// Which table.
        table: &'static str,
        /// Why.
        source: Box<deltalake_core::DeltaTableError>,
    },
    /// Rows that do not fit arrow.
    #[error("rows: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
}

impl LakeError {
    /// Whether our own files are damaged, as opposed to missing or refused.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }

    /// One line that says how to mend it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "free some space and start again: reading goes on from the last commit"
            }
            Self::Io { .. } => "check that the folder exists and may be written",
            Self::NoLake { .. } => {
                "give the folder that `resonanz run`, `reprocess` or `demo` wrote"
            }
            Self::NotEmpty { .. } => "give an empty or new folder",
            Self::Gap { .. } => {
                "give all of the day's posts, or lose these mentions with --partial-days"
            }
            Self::Locked { .. } => "stop the other process, or give another folder",
            Self::Format { .. } => {
                "use the version of resonanz that wrote it, or make the lake anew with resonanz reprocess"
            }
            Self::Damaged { .. } => {
                "restore the file from a backup; the tables themselves stay readable"
            }
            Self::Delta { source, .. } if source.to_string().contains("No space left") => {
                "free some space and start again: reading goes on from the last commit"
            }
            Self::Delta { .. } => {
                "look at the table's _delta_log folder; reading goes on from the last commit"
            }
            Self::Arrow(_) => "commit more often: [lake] commit_interval",
        }
    }
}

pub(super) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> LakeError + '_ {
    move |source| LakeError::Io { path: path.to_owned(), source }
}

#[derive(Debug, Serialize, Deserialize)]
struct Meta {
    format: u32,
    created_by: String,
}

/// The folder of a lake. While a writer's `Folder` lives, no other writer can open it.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    /// Held for its lock; `None` for readers.
    _lock: Option<File>,
}

impl Folder {
    /// Opens a lake for reading.
    ///
    /// # Errors
    /// When the folder is no lake, or one of a later format.
    pub fn read(root: &Path) -> Result<Self, LakeError> {
        let folder = Self { root: root.to_owned(), _lock: None };
        folder.check_format()?;
        Ok(folder)
    }

    /// Opens a lake for writing, or makes one in a new or empty folder.
    ///
    /// # Errors
    /// When the folder holds other things, is a lake of a later format, is being written by another
    /// process, or cannot be written.
    pub fn write(root: &Path) -> Result<Self, LakeError> {
        let mut folder = Self { root: root.to_owned(), _lock: None };
        let private = folder.private();
        let known = private.join("lake.json").exists();
        if !known
            && !private.exists()
            && fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some())
        {
            return Err(LakeError::NotEmpty { path: root.to_owned() });
        }
        fs::create_dir_all(folder.commits()).map_err(io_error(root))?;
        folder._lock = Some(folder.lock()?);
        if known {
            folder.check_format()?;
        } else {
            let meta = Meta {
                format: FORMAT,
                created_by: format!("resonanz {}", env!("CARGO_PKG_VERSION")),
            };
            let text = serde_json::to_vec_pretty(&meta).unwrap_or_default();
            write_whole(&private.join("lake.json"), &text)?;
        }
        Ok(folder)
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a table.
    #[must_use]
    pub fn table(&self, table: Table) -> PathBuf {
        self.root.join(table.name())
    }

    /// The store of alerts on their way.
    #[must_use]
    pub fn outbox(&self) -> PathBuf {
        self.private().join("outbox.redb")
    }

    /// The file of what could not be understood.
    #[must_use]
    pub fn dead_letters(&self) -> PathBuf {
        self.private().join("dead-letter.jsonl")
    }

    pub(super) fn errands(&self) -> PathBuf {
        self.private().join("errands")
    }

    pub(super) fn desk(&self) -> PathBuf {
        self.private().join("desk")
    }

    /// Where a second lake grows, whose rows will take the place of this one's.
    #[must_use]
    pub fn staging(&self) -> PathBuf {
        self.private().join("reprocess")
    }

    pub(super) fn commits(&self) -> PathBuf {
        self.private().join("commits")
    }

    /// A file of our own.
    pub(super) fn own(&self, name: &str) -> PathBuf {
        self.private().join(name)
    }

    fn private(&self) -> PathBuf {
        self.root.join("_resonanz")
    }

    /// Whether the key of the author hashes is there.
    #[must_use]
    pub fn has_author_key(&self, file: Option<&Path>) -> bool {
        file.map_or_else(|| self.own("author.key").exists(), Path::exists)
    }

    /// The secret key of the author hashes, from `file` or else from the lake; made on first use.
    ///
    /// # Errors
    /// When the file cannot be read or made, or does not hold 64 hexadecimal digits.
    pub fn author_key(&self, file: Option<&Path>) -> Result<[u8; 32], LakeError> {
        let inside = self.private().join("author.key");
        let path = file.unwrap_or(&inside);
        if !path.exists() {
            write_key(path, &random().map_err(io_error(path))?)?;
        }
        let text = fs::read_to_string(path).map_err(io_error(path))?;
        let digits = text.trim();
        let byte = |at: usize| {
            digits.get(2 * at..2 * at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok())
        };
        let mut key = [0; 32];
        for (at, slot) in key.iter_mut().enumerate() {
            let damaged = || LakeError::Damaged {
                path: path.to_owned(),
                what: "it must hold 64 hexadecimal digits".to_owned(),
            };
            *slot = byte(at).filter(|_| digits.len() == 64).ok_or_else(damaged)?;
        }
        Ok(key)
    }

    /// Makes this lake use a key, unless it has one already; the key that it uses.
    ///
    /// # Errors
    /// As [`Folder::author_key`].
    pub fn take_key(&self, key: &[u8; 32]) -> Result<[u8; 32], LakeError> {
        let path = self.private().join("author.key");
        if !path.exists() {
            write_key(&path, key)?;
        }
        self.author_key(None)
    }

    fn lock(&self) -> Result<File, LakeError> {
        let path = self.private().join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(io_error(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(LakeError::Locked { path: self.root.clone() }),
            Err(TryLockError::Error(source)) => Err(LakeError::Io { path, source }),
        }
    }

    fn check_format(&self) -> Result<(), LakeError> {
        let path = self.private().join("lake.json");
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(LakeError::NoLake { path: self.root.clone() });
            }
            read => read.map_err(io_error(&path))?,
        };
        let meta: Meta = serde_json::from_slice(&bytes)
            .map_err(|error| LakeError::Damaged { path, what: error.to_string() })?;
        if meta.format != FORMAT {
            return Err(LakeError::Format { path: self.root.clone(), found: meta.format });
        }
        Ok(())
    }
}

fn write_key(path: &Path, key: &[u8; 32]) -> Result<(), LakeError> {
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    write_whole(path, hex.as_bytes())
}

/// Writes a file that is there whole or not at all, whatever happens in between, and that only its
/// owner may read.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), LakeError> {
    write_drafted(path, bytes, private_file).map_err(io_error(path))
}

/// Like [`write_whole`], for a file that analysts read.
pub(super) fn write_whole_shared(path: &Path, bytes: &[u8]) -> Result<(), LakeError> {
    write_drafted(path, bytes, |draft| File::create(draft)).map_err(io_error(path))
}

fn write_drafted(
    path: &Path,
    bytes: &[u8],
    open: impl Fn(&Path) -> io::Result<File>,
) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Makes a file that only its owner may read.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Bytes from the operating system.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut key = [0; N];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    Ok(key)
}
