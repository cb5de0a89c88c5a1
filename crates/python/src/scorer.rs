//! How are texts meant, for Python? Scores and verdicts of columns.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder, UInt16Builder};
use arrow_array::{ArrayRef, Float64Array};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use rayon::prelude::*;
use resonanz_core::post::{Lang, Span};
use resonanz_core::sentiment::{self, Document, Lexicon, Model, Profile, Scratch};

use crate::columns::{Langs, Texts, array, batch};
use crate::failure::{self, LexiconError, ModelError, value};
use crate::pool;

/// Texts that one task scores.
const CHUNK_ROWS: usize = 256;

/// Scores texts from -1 to 1, by one profile.
///
/// `profile` is "resonanz" (German and English) or "vader" (vaderSentiment 3.3.2 exactly).
/// `lexicons` are words of your own: paths of files with lines of word, tab, weight from -4 to 4,
/// or dicts; later ones win. `model` is a path of a file that `fit` wrote, or its text.
#[pyclass(module = "resonanz", frozen)]
#[derive(Debug)]
pub(crate) struct Scorer {
    pub(crate) scorer: Arc<sentiment::Scorer>,
    made_of: Recipe,
}

/// What a scorer is made of, so that it can be sent to another process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recipe {
    profile: Profile,
    lexicons: Vec<String>,
    model: Option<String>,
}

impl Recipe {
    /// Reads what a person gives.
    pub(crate) fn read(
        profile: &str,
        lexicons: Option<Vec<Bound<'_, PyAny>>>,
        model: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let profile = profile.parse().map_err(|error| value(format!("{error}")))?;
        let lexicons = lexicons.unwrap_or_default();
        let lexicons = lexicons.iter().map(lexicon).collect::<PyResult<_>>()?;
        let model = model.as_ref().map(model_text).transpose()?;
        Ok(Self { profile, lexicons, model })
    }

    /// Its lexicons.
    pub(crate) fn lexicons(&self) -> PyResult<Vec<Lexicon>> {
        let parse = |text: &String| {
            Lexicon::parse(text).map_err(|error| LexiconError::new_err(error.to_string()))
        };
        self.lexicons.iter().map(parse).collect()
    }

    /// The scorer.
    pub(crate) fn make(&self) -> PyResult<sentiment::Scorer> {
        let model = self.model.as_deref().map(Model::parse).transpose();
        let model = model.map_err(|error| ModelError::new_err(error.to_string()))?;
        let (profile, lexicons) = (self.profile, self.lexicons()?);
        let read = move || sentiment::Scorer::with(profile, &lexicons, model);
        Python::attach(|py| pool::run(py, read))
    }

    /// As it is pickled.
    pub(crate) fn parts(&self) -> (String, Vec<String>, Option<String>) {
        (self.profile.to_string(), self.lexicons.clone(), self.model.clone())
    }

    /// From what was pickled.
    pub(crate) fn of_parts(
        (profile, lexicons, model): (String, Vec<String>, Option<String>),
    ) -> PyResult<Self> {
        let profile = profile.parse().map_err(|error| value(format!("{error}")))?;
        Ok(Self { profile, lexicons, model })
    }
}

/// The lines of a lexicon: a file's, or those of a dict of words and weights.
fn lexicon(from: &Bound<'_, PyAny>) -> PyResult<String> {
    let Ok(words) = from.cast::<PyDict>() else { return read(from, "a lexicon") };
    let mut lines = String::new();
    for (word, weight) in words {
        let word: String = word.extract()?;
        let weight: f64 = weight.extract()?;
        if word.contains(['\t', '\n', '\r']) {
            return Err(LexiconError::new_err(format!("{word:?} holds a tab or a line break")));
        }
        lines.push_str(&format!("{word}\t{weight}\n"));
    }
    Ok(lines)
}

/// The text of a model: itself, or that of a file.
fn model_text(from: &Bound<'_, PyAny>) -> PyResult<String> {
    match from.cast::<PyString>() {
        Ok(text) if text.to_cow()?.contains('\n') => Ok(text.to_cow()?.into_owned()),
        _ => read(from, "a model"),
    }
}

fn read(from: &Bound<'_, PyAny>, what: &str) -> PyResult<String> {
    let path: PathBuf = from
        .extract()
        .map_err(|_| failure::kind(format!("{what} is given as a path; see help(resonanz)")))?;
    std::fs::read_to_string(&path).map_err(|error| failure::file(&path, &error))
}

#[pymethods]
impl Scorer {
    #[new]
    #[pyo3(signature = (profile="resonanz", lexicons=None, model=None))]
    fn new(
        profile: &str,
        lexicons: Option<Vec<Bound<'_, PyAny>>>,
        model: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        Self::of(Recipe::read(profile, lexicons, model)?)
    }

    #[staticmethod]
    fn _restore(profile: String, lexicons: Vec<String>, model: Option<String>) -> PyResult<Self> {
        Self::of(Recipe::of_parts((profile, lexicons, model))?)
    }

    #[allow(clippy::type_complexity, reason = "the shape that pickle wants")]
    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (String, Vec<String>, Option<String>))> {
        let restore = slf.get_type().getattr("_restore")?;
        Ok((restore, slf.get().made_of.parts()))
    }

    /// The profile's name.
    #[getter]
    fn profile(&self) -> &'static str {
        self.scorer.profile().as_str()
    }

    /// Profile and a hash of rules, lexicons and model: equal versions score alike.
    #[getter]
    fn version(&self) -> &str {
        self.scorer.version()
    }

    fn __repr__(&self) -> String {
        format!("Scorer({})", self.scorer.version())
    }

    /// The score of each text as a whole, from -1 to 1; null for null.
    #[pyo3(signature = (texts, lang=None))]
    fn score<'py>(
        &self,
        py: Python<'py>,
        texts: &Bound<'py, PyAny>,
        lang: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let texts = Texts::read(texts, "texts")?;
        let langs = Langs::read(lang, texts.len())?;
        let scores = pool::run(py, || {
            let scores = self.documents(&texts, &langs);
            scores.iter().map(|of| of.map(|of| of.score.as_f64())).collect::<Float64Array>()
        })?;
        array(py, Arc::new(scores))
    }

    /// What is said of each text: score, pos, neu, neg, polarity, confidence, hits.
    #[pyo3(signature = (texts, lang=None))]
    fn verdicts<'py>(
        &self,
        py: Python<'py>,
        texts: &Bound<'py, PyAny>,
        lang: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let texts = Texts::read(texts, "texts")?;
        let langs = Langs::read(lang, texts.len())?;
        let columns = pool::run(py, || verdict_columns(&self.documents(&texts, &langs)))?;
        batch(py, columns, texts.len())
    }

    /// Why a text scores as it does: words, rules, and what the model made of them, as a dict.
    ///
    /// `target` is what is spoken of; every place of it in the text counts. Places are bytes.
    #[pyo3(signature = (text, target=None, lang=None))]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        text: &str,
        target: Option<&str>,
        lang: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let target = target.unwrap_or_default();
        let spans: Vec<Span> = text
            .match_indices(target)
            .filter(|_| !target.is_empty())
            .map(|(at, found)| Span { start: narrow(at), end: narrow(at + found.len()) })
            .collect();
        let lang = lang.map_or(Lang::UND, Lang::parse);
        let told = py.detach(|| self.scorer.explain(text, lang, &spans).to_json(text).to_string());
        py.import("json")?.call_method1("loads", (told,))
    }
}

impl Scorer {
    /// The scorer of a recipe.
    pub(crate) fn of(made_of: Recipe) -> PyResult<Self> {
        Ok(Self { scorer: Arc::new(made_of.make()?), made_of })
    }

    fn documents(&self, texts: &Texts, langs: &Langs) -> Vec<Option<Document>> {
        (0..texts.len())
            .into_par_iter()
            .with_min_len(CHUNK_ROWS)
            .map_init(Scratch::default, |scratch, row| {
                texts.get(row).map(|text| self.scorer.score(text, langs.get(row), scratch))
            })
            .collect()
    }
}

fn verdict_columns(documents: &[Option<Document>]) -> Vec<(&'static str, ArrayRef)> {
    let number = |of: &dyn Fn(&Document) -> f64| {
        let mut column = Float64Builder::with_capacity(documents.len());
        documents.iter().for_each(|document| column.append_option(document.as_ref().map(of)));
        Arc::new(column.finish()) as ArrayRef
    };
    let mut polarity = StringBuilder::new();
    let mut hits = UInt16Builder::with_capacity(documents.len());
    for document in documents {
        polarity.append_option(document.map(|document| document.score.polarity().as_str()));
        hits.append_option(document.map(|document| document.hits));
    }
    vec![
        ("score", number(&|document| document.score.as_f64())),
        ("pos", number(&|document| document.pos)),
        ("neu", number(&|document| document.neu)),
        ("neg", number(&|document| document.neg)),
        ("polarity", Arc::new(polarity.finish())),
        ("confidence", number(&|document| f64::from(document.confidence) / 100.0)),
        ("hits", Arc::new(hits.finish())),
    ]
}
