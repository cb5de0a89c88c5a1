//! Which words and weights does the user bring? Reads lexicon and model files, and builds the
//! analyzer of a configuration from them.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use crate::analyze::Analyzer;
use crate::config::{Config, SentimentConfig};
use crate::mention::{Matcher, QueryError, Topic};
use crate::post::{AuthorKey, TopicId};
use crate::privacy::{AuthorHasher, Names, Redactor, keyed_query};
use crate::sentiment::{Lexicon, LexiconError, Model, ModelError, Profile, Scorer};

/// A file of the user's, or a query, that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TuningError {
    /// The file cannot be read.
    #[error("{path}", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A line of a lexicon says nothing usable.
    #[error("{path}", path = path.display())]
    Lexicon {
        /// Which file.
        path: PathBuf,
        /// Which line, and why.
        source: LexiconError,
    },
    /// A line of a model says nothing usable.
    #[error("{path}", path = path.display())]
    Model {
        /// Which file.
        path: PathBuf,
        /// Which line, and why.
        source: ModelError,
    },
    /// A query cannot be compiled.
    #[error("query of topic \"{topic}\"")]
    Query {
        /// Which topic.
        topic: String,
        /// Where, and why.
        source: QueryError,
    },
}

impl TuningError {
    /// One line that says how to mend it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io { .. } => "give a file that exists and can be read",
            Self::Lexicon { .. } => {
                "a line is: word, tab, weight from -4 to 4; see models/README.md"
            }
            Self::Model { .. } => "give a file that `resonanz fit` wrote",
            Self::Query { source, .. } => source.hint,
        }
    }
}

/// The scorer of a profile as it is shipped: one for all who ask in this process.
#[must_use]
pub fn shipped(profile: Profile) -> Arc<Scorer> {
    static RESONANZ: LazyLock<Arc<Scorer>> =
        LazyLock::new(|| Arc::new(Scorer::new(Profile::Resonanz)));
    static VADER: LazyLock<Arc<Scorer>> = LazyLock::new(|| Arc::new(Scorer::new(Profile::Vader)));
    match profile {
        Profile::Resonanz => Arc::clone(&RESONANZ),
        Profile::Vader => Arc::clone(&VADER),
    }
}

/// The scorer that a configuration asks for.
///
/// # Errors
/// For the first file that cannot be used.
pub fn scorer(config: &SentimentConfig) -> Result<Arc<Scorer>, TuningError> {
    if config.lexicons.is_empty() && config.model.is_none() {
        return Ok(shipped(config.profile));
    }
    let lexicons = lexicons(&config.lexicons)?;
    let model = config.model.as_deref().map(model).transpose()?;
    Ok(Arc::new(Scorer::with(config.profile, &lexicons, model)))
}

/// The analyzer that a configuration asks for; `authors` hashes the handles of `author:`.
///
/// # Errors
/// For the first file or query that cannot be used.
pub fn analyzer(config: &Config, authors: &AuthorHasher) -> Result<Analyzer, TuningError> {
    let keyed = |topic: &Topic| match config.names {
        Names::Keep => topic.clone(),
        Names::Hash => {
            let query = keyed_query(&topic.query, &|name| authors.hash(name));
            Topic { query, ..topic.clone() }
        }
    };
    let topics: Vec<Topic> = config.topics.iter().map(keyed).collect();
    let matcher = Matcher::compile(&topics, &|handle| vec![authors.author(handle)]);
    let matcher = matcher.map_err(|errors| first_error(config, errors))?;
    let scorer = scorer(&config.sentiment)?;
    let overlays: Result<Vec<_>, TuningError> =
        config.topic_lexicons.iter().map(|paths| Ok(scorer.overlay(&lexicons(paths)?))).collect();
    let accounts = accounts(config, authors);
    let own = config.topics.iter().flat_map(|topic| topic.accounts.iter().map(String::as_str));
    let redactor = Redactor::new(config.redact.iter().copied(), own);
    let analyzer = Analyzer::new(matcher, scorer, overlays?).with_accounts(accounts);
    Ok(analyzer.with_redactor(redactor))
}

/// Our own accounts, with the topics that each speaks for.
fn accounts(config: &Config, authors: &AuthorHasher) -> HashMap<AuthorKey, Vec<TopicId>> {
    let mut accounts: HashMap<AuthorKey, Vec<TopicId>> = HashMap::new();
    for (id, topic) in (0..).map(TopicId).zip(&config.topics) {
        for account in topic.accounts_among(&config.topics) {
            let ids = config.identities.get(account).into_iter().flatten().map(String::as_str);
            for name in ids.chain([account]) {
                let own = accounts.entry(authors.author(name)).or_default();
                if own.last() != Some(&id) {
                    own.push(id);
                }
            }
        }
    }
    accounts
}

/// Reads lexicons, in the order in which later ones win.
///
/// # Errors
/// For the first file that cannot be used.
pub fn lexicons(paths: &[PathBuf]) -> Result<Vec<Lexicon>, TuningError> {
    let read = |path: &PathBuf| {
        let error = |source| TuningError::Lexicon { path: path.clone(), source };
        Lexicon::parse(&text(path)?).map_err(error)
    };
    paths.iter().map(read).collect()
}

/// Reads a model.
///
/// # Errors
/// When the file cannot be used.
pub fn model(path: &Path) -> Result<Model, TuningError> {
    let error = |source| TuningError::Model { path: path.to_owned(), source };
    Model::parse(&text(path)?).map_err(error)
}

fn text(path: &Path) -> Result<String, TuningError> {
    fs::read_to_string(path).map_err(|source| TuningError::Io { path: path.to_owned(), source })
}

fn first_error(config: &Config, errors: Vec<(usize, QueryError)>) -> TuningError {
    let unknown = QueryError { at: 0, message: "cannot be compiled".to_owned(), hint: "" };
    let (place, source) = errors.into_iter().next().unwrap_or((0, unknown));
    let topic = config.topics.get(place).map_or(String::new(), |topic| topic.name.clone());
    TuningError::Query { topic, source }
}
