//! How is a report made on the command line?

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::ValueEnum;

use super::output::{Script, programs};
use super::places::LakePlace;
use super::query::LimitArgs;
use super::spreadsheet::{Cell, CsvArgs};
use super::{Ending, Failure, runtime};
use crate::lake::Folder;
use crate::live::Newsroom;
use crate::notify::Receiver;
use crate::report::{Ask, Known, Report, ReportError, Span, Tongue, zone};
use crate::sql::{Limits, Session};
use crate::state::write_whole_shared;
use crate::system::wall_clock;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The last whole week or month (week, month), the running one (this-week, this-month), today,
    /// yesterday, 7d, 2026-03-02, 2026-W10, 2026-03, or two days with .. between them
    #[arg(long, default_value = "week")]
    period: String,
    /// Topic; may be repeated [default: all]
    #[arg(long)]
    topic: Vec<String>,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Form::Md)]
    format: Form,
    /// Language of its words
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
    /// Time zone of days and weeks, as Europe/Berlin
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// File to write, instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Send [report.NAME] of the configuration to its receivers now, as its schedule would
    #[arg(long, value_name = "NAME", conflicts_with_all = ["period", "topic", "format", "lang", "zone", "out", "excel"])]
    now: Option<String>,
    #[command(flatten)]
    place: LakePlace,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    csv: CsvArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One page that needs no other file, with charts
    Html,
    /// Markdown
    Md,
    /// All numbers
    Json,
    /// One line per topic and day (or other step)
    Csv,
    /// A workbook for Excel, with charts; wants --out FILE or a pipe
    Xlsx,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// English
    En,
    /// German
    De,
}

pub(super) fn report(args: &Args) -> Result<Ending, Failure> {
    if let Some(name) = &args.now {
        return send_now(args, name);
    }
    args.csv.check(args.format == Form::Csv)?;
    if args.format == Form::Xlsx && args.out.is_none() && io::stdout().is_terminal() {
        let message = "a workbook cannot be shown in a terminal";
        return Err(Failure::usage(message, "add: --out report.xlsx"));
    }
    let span = zone(&args.zone).and_then(|zone| Span::parse(&args.period, &zone, wall_clock()));
    let span = span.map_err(failure)?;
    let found = args.place.find()?;
    let folder = Folder::read(found.site)?;
    let (topics, charter, services) = found
        .config
        .map(|config| (config.topics, config.charter, config.services))
        .unwrap_or_default();
    let runtime = runtime()?;
    let made = runtime.block_on(async {
        let session = Session::open_within(&folder, Limits::from(&args.limits)).await?;
        let answered = async {
            let known = Known { services, ..Known::default() };
            let ask = Ask::new(&session, &folder, &topics, known).await?;
            ask.promised(&charter).report(&args.topic, &span).await
        };
        answered.await.map_err(failure)
    });
    runtime.shutdown_background();
    let made = made?;
    if made.heard.first.is_some()
        && made.topics.iter().all(|topic| topic.changes.now.volume.mentions == 0)
    {
        let shown = |time: Option<crate::time::EventTime>| {
            time.map(|time| time.to_string()).unwrap_or_default()
        };
        tracing::warn!(
            first = shown(made.heard.first),
            until = shown(made.heard.until),
            "nothing was said in this period; the lake holds posts of other times"
        );
    }
    let tongue = match args.lang {
        Lang::En => Tongue::En,
        Lang::De => Tongue::De,
    };
    let mut bytes = Vec::new();
    match args.format {
        Form::Html => bytes = made.to_html(tongue).into_bytes(),
        Form::Md => bytes = made.to_markdown(tongue).into_bytes(),
        Form::Json => {
            serde_json::to_writer_pretty(&mut bytes, &made)?;
            bytes.push(b'\n');
        }
        Form::Csv => lines(&made, &args.csv, &mut bytes)?,
        Form::Xlsx => bytes = made.to_xlsx(tongue).map_err(failure)?,
    }
    match &args.out {
        Some(path) => write_whole_shared(path, &bytes)?,
        None => {
            let script = if args.format == Form::Json { Script::Json } else { Script::Signs };
            let mut out = programs(script);
            out.write_all(&bytes)?;
            out.flush()?;
        }
    }
    Ok(Ending::Done)
}

/// Sends a report of the configuration, once; says how each attempt went.
fn send_now(args: &Args, name: &str) -> Result<Ending, Failure> {
    let config = args.place.configured()?;
    let report = config.reports.iter().find(|report| report.name == name).ok_or_else(|| {
        let known = config.reports.iter().map(|known| known.name.as_str());
        Failure::unknown("report", name, known)
    })?;
    let receivers = config.receivers.iter().filter(|receiver| report.to.contains(&receiver.name));
    let receivers = receivers.map(Receiver::fetch).collect::<Result<Vec<_>, _>>()?;
    let runtime = runtime()?;
    let sent = runtime.block_on(Newsroom::reading(&config)?.send_now(report, &receivers));
    runtime.shutdown_background();
    let sent = sent?;
    for (receiver, probe) in receivers.iter().zip(&sent) {
        super::alerts::write_answer(&receiver.name, probe)?;
    }
    Ok(if sent.iter().all(|probe| probe.arrived) { Ending::Done } else { Ending::Incomplete })
}

/// One line per topic and bucket; fields of what was not heard are empty.
fn lines(report: &Report, csv: &CsvArgs, out: &mut Vec<u8>) -> io::Result<()> {
    out.write_all(csv.prefix().as_bytes())?;
    let head = [
        "topic",
        "from",
        "to",
        "coverage",
        "mentions",
        "negative",
        "neutral",
        "positive",
        "net",
        "net_low",
        "net_high",
        "reach",
        "engagement",
        "usual_low",
        "usual_high",
    ];
    csv.line(&head.map(Cell::Text), out)?;
    for topic in &report.topics {
        for bucket in &topic.trend.buckets {
            let coverage = serde_json::to_value(bucket.coverage)?;
            let mut texts = vec![
                topic.topic.clone(),
                bucket.from.to_string(),
                bucket.to.to_string(),
                coverage.as_str().unwrap_or_default().to_owned(),
            ];
            let said = bucket.said.map(|said| {
                let volume = said.volume;
                let counts = [volume.mentions, volume.negative, volume.neutral, volume.positive];
                let net = said.net.map(|net| [net.value, net.low, net.high]);
                let net = net.map_or([const { String::new() }; 3], |net| {
                    net.map(|value| format!("{value:.4}"))
                });
                let far = [volume.reach, volume.engagement].map(|count| count.to_string());
                counts.map(|count| count.to_string()).into_iter().chain(net).chain(far).collect()
            });
            texts.extend(said.unwrap_or_else(|| vec![String::new(); 9]));
            let usual =
                bucket.usual.map(|usual| [usual.low, usual.high].map(|end| end.to_string()));
            texts.extend(usual.unwrap_or_default());
            let cells = texts.iter().enumerate().map(|(place, text)| match place {
                0..4 => Cell::Text(text),
                _ => Cell::Number(text),
            });
            csv.line(&cells.collect::<Vec<_>>(), out)?;
        }
    }
    Ok(())
}

fn failure(error: ReportError) -> Failure {
    let hint = Some(error.hint()).filter(|hint| !hint.is_empty());
    let code = match &error {
        ReportError::Wrong { .. } | ReportError::Unknown { .. } => 2,
        ReportError::Sql(_) | ReportError::Other(_) => 1,
    };
    Failure { error: error.into(), code, hint }
}
