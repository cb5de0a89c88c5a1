//! How is an archive worked through on the command line?

mod view;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressStyle};
use tokio::sync::watch;

use super::formats::ReportFormat;
use super::inputs::InputArgs;
use super::noted::{Deed, note};
use super::output::{Screened, Script, people};
use super::places::{LakePlace, ShardArg};
use super::{Ending, Failure, runtime};
use crate::config::Config;
use crate::connect::{Input, InputError, Read, find_inputs};
use crate::lake::{Folder, Gaps, LakeError, OldAlerts, PostReader};
use crate::live::Progress;
use crate::post::TopicId;
use crate::reprocess::{
    Job, Mode, Origin, Published, Report, Sorting, Stage, StageError, compare, found_topics,
    onward, publish, reprocess as work,
};
use crate::state::{Site, StateError};
use crate::system::wall_clock;
use crate::time::{DAY_US, EventTime};

/// Distance of lines that say how far the work is, where there is no terminal.
const SAY_EVERY: Duration = Duration::from_secs(10);
/// Distance of looks at the work.
const LOOK_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Inputs: files, folders (searched for .jsonl .ndjson .json .csv .tsv .xlsx .xls .parquet .pq .jss .car and tweets.js, in order of their \
paths), zips, quoted patterns such as 'posts/2026-*.jsonl.gz', URLs (file://, s3://), bluesky://HOST for the archive of a \
Jetstream server, and - for standard input. .gz and .zst are unpacked on the way. Archives from platforms are recognized by their content; see also: resonanz import --preview. Posts should be roughly in the order in which they were received.

Fields: id, text and posted_at are needed; received_at, source, author, kind, parent, thread, lang, url, reach and \
engagement are not. Times are RFC 3339 with an offset, whole microseconds since the Unix epoch, or Parquet \
timestamps. CSV has a header line; an empty field is an unknown one. Rows that are not posts go to the lake's \
dead-letter.jsonl with file and line.

A lake that holds posts keeps them; mentions and panes of the days that the input covers are replaced in one commit \
when everything is read. After a kill, the same command resumes from the last commit.

Topics, rules and scorer are those of the configuration; its sources and receivers are not used.")]
pub(super) struct Args {
    /// Files, folders, patterns, URLs; - is standard input
    #[arg(
        value_name = "INPUT",
        required_unless_present = "from_lake",
        conflicts_with = "from_lake"
    )]
    inputs: Vec<String>,
    /// Read the posts stored in this lake, instead of files
    #[arg(long, value_name = "LAKE")]
    from_lake: Option<PathBuf>,
    /// Folder that only the writer of that lake needs, if it is in a bucket
    #[arg(long, value_name = "DIR", requires = "from_lake")]
    from_state: Option<PathBuf>,
    /// The inputs are Parquet files of posts together with what was found in them on other machines, as
    /// Analyzer.prepare of the Python package returns them
    #[arg(long, conflicts_with = "from_lake")]
    findings: bool,
    #[command(flatten)]
    place: LakePlace,
    #[command(flatten)]
    shard: ShardArg,
    #[command(flatten)]
    input: InputArgs,
    /// Whether to sort posts by reception time first; by default if a sample of the inputs is out of order
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Sort::Auto)]
    sort: Sort,
    /// Say what would change, and change nothing; the rows go to a temporary folder
    #[arg(long)]
    dry_run: bool,
    /// Compare old mentions with new ones, topic by topic; with json, everything else goes to standard error
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "table", value_name = "FORMAT")]
    compare: Option<ReportFormat>,
    /// How many posts a comparison shows for each topic and kind of difference
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    samples: usize,
    /// Replace the alerts of these days too, with those that the rules would have raised
    #[arg(long)]
    replace_alerts: bool,
    /// Replace days even where the input lacks hours, and lose the mentions of those hours
    #[arg(long)]
    partial_days: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Sort {
    Auto,
    Always,
    Never,
}

impl From<Sort> for Sorting {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Auto => Self::Auto,
            Sort::Always => Self::Always,
            Sort::Never => Self::Never,
        }
    }
}

/// What an import changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Changes {
    pub(super) dry_run: bool,
    pub(super) partial_days: bool,
}

impl Args {
    /// What `import` means: files into a lake, nothing compared.
    pub(super) fn of_files(
        inputs: Vec<String>,
        place: LakePlace,
        input: InputArgs,
        sort: Sort,
        Changes { dry_run, partial_days }: Changes,
    ) -> Self {
        Self {
            inputs,
            from_lake: None,
            from_state: None,
            findings: false,
            place,
            shard: ShardArg::default(),
            input,
            sort,
            dry_run,
            compare: None,
            samples: 0,
            replace_alerts: false,
            partial_days,
        }
    }

    /// The lake whose posts are read, if one is named.
    fn source_lake(&self) -> Option<Site> {
        let state = self.from_state.as_deref();
        self.from_lake.as_deref().map(|lake| Site::new(lake, state))
    }
}

pub(super) fn reprocess(args: &Args) -> Result<Ending, Failure> {
    let whole = args.place.configured()?;
    let config = args.shard.of(whole.clone())?;
    let site = Site::from(&config.lake);
    runtime()?.block_on(async {
        let onward = match (&config.stream, args.source_lake()) {
            (Some(stream), Some(lake)) => onward(stream, &lake).await?,
            _ => None,
        };
        let origin = origin(args).await?;
        if let Origin::Files(inputs) = &origin {
            args.input.fit(inputs)?;
        }
        let mut reading = args.input.reading.reading();
        if let Origin::Files(inputs) = &origin
            && args.findings
        {
            reading.topics = Some(topics(inputs.clone(), whole, config.clone()).await?);
        }
        let job = Job {
            origin,
            layout: args.input.layout(),
            encoding: args.input.reading.encoding(),
            reading,
            format: args.input.wire(),
            sheet: args.input.sheet.clone(),
            config,
            source: args.input.source.clone(),
            sorting: args.sort.into(),
            onward,
        };
        Box::pin(run(args, &site, job.prepared())).await
    })
}

async fn run(args: &Args, site: &Site, job: Job) -> Result<Ending, Failure> {
    let opened = Stage::open(&job, args.source_lake().as_ref(), args.dry_run);
    let mut stage = opened.map_err(|error| match error.downcast_ref::<StageError>() {
        Some(stage) => Failure::usage(stage.to_string(), stage.hint()),
        None => Failure::from(error),
    })?;
    let (total, retention) = (job.origin.bytes(), job.config.lake.retention);
    let goes_on = stage.mode() == Mode::New && job.onward.is_some();
    let report = watched(total, |progress, read| work(job, &mut stage, progress, read)).await?;
    let mut out: Box<dyn Write> = match args.compare {
        Some(ReportFormat::Json) => {
            Box::new(Screened::new(io::stderr().lock(), Some(Script::Signs)))
        }
        _ => Box::new(people()),
    };
    view::report(&report, &mut out)?;
    if stage.reads_files() {
        let days: Vec<i32> = stage.days().into_keys().collect();
        view::retention(&retention, &days, wall_clock().day(), &mut out)?;
    }
    if let Some(lake) = args.source_lake() {
        writeln!(
            out,
            "read: the posts stored in {lake}, which are complete only if it was filled with archive = \"all\""
        )?;
        if goes_on {
            writeln!(out, "stream: goes on where {lake} stood")?;
        }
    }
    if let Some(format) = args.compare {
        let comparison = compare(&stage, args.samples).await?;
        view::comparison(&comparison, format, &mut out)?;
    }
    let is_whole = report.damaged.is_empty();
    let refused = report.progress.malformed + report.progress.tally.refused_future;
    let letters = stage.dead_letters();
    finish(args, site, stage, &mut out).await?;
    if refused > 0 && !args.dry_run {
        writeln!(out, "refused input and reasons: {}", letters.display())?;
    }
    Ok(if refused == 0 && is_whole { Ending::Done } else { Ending::Incomplete })
}

/// Lets the rows take their place.
async fn finish(
    args: &Args,
    site: &Site,
    stage: Stage,
    out: &mut impl Write,
) -> Result<(), Failure> {
    if stage.mode() == Mode::Dry {
        writeln!(out, "dry run: {site} is unchanged")?;
        return Ok(());
    }
    let alerts = if args.replace_alerts { OldAlerts::Replace } else { OldAlerts::Keep };
    let gaps = if args.partial_days { Gaps::Lose } else { Gaps::Refuse };
    let published = publish(&stage, alerts, gaps).await;
    let Published { replaced, receipts } =
        published.map_err(|error| match error.downcast_ref() {
            Some(LakeError::State(StateError::Locked { .. })) => Failure::usage(
                format!("everything is read, but {error}"),
                "stop that process and give the same command again: it replaces the rows at once",
            ),
            _ => error.into(),
        })?;
    if let Some(replaced) = replaced {
        view::replaced(&replaced, stage.days().len(), out)?;
    }
    view::followed(&receipts, out)?;
    let days = span_of(&stage.days().into_keys().collect::<Vec<i32>>());
    note(site, Deed::change("lake.reprocess", &days)).await?;
    writeln!(out, "lake: {site}")?;
    Ok(stage.close()?)
}

/// The days between the first and the last, as a person reads them.
fn span_of(days: &[i32]) -> String {
    let day = |day: &i32| {
        let at = EventTime(i64::from(*day) * DAY_US).to_string();
        at.split('T').next().unwrap_or_default().to_owned()
    };
    match days {
        [] => "no day".to_owned(),
        [only] => day(only),
        [first, .., last] => format!("{}..{}", day(first), day(last)),
    }
}

async fn origin(args: &Args) -> Result<Origin, Failure> {
    if let Some(lake) = args.source_lake() {
        return from_lake(&lake).await;
    }
    files(&args.inputs).await
}

/// The files that these names mean.
pub(super) async fn files(inputs: &[String]) -> Result<Origin, Failure> {
    let inputs = find_inputs(inputs).await;
    inputs
        .map(Origin::Files)
        .map_err(|error: InputError| Failure::usage(error.to_string(), error.hint))
}

/// Which topics here those are that findings in these files speak of.
async fn topics(
    inputs: Vec<Input>,
    whole: Config,
    here: Config,
) -> Result<Arc<[Option<TopicId>]>, Failure> {
    let found = tokio::task::spawn_blocking(move || found_topics(&inputs, &whole, &here));
    found.await.map_err(anyhow::Error::from)?.map_err(|error| {
        let hint = error.hint();
        Failure::usage(format!("{:#}", anyhow::Error::from(error)), hint)
    })
}

/// The posts that a lake keeps.
pub(super) async fn from_lake(lake: &Site) -> Result<Origin, Failure> {
    let posts = PostReader::open(&Folder::read(lake)?).await?;
    if posts.days().is_empty() {
        return Err(Failure::usage(
            format!("{lake} keeps no posts"),
            "store them with [lake] archive = \"matched\" or \"all\"",
        ));
    }
    Ok(Origin::Lake(posts))
}

/// Does the work while showing how far it is.
pub(super) async fn watched<F>(
    total: Option<u64>,
    work: impl FnOnce(Arc<watch::Sender<Progress>>, Read) -> F,
) -> anyhow::Result<Report>
where
    F: Future<Output = anyhow::Result<Report>>,
{
    let (progress, read) = (Arc::new(watch::Sender::new(Progress::default())), Read::default());
    let work = work(Arc::clone(&progress), read.clone());
    tokio::pin!(work);
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    let (bar, begun) = (bar(total), Instant::now());
    let mut said = begun;
    loop {
        tokio::select! {
            report = &mut work => {
                bar.finish_and_clear();
                return report;
            }
            _ = ticks.tick() => {
                bar.set_position(read.bytes());
                if bar.is_hidden() && said.elapsed() >= SAY_EVERY {
                    said = Instant::now();
                    let posts = progress.borrow().tally.events;
                    let _ = writeln!(io::stderr(), "{}", so_far(read.bytes(), total, posts, begun.elapsed()));
                }
            }
        }
    }
}

/// A bar with the time left, on a terminal.
fn bar(total: Option<u64>) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{wide_bar} {bytes} of {total_bytes} at {bytes_per_sec}, {eta} left",
        ),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} at {bytes_per_sec}, {elapsed}"),
    };
    let style = ProgressStyle::with_template(template);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[allow(clippy::cast_precision_loss, reason = "figures for people")]
fn so_far(read: u64, total: Option<u64>, posts: u64, elapsed: Duration) -> String {
    let rate = posts as f64 / elapsed.as_secs_f64();
    match total.filter(|total| *total > 0 && read > 0) {
        Some(total) => {
            let share = (read as f64 / total as f64).min(1.0);
            let left = elapsed.mul_f64((1.0 - share) / share.max(0.001));
            format!(
                "{:.1} %: {} of {}, {posts} posts, {rate:.0} posts/s, about {} left",
                100.0 * share,
                HumanBytes(read),
                HumanBytes(total),
                HumanDuration(left)
            )
        }
        None => format!("{} read, {posts} posts, {rate:.0} posts/s", HumanBytes(read)),
    }
}
