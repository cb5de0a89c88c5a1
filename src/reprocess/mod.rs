//! How is an archive worked through? The same engine, as fast as the machine goes, paging nobody.
//!
//! Into a new lake, rows go straight away. For a lake that holds posts, a second lake grows in
//! `LAKE/_resonanz/reprocess/`; when it is complete, its rows take the place of those of the days
//! that it covers, in one commit. Either lake keeps the place that was reached in its checkpoint,
//! so that a killed job goes on from its last commit.
#![doc = include_str!("reprocessing.md")]

mod compare;
mod feed;
mod found;
mod guess;
mod mapping;
mod onward;
mod order;
mod pieces;
mod preview;
mod sort;
mod stage;
mod publish;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::{Notify, mpsc, watch};

pub use compare::{Comparison, Sample, TopicChange, compare};
pub use found::{FoundError, found_topics};
pub use guess::Hints;
pub use onward::onward;
pub use order::Sorting;
pub use preview::{Preview, preview};
pub use publish::{Published, publish};
pub use stage::{Mode, Stage, StageError};

use crate::config::{Archive, Config, STREAM};
use crate::connect::{Encoding, Input, Layout, Read};
use crate::decode::{AuthorHasher, Cursor, Format, Parcel, Reading, Sieve};
use crate::desk::Grouping;
use crate::engine::{Engine, EngineConfig, Remember};
use crate::lake::{Folder, Lake, PostReader};
use crate::live::identities::remembered;
use crate::live::{
    EngineLoop, Eraser, Following, NewReviews, Patience, Progress, Stop, Store, Upkeep,
    checkpointed_engine,
};
use crate::notify::{Desk, Outbox};
use crate::privacy::Erased;
use crate::state::{Answered, DeskFiles, Reviews};
use crate::system::wall_clock;
use feed::Feed;
use order::is_disordered;
use pieces::{cursor, place, place_name};
use sort::Sorter;

/// Stands for the input in the place of a job whose posts are sorted: it counts these.
const SORTED: u64 = u64::MAX;
/// Sorted events that are handed on at once.
const PARCEL_EVENTS: usize = 1_024;

/// What to work through.
#[derive(Debug, Clone)]
pub struct Job {
    /// Where posts come from.
    pub origin: Origin,
    /// Layout of all files; by default each says its own by its name.
    pub layout: Option<Layout>,
    /// Encoding of all files of text; by default the bytes of each tell.
    pub encoding: Option<Encoding>,
    /// Which column is which field, and what the files do not say of their values.
    pub reading: Reading,
    /// What lines and objects are; by default each file tells.
    pub format: Option<Format>,
    /// Topics, rules, scorer, and the lake to write to.
    pub config: Config,
    /// The name or number of the sheet of each workbook; by default the first with posts.
    pub sheet: Option<String>,
    /// Name of the source where posts give none; by default the file's name.
    pub source: Option<String>,
    /// Whether posts are sorted by their time first.
    pub sorting: Sorting,
    /// Where a new lake goes on in the stream of its configuration, if not at the oldest message.
    pub onward: Option<Cursor>,
}

/// Where posts come from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// Files, in this order.
    Files(Vec<Input>),
    /// The posts that a lake keeps.
    Lake(PostReader),
}

/// What was worked through.
#[derive(Debug, Clone)]
pub struct Report {
    /// Where posts went since the job was first begun.
    pub progress: Progress,
    /// Bytes after decompression that this process read.
    pub bytes: u64,
    /// Inputs that could not be read to their end, and why.
    pub damaged: Vec<String>,
    /// Files that came along with others, and hold no posts.
    pub left_out: Vec<String>,
    /// Which sheets were read of workbooks that have several.
    pub sheets: Vec<String>,
    /// Time from first byte to last commit.
    pub elapsed: Duration,
}

impl Origin {
    /// Stored bytes to read, as far as they are known.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Self::Files(inputs) => inputs.iter().map(|input| input.bytes).sum(),
            Self::Lake(posts) => Some(posts.days().iter().map(|day| day.bytes).sum()),
        }
    }
}

impl Job {
    /// The job with everything left out that has no place in it: whom to tell.
    #[must_use]
    pub fn prepared(mut self) -> Self {
        // Reprocessing pages nobody.
        for rule in &mut self.config.rules {
            rule.receivers.clear();
            rule.escalate.clear();
        }
        if matches!(self.origin, Origin::Lake(_)) && self.config.lake.archive == Archive::Matched {
            // The posts of a lake stay, whether they match now or not.
            self.config.lake.archive = Archive::All;
            self.config.engine.remember = Remember::All;
        }
        self
    }
}

/// Works through a job from where its stage stands. `read` counts stored bytes for whoever shows
/// progress.
///
/// # Errors
/// When an input or the lake cannot be used. What was committed is kept: the same job goes on
/// from there.
pub async fn reprocess(
    job: Job,
    stage: &mut Stage,
    progress: Arc<watch::Sender<Progress>>,
    read: Read,
) -> anyhow::Result<Report> {
    let folder = Arc::clone(stage.folder());
    let config = Config { identities: remembered(&folder), ..job.config };
    let (lake, recovered) = Lake::open(Arc::clone(&folder)).await?;
    let authors = stage.authors().clone();
    let erased = erased(stage, &authors)?;
    let (engine, mut checkpoint) =
        checkpointed_engine(&config, &authors, erased, recovered.checkpoint)?;
    if let Some(place) = job.onward.filter(|_| stage.mode() == Mode::New) {
        checkpoint.cursors.entry(STREAM.to_owned()).or_insert(place);
    }
    let from = place(checkpoint.cursors.get(place_name().as_str()));
    let feed = Feed {
        layout: job.layout,
        encoding: job.encoding,
        reading: job.reading,
        format: job.format,
        sheet: job.sheet,
        source: job.source,
        authors: match &job.origin {
            Origin::Files(_) => authors,
            Origin::Lake(_) => authors.over_keys(),
        },
        sieve: sieve(&config, &engine),
        read,
        now: wall_clock(),
    };
    let outbox = Arc::new(Outbox::open(&folder.outbox())?);
    let (jobs, job_queue) = mpsc::channel(2);
    let (following, patience) = (Arc::new(Following::of(&folder)), Patience::none(&progress));
    let (shared, kept) = (Arc::clone(&following), Arc::clone(&folder));
    let eraser = Eraser::new(kept, stage.authors(), Arc::clone(&outbox), shared, None);
    let desk = Arc::new(Desk::open(outbox, DeskFiles::of(&folder), Grouping::default(), |_| true)?);
    let store = Store {
        lake,
        desk,
        bell: Arc::new(Notify::new()),
        committed: Arc::clone(&progress),
        answered: Answered::open(&folder)?,
        decisions: Arc::default(),
        reviews: NewReviews::of(Reviews::of(&folder))?,
        upkeep: Upkeep::on_request(&folder, &config.lake),
        eraser,
        patience: patience.clone(),
    };
    let store = tokio::spawn(store.run(job_queue));
    let engine = EngineLoop::new(&config, engine, checkpoint, folder, following, jobs, patience);

    let started = Instant::now();
    let mut coverage = stage.coverage.clone();
    let (origin, sorting, scratch) = (job.origin, job.sorting, stage.folder().scratch());
    let work = tokio::task::spawn_blocking(move || {
        let sorter = sorter(&origin, sorting, &feed, &config.engine, &scratch);
        let worked = work(engine, feed, origin, (from, sorter), &mut coverage)?;
        anyhow::Ok((worked, coverage))
    });
    let worked = work.await.context("the engine thread")?;
    store.await.context("the store task")??;
    let (read, coverage) = worked?;
    stage.coverage = coverage;
    let progress = progress.borrow().clone();
    let Worked { bytes, damaged, left_out, sheets } = read;
    Ok(Report { progress, bytes, damaged, left_out, sheets, elapsed: started.elapsed() })
}

/// What was erased from the lake stays away; what sources take back is noted beside the rows.
fn erased(stage: &Stage, authors: &AuthorHasher) -> anyhow::Result<Erased> {
    let target = Folder::read(stage.target()).ok().filter(|_| stage.mode() != Mode::Dry);
    Ok(Eraser::erased(target.as_ref().unwrap_or(stage.folder()), authors)?)
}

/// What sorts the posts of these inputs, if they must be sorted.
fn sorter(
    origin: &Origin,
    sorting: Sorting,
    feed: &Feed,
    engine: &EngineConfig,
    scratch: &Path,
) -> Option<Sorter> {
    let is_sorted = match (origin, sorting) {
        (Origin::Lake(_), _) | (_, Sorting::Never) => false,
        (_, Sorting::Always) => true,
        (Origin::Files(inputs), Sorting::Auto) => is_disordered(feed, inputs, engine),
    };
    if is_sorted {
        tracing::warn!("sorting the inputs by time before processing them");
    }
    is_sorted.then(|| Sorter::new(scratch))
}

fn sieve(config: &Config, engine: &Engine) -> Option<Sieve> {
    (config.lake.archive != Archive::All).then(|| Sieve::new(Arc::clone(engine.analyzer())))
}

/// What was read.
#[derive(Default)]
struct Worked {
    bytes: u64,
    damaged: Vec<String>,
    left_out: Vec<String>,
    sheets: Vec<String>,
}

/// The engine's thread.
fn work(
    mut engine: EngineLoop,
    feed: Feed,
    origin: Origin,
    (from, mut sorter): ((u64, u64), Option<Sorter>),
    coverage: &mut stage::Coverage,
) -> anyhow::Result<Worked> {
    let (mut worked, mut ended) = (Worked::default(), false);
    let begin = if sorter.is_some() { (0, 0) } else { from };
    for decoded in feed.start(origin, begin) {
        let decoded = decoded?;
        worked.damaged.extend(decoded.damage);
        worked.left_out.extend(decoded.left_out);
        worked.sheets.extend(decoded.sheet);
        ended |= decoded.is_end;
        worked.bytes += decoded.bytes;
        // Noted before the commit that may hold them: a day too many is impossible, since all of
        // it is read again after a kill.
        coverage.add(&decoded.hours)?;
        for mut parcel in decoded.parcels {
            if let Some(sorter) = &mut sorter {
                parcel.cursor = None;
                parcel.events.drain(..).try_for_each(|event| sorter.push(event))?;
            }
            engine.take(parcel)?;
        }
    }
    anyhow::ensure!(
        ended,
        "reading stopped because of a bug in resonanz; nothing of it is committed"
    );
    if worked.bytes == 0
        && let Some(first) = worked.damaged.first()
    {
        anyhow::bail!(first.clone());
    }
    if let Some(sorter) = sorter {
        let known = if from.0 == SORTED { from.1 } else { 0 };
        work_sorted(&mut engine, sorter, known)?;
    }
    engine.close(Stop::Finish)?;
    Ok(worked)
}

/// Takes in sorted events behind the first `known` ones, which were taken in before a kill.
fn work_sorted(engine: &mut EngineLoop, sorter: Sorter, known: u64) -> anyhow::Result<()> {
    let mut events = sorter.sorted()?;
    for _ in 0..known {
        events.next().transpose()?;
    }
    let mut done = known;
    loop {
        let mut parcel = Parcel::new(&place_name());
        for event in events.by_ref().take(PARCEL_EVENTS) {
            parcel.events.push(event?.1);
        }
        if parcel.events.is_empty() {
            return Ok(());
        }
        done += u64::try_from(parcel.events.len()).unwrap_or(0);
        parcel.cursor = Some(cursor(SORTED, done));
        engine.take(parcel)?;
    }
}
