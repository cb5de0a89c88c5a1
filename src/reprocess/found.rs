//! May findings from elsewhere be counted here? Only if the configuration would have found the same.

use std::io;
use std::sync::Arc;

use crate::config::Config;
use crate::connect::{Input, stamps};
use crate::decode::AuthorHasher;
use crate::portable::{agree, stamp};
use crate::post::TopicId;
use crate::tuning::{TuningError, analyzer};

/// Findings that cannot be counted.
#[derive(Debug, thiserror::Error)]
pub enum FoundError {
    /// A file cannot be read as one of findings.
    #[error("{name}")]
    Unreadable {
        /// Which file.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// They were made with something else.
    #[error("{name}: {why}")]
    Other {
        /// Which file.
        name: String,
        /// What differs.
        why: String,
    },
    /// The configuration names words or weights that cannot be used.
    #[error(transparent)]
    Tuning(#[from] TuningError),
}

impl FoundError {
    /// One line that says how to mend it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => {
                "give the files that hold what Analyzer.prepare of the Python package returned"
            }
            Self::Other { .. } => {
                "prepare the posts anew, with this version and all of: resonanz.Analyzer(\"resonanz.toml\", profile, \
                 lexicons and model of [sentiment], authors of [privacy])"
            }
            Self::Tuning(error) => error.hint(),
        }
    }
}

/// Which of the topics here those are that findings in these files speak of. `whole` is the
/// configuration under which they were made, `here` what of it is kept here. Reads one column of
/// each file.
///
/// # Errors
/// For the first file with findings that `whole` would not have found.
pub fn found_topics(
    inputs: &[Input],
    whole: &Config,
    here: &Config,
) -> Result<Arc<[Option<TopicId>]>, FoundError> {
    let analyzer = analyzer(whole, &AuthorHasher::new([0; 32]))?;
    let scorers = (0..).map(|topic| analyzer.scorer_version(TopicId(topic)));
    let own = stamp(&whole.topics, analyzer.scorer().version(), scorers, whole.names);
    for input in inputs {
        let name = || input.name.clone();
        let found =
            stamps(input).map_err(|source| FoundError::Unreadable { name: name(), source })?;
        for stamp in found {
            agree(&stamp, &own).map_err(|why| FoundError::Other { name: name(), why })?;
        }
    }
    let place = |name: &str| here.topics.iter().position(|topic| topic.name == name);
    let id = |place: usize| u32::try_from(place).ok().map(TopicId);
    Ok(whole.topics.iter().map(|topic| place(&topic.name).and_then(id)).collect())
}
