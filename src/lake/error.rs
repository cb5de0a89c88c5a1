//! Why can a lake not be used, and what is to be done about it?

use std::io;
use std::path::Path;

use crate::state::{StateError, io_error as state_error};

/// Why a lake cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// What its writer remembers cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
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
    /// The query engine or a task of ours failed, which says nothing about the data.
    #[error("{0}")]
    Internal(String),
}

/// What an error says about a lake, wherever it comes from.
#[derive(Debug, Clone, Copy)]
pub struct LakeFault {
    /// Whether our own files are damaged.
    pub is_damage: bool,
    /// Whether who called can mend it by calling otherwise.
    pub is_usage: bool,
    /// One line that says how to mend it.
    pub hint: &'static str,
}

impl LakeFault {
    /// `None` for an error that is not about a lake.
    #[must_use]
    pub fn of(error: &anyhow::Error) -> Option<Self> {
        if let Some(error) = error.downcast_ref::<LakeError>() {
            let (is_damage, is_usage) = (error.is_damage(), error.is_usage());
            return Some(Self { is_damage, is_usage, hint: error.hint() });
        }
        let error = error.downcast_ref::<StateError>()?;
        let (is_damage, is_usage) = (error.is_damage(), error.is_usage());
        Some(Self { is_damage, is_usage, hint: error.hint() })
    }
}

impl LakeError {
    /// Whether our own files are damaged, as opposed to missing or refused.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::State(error) if error.is_damage())
    }

    /// Whether who called can mend it by calling otherwise.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::State(error) => error.is_usage(),
            Self::Gap { .. } => true,
            _ => false,
        }
    }

    /// One line that says how to mend it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::State(error) => error.hint(),
            Self::Gap { .. } => {
                "give all of the day's posts, or lose these mentions with --partial-days"
            }
            Self::Delta { source, .. } if source.to_string().contains("No space left") => {
                "free some space: nothing is lost, and reading resumes from the last commit"
            }
            Self::Delta { .. } => {
                "look at the table's _delta_log folder; reading resumes from the last commit"
            }
            Self::Bucket { hint, .. } => hint,
            Self::Arrow(_) => "shorten [lake] commit_interval",
            Self::Internal(_) => "try again; if it happens again, report it",
        }
    }
}

pub(super) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> LakeError + '_ {
    move |source| state_error(path)(source).into()
}

#[cfg(test)]
mod tests {
    use deltalake_core::DeltaTableError;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_full_disk_is_known_from_what_libraries_make_of_it() {
        const NO_SPACE: i32 = 28;
        let source = Box::new(io::Error::from_raw_os_error(NO_SPACE));
        let refused = object_store::Error::Generic { store: "LocalFileSystem", source };
        let source = Box::new(DeltaTableError::from(refused));
        let error = LakeError::Delta { table: "posts", source };
        assert!(error.hint().starts_with("free some space"), "{error}: {}", error.hint());
    }
}
