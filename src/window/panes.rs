//! Which pane does a mention fall into, and when is the pane final?
//!
//! Mentions wait in one bucket per tick until the watermark has passed the tick, are then folded
//! into their panes in parallel, and are judged at the tick's end. So what a rule sees at an
//! instant depends on event time alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use dashmap::DashMap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::copies::Copies;
use super::totals::{Counts, Totals};
use crate::post::{AuthorKey, Lang, Polarity, Score, SourceId, TopicId};
use crate::time::{EventTime, MINUTE_US};

/// Below this many mentions in a tick, folding them on one thread is quicker.
const PARALLEL_MIN: usize = 512;
/// Most negative posts kept per pane as evidence.
const SAMPLES_MAX: usize = 3;

/// One mention, as windows see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// When it was posted.
    pub posted_at: EventTime,
    /// Which topic.
    pub topic: TopicId,
    /// From where.
    pub source: SourceId,
    /// In which language.
    pub lang: Lang,
    /// By whom.
    pub author: AuthorKey,
    /// Target score.
    pub score: Score,
    /// Sign of the target score.
    pub polarity: Polarity,
    /// Followers or views, 0 when unknown.
    pub reach: u64,
    /// Likes, reposts and replies, 0 when unknown.
    pub engagement: u64,
    /// A hash that posts with the same words share; `None` for a text too short to tell.
    pub fingerprint: Option<u64>,
    /// Whether its text is new; known once its tick is released.
    pub originality: Originality,
    /// For negative mentions, what to show as evidence.
    pub sample: Option<Arc<Sample>>,
}

/// Whether a text is new, or repeats one seen shortly before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Originality {
    /// It is new.
    #[default]
    Original,
    /// It repeats, or nearly repeats, another: it counts as a mention, but not as sentiment.
    Copy,
}

/// A post to show as evidence. Ordered by score, then reach (largest first), then id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Target score.
    pub score: Score,
    /// Followers or views, 0 when unknown.
    pub reach: u64,
    /// The post.
    pub post_id: Box<str>,
    /// The beginning of its text.
    pub text: Box<str>,
    /// Where a person can read it.
    pub url: Option<Box<str>>,
}

impl Sample {
    fn rank(&self) -> (Score, std::cmp::Reverse<u64>, &str) {
        (self.score, std::cmp::Reverse(self.reach), &self.post_id)
    }
}

/// Identity of a pane's totals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaneKey {
    /// First instant; the pane is one minute wide.
    pub start: EventTime,
    /// Which topic.
    pub topic: TopicId,
    /// From where.
    pub source: SourceId,
    /// In which language.
    pub lang: Lang,
}

/// Totals of one source and language within a pane.
#[derive(Debug, Clone, PartialEq)]
pub struct PaneCell {
    /// From where.
    pub source: SourceId,
    /// In which language.
    pub lang: Lang,
    /// What was counted.
    pub totals: Totals,
}

/// A pane that no post in time can change any more.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedPane {
    /// Which pane.
    pub key: PaneKey,
    /// What was counted.
    pub totals: Totals,
}

/// Whether a mention came in time for its pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeliness {
    /// It counts.
    InTime,
    /// Its tick was already judged: it is stored, but counted in no pane.
    Late,
}

/// Widths and bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowConfig {
    /// Distance of judgements in microseconds; divides a minute.
    pub tick_us: i64,
    /// How long panes are kept for rolling windows, in microseconds.
    pub retain_us: i64,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Pane {
    pub(super) cells: Vec<PaneCell>,
    pub(super) samples: Vec<Arc<Sample>>,
}

impl Pane {
    fn cells_of(&self, source: Option<&SourceId>) -> impl Iterator<Item = &PaneCell> {
        self.cells.iter().filter(move |cell| source.is_none_or(|source| cell.source == *source))
    }
}

/// Panes, and the mentions waiting for them.
///
/// Memory: about 200 bytes per topic, minute, source and language with a mention, kept for the
/// longest window; about 100 bytes per waiting mention, kept for the lateness. The engine bounds
/// both through [`Windows::waiting_len`] and the retention.
#[derive(Debug)]
pub struct Windows {
    pub(super) config: WindowConfig,
    pub(super) panes: DashMap<(TopicId, EventTime), Pane>,
    /// Topics with a pane, per minute; panes leave the map through this index.
    pub(super) minutes: BTreeMap<EventTime, BTreeSet<TopicId>>,
    /// Number of retained minutes per topic.
    pub(super) active: HashMap<TopicId, u32>,
    /// Waiting mentions by the end of their tick.
    pub(super) waiting: BTreeMap<EventTime, Vec<Observation>>,
    pub(super) waiting_len: usize,
    pub(super) copies: Copies,
    /// Everything before this instant has been folded and judged.
    pub(super) frontier: Option<EventTime>,
    /// Minutes before this instant have been handed out as closed.
    pub(super) closed_until: Option<EventTime>,
}

impl Windows {
    /// No panes yet.
    #[must_use]
    pub fn new(config: WindowConfig) -> Self {
        Self {
            config,
            panes: DashMap::new(),
            minutes: BTreeMap::new(),
            active: HashMap::new(),
            waiting: BTreeMap::new(),
            waiting_len: 0,
            copies: Copies::default(),
            frontier: None,
            closed_until: None,
        }
    }

    /// Lets a mention wait for its tick.
    pub fn observe(&mut self, observation: Observation) -> Timeliness {
        if self.frontier.is_some_and(|frontier| observation.posted_at < frontier) {
            return Timeliness::Late;
        }
        let tick_end = observation.posted_at.floor(self.config.tick_us).shift(self.config.tick_us);
        self.waiting.entry(tick_end).or_default().push(observation);
        self.waiting_len += 1;
        Timeliness::InTime
    }

    /// Mentions waiting for the watermark.
    #[must_use]
    pub fn waiting_len(&self) -> usize {
        self.waiting_len
    }

    /// The end of the earliest tick with waiting mentions.
    #[must_use]
    pub fn earliest_waiting(&self) -> Option<EventTime> {
        self.waiting.keys().next().copied()
    }

    /// Everything before this instant has been folded; `None` before the first tick.
    #[must_use]
    pub fn frontier(&self) -> Option<EventTime> {
        self.frontier
    }

    /// Moves the frontier to `tick_end`, folding what waits before it.
    pub fn release(&mut self, tick_end: EventTime) {
        let later = self.waiting.split_off(&tick_end.shift(1));
        let due = std::mem::replace(&mut self.waiting, later);
        for mut mentions in due.into_values() {
            self.waiting_len -= mentions.len();
            self.copies.mark(&mut mentions);
            for mention in &mentions {
                self.index(mention.topic, mention.posted_at.floor(MINUTE_US));
            }
            if mentions.len() < PARALLEL_MIN {
                mentions.iter().for_each(|mention| self.fold(mention));
            } else {
                mentions.par_iter().for_each(|mention| self.fold(mention));
            }
        }
        self.frontier = self.frontier.max(Some(tick_end));
        self.expire(tick_end);
    }

    /// Whether the topic has a mention in the retained span.
    #[must_use]
    pub fn is_active(&self, topic: TopicId) -> bool {
        self.active.contains_key(&topic)
    }

    /// Whether any topic has a mention in the retained span.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.minutes.is_empty()
    }

    /// The totals of a topic over the panes that begin in `from..to`: at most one look-up a minute.
    #[must_use]
    pub fn sum(&self, topic: TopicId, from: EventTime, to: EventTime) -> Totals {
        self.sum_from(topic, None, from, to)
    }

    /// As [`Windows::sum`], of one source only when one is given.
    #[must_use]
    pub fn sum_from(
        &self,
        topic: TopicId,
        source: Option<&SourceId>,
        from: EventTime,
        to: EventTime,
    ) -> Totals {
        let mut sum = Totals::default();
        self.for_each_pane(topic, from, to, |pane| {
            pane.cells_of(source).for_each(|cell| sum.merge(&cell.totals));
        });
        sum
    }

    /// The counts of a topic over the panes that begin in `from..to`, of one source only when one
    /// is given: cheaper than [`Windows::sum_from`], which also merges the authors.
    #[must_use]
    pub fn counts_from(
        &self,
        topic: TopicId,
        source: Option<&SourceId>,
        from: EventTime,
        to: EventTime,
    ) -> Counts {
        let mut counts = Counts::default();
        self.for_each_pane(topic, from, to, |pane| {
            pane.cells_of(source).for_each(|cell| counts.merge(&cell.totals.counts));
        });
        counts
    }

    /// The most telling negative posts of a topic over the panes that begin in `from..to`.
    #[must_use]
    pub fn samples(&self, topic: TopicId, from: EventTime, to: EventTime) -> Vec<Arc<Sample>> {
        let mut samples: Vec<Arc<Sample>> = Vec::new();
        self.for_each_pane(topic, from, to, |pane| samples.extend(pane.samples.iter().cloned()));
        samples.sort_by(|left, right| left.rank().cmp(&right.rank()));
        samples.truncate(SAMPLES_MAX);
        samples
    }

    /// Appends the panes that became final since the last call, in key order.
    pub fn drain_closed(&mut self, closed: &mut Vec<ClosedPane>) {
        let Some(frontier) = self.frontier else { return };
        let until = frontier.floor(MINUTE_US);
        let from = self.closed_until.unwrap_or(EventTime::MIN);
        if from >= until {
            return;
        }
        let first = closed.len();
        for (&start, topics) in self.minutes.range(from..until) {
            for &topic in topics {
                let Some(pane) = self.panes.get(&(topic, start)) else { continue };
                closed.extend(pane.cells.iter().map(|cell| ClosedPane {
                    key: PaneKey { start, topic, source: cell.source.clone(), lang: cell.lang },
                    totals: cell.totals.clone(),
                }));
            }
        }
        if let Some(new) = closed.get_mut(first..) {
            new.sort_by(|left, right| left.key.cmp(&right.key));
        }
        self.closed_until = Some(until);
    }

    /// Notes that the topic has a pane at this minute.
    pub(super) fn index(&mut self, topic: TopicId, start: EventTime) {
        if self.minutes.entry(start).or_default().insert(topic) {
            *self.active.entry(topic).or_default() += 1;
        }
    }

    fn fold(&self, mention: &Observation) {
        let key = (mention.topic, mention.posted_at.floor(MINUTE_US));
        let mut pane = self.panes.entry(key).or_default();
        let same = |cell: &PaneCell| cell.source == mention.source && cell.lang == mention.lang;
        if let Some(cell) = pane.cells.iter_mut().find(|cell| same(cell)) {
            cell.totals.observe(mention);
        } else {
            let mut totals = Totals::default();
            totals.observe(mention);
            pane.cells.push(PaneCell {
                source: mention.source.clone(),
                lang: mention.lang,
                totals,
            });
        }
        if let Some(sample) = &mention.sample {
            let place = pane.samples.partition_point(|kept| kept.rank() < sample.rank());
            if place < SAMPLES_MAX {
                pane.samples.insert(place, Arc::clone(sample));
                pane.samples.truncate(SAMPLES_MAX);
            }
        }
    }

    fn for_each_pane(
        &self,
        topic: TopicId,
        from: EventTime,
        to: EventTime,
        mut visit: impl FnMut(&Pane),
    ) {
        for (&start, topics) in self.minutes.range(from..to) {
            if topics.contains(&topic)
                && let Some(pane) = self.panes.get(&(topic, start))
            {
                visit(&pane);
            }
        }
    }

    /// Drops panes that no window reaches any more; closed ones only.
    fn expire(&mut self, frontier: EventTime) {
        let keep_from = frontier.shift(-self.config.retain_us).floor(MINUTE_US);
        let keep_from = self.closed_until.map_or(keep_from, |closed| keep_from.min(closed));
        if self.closed_until.is_none() {
            return;
        }
        while let Some(entry) = self.minutes.first_entry() {
            if *entry.key() >= keep_from {
                return;
            }
            let (start, topics) = entry.remove_entry();
            for topic in topics {
                self.panes.remove(&(topic, start));
                if let Some(minutes) = self.active.get_mut(&topic) {
                    *minutes -= 1;
                    if *minutes == 0 {
                        self.active.remove(&topic);
                    }
                }
            }
        }
    }
}
