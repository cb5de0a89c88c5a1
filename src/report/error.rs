//! Why has a question no answer?

use crate::sql::{SqlError, SqlFault};

/// Most names that are told.
const NAMES_MAX: usize = 20;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Something asked for cannot be.
    #[error("{what}: {why}")]
    Wrong {
        /// The parameter.
        what: &'static str,
        /// What is wrong with it.
        why: String,
        /// How to write it instead.
        hint: &'static str,
    },
    /// There is nothing of this name or id.
    #[error("{what} \"{name}\" is unknown")]
    Unknown {
        /// What was looked for, as "topic".
        what: &'static str,
        /// Its name.
        name: String,
        /// A name that may have been meant.
        near: Option<String>,
        /// All names that there are; empty where they are too many, or say nothing to people.
        known: Vec<String>,
    },
    /// A limit was reached, or the lake cannot be read.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// Rows are not as they should be, or a file of the desk cannot be read.
    #[error("{0:#}")]
    Other(anyhow::Error),
}

impl ReportError {
    pub(crate) fn wrong(what: &'static str, why: impl Into<String>, hint: &'static str) -> Self {
        Self::Wrong { what, why: why.into(), hint }
    }

    /// What to do about it; empty if nothing is known.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Wrong { hint, .. } => (*hint).to_owned(),
            Self::Unknown { near: Some(near), .. } => format!("did you mean \"{near}\"?"),
            Self::Unknown { known, .. } if !known.is_empty() => told(known),
            Self::Unknown { what: "topic", .. } => {
                "there is none yet: write [[topic]] into the configuration".to_owned()
            }
            Self::Unknown { .. } | Self::Other(_) => String::new(),
            Self::Sql(error) => error.hint.clone(),
        }
    }

    /// Whether a limit of time or memory was reached.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::Sql(error) if error.fault == SqlFault::Limit)
    }
}

/// The names that there are, as a hint tells them.
fn told(known: &[String]) -> String {
    let shown: Vec<String> =
        known.iter().take(NAMES_MAX).map(|name| format!("\"{name}\"")).collect();
    let more = if known.len() > NAMES_MAX { ", ..." } else { "" };
    format!("known are {}{more}", shown.join(", "))
}

/// There is no mention of this id.
pub(super) fn unknown_mention(id: &str) -> ReportError {
    ReportError::Unknown { what: "mention", name: id.to_owned(), near: None, known: Vec::new() }
}

impl From<anyhow::Error> for ReportError {
    fn from(error: anyhow::Error) -> Self {
        error.downcast::<SqlError>().map_or_else(Self::Other, Self::Sql)
    }
}
