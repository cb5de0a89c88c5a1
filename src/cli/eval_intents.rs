//! How well does the scorer see what writers want? Precision and recall of each intent.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::formats::ReportFormat;
use super::output::{Script, one_line, people, programs};
use super::{Ending, Failure, eval_rows};
use crate::intent::Intent;
use crate::post::Lang;
use crate::sentiment::intents::IntentSample;
use crate::sentiment::intents::evaluate::{IntentMeasure, IntentTally};
use crate::sentiment::{Scorer, Scratch};

/// How one file came out.
struct Outcome {
    path: PathBuf,
    tally: IntentTally,
    /// Rows answered otherwise than they are labelled, with the answer.
    errors: Vec<(IntentSample, Vec<Intent>)>,
    refused: u64,
}

/// What is asked.
pub(super) struct Asked<'a> {
    pub(super) datasets: &'a [PathBuf],
    /// What people found in the lake and no model learned from, if that is asked for.
    pub(super) held_out: Option<Vec<IntentSample>>,
    /// Of rows that declare none.
    pub(super) lang: Lang,
    /// How many mistakes of each file to show.
    pub(super) errors: usize,
    pub(super) format: ReportFormat,
}

pub(super) fn eval(scorer: &Scorer, asked: Asked<'_>) -> Result<Ending, Failure> {
    let outcomes: Result<Vec<Outcome>, Failure> = asked
        .datasets
        .iter()
        .map(|path| {
            outcome(scorer, path, asked.errors, |take| {
                eval_rows::each_with_intents(path, asked.lang, take)
            })
        })
        .collect();
    let mut outcomes = outcomes?;
    if let Some(held_out) = asked.held_out {
        outcomes.push(outcome(scorer, Path::new("held-out reviews"), asked.errors, |take| {
            held_out.into_iter().for_each(take);
            Ok(0)
        })?);
    }
    match asked.format {
        ReportFormat::Table => table(scorer, &outcomes, &mut people())?,
        ReportFormat::Json => {
            let files: Vec<Value> =
                outcomes.iter().map(|outcome| as_json(scorer, outcome)).collect();
            let report = json!({"scorer": scorer.version(), "datasets": files});
            writeln!(programs(Script::Json), "{report}")?;
        }
    }
    let refused: u64 = outcomes.iter().map(|outcome| outcome.refused).sum();
    Ok(if refused == 0 { Ending::Done } else { Ending::Incomplete })
}

fn outcome(
    scorer: &Scorer,
    path: &Path,
    errors_max: usize,
    each: impl FnOnce(&mut dyn FnMut(IntentSample)) -> Result<u64, Failure>,
) -> Result<Outcome, Failure> {
    let (mut tally, mut errors) = (IntentTally::default(), Vec::new());
    let mut scratch = Scratch::default();
    let refused = each(&mut |row: IntentSample| {
        let found = scorer.verdict(&row.text, row.lang, &row.spans, &mut scratch).intents;
        tally.observe(&row.intents, &found);
        let answered: Vec<Intent> = found.iter().map(|(intent, _)| intent).collect();
        let same = answered.len() == row.intents.len()
            && answered.iter().all(|intent| row.intents.contains(intent));
        if !same && errors.len() < errors_max {
            errors.push((row, answered));
        }
    })?;
    Ok(Outcome { path: path.to_owned(), tally, errors, refused })
}

fn table(scorer: &Scorer, outcomes: &[Outcome], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "scorer {}", scorer.version())?;
    for Outcome { path, tally, errors, .. } in outcomes {
        let (rows, alike) = tally.rows();
        let macro_f1 = tally.macro_f1();
        writeln!(
            out,
            "\n{}: {rows} rows, {alike} with all intents right, macro-F1 {macro_f1:.3}",
            path.display()
        )?;
        writeln!(
            out,
            "{:<16} {:>8} {:>8} {:>9} {:>6} {:>6}",
            "intent", "labelled", "answered", "precision", "recall", "F1"
        )?;
        for measure in tally.measures() {
            let IntentMeasure { intent, labelled, answered, precision, recall, f1 } = measure;
            let intent = intent.as_str();
            writeln!(
                out,
                "{intent:<16} {labelled:>8} {answered:>8} {precision:>9.3} {recall:>6.3} {f1:>6.3}"
            )?;
        }
        for (row, answered) in errors {
            let (labelled, answered) = (names(&row.intents), names(answered));
            writeln!(out, "\nlabelled {labelled}, answered {answered}:")?;
            writeln!(out, "  {}", one_line(&row.text))?;
            let explained = scorer.explain(&row.text, row.lang, &row.spans);
            write!(out, "{}", explained.to_lines(&row.text))?;
        }
    }
    Ok(())
}

fn names(intents: &[Intent]) -> String {
    if intents.is_empty() {
        return "none".to_owned();
    }
    intents.iter().map(|intent| intent.as_str()).collect::<Vec<_>>().join(" and ")
}

fn as_json(scorer: &Scorer, outcome: &Outcome) -> Value {
    let measure = |one: IntentMeasure| {
        json!({
            "intent": one.intent.as_str(),
            "labelled": one.labelled,
            "answered": one.answered,
            "precision": one.precision,
            "recall": one.recall,
            "f1": one.f1,
        })
    };
    let errors = outcome.errors.iter().map(|(row, answered)| {
        let list = |intents: &[Intent]| -> Vec<&str> {
            intents.iter().map(|intent| intent.as_str()).collect()
        };
        json!({
            "text": row.text,
            "labelled": list(&row.intents),
            "answered": list(answered),
            "explanation": scorer.explain(&row.text, row.lang, &row.spans).to_json(&row.text),
        })
    });
    let (rows, alike) = outcome.tally.rows();
    json!({
        "dataset": outcome.path,
        "refused": outcome.refused,
        "rows": rows,
        "alike": alike,
        "macro_f1": outcome.tally.macro_f1(),
        "intents": outcome.tally.measures().map(measure),
        "errors": errors.collect::<Vec<_>>(),
    })
}
