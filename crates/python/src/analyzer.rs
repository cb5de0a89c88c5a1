//! Who is spoken of, and how, for Python? Mentions and findings of columns of posts.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Float64Builder, ListBuilder, StringBuilder, StructBuilder, UInt16Builder,
    UInt32Builder, UInt64Builder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Fields};
use arrow_select::concat::concat_batches;
use arrow_select::take::take;
use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3_arrow::input::AnyRecordBatch;
use resonanz_core::analyze;
use resonanz_core::mention::{self, Topic};
use resonanz_core::post::{AuthorKey, Post, Span, TopicId};
use resonanz_core::privacy::AuthorHasher;
use resonanz_core::sentiment::{Overlay, Scorer};

use crate::columns::{Langs, Texts, batch};
use crate::failure::{QueryError, kind, value};
use crate::pool;
use crate::posts::{Columns, posts_of_texts};
use crate::scorer::Recipe;
use crate::topics::{self, Listened};

/// Finds topics in texts; `topics` is what `resonanz.topics` takes.
#[pyclass(module = "resonanz", frozen)]
#[derive(Debug)]
pub(crate) struct Matcher {
    within: Within,
}

/// Finds topics in posts and says how each is spoken of.
#[pyclass(module = "resonanz", frozen)]
#[derive(Debug)]
pub(crate) struct Analyzer {
    within: Within,
}

/// What both are.
#[derive(Debug)]
struct Within {
    analyzer: analyze::Analyzer,
    names: Vec<String>,
    /// The topics as they came, for pickle.
    topics: Py<PyList>,
    recipe: Recipe,
}

impl Within {
    fn new(py: Python<'_>, given: &Bound<'_, PyAny>, recipe: Recipe) -> PyResult<Self> {
        let given = py.import("resonanz")?.call_method1("topics", (given,))?.cast_into()?;
        let listened = topics::read(&given)?;
        let scorer = recipe.make()?;
        let analyzer = py.detach(|| compile(&listened, scorer))?;
        let names = listened.into_iter().map(|of| of.topic.name).collect();
        Ok(Self { analyzer, names, topics: given.unbind(), recipe })
    }

    fn name(&self, topic: TopicId) -> &str {
        self.names.get(topic.0 as usize).map_or("", String::as_str)
    }
}

/// Compiles topics; authors are compared by a hash that holds in this process alone.
fn compile(listened: &[Listened], scorer: Scorer) -> PyResult<analyze::Analyzer> {
    let authors = AuthorHasher::new([0; 32]);
    let topics: Vec<Topic> = listened.iter().map(|of| of.topic.clone()).collect();
    let matcher = mention::Matcher::compile(&topics, &|handle| vec![authors.author(handle)]);
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

#[pymethods]
impl Matcher {
    #[new]
    fn new(py: Python<'_>, topics: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self { within: Within::new(py, topics, Recipe::default())? })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyAny>, (Py<PyList>,)) {
        (slf.get_type().into_any(), (slf.get().within.topics.clone_ref(slf.py()),))
    }

    fn __repr__(&self) -> String {
        format!("Matcher({} topics)", self.within.names.len())
    }

    /// The topics that each text speaks of: row, topic, spans.
    ///
    /// `row` counts the texts from 0; `spans` are places in characters, so that `text[start:end]`
    /// is what was found.
    #[pyo3(name = "match", signature = (texts, lang=None))]
    fn find<'py>(
        &self,
        py: Python<'py>,
        texts: &Bound<'py, PyAny>,
        lang: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let texts = Texts::read(texts, "texts")?;
        let langs = Langs::read(lang, texts.len())?;
        let (columns, rows) = pool::run(py, || {
            let mut posts = posts_of_texts(&texts, &langs);
            let found = Found::new(&self.within, &mut posts);
            let columns =
                vec![("row", found.rows()), ("topic", found.topics()), ("spans", found.spans())];
            (columns, found.findings.list.len())
        })?;
        batch(py, columns, rows)
    }
}

#[pymethods]
impl Analyzer {
    #[new]
    #[pyo3(signature = (topics, profile="resonanz", lexicons=None, model=None))]
    fn new(
        py: Python<'_>,
        topics: &Bound<'_, PyAny>,
        profile: &str,
        lexicons: Option<Vec<Bound<'_, PyAny>>>,
        model: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        Ok(Self { within: Within::new(py, topics, Recipe::read(profile, lexicons, model)?)? })
    }

    #[staticmethod]
    fn _restore(
        py: Python<'_>,
        topics: &Bound<'_, PyAny>,
        parts: (String, Vec<String>, Option<String>),
    ) -> PyResult<Self> {
        Ok(Self { within: Within::new(py, topics, Recipe::of_parts(parts)?)? })
    }

    #[allow(clippy::type_complexity, reason = "the shape that pickle wants")]
    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Py<PyList>, (String, Vec<String>, Option<String>)))> {
        let within = &slf.get().within;
        let restore = slf.get_type().getattr("_restore")?;
        Ok((restore, (within.topics.clone_ref(slf.py()), within.recipe.parts())))
    }

    fn __repr__(&self) -> String {
        let version = self.within.analyzer.scorer().version();
        format!("Analyzer({} topics, {version})", self.within.names.len())
    }

    /// The version of the scorer, as `Scorer.version`.
    #[getter]
    fn version(&self) -> &str {
        self.within.analyzer.scorer().version()
    }

    /// What posts say of topics: one row for each post and topic it speaks of.
    ///
    /// `posts` is a table or record batch with a column `text`, and, where queries ask for them,
    /// `lang`, `source`, `author`, `kind`, `url`, `parent`, `thread`, `reach`, `engagement`; other
    /// columns do not matter. `keep` names columns that come along, such as `id`.
    #[pyo3(signature = (posts, keep=None))]
    fn analyze<'py>(
        &self,
        py: Python<'py>,
        posts: &Bound<'py, PyAny>,
        keep: Option<Vec<String>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let table: AnyRecordBatch = posts.extract().map_err(|_| {
            kind("posts is not a table; give one of pyarrow, Polars, pandas or DuckDB, with a column text")
        })?;
        let reader = table.into_reader()?;
        let schema = reader.schema();
        let batches: Result<Vec<_>, _> = reader.collect();
        let broken = |error: arrow_schema::ArrowError| value(format!("posts: {error}"));
        let table = concat_batches(&schema, &batches.map_err(broken)?).map_err(broken)?;
        let columns = Columns::read(&table)?;
        let keep = keep.unwrap_or_default();
        for name in &keep {
            if table.column_by_name(name).is_none() {
                return Err(value(format!("posts has no column \"{name}\" to keep")));
            }
        }
        let (columns, rows) = pool::run(py, || {
            let mut posts = columns.posts(table.num_rows());
            let found = Found::new(&self.within, &mut posts);
            found.columns(&table, &keep).map(|columns| (columns, found.findings.list.len()))
        })?
        .map_err(broken)?;
        let columns = columns.iter().map(|(name, column)| (name.as_str(), column.clone()));
        batch(py, columns.collect(), rows)
    }
}

/// The findings of a batch, on their way to columns.
struct Found<'a> {
    within: &'a Within,
    posts: &'a [Post],
    findings: analyze::Findings,
}

impl<'a> Found<'a> {
    fn new(within: &'a Within, posts: &'a mut [Post]) -> Self {
        let findings = within.analyzer.analyze_batch(posts);
        Self { within, posts, findings }
    }

    fn rows(&self) -> ArrayRef {
        let mut rows = UInt64Builder::new();
        self.findings.list.iter().for_each(|finding| rows.append_value(finding.post.into()));
        Arc::new(rows.finish())
    }

    fn topics(&self) -> ArrayRef {
        let mut topics = StringBuilder::new();
        let list = &self.findings.list;
        list.iter().for_each(|finding| topics.append_value(self.within.name(finding.topic)));
        Arc::new(topics.finish())
    }

    /// Places in characters, in order.
    fn spans(&self) -> ArrayRef {
        let place = |name: &str| Field::new(name, DataType::UInt32, false);
        let fields = Fields::from(vec![place("start"), place("end")]);
        let mut spans = ListBuilder::new(StructBuilder::from_fields(fields, 0));
        for finding in &self.findings.list {
            let text = self.posts.get(finding.post as usize).map_or("", |post| &post.text);
            for (start, end) in in_characters(text, self.findings.spans_of(finding)) {
                let places = spans.values();
                for (field, at) in [(0, start), (1, end)] {
                    if let Some(column) = places.field_builder::<UInt32Builder>(field) {
                        column.append_value(at);
                    }
                }
                places.append(true);
            }
            spans.append(true);
        }
        Arc::new(spans.finish())
    }

    fn columns(
        &self,
        table: &RecordBatch,
        keep: &[String],
    ) -> Result<Vec<(String, ArrayRef)>, arrow_schema::ArrowError> {
        let rows = self.rows();
        let mut columns = vec![("row".to_owned(), rows.clone())];
        for name in keep {
            let Some(column) = table.column_by_name(name) else { continue };
            columns.push((name.clone(), take(column, &rows, None)?));
        }
        columns.push(("topic".to_owned(), self.topics()));
        columns.extend(self.verdicts().into_iter().map(|(name, of)| (name.to_owned(), of)));
        columns.push(("spans".to_owned(), self.spans()));
        Ok(columns)
    }

    fn verdicts(&self) -> Vec<(&'static str, ArrayRef)> {
        let (mut score, mut document) = (Float64Builder::new(), Float64Builder::new());
        let (mut polarity, mut language) = (StringBuilder::new(), StringBuilder::new());
        let (mut confidence, mut hits) = (Float64Builder::new(), UInt16Builder::new());
        let (mut own, mut scorer) = (BooleanBuilder::new(), StringBuilder::new());
        let mut intents = StringBuilder::new();
        for finding in &self.findings.list {
            let verdict = &finding.verdict;
            score.append_value(verdict.target.as_f64());
            document.append_value(verdict.document.as_f64());
            polarity.append_value(verdict.polarity.as_str());
            confidence.append_value(f64::from(verdict.confidence) / 100.0);
            hits.append_value(verdict.hits);
            language.append_value(verdict.language.lang.as_str());
            own.append_value(finding.own);
            intents.append_value(verdict.intents.joined());
            scorer.append_value(self.within.analyzer.scorer_version(finding.topic));
        }
        vec![
            ("score", Arc::new(score.finish())),
            ("document_score", Arc::new(document.finish())),
            ("polarity", Arc::new(polarity.finish())),
            ("confidence", Arc::new(confidence.finish())),
            ("hits", Arc::new(hits.finish())),
            ("language", Arc::new(language.finish())),
            ("intents", Arc::new(intents.finish())),
            ("own", Arc::new(own.finish())),
            ("scorer", Arc::new(scorer.finish())),
        ]
    }
}

/// Places of bytes as places of characters; linear, since spans come in order of their start.
fn in_characters(text: &str, spans: &[Span]) -> Vec<(u32, u32)> {
    if text.is_ascii() {
        return spans.iter().map(|span| (span.start, span.end)).collect();
    }
    let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let characters = |from: u32, to: u32| {
        narrow(text.get(from as usize..to as usize).map_or(0, |between| between.chars().count()))
    };
    let (mut byte, mut character) = (0, 0);
    let mut places = Vec::with_capacity(spans.len());
    for span in spans {
        // A span that starts before the last one did is counted from the beginning.
        let (from, before) = if span.start < byte { (0, 0) } else { (byte, character) };
        character = before + characters(from, span.start);
        byte = span.start;
        places.push((character, character + characters(span.start, span.end)));
    }
    places
}
