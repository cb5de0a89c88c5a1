//! Whom would a rule have called? Runs the spike rule over a file of counts, or hands on to the posts.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use serde_json::json;

use super::args_study::{AlertsCommand, Backtest as Args, PageFormat};
use super::backtest::over_posts;
use super::{Ending, Failure, desk, receiver_test};
use crate::alert::{Backtest, Condition, Measure, Page, Rule, Transition};
use crate::time::EventTime;

pub(super) fn alerts(command: &AlertsCommand) -> Result<Ending, Failure> {
    match command {
        AlertsCommand::Backtest(args) => backtest(args),
        AlertsCommand::List(args) => desk::list(args),
        AlertsCommand::Show(args) => desk::show(args),
        AlertsCommand::Ack(args) => desk::ack(args),
        AlertsCommand::Silence(args) => desk::silence(args),
        AlertsCommand::Silences(args) => desk::silences(args),
        AlertsCommand::Unsilence(args) => desk::unsilence(args),
        AlertsCommand::Replay(args) => desk::replay(args),
        AlertsCommand::Test(args) => receiver_test::test(args),
    }
}

fn backtest(args: &Args) -> Result<Ending, Failure> {
    match &args.counts {
        Some(counts) => over_counts(args, counts),
        None => over_posts(args),
    }
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
