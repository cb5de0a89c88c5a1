//! Who is spoken of, and how, for Python? Mentions and findings of columns of posts.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use arrow_select::concat::concat_batches;
use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3_arrow::input::AnyRecordBatch;
use resonanz_core::privacy::Names;

use crate::columns::{Langs, Texts, batch};
use crate::failure::{kind, value};
use crate::found::Found;
use crate::pool;
use crate::posts::{Columns, posts_of_texts};
use crate::prepare;
use crate::scorer::Recipe;
use crate::within::Within;

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

#[pymethods]
impl Matcher {
    #[new]
    fn new(py: Python<'_>, topics: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self { within: Within::new(py, topics, Recipe::default(), Names::Keep)? })
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
    #[pyo3(signature = (topics, profile="resonanz", lexicons=None, model=None, authors="hash"))]
    fn new(
        py: Python<'_>,
        topics: &Bound<'_, PyAny>,
        profile: &str,
        lexicons: Option<Vec<Bound<'_, PyAny>>>,
        model: Option<Bound<'_, PyAny>>,
        authors: &str,
    ) -> PyResult<Self> {
        let recipe = Recipe::read(profile, lexicons, model)?;
        Ok(Self { within: Within::new(py, topics, recipe, names_kept(authors)?)? })
    }

    #[staticmethod]
    fn _restore(
        py: Python<'_>,
        topics: &Bound<'_, PyAny>,
        parts: (String, Vec<String>, Option<String>),
        authors: &str,
    ) -> PyResult<Self> {
        let recipe = Recipe::of_parts(parts)?;
        Ok(Self { within: Within::new(py, topics, recipe, names_kept(authors)?)? })
    }

    #[allow(clippy::type_complexity, reason = "the shape that pickle wants")]
    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(
        Bound<'py, PyAny>,
        (Py<PyList>, (String, Vec<String>, Option<String>), &'static str),
    )> {
        let within = &slf.get().within;
        let restore = slf.get_type().getattr("_restore")?;
        let authors = if within.names_kept == Names::Keep { "keep" } else { "hash" };
        Ok((restore, (within.topics.clone_ref(slf.py()), within.recipe.parts(), authors)))
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
        let table = table_of(posts)?;
        let columns = Columns::read(&table)?;
        let keep = keep.unwrap_or_default();
        for name in &keep {
            if table.column_by_name(name).is_none() {
                return Err(value(format!("posts has no column \"{name}\" to keep")));
            }
        }
        let (columns, rows) = pool::run(py, || {
            let mut posts = columns.posts(table.num_rows(), &self.within.authors);
            let found = Found::new(&self.within, &mut posts);
            found.columns(&table, &keep).map(|columns| (columns, found.findings.list.len()))
        })?
        .map_err(broken)?;
        let columns = columns.iter().map(|(name, column)| (name.as_str(), column.clone()));
        batch(py, columns.collect(), rows)
    }

    /// Posts with what they say, for `resonanz reprocess --findings`: the table as it came, without
    /// the texts of posts that need not be kept, and with the columns `findings` (binary) and
    /// `analyzed_by` (string).
    ///
    /// `posts` needs `id`, `source`, `text` and `posted_at`. `texts` is "matched", or "all" for a
    /// lake with `archive = "all"`.
    #[pyo3(signature = (posts, texts="matched"))]
    fn prepare<'py>(
        &self,
        py: Python<'py>,
        posts: &Bound<'py, PyAny>,
        texts: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let kept = prepare::Kept::read(texts)?;
        let table = table_of(posts)?;
        let columns = Columns::read(&table)?;
        prepare::check(&table)?;
        let (within, rows) = (&self.within, table.num_rows());
        let carried = pool::run(py, || {
            let mut posts = columns.posts(rows, &within.authors);
            within.analyzer.analyze_batch(&mut posts).carried(&posts)
        })?;
        let columns = prepare::columns(&table, &carried, kept, &within.stamp).map_err(broken)?;
        let columns = columns.iter().map(|(name, column)| (name.as_str(), column.clone()));
        batch(py, columns.collect(), rows)
    }
}

/// What becomes of names in ids and addresses, by its name in a configuration.
fn names_kept(authors: &str) -> PyResult<Names> {
    match authors {
        "hash" => Ok(Names::Hash),
        "keep" => Ok(Names::Keep),
        other => Err(value(format!("authors \"{other}\"; write hash or keep, as in [privacy]"))),
    }
}

fn broken(error: ArrowError) -> PyErr {
    value(format!("posts: {error}"))
}

/// A table in one piece.
fn table_of(posts: &Bound<'_, PyAny>) -> PyResult<RecordBatch> {
    let table: AnyRecordBatch = posts.extract().map_err(|error: PyErr| {
        // pandas' own words name the column that holds values of several kinds.
        if posts.hasattr("__arrow_c_stream__").unwrap_or(false) {
            return value(format!("posts cannot be read as a table: {}", error.value(posts.py())));
        }
        kind("posts is not a table; give one of pyarrow, Polars, pandas or DuckDB, with a column text")
    })?;
    let reader = table.into_reader()?;
    let schema = reader.schema();
    let batches: Result<Vec<_>, _> = reader.collect();
    concat_batches(&schema, &batches.map_err(broken)?).map_err(broken)
}
