//! What does the engine's thread do? Parcels in, steps, rows and commits out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use super::Stop;
use super::awaited::Awaited;
use super::decisions::{Decided, Decisions};
use super::eraser::Following;
use super::progress::{AlertLine, Progress};
use super::silence::{QUIET, Silence};
use super::slips::Slips;
use super::step::step_len;
use super::store::StoreJob;
use super::trouble::Patience;
use crate::config::Config;
use crate::connect::SourcesHealth;
use crate::decode::{Cursor, Parcel};
use crate::engine::{Engine, Outcome};
use crate::lake::{Checkpoint, Folder, Labels, Rows};
use crate::notify::{Message, messages};
use crate::post::{Event, Polarity, SourceId, TopicId};
use crate::system::crash_point;

/// Events per step.
const STEP_EVENTS: usize = 4_096;
/// Parcels taken from the inbox at once.
const PARCELS: usize = 32;
/// Rows that wait before they are encoded, in bytes.
const ROWS_BYTES: usize = 8 << 20;
/// Rows that are committed together at most, in bytes.
const COMMIT_BYTES: usize = 64 << 20;
/// Distance of progress snapshots.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// The engine and everything it needs at hand.
#[derive(Debug)]
pub struct EngineLoop {
    pub(super) engine: Engine,
    pub(super) rows: Rows,
    pub(super) topics: Vec<String>,
    /// Where each source goes on, as far as events have been stepped.
    cursors: BTreeMap<String, Cursor>,
    /// Cursors of parcels whose events wait for the next step.
    ahead: Vec<(SourceId, Cursor)>,
    /// Parcels that the next commit covers, and for which somebody waits.
    awaited: Awaited,
    /// Where dead letters go.
    folder: Arc<Folder>,
    following: Arc<Following>,
    /// Goals that slipped, from the task that measures them.
    pub(super) slips: Arc<Slips>,
    /// What people decided, from the lake task.
    pub(super) decisions: Arc<Decisions>,
    pub(super) decided: Decided,
    patience: Patience,
    jobs: mpsc::Sender<StoreJob>,
    shared: Arc<watch::Sender<Progress>>,
    pub(super) progress: Progress,
    published: Instant,
    /// Whether rules are looked at ahead of the watermark.
    looks_ahead: bool,
    commit_interval: Duration,
    committed: Instant,
    /// Bytes of rows handed over since the last commit.
    uncommitted_bytes: usize,
    /// Whether anything happened since the last commit.
    pub(super) dirty: bool,
    events: Vec<Event>,
    outcome: Outcome,
}

impl EngineLoop {
    /// An engine that goes on from a checkpoint.
    #[must_use]
    pub fn new(
        config: &Config,
        engine: Engine,
        checkpoint: Checkpoint,
        folder: Arc<Folder>,
        following: Arc<Following>,
        jobs: mpsc::Sender<StoreJob>,
        patience: Patience,
    ) -> Self {
        let version = |topic| engine.analyzer().scorer_version(TopicId(topic)).to_owned();
        let labels = Labels {
            scorers: (0u32..).zip(&config.topics).map(|(topic, _)| version(topic)).collect(),
            topics: config.topics.clone(),
            rules: config.rules.clone(),
            archive: config.lake.archive,
            shard: config.shard,
            authors: engine.erased().authors().clone(),
        };
        let topics = config.topics.iter().map(|topic| topic.name.clone());
        let (before, watermark) = (patience.shared().borrow().clone(), engine.watermark());
        let progress = Progress::resumed(&before, checkpoint.tally, watermark, topics);
        Self {
            engine,
            rows: Rows::new(labels),
            topics: checkpoint.topics,
            cursors: checkpoint.cursors,
            ahead: Vec::new(),
            awaited: Awaited::default(),
            folder,
            following,
            shared: Arc::clone(patience.shared()),
            slips: Arc::default(),
            decisions: Arc::default(),
            decided: Decided::default(),
            patience,
            jobs,
            progress,
            published: Instant::now(),
            looks_ahead: config.engine.beat_us.is_some(),
            commit_interval: Duration::from_micros(
                u64::try_from(config.lake.commit_interval_us).unwrap_or(0),
            ),
            committed: Instant::now(),
            uncommitted_bytes: 0,
            dirty: false,
            events: Vec::new(),
            outcome: Outcome::default(),
        }
    }

    /// Works until all sources have hung up, then commits; `stop` says whether to finish windows.
    ///
    /// # Errors
    /// When the lake's task has ended, or dead letters cannot be written.
    pub fn run(
        &mut self,
        runtime: &Handle,
        mut parcels: mpsc::Receiver<Parcel>,
        stop: &watch::Receiver<Stop>,
        sources: &SourcesHealth,
    ) -> anyhow::Result<()> {
        // What the lake holds shows at once, also while no source can be reached.
        self.publish();
        let mut taken = Vec::with_capacity(PARCELS);
        let mut silence = Silence::begin(self.looks_ahead);
        let mut warned = self.progress.refusals.len();
        loop {
            let wait = tokio::time::timeout(
                self.awaited.look(QUIET),
                parcels.recv_many(&mut taken, PARCELS),
            );
            let come = runtime.block_on(wait);
            self.note_decisions();
            match come {
                Ok(0) => break,
                Ok(_) => {
                    // A place alone, of a source that was asked in vain, is silence, too.
                    if taken.iter().any(|parcel| !parcel.is_empty()) {
                        silence = Silence::begin(self.looks_ahead);
                    }
                    for parcel in taken.drain(..) {
                        self.take(parcel)?;
                    }
                    crash_point("engine.step");
                    self.step_all()?;
                }
                // Without a connection nobody knows whether it is silent: time waits for what the
                // source will send again.
                Err(_) if sources.is_any_lost() => {
                    self.engine.look(silence.wait_us(), &mut self.outcome);
                    self.absorb()?;
                    // Whoever watches over the process sees that it goes on.
                    self.publish();
                }
                Err(_) => {
                    if let Some(passed_us) = silence.passed_us() {
                        self.engine.idle(passed_us, &mut self.outcome);
                        self.absorb()?;
                    }
                }
            }
            for (source, reason) in self.progress.refusals.iter().skip(warned) {
                tracing::warn!(source, reason, "refused; what comes next is counted");
            }
            warned = self.progress.refusals.len();
            self.forget()?;
            self.note_slips()?;
            self.commit_when_due()?;
        }
        let stop = *stop.borrow();
        self.close(stop)
    }

    /// Takes in a parcel; its events are stepped through once enough of them wait.
    ///
    /// # Errors
    /// When the lake's task has ended, or dead letters cannot be written.
    pub fn take(&mut self, parcel: Parcel) -> anyhow::Result<()> {
        self.progress.ignored += parcel.ignored;
        self.progress.cut += parcel.cut;
        self.progress.mended += parcel.mended;
        for refused in &parcel.refused {
            self.progress.malformed += 1;
            let (source, raw) = (parcel.source.as_str(), String::from_utf8_lossy(&refused.raw));
            let reason = self.redacted(&refused.reason);
            self.progress.note_refusal(source, &reason);
            if !self.engine.erased().holds_letter(source, &raw) {
                let (letters, raw) = (self.folder.dead_letters(), self.redacted(&raw));
                self.patience.insist(|| letters.write(source, &reason, raw.as_bytes()))?;
            }
        }
        if parcel.ticket.is_some() {
            // What becomes of it is counted apart from what came before.
            self.step_all()?;
        }
        let before = self.progress.tally;
        self.events.extend(parcel.events);
        self.ahead.extend(parcel.cursor.map(|cursor| (parcel.source.clone(), cursor)));
        if let Some(ticket) = parcel.ticket {
            self.step_all()?;
            self.dirty = true;
            self.awaited.add(parcel.source, ticket, before, self.progress.tally);
        }
        if self.events.len() < STEP_EVENTS {
            return Ok(());
        }
        self.step_all()?;
        self.commit_when_due()
    }

    /// The text without what is to be taken out of texts.
    fn redacted<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let redacted = self.engine.analyzer().redactor().redacted(text);
        redacted.map_or(Cow::Borrowed(text), Cow::Owned)
    }

    fn commit_when_due(&mut self) -> anyhow::Result<()> {
        let interval = self.awaited.interval(self.commit_interval);
        let due = self.dirty && self.committed.elapsed() >= interval;
        if due { self.commit(Vec::new()) } else { Ok(()) }
    }

    /// Judges what is there as at the end of an archive, if `stop` says so, and commits.
    ///
    /// # Errors
    /// When the lake's task has ended.
    pub fn close(&mut self, stop: Stop) -> anyhow::Result<()> {
        self.step_all()?;
        if stop == Stop::Finish {
            self.engine.finish(&mut self.outcome);
            self.absorb()?;
        }
        self.commit(Vec::new())?;
        self.publish();
        Ok(())
    }

    /// Steps through the waiting events, long texts a few at a time; then their cursors are covered.
    fn step_all(&mut self) -> anyhow::Result<()> {
        loop {
            let rest = self.events.split_off(step_len(&self.events, self.topics.len()));
            if rest.is_empty() {
                break;
            }
            self.engine.step(&mut self.events, &mut self.outcome);
            self.absorb()?;
            self.events = rest;
        }
        self.engine.step(&mut self.events, &mut self.outcome);
        for (source, cursor) in self.ahead.drain(..) {
            self.dirty = true;
            self.cursors.insert(source.as_str().to_owned(), cursor);
        }
        self.absorb()
    }

    /// Passes on what a step brought.
    fn absorb(&mut self) -> anyhow::Result<()> {
        let outcome = &self.outcome;
        self.progress.tally.add(&outcome.tally);
        self.progress.watermark = self.engine.watermark();
        if !outcome.findings.list.is_empty() {
            // Copied if a snapshot still shows them.
            let topics = Arc::make_mut(&mut self.progress.topics);
            for finding in &outcome.findings.list {
                if let Some(topic) = topics.get_mut(finding.topic.0 as usize) {
                    topic.mentions += 1;
                    topic.negative += u64::from(finding.verdict.polarity == Polarity::Negative);
                }
            }
        }
        for post in &outcome.refused {
            let reason = if post.posted_at.is_supported() && post.received_at.is_supported() {
                format!(
                    "posted_at {} is more than a minute after its reception at {}",
                    post.posted_at, post.received_at
                )
            } else {
                format!("posted_at {} lies outside the supported years", post.posted_at)
            };
            self.progress.note_refusal(post.source.as_str(), &reason);
            let letter = serde_json::json!({
                "id": post.id, "text": self.redacted(&post.text), "posted_at": post.posted_at.to_string(),
            });
            let raw = letter.to_string();
            let (letters, source) = (self.folder.dead_letters(), post.source.as_str());
            self.patience.insist(|| letters.write(source, &reason, raw.as_bytes()))?;
        }
        self.patience.insist(|| self.following.withdrawn.append(&outcome.withdrawn))?;
        self.rows.push(outcome);
        self.dirty |=
            outcome.tally.events > 0 || !outcome.closed.is_empty() || !outcome.alerts.is_empty();
        let labels = self.rows.labels();
        let told: Vec<Message> =
            outcome.alerts.iter().flat_map(|alert| messages(alert, labels)).collect();
        for alert in &outcome.alerts {
            let rule = labels.rules.get(alert.rule).map_or(String::new(), |rule| rule.name.clone());
            let topic = labels
                .topics
                .get(alert.topic.0 as usize)
                .map_or(String::new(), |topic| topic.name.clone());
            let (at, transition) = (alert.at, alert.transition);
            tracing::info!(%at, transition = transition.as_str(), rule, topic, "alert");
            self.progress.push_alert(AlertLine {
                at,
                transition,
                rule,
                topic,
                observed: alert.observed,
                expected: alert.expected,
                goal: None,
            });
        }
        if !told.is_empty() {
            // A message waits for no interval.
            self.commit(told)?;
        } else if self.rows.bytes() >= ROWS_BYTES {
            self.append()?;
            if self.uncommitted_bytes >= COMMIT_BYTES {
                self.commit(Vec::new())?;
            }
        }
        if self.published.elapsed() >= PROGRESS_INTERVAL {
            self.publish();
        }
        Ok(())
    }

    /// Forgets what was erased from the lake, and says so behind a commit without it.
    fn forget(&mut self) -> anyhow::Result<()> {
        let Some(forgotten) = self.following.take() else { return Ok(()) };
        self.engine.forget(forgotten.erased, |id| forgotten.posts.contains(id));
        self.dirty = true;
        self.commit(Vec::new())?;
        self.send(StoreJob::Forgotten(forgotten.requests))
    }

    fn append(&mut self) -> anyhow::Result<()> {
        self.uncommitted_bytes += self.rows.bytes();
        let batches = self.rows.take()?;
        if batches.is_empty() { Ok(()) } else { self.send(StoreJob::Append(batches)) }
    }

    pub(super) fn commit(&mut self, told: Vec<Message>) -> anyhow::Result<()> {
        self.committed = Instant::now();
        if !self.dirty {
            return Ok(());
        }
        self.append()?;
        self.dirty = false;
        self.uncommitted_bytes = 0;
        let checkpoint = Checkpoint {
            topics: self.topics.clone(),
            state: self.engine.state(),
            cursors: self.cursors.clone(),
            tally: self.progress.tally,
        };
        self.send(StoreJob::Commit(Box::new(checkpoint), told))?;
        let awaited = self.awaited.take();
        if awaited.is_empty() { Ok(()) } else { self.send(StoreJob::Durable(awaited)) }
    }

    fn send(&self, job: StoreJob) -> anyhow::Result<()> {
        self.jobs.blocking_send(job).map_err(|_| anyhow!("the lake can no longer be written"))
    }

    fn publish(&mut self) {
        self.published = Instant::now();
        let fresh = self.progress.clone();
        self.shared.send_modify(|shared| {
            // What others count stays as it is.
            let (commits, deliveries) = (shared.commits, Arc::clone(&shared.deliveries));
            let (sources, trouble) = (shared.sources.clone(), shared.trouble.take());
            let (troubles, rounds) = (shared.troubles, shared.rounds.clone());
            *shared = Progress { commits, deliveries, sources, trouble, troubles, rounds, ..fresh };
        });
    }
}
