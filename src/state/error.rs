//! Why can what the writer of a lake remembers not be used, and what is to be done about it?

use std::io;
use std::path::{Path, PathBuf};

use super::FORMAT;
use crate::time::EventTime;

/// Why the files of a lake's writer cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The operating system refused.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder is something else.
    #[error("{path} is not a lake", path = path.display())]
    NoLake {
        /// Which folder.
        path: PathBuf,
    },
    /// The folder holds other things.
    #[error("{path} is neither empty nor a lake", path = path.display())]
    NotEmpty {
        /// Which folder.
        path: PathBuf,
    },
    /// A copy of a lake would lie in the lake itself.
    #[error("{} lies in the lake that is to be copied", path.display())]
    Within {
        /// Where.
        path: PathBuf,
    },
    /// A place for a new lake holds one.
    #[error("{path} is a lake already", path = path.display())]
    Taken {
        /// Which folder or bucket.
        path: PathBuf,
    },
    /// A bucket was given without the folder of its writer's state.
    #[error("{path} is a bucket: this needs the folder of its writer's state too", path = path.display())]
    NoState {
        /// Which bucket.
        path: PathBuf,
    },
    /// State folder and tables do not belong together.
    #[error("{path}: {what}", path = path.display())]
    Foreign {
        /// Which of them.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Shards that cannot be used together, or not so.
    #[error("{path}: {what}", path = path.display())]
    United {
        /// Their folder.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Authors would get other hashes than before.
    #[error("{path} is not the key under which the lake hashes authors", path = path.display())]
    OtherKey {
        /// Which file.
        path: PathBuf,
    },
    /// The key under which authors were hashed is not there.
    #[error("{path}: the key of the author hashes is gone", path = path.display())]
    NoKey {
        /// Where it was looked for.
        path: PathBuf,
        /// Whether whoever called named that place.
        is_named: bool,
    },
    /// A rotation of the key broke off between the tables and the files beside them.
    #[error("{path}: a rotation of the key of the author hashes broke off", path = path.display())]
    Rekeying {
        /// What is left of it.
        path: PathBuf,
    },
    /// Another process writes.
    #[error("{path} is being written by another process", path = path.display())]
    Locked {
        /// Which folder.
        path: PathBuf,
    },
    /// Another process has made the next commit.
    #[error("{path}: another process has made commit {sequence}, so this one stops", path = path.display())]
    Fenced {
        /// Which lake.
        path: PathBuf,
        /// The number of the commit.
        sequence: i64,
    },
    /// The clock of this machine is wrong: by it, the lake is not made yet.
    #[error("{path}: the clock of this machine says {now}, but the lake was made on {made}", path = path.display())]
    Clock {
        /// The file by whose time it was made.
        path: PathBuf,
        /// What the clock says.
        now: EventTime,
        /// When the lake was made.
        made: EventTime,
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
    /// More requests wait than there is room for.
    #[error("{path}: {waiting} requests wait already", path = path.display())]
    Busy {
        /// Their folder.
        path: PathBuf,
        /// How many.
        waiting: usize,
    },
}

impl StateError {
    /// Whether our own files are damaged, as opposed to missing or refused.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::NoKey { is_named: false, .. })
    }

    /// Whether who called can mend it by calling otherwise.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        !self.is_damage()
            && !matches!(self, Self::Io { .. } | Self::Busy { .. } | Self::Clock { .. })
    }

    /// One line that says how to mend it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "free some space: nothing is lost, and reading resumes from the last commit"
            }
            Self::Io { .. } => "check that the folder exists and may be written",
            Self::NoLake { .. } => "give what `resonanz run`, `reprocess` or `demo` wrote",
            Self::NotEmpty { .. } | Self::Taken { .. } | Self::Within { .. } => {
                "give an empty or new folder"
            }
            Self::OtherKey { .. } => {
                "give the file that [privacy] author_key_file named when the lake was created"
            }
            Self::NoKey { is_named: true, .. } => {
                "name the file that was named when the lake was created: [privacy] author_key_file, --author-key-file"
            }
            Self::NoKey { is_named: false, .. } => {
                "restore it from a copy; without one, no author can ever be found in this lake again: fill a new lake with resonanz reprocess"
            }
            Self::Rekeying { .. } => {
                "finish it: resonanz privacy rotate-key --yes with the same configuration"
            }
            Self::Locked { .. } => "stop the other process, or give another folder",
            Self::Fenced { .. } => {
                "nothing is lost: the other process continues from the last commit; run one process per lake or shard"
            }
            Self::Clock { .. } => {
                "set the clock, then start again; if it is right, and was ahead when the lake was made: touch the lake.json named above"
            }
            Self::Format { .. } => {
                "use the version of resonanz that wrote it, or fill a new lake with resonanz reprocess"
            }
            Self::Damaged { .. } => {
                "restore the file from a backup; the tables themselves stay readable"
            }
            Self::NoState { .. } => {
                "give it with --state DIR; in a configuration it is [lake] state"
            }
            Self::Foreign { .. } => {
                "give the state folder with which the tables were last written; if it is lost, fill a new lake with resonanz reprocess --from-lake"
            }
            Self::United { .. } => {
                "give one of them, such as LAKE/shard-1-of-3; the folder of them all can only be read"
            }
            Self::Busy { .. } => "check that the process that writes the lake is running",
        }
    }
}

pub(crate) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> StateError + '_ {
    move |source| StateError::Io { path: path.to_owned(), source }
}
