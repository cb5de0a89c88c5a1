//! Why is a correction not taken?

use super::queue::Seen;
use crate::lake::LakeError;
use crate::report::ReportError;
use crate::state::StateError;

/// Why a correction is not taken, or a question about reviews has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// There is no such mention, or the lake cannot be read.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// Somebody else corrected it meanwhile.
    #[error("{}", conflict(.0))]
    Conflict(Box<Seen>),
    /// It says nothing.
    #[error("nothing is corrected")]
    Nothing,
    /// It does not say who.
    #[error("the author is missing")]
    Nobody,
    /// A text is too long.
    #[error("an author has at most 256 bytes, a note 2048")]
    TooLong,
    /// The lake, or a file beside it, cannot be used.
    #[error("{0:#}")]
    Lake(anyhow::Error),
}

impl ReviewError {
    /// One line that says how to mend it; empty if nothing is known.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Report(error) => error.hint(),
            Self::Conflict(seen) => {
                format!("look at it again, and give revision {}", seen.revision)
            }
            Self::Nothing => {
                "name a polarity, an intent, or whether it is about the topic".to_owned()
            }
            Self::Nobody => "name the author".to_owned(),
            Self::TooLong => "say less".to_owned(),
            Self::Lake(_) => String::new(),
        }
    }
}

fn conflict(seen: &Seen) -> String {
    let about = if seen.relevant { "" } else { ", not about the topic" };
    let Seen { reviewed_by, at, polarity, .. } = seen;
    format!("{reviewed_by} reviewed it at {at}: it is now {polarity}{about}")
}

impl From<StateError> for ReviewError {
    fn from(error: StateError) -> Self {
        Self::Lake(error.into())
    }
}

impl From<LakeError> for ReviewError {
    fn from(error: LakeError) -> Self {
        Self::Lake(error.into())
    }
}
