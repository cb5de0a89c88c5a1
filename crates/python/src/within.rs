//! What stands behind a matcher or an analyzer? Topics, compiled as the engine does.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::PyList;
use resonanz_core::analyze;
use resonanz_core::mention::{self, Topic};
use resonanz_core::portable::stamp;
use resonanz_core::post::{AuthorKey, TopicId};
use resonanz_core::privacy::{AuthorHasher, Names, keyed_query};
use resonanz_core::sentiment::{Overlay, Scorer};

use crate::failure::QueryError;
use crate::scorer::Recipe;
use crate::topics::{self, Listened};

/// What both are.
#[derive(Debug)]
pub(crate) struct Within {
    pub(crate) analyzer: analyze::Analyzer,
    pub(crate) names: Vec<String>,
    /// The topics as they came, for pickle.
    pub(crate) topics: Py<PyList>,
    pub(crate) recipe: Recipe,
    /// What becomes of names, under a key that holds in this process alone.
    pub(crate) authors: AuthorHasher,
    pub(crate) names_kept: Names,
    /// What findings are made with.
    pub(crate) stamp: String,
}

impl Within {
    /// Compiles topics and a scorer.
    pub(crate) fn new(
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        recipe: Recipe,
        names_kept: Names,
    ) -> PyResult<Self> {
        let given = py.import("resonanz")?.call_method1("topics", (given,))?.cast_into()?;
        let listened = topics::read(&given)?;
        let scorer = recipe.make()?;
        let authors = AuthorHasher::new([0; 32]).with_names(names_kept);
        let analyzer = py.detach(|| compile(&listened, scorer, &authors, names_kept))?;
        let topics: Vec<Topic> = listened.into_iter().map(|of| of.topic).collect();
        let scorers = (0..).map(|topic| analyzer.scorer_version(TopicId(topic)));
        let stamp = stamp(&topics, analyzer.scorer().version(), scorers, names_kept);
        let names = topics.into_iter().map(|topic| topic.name).collect();
        let topics = given.unbind();
        Ok(Self { analyzer, names, topics, recipe, authors, names_kept, stamp })
    }

    /// The name of a topic.
    pub(crate) fn name(&self, topic: TopicId) -> &str {
        self.names.get(topic.0 as usize).map_or("", String::as_str)
    }
}

/// Compiles topics as the engine does.
fn compile(
    listened: &[Listened],
    scorer: Scorer,
    authors: &AuthorHasher,
    names_kept: Names,
) -> PyResult<analyze::Analyzer> {
    let topics: Vec<Topic> = listened.iter().map(|of| of.topic.clone()).collect();
    let keyed = |topic: &Topic| match names_kept {
        Names::Keep => topic.clone(),
        Names::Hash => {
            let query = keyed_query(&topic.query, &|name| authors.hash(name));
            Topic { query, ..topic.clone() }
        }
    };
    let asked: Vec<Topic> = topics.iter().map(keyed).collect();
    let matcher = mention::Matcher::compile(&asked, &|handle| vec![authors.author(handle)]);
    let matcher = matcher.map_err(|errors| {
        let shown = errors.iter().filter_map(|(place, error)| {
            let topic = topics.get(*place)?;
            Some(format!("query of topic \"{}\"\n{}", topic.name, error.render(&topic.query)))
        });
        QueryError::new_err(shown.collect::<Vec<_>>().join("\n"))
    })?;
    let overlays: Vec<Option<Overlay>> =
        listened.iter().map(|of| scorer.overlay(&of.lexicons)).collect();
    let mut accounts: HashMap<AuthorKey, Vec<TopicId>> = HashMap::new();
    for (id, topic) in (0..).map(TopicId).zip(&topics) {
        for account in topic.accounts_among(&topics) {
            let own = accounts.entry(authors.author(account)).or_default();
            if own.last() != Some(&id) {
                own.push(id);
            }
        }
    }
    Ok(analyze::Analyzer::new(matcher, scorer, overlays).with_accounts(accounts))
}
