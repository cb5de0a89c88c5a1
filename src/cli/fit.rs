//! How is the scorer suited to a user's own posts? Fits a model, reports how good it is, writes it.

use std::fs::OpenOptions;
use std::io::{self, Write};

use serde_json::json;

use super::args_study::{Fit, FitFrom, ReportFormat, Words};
use super::{Ending, Failure, eval::report_json, eval_rows};
use crate::sentiment::fit::{self, FitError, Options, Sample};
use crate::sentiment::{Model, Profile, Scorer};
use crate::tuning;

pub(super) fn fit(args: &Fit) -> Result<Ending, Failure> {
    let scorer = start(args)?;
    let (samples, refused) = samples(args)?;
    let options = Options {
        folds: args.folds,
        words: match args.words {
            Words::Auto => None,
            Words::Yes => Some(true),
            Words::No => Some(false),
        },
        word_posts_min: args.word_posts_min,
        word_penalties: args.word_penalties.clone(),
        word_weight_min: args.word_weight_min,
        balance: args.balance,
        by_source: args.by_file,
        view: args.view.clone(),
        pool: args.pool,
        prior: args.prior.0,
        ..Options::default()
    };
    let fitted = fit::fit(&scorer, &samples, &options)
        .map_err(|error| Failure::usage(error.to_string(), hint(&error)))?;
    write_model(args, &fitted.model)?;
    let mut out = io::stdout().lock();
    match args.format {
        ReportFormat::Table => table(args, &fitted, &mut out)?,
        ReportFormat::Json => writeln!(out, "{}", as_json(args, &fitted))?,
    }
    Ok(if refused == 0 { Ending::Done } else { Ending::Incomplete })
}

fn hint(error: &FitError) -> &'static str {
    match error {
        FitError::Vader => "leave out what names the vader profile",
        FitError::View(_) => "as in --view \"en document\"",
        FitError::TooFew { .. } => "give more labelled posts",
    }
}

fn start(args: &Fit) -> Result<Scorer, Failure> {
    let model = match &args.from {
        FitFrom::Shipped => None,
        FitFrom::Nothing => Some(Model::default()),
        FitFrom::File(path) => Some(tuning::model(path)?),
    };
    let lexicons = tuning::lexicons(&args.lexicons)?;
    Ok(Scorer::with(Profile::Resonanz, &lexicons, model))
}

/// All rows as samples; a file named `PATH*3` counts 3 in all its rows together.
fn samples(args: &Fit) -> Result<(Vec<Sample>, u64), Failure> {
    let (mut samples, mut refused) = (Vec::new(), 0);
    for (source, file) in args.data.iter().enumerate() {
        let first = samples.len();
        refused += eval_rows::each(&file.path, args.lang, |row| {
            samples.push(Sample {
                text: row.text,
                lang: row.lang,
                spans: row.spans,
                polarity: row.gold,
                weight: 1.0,
                source,
            });
        })?;
        let added = samples.get_mut(first..).unwrap_or_default();
        #[allow(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^53")]
        let weight = file.weight.map_or(1.0, |weight| weight / added.len() as f64);
        added.iter_mut().for_each(|sample| sample.weight = weight);
    }
    Ok((samples, refused))
}

fn write_model(args: &Fit, model: &Model) -> Result<(), Failure> {
    let draft = args.out.with_extension("draft");
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&draft)?;
        file.write_all(model.to_text().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&draft, &args.out)
    })();
    written.map_err(|error: io::Error| {
        Failure::usage(
            format!("{}: {error}", args.out.display()),
            "give a file that can be written",
        )
    })
}

fn table(args: &Fit, fitted: &fit::Fit, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{:<14} {:>6} {:>8} {:>8}", "view", "rows", "macro-F1", "accuracy")?;
    for (view, report) in &fitted.before {
        writeln!(
            out,
            "{view:<14} {:>6} {:>8.3} {:>8.3}  before",
            report.rows, report.macro_f1, report.accuracy
        )?;
    }
    for (place, trial) in fitted.trials.iter().enumerate() {
        let words = if trial.words {
            format!("with words, penalty {}", trial.word_penalty)
        } else {
            "features only".to_owned()
        };
        let chosen = if fitted.chosen.contains(&place) { "  chosen" } else { "" };
        let report = &trial.report;
        writeln!(
            out,
            "{:<14} {:>6} {:>8.3} {:>8.3}  {words}{chosen}",
            trial.view, report.rows, report.macro_f1, report.accuracy
        )?;
    }
    match args.by_file {
        true => writeln!(out, "measured on files that were held out, one after the other")?,
        false => writeln!(out, "measured on posts that were held out, {} folds", args.folds)?,
    }
    writeln!(out, "{}: use it with [sentiment] model = \"...\" or --model", args.out.display())
}

fn as_json(args: &Fit, fitted: &fit::Fit) -> serde_json::Value {
    let trials = fitted.trials.iter().enumerate().map(|(place, trial)| {
        json!({
            "view": trial.view,
            "words": trial.words,
            "word_penalty": trial.word_penalty,
            "chosen": fitted.chosen.contains(&place),
            "report": report_json(&trial.report),
        })
    });
    let before: serde_json::Map<_, _> = fitted
        .before
        .iter()
        .map(|(view, report)| ((*view).to_owned(), report_json(report)))
        .collect();
    json!({"model": args.out, "folds": args.folds, "before": before, "trials": trials.collect::<Vec<_>>()})
}
