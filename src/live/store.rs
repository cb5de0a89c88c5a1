//! When do rows become durable, and alerts leave? The lake's task.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use arrow::array::RecordBatch;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use super::decisions::{Decisions, NewReviews};
use super::eraser::Eraser;
use super::progress::Progress;
use super::trouble::Patience;
use crate::analyze::Analyzer;
use crate::config::{Config, LakeConfig, Retention};
use crate::decode::{AuthorHasher, Ticket};
use crate::engine::Engine;
use crate::lake::{Checkpoint, Chore, Folder, Lake, LakeError, Table};
use crate::notify::{Desk, Message};
use crate::post::{SourceId, TopicId};
use crate::privacy::Erased;
use crate::state::{Answered, Errands, Mode, Triage};
use crate::system::{clock_jump, crash_point, wall_clock};
use crate::time::{DAY_US, EventTime};
use crate::tuning;

/// How often requests are looked for, and a job of upkeep is done.
const TURN: Duration = Duration::from_secs(1);

/// How often it is tried whether the lake can be written.
const PROBE: Duration = Duration::from_secs(10);

/// After which time a clock that was set ahead is believed.
const SETTLED: Duration = Duration::from_secs(7 * 24 * 3_600);

/// After which time a commit takes long.
const LONG: Duration = Duration::from_secs(10);

/// What the engine's thread asks of the lake's task.
#[derive(Debug)]
pub enum StoreJob {
    /// Keep rows for the next commit.
    Append(Vec<(Table, RecordBatch)>),
    /// Make all rows so far visible, then let the messages leave.
    Commit(Box<Checkpoint>, Vec<Message>),
    /// Tell those who wait for it that what was committed before is durable.
    Durable(Vec<(SourceId, Ticket)>),
    /// The engine has forgotten what these erasures want.
    Forgotten(Vec<String>),
}

/// The lake's task.
#[derive(Debug)]
pub struct Store {
    /// Where rows go.
    pub lake: Lake,
    /// Where messages go.
    pub desk: Arc<Desk>,
    /// Rung when there are new messages.
    pub bell: Arc<Notify>,
    /// Where commits are counted.
    pub committed: Arc<watch::Sender<Progress>>,
    /// What was answered to whom.
    pub answered: Answered,
    /// What people decided, on its way to the engine.
    pub decisions: Arc<Decisions>,
    /// What people find out about verdicts.
    pub reviews: NewReviews,
    /// What keeps the lake tidy.
    pub upkeep: Upkeep,
    /// Carries out erasures.
    pub eraser: Eraser,
    /// What is done when the disk refuses.
    pub patience: Patience,
}

/// What keeps the lake tidy beside the stream.
#[derive(Debug)]
pub struct Upkeep {
    errands: Errands,
    triage: Triage,
    retention: Retention,
    vacuum_us: i64,
    every: Option<Duration>,
    due: Instant,
    /// What is left of the present round.
    round: Vec<Chore>,
    /// Whether nothing goes in it by its age, since the clock is not believed.
    keeps: bool,
}

impl Upkeep {
    /// As a configuration wants it; the first round comes an interval after the start.
    #[must_use]
    pub fn new(folder: &Folder, config: &LakeConfig) -> Self {
        // What passes is counted from the start.
        let _ = clock_jump(DAY_US);
        let every = config.upkeep_us.and_then(|us| u64::try_from(us).ok());
        let every = every.map(Duration::from_micros);
        Self {
            errands: Errands::of(folder),
            triage: Triage::of(folder),
            retention: config.retention,
            vacuum_us: config.vacuum_us,
            every,
            due: Instant::now() + every.unwrap_or_default(),
            round: Vec::new(),
            keeps: false,
        }
    }

    /// Answers requests only.
    #[must_use]
    pub fn on_request(folder: &Folder, config: &LakeConfig) -> Self {
        Self { every: None, ..Self::new(folder, config) }
    }

    /// Answers requests, and does the next job of the round that is due.
    async fn turn(&mut self, lake: &mut Lake) -> Result<(), LakeError> {
        let now = wall_clock();
        lake.work_off(&self.errands, now).await?;
        let Some(every) = self.every else { return Ok(()) };
        if self.round.is_empty() {
            if Instant::now() < self.due {
                return Ok(());
            }
            self.due = Instant::now() + every;
            self.round = vec![Chore::compact(), Chore::Retain(self.retention)];
            self.keeps = false;
        }
        if matches!(self.round.last(), Some(Chore::Retain(_)))
            && let Some(why) = doubt(lake, now)
        {
            let hint = "set the clock; if it is right: resonanz lake retain";
            tracing::error!(why, hint, "nothing is dropped for its age");
            self.keeps = true;
            self.round.pop();
        }
        if let Some(chore) = self.round.last()
            && lake.tend(chore, now).await?.is_none()
        {
            self.round.pop();
            if self.round.is_empty() {
                if !self.keeps {
                    lake.retain_letters(&self.retention, now, Mode::Real)?;
                    lake.retain_reviews(&self.retention, now, Mode::Real)?;
                }
                lake.vacuum(self.vacuum_us, now, Mode::Real).await?;
            }
        }
        Ok(())
    }
}

/// Why the clock is not believed as far as to drop rows, if so.
fn doubt(lake: &Lake, now: EventTime) -> Option<String> {
    if let Some((lead_us, known)) = clock_jump(DAY_US)
        && known < SETTLED
    {
        let days = lead_us / DAY_US;
        return Some(format!("the clock was set ahead by {days} days since the start"));
    }
    lake.doubts(now)
}

impl Store {
    /// Works until the engine's thread hangs up.
    ///
    /// # Errors
    /// When the lake or the outbox refuses. The caller stops; nothing committed is lost.
    pub async fn run(mut self, mut jobs: mpsc::Receiver<StoreJob>) -> anyhow::Result<()> {
        let mut turns = tokio::time::interval(TURN);
        turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut probes = tokio::time::interval(PROBE);
        probes.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                job = jobs.recv() => match job {
                    Some(job) => self.work(job).await?,
                    None => return Ok(()),
                },
                _ = turns.tick() => self.tend().await?,
                _ = probes.tick() => self.probe(),
            }
        }
    }

    async fn work(&mut self, job: StoreJob) -> anyhow::Result<()> {
        match job {
            StoreJob::Append(batches) => self.lake.append(&batches),
            StoreJob::Commit(checkpoint, messages) => {
                let values: Result<Vec<_>, _> = messages.iter().map(serde_json::to_value).collect();
                let values = values?;
                if self.lake.has_successors() {
                    self.lake.pack(self.desk.outbox().pack()?);
                }
                while let Err(error) = patient(self.lake.commit(&checkpoint, values.clone())).await
                {
                    self.patience.wait(error.into()).await?;
                }
                while let Err(error) = self.desk.take(&messages) {
                    self.patience.wait(error.into()).await?;
                }
                crash_point("commit.told");
                self.patience.over();
                self.bell.notify_waiters();
                self.committed.send_modify(|progress| progress.commits += 1);
                tracing::info!(messages = messages.len(), "committed");
            }
            StoreJob::Durable(tickets) => self.answer(tickets).await?,
            StoreJob::Forgotten(requests) => {
                let forgotten = self.eraser.forgotten(&mut self.lake, requests).await;
                // The requests stay open: the next turn takes them up again.
                if let Err(error) = forgotten {
                    self.patience.wait(error).await?;
                }
            }
        }
        Ok(())
    }

    /// Writes down what is answered, so that it is answered again after a restart, and tells who
    /// waits.
    async fn answer(&mut self, tickets: Vec<(SourceId, Ticket)>) -> anyhow::Result<()> {
        while let Err(error) = self.answered.add(&tickets, wall_clock()) {
            self.patience.wait(error.into()).await?;
        }
        let sources = self.committed.borrow().sources.clone();
        for (name, ticket) in tickets {
            if let Some(source) = sources.iter().find(|source| *source.name() == name) {
                source.tickets().settle(ticket);
            }
        }
        Ok(())
    }

    /// A file that cannot be tidied stops the round, not the stream; a lake that cannot be written
    /// any more shows at the next commit.
    async fn tend(&mut self) -> anyhow::Result<()> {
        if self.lake.is_torn()
            && let Err(error) = self.lake.mend().await
        {
            return self.patience.wait(error.into()).await;
        }
        let broken = |error: LakeError| {
            tracing::error!(%error, hint = error.hint(), "the lake's upkeep was interrupted");
        };
        let (reviews, decisions) = (&mut self.reviews, &self.decisions);
        let mut hear = || match reviews.take() {
            Ok(reviews) => decisions.review(reviews),
            Err(error) => broken(error.into()),
        };
        hear();
        // Whoever reads a change finds that the reviews before it are told, too.
        let tell = |changes| {
            hear();
            decisions.change(changes);
        };
        if let Err(error) = self.lake.take_changes(&self.upkeep.triage, tell).await {
            broken(error);
        }
        if let Err(error) = self.upkeep.turn(&mut self.lake).await {
            broken(error);
            self.upkeep.round.clear();
        }
        let watermark = self.committed.borrow().watermark;
        match self.eraser.work(&mut self.lake, watermark).await {
            Err(error) => self.patience.wait(error).await,
            Ok(()) => Ok(()),
        }
    }

    /// Looks whether there is room for the next commit, also while nothing comes in.
    fn probe(&self) {
        match self.lake.folder().probe("probe") {
            Ok(()) => self.patience.over(),
            Err(error) => self.patience.report(&error.into()),
        }
    }
}

/// Says it when a commit takes long: a bucket that cannot be reached is tried for minutes.
async fn patient<T>(commit: impl Future<Output = T>) -> T {
    let mut commit = std::pin::pin!(commit);
    if let Ok(done) = tokio::time::timeout(LONG, &mut commit).await {
        return done;
    }
    tracing::warn!("a commit is taking long; nothing is read meanwhile, and nothing is lost");
    commit.await
}

/// The engine of a configuration, going on from a checkpoint; the checkpoint comes back with the
/// topics of this configuration.
///
/// # Errors
/// When a query, lexicon or model cannot be used, or the checkpoint is damaged.
pub fn checkpointed_engine(
    config: &Config,
    authors: &AuthorHasher,
    erased: Erased,
    checkpoint: Option<Checkpoint>,
) -> anyhow::Result<(Engine, Checkpoint)> {
    let analyzer = Arc::new(tuning::analyzer(config, authors)?);
    resumed_engine(config, analyzer, erased, checkpoint)
}

/// The same with an analyzer that is there already.
pub(super) fn resumed_engine(
    config: &Config,
    analyzer: Arc<Analyzer>,
    erased: Erased,
    checkpoint: Option<Checkpoint>,
) -> anyhow::Result<(Engine, Checkpoint)> {
    let mut checkpoint = checkpoint.unwrap_or_default();
    if let Some(wrong) = checkpoint.state.heal(wall_clock()) {
        tracing::warn!(
            believed = %wrong,
            "a post with a wrong date had moved event time far ahead: windows and rules start over"
        );
    }
    let topics: Vec<String> = config.topics.iter().map(|topic| topic.name.clone()).collect();
    let places: HashMap<&str, u32> = topics.iter().map(String::as_str).zip(0..).collect();
    let renumber = |old: TopicId| {
        let name = checkpoint.topics.get(old.0 as usize)?;
        places.get(name.as_str()).copied().map(TopicId)
    };
    let state = std::mem::take(&mut checkpoint.state).renumbered(renumber);
    let engine = Engine::new(analyzer, config.rules.clone(), topics.clone(), config.engine, state);
    checkpoint.topics = topics;
    let engine = engine.context("the checkpoint holds a damaged sketch")?;
    let engine = engine.with_erased(erased).with_delays(config.delays()).checking_dates();
    Ok((engine, checkpoint))
}
