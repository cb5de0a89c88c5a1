//! How good is a scorer on a person's own posts, and can it learn from them? For Python.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use resonanz_core::sentiment::evaluate::{Report, Row, Tally};
use resonanz_core::sentiment::fit::{self as fitting, Options, Sample};
use resonanz_core::sentiment::{Profile, Scratch};

use crate::failure::{self, value};
use crate::pool;
use crate::scorer::{Recipe, Scorer};

/// How well a scorer agrees with labelled rows, as a dict; `rows` are lines of JSON.
#[pyfunction]
#[pyo3(name = "_evaluate")]
pub(crate) fn evaluate<'py>(
    py: Python<'py>,
    rows: Vec<String>,
    scorer: &Scorer,
) -> PyResult<Bound<'py, PyDict>> {
    let rows = read(&rows)?;
    let scorer = Arc::clone(&scorer.scorer);
    let report = pool::run(py, || {
        let (mut tally, mut scratch) = (Tally::default(), Scratch::default());
        for row in &rows {
            let verdict = scorer.verdict(&row.text, row.lang, &row.spans, &mut scratch);
            tally.observe(row.gold, verdict.polarity);
            if let Some(rating) = row.rating {
                tally.correlate(rating, verdict.target.as_f64());
            }
        }
        tally.finalize()
    })?;
    shown(py, &report)
}

/// Suits the weights to labelled rows; `rows` are lines of JSON.
#[pyfunction]
#[pyo3(name = "_fit", signature = (rows, scorer, folds=5, words=None))]
pub(crate) fn fit(
    py: Python<'_>,
    rows: Vec<String>,
    scorer: &Scorer,
    folds: usize,
    words: Option<bool>,
) -> PyResult<Fit> {
    if !(2..=100).contains(&folds) {
        return Err(value("folds is a number from 2 to 100"));
    }
    let samples: Vec<Sample> = read(&rows)?
        .into_iter()
        .map(|Row { text, lang, spans, gold, .. }| Sample {
            text,
            lang,
            spans,
            polarity: gold,
            weight: 1.0,
            source: 0,
        })
        .collect();
    let scorer = Arc::clone(&scorer.scorer);
    let options = Options { folds, words, ..Options::default() };
    let fit = pool::run(py, || fitting::fit(&scorer, &samples, &options))?;
    let fit = fit.map_err(|error| value(error.to_string()))?;
    let trial = |at: &usize| fit.trials.get(*at);
    let after = fit.chosen.iter().filter_map(trial);
    let after = after.map(|trial| (trial.view, trial.report.clone())).collect();
    Ok(Fit { model: fit.model.to_text(), before: fit.before, after })
}

fn read(rows: &[String]) -> PyResult<Vec<Row>> {
    if rows.is_empty() {
        return Err(value("no labelled row; each has a text and a label"));
    }
    let row = |(at, line): (usize, &String)| {
        Row::parse(line).map_err(|error| value(format!("row {}: {error}", at + 1)))
    };
    rows.iter().enumerate().map(row).collect()
}

/// A model that was fitted, and how good it is on rows it had not seen.
#[pyclass(module = "resonanz", frozen)]
#[derive(Debug)]
pub(crate) struct Fit {
    model: String,
    before: Vec<(&'static str, Report)>,
    after: Vec<(&'static str, Report)>,
}

#[pymethods]
impl Fit {
    /// The model as text, as `Scorer(model=…)` takes it.
    #[getter]
    fn model(&self) -> &str {
        &self.model
    }

    /// By language and scope, the measures of the start.
    #[getter]
    fn before<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        views(py, &self.before)
    }

    /// By language and scope, the measures of the model on held-out folds.
    #[getter]
    fn after<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        views(py, &self.after)
    }

    /// A scorer with the model.
    fn scorer(&self) -> PyResult<Scorer> {
        let model = Some(self.model.clone());
        Scorer::of(Recipe::of_parts((Profile::Resonanz.to_string(), Vec::new(), model))?)
    }

    /// Writes the model to a file, for `Scorer(model=PATH)` and the configuration's `model`.
    fn save(&self, path: PathBuf) -> PyResult<()> {
        // Whole or not at all: a half model would be another one.
        let draft = path.with_added_extension("draft");
        let written = File::create(&draft).and_then(|mut file| {
            file.write_all(self.model.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        });
        written.map_err(|error| failure::file(&path, &error))
    }

    fn __repr__(&self) -> String {
        let best = |of: &[(&str, Report)]| {
            let shown = of.iter().map(|(view, of)| format!("{view} {:.3}", of.macro_f1));
            shown.collect::<Vec<_>>().join(", ")
        };
        format!("Fit(macro-F1 before: {}; after: {})", best(&self.before), best(&self.after))
    }
}

fn views<'py>(py: Python<'py>, reports: &[(&'static str, Report)]) -> PyResult<Bound<'py, PyDict>> {
    let views = PyDict::new(py);
    for (view, report) in reports {
        views.set_item(view, shown(py, report)?)?;
    }
    Ok(views)
}

fn shown<'py>(py: Python<'py>, report: &Report) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("rows", report.rows)?;
    dict.set_item("accuracy", report.accuracy)?;
    dict.set_item("macro_f1", report.macro_f1)?;
    dict.set_item("average_recall", report.average_recall)?;
    dict.set_item("polar_f1", report.polar_f1)?;
    let classes = PyDict::new(py);
    for (class, f1) in ["negative", "neutral", "positive"].iter().zip(report.class_f1) {
        classes.set_item(class, f1)?;
    }
    dict.set_item("class_f1", classes)?;
    dict.set_item("pearson", report.pearson)?;
    dict.set_item("confusion", PyList::new(py, report.confusion.map(|row| row.to_vec()))?)?;
    Ok(dict)
}
