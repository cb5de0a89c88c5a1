//! Whom would the rules have called? Over posts as `reprocess` would store it, or the spike rule over
//! a file of counts; nobody is told.

use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;

use crate::alert::{Backtest, Condition, Measure, Page, Rule, Transition};
use crate::cli::args_reading::ReadingArgs;
use crate::cli::inputs::InputFormat;
use crate::cli::places::ConfigAt;
use crate::cli::reprocess::{files, from_lake, watched};
use crate::cli::{Ending, Failure, runtime};
use crate::config::Archive;
use crate::lake::AlertRow;
use crate::reprocess::{Job, Sorting, Stage, reprocess};
use crate::sql::{QueryFormat, Session};
use crate::state::Site;
use crate::time::{EventTime, parse_span};

/// Listed columns with more digits than people read, and the same with fewer.
const NUMBERS: &str = "expected, p_value, novelty, dispersion";
const ROUNDED: &str = "round(expected, 2) AS expected, arrow_cast(p_value, 'Float32') AS p_value, \
     round(novelty, 2) AS novelty, round(dispersion, 2) AS dispersion";

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Posts, as reprocess reads them: files, folders, patterns, URLs; - is standard input
    #[arg(required_unless_present_any = ["lake", "counts"], conflicts_with_all = ["lake", "counts"])]
    pub(super) inputs: Vec<String>,
    /// Read the posts stored in a lake, instead of files
    #[arg(long, value_name = "DIR", conflicts_with = "counts")]
    pub(super) lake: Option<PathBuf>,
    /// Folder that only the writer of a lake in a bucket needs; it holds the key of the author hashes
    #[arg(long, value_name = "DIR", requires = "lake")]
    pub(super) state: Option<PathBuf>,
    #[command(flatten)]
    pub(super) config: ConfigAt,
    /// Format of the files; by default detected from each file's extension and content
    #[arg(long, value_enum, alias = "wire")]
    pub(super) input_format: Option<InputFormat>,
    #[command(flatten)]
    pub(super) reading: ReadingArgs,
    /// Source of posts that name none; the file's name by default
    #[arg(long, value_name = "NAME")]
    pub(super) source: Option<String>,
    /// CSV with the columns timestamp (UTC) and value, one line per bin, in order of time; the
    /// options below apply to it
    #[arg(long, value_name = "FILE")]
    pub(super) counts: Option<PathBuf>,
    /// Width of the bins
    #[arg(long = "bin", value_name = "DURATION", default_value = "5m", value_parser = parse_span)]
    pub(super) bin_us: i64,
    /// Length of the rolling window, a multiple of the bin
    #[arg(long = "window", value_name = "DURATION", default_value = "10m", value_parser = parse_span)]
    pub(super) window_us: i64,
    /// Minimum number of mentions in the window
    #[arg(long, default_value_t = 10)]
    pub(super) count: u64,
    /// Maximum tail probability
    #[arg(long, default_value_t = 1e-7)]
    pub(super) p_value: f64,
    /// Minimum ratio to the decayed record
    #[arg(long, default_value_t = 1.2)]
    pub(super) novelty: f64,
    /// Half-life of the history
    #[arg(long = "history", value_name = "DURATION", default_value = "7d", value_parser = parse_span)]
    pub(super) history_us: i64,
    /// Output format; with --counts, csv has timestamp and anomaly_score, as NAB reads them
    #[arg(long, value_enum, default_value_t = PageFormat::Table)]
    pub(super) format: PageFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PageFormat {
    /// Every transition with its numbers, for people
    Table,
    /// The same for programs; with --counts, one line for each bin that would have raised an alert
    Csv,
    /// An array of JSON objects; with --counts, one object per line
    Json,
}

pub(super) fn backtest(args: &Args) -> Result<Ending, Failure> {
    match &args.counts {
        Some(counts) => over_counts(args, counts),
        None => over_posts(args),
    }
}

fn over_posts(args: &Args) -> Result<Ending, Failure> {
    let mut config = args.config.load()?;
    config.lake.archive = Archive::None;
    runtime()?.block_on(async {
        let lake = args.lake.as_deref().map(|lake| Site::new(lake, args.state.as_deref()));
        let origin = match &lake {
            Some(lake) => from_lake(lake).await?,
            None => files(&args.inputs).await?,
        };
        let job = Job {
            origin,
            layout: args.input_format.and_then(|format| format.layout(None)),
            encoding: args.reading.encoding(),
            reading: args.reading.reading(),
            format: args.input_format.and_then(InputFormat::wire),
            sheet: None,
            config,
            source: args.source.clone(),
            sorting: Sorting::Auto,
            onward: None,
        };
        let job = job.prepared();
        let mut stage = Stage::open(&job, lake.as_ref(), true)?;
        let total = job.origin.bytes();
        let work = |progress, read| reprocess(job, &mut stage, progress, read);
        let report = watched(total, work).await?;
        let session = Session::open(stage.folder()).await?;
        let pages = format!(
            "SELECT {} FROM alerts ORDER BY at, rule, topic, transition",
            AlertRow::LISTED.join(", ")
        );
        let (format, pages) = match args.format {
            PageFormat::Table => (QueryFormat::Table, pages.replace(NUMBERS, ROUNDED)),
            PageFormat::Csv => (QueryFormat::Csv, pages),
            PageFormat::Json => (QueryFormat::Json, pages),
        };
        let answer = session.query(&pages).await?;
        let mut out = BufWriter::new(io::stdout().lock());
        answer.write(format, &mut out).await?;
        out.flush()?;
        let refused = report.progress.malformed + report.progress.tally.refused_future;
        if refused > 0 {
            writeln!(io::stderr(), "{refused} posts were refused")?;
        }
        Ok(if refused == 0 { Ending::Done } else { Ending::Incomplete })
    })
}

fn over_counts(args: &Args, path: &Path) -> Result<Ending, Failure> {
    if args.bin_us <= 0 || args.window_us <= 0 || args.window_us % args.bin_us != 0 {
        let message = "the window is not a multiple of the bin".to_owned();
        return Err(Failure::usage(message, "as --bin 5m --window 10m"));
    }
    if args.history_us <= 0
        || !(0.0..0.5).contains(&args.p_value)
        || !(0.0..1e6).contains(&args.novelty)
    {
        let message = "the history, p-value or novelty is out of range".to_owned();
        return Err(Failure::usage(message, "as --history 7d --p-value 1e-7 --novelty 1.2"));
    }
    let condition = Condition::Spike {
        measure: Measure::Mentions,
        count: args.count,
        p_value: args.p_value,
        novelty: args.novelty,
        history_us: args.history_us,
    };
    let rule = Rule { condition, window_us: args.window_us, ..Rule::default() };
    let mut backtest = Backtest::new(rule, args.bin_us);
    let file = std::fs::File::open(path).map_err(|error| {
        Failure::usage(
            format!("{}: {error}", path.display()),
            "give a CSV file with the columns timestamp and value",
        )
    })?;
    let mut out = io::stdout().lock();
    if let Some(header) = header(args.format) {
        writeln!(out, "{header}")?;
    }
    let mut before = EventTime::MIN;
    for (number, line) in (1..).zip(BufReader::new(file).lines()) {
        let line = line?;
        let Some((stamp, count)) = read(&line) else {
            if number == 1 || line.trim().is_empty() {
                continue;
            }
            return Err(wrong(path, number, "no timestamp and count"));
        };
        if stamp < before {
            return Err(wrong(path, number, "earlier than the line before"));
        }
        before = stamp;
        if let Some(page) = backtest.count(stamp, count) {
            let written = line.split(',').next().unwrap_or_default();
            write_page(args.format, written, &page, &mut out)?;
        }
    }
    Ok(Ending::Done)
}

fn wrong(path: &Path, line: u64, what: &str) -> Failure {
    let hint = "a line is: timestamp, comma, count; in order of time, in UTC";
    Failure::usage(format!("{}:{line}: {what}", path.display()), hint)
}

/// A timestamp in RFC 3339, or as `2015-02-26 21:42:53` in UTC, and a count.
fn read(line: &str) -> Option<(EventTime, u64)> {
    let (stamp, value) = line.trim().split_once(',')?;
    let stamp = stamp.trim().replace(' ', "T");
    let at = EventTime::parse(&stamp).or_else(|_| EventTime::parse(&format!("{stamp}Z"))).ok()?;
    let (whole, rest) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let zeros = rest.bytes().all(|digit| digit == b'0');
    zeros.then(|| whole.parse().ok())?.map(|count| (at, count))
}

fn header(format: PageFormat) -> Option<&'static str> {
    match format {
        PageFormat::Json => None,
        PageFormat::Csv => Some("timestamp,anomaly_score"),
        PageFormat::Table => Some(
            "timestamp              transition  observed  expected   p-value  novelty  dispersion",
        ),
    }
}

fn write_page(
    format: PageFormat,
    stamp: &str,
    page: &Page,
    out: &mut impl Write,
) -> io::Result<()> {
    match format {
        PageFormat::Csv if page.transition == Transition::Resolved => Ok(()),
        PageFormat::Csv => writeln!(out, "{stamp},1"),
        PageFormat::Json => {
            let page = json!({
                "timestamp": stamp,
                "transition": page.transition.as_str(),
                "observed": page.observed,
                "expected": page.expected,
                "p_value": page.p_value,
                "novelty": page.novelty,
                "dispersion": page.dispersion,
            });
            writeln!(out, "{page}")
        }
        PageFormat::Table => {
            let number = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.2}"));
            let p_value = page.p_value.map_or("-".to_owned(), |p| format!("{p:.1e}"));
            writeln!(
                out,
                "{stamp:<22} {:<11} {:>8} {:>9} {p_value:>9} {:>8} {:>11}",
                page.transition.as_str(),
                page.observed,
                number(page.expected),
                number(page.novelty),
                number(page.dispersion)
            )
        }
    }
}
