//! Why can a lake not be used, and what is to be done about it?

use std::io;
use std::path::{Path, PathBuf};

use super::folder::FORMAT;

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
    #[error("{path} is no lake", path = path.display())]
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
    /// The store of a bucket refused or cannot be reached.
    #[error("{url}: {what}")]
    Bucket {
        /// Which object, or which prefix.
        url: String,
        /// Why; a code of the store, never its whole answer.
        what: String,
        /// How to mend it.
        hint: &'static str,
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
    /// Authors would get other hashes than before.
    #[error("{path} is not the key under which the lake hashes authors", path = path.display())]
    OtherKey {
        /// Which file.
        path: PathBuf,
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
                "free some space: nothing is lost, and reading goes on from the last commit"
            }
            Self::Io { .. } => "check that the folder exists and may be written",
            Self::NoLake { .. } => "give what `resonanz run`, `reprocess` or `demo` wrote",
            Self::NotEmpty { .. } => "give an empty or new folder",
            Self::Gap { .. } => {
                "give all of the day's posts, or lose these mentions with --partial-days"
            }
            Self::OtherKey { .. } => {
                "give the file that [privacy] author_key_file named when the lake was made"
            }
            Self::Locked { .. } => "stop the other process, or give another folder",
            Self::Format { .. } => {
                "use the version of resonanz that wrote it, or make the lake anew with resonanz reprocess"
            }
            Self::Damaged { .. } => {
                "restore the file from a backup; the tables themselves stay readable"
            }
            Self::Delta { source, .. } if source.to_string().contains("No space left") => {
                "free some space: nothing is lost, and reading goes on from the last commit"
            }
            Self::Delta { .. } => {
                "look at the table's _delta_log folder; reading goes on from the last commit"
            }
            Self::Bucket { hint, .. } => hint,
            Self::NoState { .. } => {
                "give it with --state DIR; in a configuration it is [lake] state"
            }
            Self::Foreign { .. } => {
                "give the state folder with which the tables were last written; if it is lost, fill a new lake with resonanz reprocess --from-lake"
            }
            Self::Arrow(_) => "commit more often: [lake] commit_interval",
        }
    }
}

pub(super) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> LakeError + '_ {
    move |source| LakeError::Io { path: path.to_owned(), source }
}
