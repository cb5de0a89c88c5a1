//! How good is the scorer on labeled posts, and where is it wrong?

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::eval_intents::Asked;
use super::formats::ReportFormat;
use super::formats::language;
use super::output::{Script, one_line, people, programs};
use super::places::LakePlace;
use super::reviews::reviewed;
use super::score::ScorerArgs;
use super::{Ending, Failure, eval_intents, eval_rows};
use crate::post::{Lang, Polarity, Score};
use crate::review::Labeled;
use crate::sentiment::evaluate::{Report, Row, Tally};
use crate::sentiment::intents::IntentSample;
use crate::sentiment::{Scorer, Scratch};
use crate::tuning;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Labeled posts as JSON lines: text, label (-1, 0, 1 or a word) or human (a graded rating),
    /// optional lang, target, from, to (characters)
    #[arg(required_unless_present = "from_reviews", value_name = "FILE")]
    datasets: Vec<PathBuf>,
    /// Measure on those verdicts in the lake that people corrected or confirmed and that fit --from-reviews holds out
    #[arg(long)]
    from_reviews: bool,
    #[command(flatten)]
    place: LakePlace,
    #[command(flatten)]
    scorer: ScorerArgs,
    /// Measure what writers want instead: rows have "intents", a list of churn, complaint, question,
    /// purchase, recommendation, praise, empty for none
    #[arg(long)]
    intents: bool,
    /// Language of rows that declare none, as an ISO 639 code
    #[arg(long, default_value = "und", value_parser = language)]
    lang: Lang,
    /// How many of the worst mistakes to show, each with its explanation
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    errors: usize,
    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

/// How one file came out.
struct Outcome {
    path: PathBuf,
    /// By the score of the text as a whole.
    document: Report,
    /// By the score of the target, where rows name one.
    target: Option<Report>,
    /// The worst mistakes, worst first.
    errors: Vec<Mistake>,
    refused: u64,
}

struct Mistake {
    row: Row,
    score: Score,
    /// Confidence in the wrong answer: how far the score lies from the border of the right class.
    distance: i32,
}

pub(super) fn eval(args: &Args) -> Result<Ending, Failure> {
    let scorer = tuning::scorer(&(&args.scorer).into())?;
    if args.intents {
        let Args { datasets, lang, errors, format, .. } = args;
        let held_out = if args.from_reviews { Some(held_out_intents(args)?) } else { None };
        let asked = Asked { datasets, held_out, lang: *lang, errors: *errors, format: *format };
        return eval_intents::eval(&scorer, asked);
    }
    let outcomes: Result<Vec<Outcome>, Failure> = args
        .datasets
        .iter()
        .map(|path| outcome(&scorer, path, args, |take| eval_rows::each(path, args.lang, take)))
        .collect();
    let mut outcomes = outcomes?;
    if args.from_reviews {
        outcomes.push(of_reviews(&scorer, args)?);
    }
    match args.format {
        ReportFormat::Table => table(&scorer, &outcomes, &mut people())?,
        ReportFormat::Json => {
            let files: Vec<Value> =
                outcomes.iter().map(|outcome| as_json(&scorer, outcome)).collect();
            writeln!(
                programs(Script::Json),
                "{}",
                json!({"scorer": scorer.version(), "datasets": files})
            )?;
        }
    }
    let refused: u64 = outcomes.iter().map(|outcome| outcome.refused).sum();
    Ok(if refused == 0 { Ending::Done } else { Ending::Incomplete })
}

/// What people said of intents and no model learned from.
fn held_out_intents(args: &Args) -> Result<Vec<IntentSample>, Failure> {
    let reviewed = reviewed(&args.place)?.into_iter().filter(|one| one.held_out);
    let held_out: Vec<IntentSample> = reviewed.filter_map(Labeled::with_intents).collect();
    if held_out.is_empty() {
        let hint = "a fifth of all reviews is held out: say more intents with resonanz reviews correct --intent";
        return Err(Failure::usage("no review of intents is held out in this lake", hint));
    }
    Ok(held_out)
}

/// On what people found, of what no model learned from.
fn of_reviews(scorer: &Scorer, args: &Args) -> Result<Outcome, Failure> {
    let mut reviewed = reviewed(&args.place)?;
    reviewed.retain(|one| one.held_out && one.polarity.is_some());
    if reviewed.is_empty() {
        let hint = "a fifth of all reviews is held out: review more verdicts with resonanz reviews";
        return Err(Failure::usage("no review of a verdict is held out in this lake", hint));
    }
    outcome(scorer, Path::new("held-out reviews"), args, |take| {
        reviewed.into_iter().for_each(|one| {
            let Labeled { text, lang, spans, polarity, .. } = one;
            if let Some(gold) = polarity {
                take(Row { text, lang, spans, gold, rating: None });
            }
        });
        Ok(0)
    })
}

fn outcome(
    scorer: &Scorer,
    path: &Path,
    args: &Args,
    each: impl FnOnce(&mut dyn FnMut(Row)) -> Result<u64, Failure>,
) -> Result<Outcome, Failure> {
    let (mut document, mut target) = (Tally::default(), Tally::default());
    let (mut targets, mut errors) = (false, Vec::new());
    let mut scratch = Scratch::default();
    let refused = each(&mut |row: Row| {
        let verdict = scorer.verdict(&row.text, row.lang, &row.spans, &mut scratch);
        targets |= !row.spans.is_empty();
        for (tally, score) in [(&mut document, verdict.document), (&mut target, verdict.target)] {
            tally.observe(row.gold, score.polarity());
            if let Some(rating) = row.rating {
                tally.correlate(rating, score.as_f64());
            }
        }
        if args.errors > 0 && verdict.polarity != row.gold {
            let distance = distance(row.gold, verdict.target);
            errors.push(Mistake { row, score: verdict.target, distance });
            if errors.len() > 4 * args.errors + 64 {
                keep_worst(&mut errors, args.errors);
            }
        }
    })?;
    keep_worst(&mut errors, args.errors);
    Ok(Outcome {
        path: path.to_owned(),
        document: document.finalize(),
        target: targets.then(|| target.finalize()),
        errors,
        refused,
    })
}

fn keep_worst(errors: &mut Vec<Mistake>, count: usize) {
    errors.sort_by_key(|error| std::cmp::Reverse(error.distance));
    errors.truncate(count);
}

/// In ten-thousandths.
fn distance(gold: Polarity, score: Score) -> i32 {
    let score = i32::from(score.0);
    match gold {
        Polarity::Negative => score + 500,
        Polarity::Positive => 500 - score,
        Polarity::Neutral => score.abs() - 500,
    }
}

fn table(scorer: &Scorer, outcomes: &[Outcome], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "scorer {}", scorer.version())?;
    writeln!(
        out,
        "{:<34} {:<8} {:>7} {:>8} {:>8} {:>8} {:>8} {:>6} {:>6} {:>6} {:>9}",
        "dataset",
        "score",
        "rows",
        "accuracy",
        "macro-F1",
        "recall",
        "F1 +/-",
        "F1 -",
        "F1 0",
        "F1 +",
        "Pearson r"
    )?;
    for outcome in outcomes {
        let name = outcome.path.file_name().unwrap_or_default().to_string_lossy();
        let reports = [("document", Some(&outcome.document)), ("target", outcome.target.as_ref())];
        for (scope, report) in reports {
            let Some(report) = report else { continue };
            let [negative, neutral, positive] = report.class_f1;
            let pearson = report.pearson.map_or("-".to_owned(), |r| format!("{r:.3}"));
            writeln!(
                out,
                "{name:<34} {scope:<8} {:>7} {:>8.3} {:>8.3} {:>8.3} {:>8.3} {negative:>6.3} {neutral:>6.3} {positive:>6.3} {pearson:>9}",
                report.rows,
                report.accuracy,
                report.macro_f1,
                report.average_recall,
                report.polar_f1,
            )?;
        }
    }
    for outcome in outcomes {
        let report = outcome.target.as_ref().unwrap_or(&outcome.document);
        writeln!(out, "\n{}: rows by label, columns by answer", outcome.path.display())?;
        writeln!(out, "{:<10} {:>9} {:>9} {:>9}", "", "negative", "neutral", "positive")?;
        for (label, row) in ["negative", "neutral", "positive"].into_iter().zip(report.confusion) {
            writeln!(out, "{label:<10} {:>9} {:>9} {:>9}", row[0], row[1], row[2])?;
        }
        for mistake in &outcome.errors {
            writeln!(
                out,
                "\nlabeled {}, scored {:+.4}:",
                mistake.row.gold.as_str(),
                mistake.score.as_f64()
            )?;
            let explained = scorer.explain(&mistake.row.text, mistake.row.lang, &mistake.row.spans);
            writeln!(out, "  {}", one_line(&mistake.row.text))?;
            write!(out, "{}", explained.to_lines(&mistake.row.text))?;
        }
    }
    Ok(())
}

fn as_json(scorer: &Scorer, outcome: &Outcome) -> Value {
    let errors = outcome.errors.iter().map(|mistake| {
        let explained = scorer.explain(&mistake.row.text, mistake.row.lang, &mistake.row.spans);
        json!({
            "text": mistake.row.text,
            "label": mistake.row.gold.as_str(),
            "score": mistake.score.as_f64(),
            "explanation": explained.to_json(&mistake.row.text),
        })
    });
    json!({
        "dataset": outcome.path,
        "refused": outcome.refused,
        "document": report_json(&outcome.document),
        "target": outcome.target.as_ref().map(report_json),
        "errors": errors.collect::<Vec<_>>(),
    })
}

/// A report with the names that papers use.
pub(super) fn report_json(report: &Report) -> Value {
    let [negative, neutral, positive] = report.class_f1;
    json!({
        "rows": report.rows,
        "accuracy": report.accuracy,
        "macro_f1": report.macro_f1,
        "average_recall": report.average_recall,
        "f1_pos_neg": report.polar_f1,
        "f1": {"negative": negative, "neutral": neutral, "positive": positive},
        "pearson_r": report.pearson,
        "confusion": report.confusion,
    })
}
