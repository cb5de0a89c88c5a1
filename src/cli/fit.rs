//! How is the scorer trained on a user's own posts? Fits a model, reports how good it is, writes it.

use std::convert::Infallible;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use serde_json::json;

use super::fit_reviews::{self, Gain};
use super::fit_unlabelled::Lesson;
use super::formats::ReportFormat;
use super::formats::language;
use super::places::LakePlace;
use super::reviews::reviewed;
use super::{Ending, Failure, eval::report_json, eval_rows};
use crate::post::Lang;
use crate::review::Labeled;
use crate::sentiment::fit::{self, FitError, Options, Sample};
use crate::sentiment::{Model, Profile, Scorer};
use crate::tuning;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Labeled posts as JSON lines, as for eval; FILE*3 makes all its rows together count 3
    #[arg(required_unless_present_any = ["from_reviews", "unlabelled"], value_name = "FILE")]
    data: Vec<Weighed>,
    /// Learn from the verdicts and intents that people corrected or confirmed in the lake; a fifth of them
    /// is held out to measure the gain
    #[arg(long)]
    from_reviews: bool,
    /// First learn from posts that nobody labeled: JSON lines with "text", or the folder of a lake, whose
    /// mentions are read. Labeled posts (FILE, --from-reviews) tell whether that is better, and the model stays
    /// as it was where it is worse
    #[arg(long, value_name = "POSTS", conflicts_with_all = ["view", "pool"])]
    unlabelled: Option<PathBuf>,
    /// Keep what was learned from posts without labels even where labeled posts say that it is worse
    #[arg(long, requires = "unlabelled")]
    even_if_worse: bool,
    #[command(flatten)]
    place: LakePlace,
    /// Where to write the model; an existing file is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What to start from: shipped (the built-in model), nothing, or a model file
    #[arg(long, value_name = "MODEL", default_value = "shipped")]
    from: FitFrom,
    /// Words of your own, read before training
    #[arg(long = "lexicon", value_name = "FILE")]
    lexicons: Vec<PathBuf>,
    /// Language of rows that declare none, as an ISO 639 code
    #[arg(long, default_value = "und", value_parser = language)]
    lang: Lang,
    /// Whether single words get weights; auto tries both
    #[arg(long, value_enum, default_value_t = Words::Auto)]
    words: Words,
    /// Number of folds for cross-validation
    #[arg(long, default_value_t = 5, value_parser = folds)]
    folds: usize,
    /// Minimum number of posts a word must occur in
    #[arg(long, default_value_t = 3)]
    word_posts_min: usize,
    /// Penalties of word weights to try; a higher one keeps them closer to the start
    #[arg(long, value_delimiter = ',', default_value = "3e-5,1e-4,3e-4,1e-3")]
    word_penalties: Vec<f64>,
    /// Penalty of feature weights; a higher one keeps them closer to the start
    #[arg(long, default_value_t = 1e-4, value_parser = penalty)]
    feature_penalty: f64,
    /// Minimum absolute weight; words below it are left out
    #[arg(long, default_value_t = 0.02)]
    word_weight_min: f32,
    /// 1 weights all classes equally however rare, 0 all posts equally
    #[arg(long, default_value_t = 0.5)]
    balance: f64,
    /// Hold out one file at a time instead of folds, to measure how well it does on an unseen source
    #[arg(long)]
    by_file: bool,
    /// Train this view only: "en document", "en mention" or "en target", or de in place of en
    #[arg(long)]
    view: Option<String>,
    /// Train the view on all posts, those of the other language without their words
    #[arg(long, requires = "view")]
    pool: bool,
    /// Added to the sums of negative, neutral and positive, such as 0.4,0.6,0, where your posts
    /// have different shares of each than the training data
    #[arg(long, value_name = "SUMS", default_value = "0,0,0", allow_hyphen_values = true)]
    prior: Prior,
    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

/// What is added to the sum of each class.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Prior([f64; 3]);

impl FromStr for Prior {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<f64> = text
            .split(',')
            .filter_map(|part| part.trim().parse().ok())
            .filter(|part: &f64| part.abs() <= 10.0)
            .collect();
        match parts[..] {
            [negative, neutral, positive] if text.matches(',').count() == 2 => {
                Ok(Self([negative, neutral, positive]))
            }
            _ => Err("write three numbers from -10 to 10, such as 0.4,0.6,0".to_owned()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Words {
    /// What cross-validation finds better
    Auto,
    /// Always
    Yes,
    /// Never: features only
    No,
}

/// Where fitting starts.
#[derive(Debug, Clone, PartialEq, Eq)]
enum FitFrom {
    Shipped,
    Nothing,
    File(PathBuf),
}

impl FromStr for FitFrom {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "shipped" => Self::Shipped,
            "nothing" => Self::Nothing,
            path => Self::File(path.into()),
        })
    }
}

fn folds(text: &str) -> Result<usize, String> {
    let folds = text.parse().ok().filter(|folds| (2..=100).contains(folds));
    folds.ok_or_else(|| "write a number from 2 to 100".to_owned())
}

fn penalty(text: &str) -> Result<f64, String> {
    let penalty = text.parse().ok().filter(|penalty: &f64| penalty.is_finite() && *penalty >= 0.0);
    penalty.ok_or_else(|| "write a number of 0 or more".to_owned())
}

/// A file, and how much all its rows together count.
#[derive(Debug, Clone, PartialEq)]
struct Weighed {
    path: PathBuf,
    weight: Option<f64>,
}

impl FromStr for Weighed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((path, weight)) = text.rsplit_once('*') else {
            return Ok(Self { path: text.into(), weight: None });
        };
        let number = weight.parse().ok().filter(|weight: &f64| *weight > 0.0 && weight.is_finite());
        let weight =
            number.ok_or_else(|| format!("\"{weight}\" after the * is not a weight above 0"))?;
        Ok(Self { path: path.into(), weight: Some(weight) })
    }
}

pub(super) fn fit(args: &Args) -> Result<Ending, Failure> {
    let scorer = start(args)?;
    let reviewed = if args.from_reviews { reviewed(&args.place)? } else { Vec::new() };
    let (mut samples, mut refused) = samples(args)?;
    let source = args.data.len();
    let (held_out, learned): (Vec<_>, Vec<_>) = reviewed.iter().partition(|one| one.held_out);
    samples.extend(learned.into_iter().filter_map(|one| sample_of(one, source)));
    let lesson = match &args.unlabelled {
        Some(from) => {
            let held_out = held_out.into_iter().filter_map(|one| sample_of(one, source));
            let judges: Vec<Sample> = samples.iter().cloned().chain(held_out).collect();
            let place = (&args.place.config, args.lang);
            Some(Lesson::take(from, place, &scorer, &judges, args.even_if_worse)?)
        }
        None => None,
    };
    refused += lesson.as_ref().map_or(0, |lesson| lesson.refused);
    let taught = lesson.as_ref().map(|lesson| &lesson.taught).filter(|taught| taught.has_learned());
    let lexicons = tuning::lexicons(&args.lexicons)?;
    let with = |model: &Model| Scorer::with(Profile::Resonanz, &lexicons, Some(model.clone()));
    let taught = taught.map(|taught| with(&taught.model));
    let from = taught.as_ref().unwrap_or(&scorer);
    let intents = fit_reviews::intents(from, &reviewed);
    let fitted = match fit::fit(from, &samples, &options(args)) {
        Err(error @ FitError::TooFew { .. }) if intents.is_some() || lesson.is_some() => {
            if lesson.is_some() && !samples.is_empty() {
                tracing::warn!(%error, "nothing was learned from the labels themselves");
            }
            fit::Fit::unchanged(from)
        }
        fitted => fitted,
    };
    let mut fitted = fitted.map_err(|error| Failure::usage(error.to_string(), hint(&error)))?;
    let is_new = taught.is_some() || intents.is_some() || !fitted.chosen.is_empty();
    if let Some(intents) = intents {
        fitted.model = fitted.model.with_intents(intents);
    }
    if is_new {
        write_model(args, &fitted.model)?;
    }
    let gain = Gain::of([&scorer, &with(&fitted.model)], &reviewed);
    let mut out = io::stdout().lock();
    match args.format {
        ReportFormat::Table => {
            if let Some(lesson) = &lesson {
                lesson.write(&mut out)?;
            }
            table(args, &fitted, is_new, &mut out)?;
            gain.write(&mut out)?;
        }
        ReportFormat::Json => {
            let mut told = as_json(args, &fitted);
            if let Some(lesson) = &lesson {
                told["unlabelled"] = lesson.as_json();
                told["written"] = is_new.into();
            }
            gain.add_to(&mut told);
            writeln!(out, "{told}")?;
        }
    }
    Ok(if refused == 0 && is_new { Ending::Done } else { Ending::Incomplete })
}

/// What can be learned of a verdict; nothing where only what the writer wants was reviewed.
fn sample_of(one: &Labeled, source: usize) -> Option<Sample> {
    let (text, lang, spans) = (one.text.clone(), one.lang, one.spans.clone());
    Some(Sample { text, lang, spans, polarity: one.polarity?, weight: 1.0, source })
}

fn options(args: &Args) -> Options {
    Options {
        folds: args.folds,
        words: match args.words {
            Words::Auto => None,
            Words::Yes => Some(true),
            Words::No => Some(false),
        },
        word_posts_min: args.word_posts_min,
        word_penalties: args.word_penalties.clone(),
        feature_penalty: args.feature_penalty,
        word_weight_min: args.word_weight_min,
        balance: args.balance,
        by_source: args.by_file,
        view: args.view.clone(),
        pool: args.pool,
        prior: args.prior.0,
    }
}

fn hint(error: &FitError) -> &'static str {
    match error {
        FitError::Vader => "omit the options for the vader profile",
        FitError::View(_) => "as in --view \"en document\"",
        FitError::TooFew { .. } => "give more labeled posts",
        FitError::TooFewUnlabelled { .. } => "give more posts",
    }
}

fn start(args: &Args) -> Result<Scorer, Failure> {
    let model = match &args.from {
        FitFrom::Shipped => None,
        FitFrom::Nothing => Some(Model::default()),
        FitFrom::File(path) => Some(tuning::model(path)?),
    };
    let lexicons = tuning::lexicons(&args.lexicons)?;
    Ok(Scorer::with(Profile::Resonanz, &lexicons, model))
}

/// All rows as samples; a file named `PATH*3` counts 3 in all its rows together.
fn samples(args: &Args) -> Result<(Vec<Sample>, u64), Failure> {
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

fn write_model(args: &Args, model: &Model) -> Result<(), Failure> {
    let draft = args.out.with_extension("draft");
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&draft)?;
        file.write_all(model.to_text().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&draft, &args.out)
    })();
    let hint = "give a file that can be written";
    written.map_err(|error: io::Error| Failure::file(&args.out, &error, hint))
}

fn table(args: &Args, fitted: &fit::Fit, is_new: bool, out: &mut impl Write) -> io::Result<()> {
    if !fitted.chosen.is_empty() {
        measured(args, fitted, out)?;
    } else if args.unlabelled.is_none() {
        writeln!(out, "too few verdicts to learn from: only what writers want was learned")?;
    }
    let path = args.out.display();
    if is_new {
        writeln!(out, "{path}: use it with [sentiment] model = \"...\" or --model")
    } else {
        writeln!(out, "{path}: not written, for nothing was learned")
    }
}

/// How good each setting was.
fn measured(args: &Args, fitted: &fit::Fit, out: &mut impl Write) -> io::Result<()> {
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
        true => writeln!(out, "measured on files held out one at a time"),
        false => writeln!(out, "measured on held-out posts, {} folds", args.folds),
    }
}

fn as_json(args: &Args, fitted: &fit::Fit) -> serde_json::Value {
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
