//! Which pane does a mention fall into, and when is the pane final?
//!
//! Mentions wait in one bucket per tick until the watermark has passed the tick, are then folded
//! into their panes in parallel, and are judged at the tick's end. So what a rule sees at an
//! instant depends on event time alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dashmap::DashMap;
use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::answers::{Answers, Reply};
use super::copies::Copies;
use super::observation::{Observation, Originality, Timeliness};
use super::pane::{ClosedPane, Pane, PaneKey};
use super::volumes::Volumes;
use super::wording::Words;
use crate::post::{PostKey, SourceId, TopicId};
use crate::time::{EventTime, MINUTE_US};

/// Below this many mentions in a tick, folding them on one thread is quicker.
const PARALLEL_MIN: usize = 512;

/// Widths and bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowConfig {
    /// Distance of judgements in microseconds; divides a minute.
    pub tick_us: i64,
    /// How long panes are kept for rolling windows, in microseconds.
    pub retain_us: i64,
}

/// Panes, and the mentions waiting for them.
///
/// Memory: about 200 bytes per topic, minute, source and language with a mention, kept for the
/// longest window; about 150 bytes per waiting mention and as many per tick and topic, kept for the lateness. The engine bounds
/// both through [`Windows::waiting_len`] and the retention.
#[derive(Debug)]
pub struct Windows {
    pub(super) config: WindowConfig,
    pub(super) panes: DashMap<(TopicId, EventTime), Pane, RandomState>,
    /// Topics with a pane, per minute; panes leave the map through this index.
    pub(super) minutes: BTreeMap<EventTime, BTreeSet<TopicId>>,
    /// The retained minutes of each topic that has some: a window visits these only.
    pub(super) active: HashMap<TopicId, BTreeSet<EventTime>, RandomState>,
    /// The topics that have some, by the latest of them.
    pub(super) latest: BTreeSet<(EventTime, TopicId)>,
    /// Waiting mentions by the end of their tick, and by topic.
    pub(super) waiting: BTreeMap<EventTime, BTreeMap<TopicId, Vec<Observation>>>,
    pub(super) waiting_len: usize,
    /// Late mentions of the retained span, by minute: what alerts that fire already are shown too.
    pub(super) late: BTreeMap<(EventTime, TopicId), Pane>,
    pub(super) copies: Copies,
    pub(super) answers: Answers,
    pub(super) volumes: Volumes,
    pub(super) words: BTreeMap<TopicId, Words>,
    /// Topics with mentions in what was folded last.
    fresh: BTreeSet<TopicId>,
    /// Confidences that rules demand of negative mentions, in percent, ascending.
    pub(super) demanded: Vec<u8>,
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
            panes: DashMap::default(),
            minutes: BTreeMap::new(),
            active: HashMap::default(),
            latest: BTreeSet::new(),
            waiting: BTreeMap::new(),
            waiting_len: 0,
            late: BTreeMap::new(),
            copies: Copies::default(),
            answers: Answers::default(),
            volumes: Volumes::default(),
            words: BTreeMap::new(),
            fresh: BTreeSet::new(),
            demanded: Vec::new(),
            frontier: None,
            closed_until: None,
        }
    }

    /// Lets a mention wait for its tick.
    pub fn observe(&mut self, observation: Observation) -> Timeliness {
        if let Some(judged) = self.frontier.filter(|frontier| observation.posted_at < *frontier) {
            self.observe_late(observation, judged);
            return Timeliness::Late { judged };
        }
        let tick_end = observation.posted_at.floor(self.config.tick_us).shift(self.config.tick_us);
        let tick = self.waiting.entry(tick_end).or_default();
        // Most topics are mentioned once in a tick.
        let mentions = tick.entry(observation.topic).or_insert_with(|| Vec::with_capacity(1));
        mentions.push(observation);
        self.waiting_len += 1;
        Timeliness::InTime
    }

    /// Lets a reply of ours wait for its tick; one that comes late counts at once.
    pub fn reply(&mut self, reply: Reply) {
        if self.frontier.is_some_and(|frontier| reply.posted_at < frontier) {
            self.answers.reply(&reply);
        } else {
            self.answers.wait(reply);
        }
    }

    /// A person said whether a mention is done with; it holds until a reply counts.
    pub fn decide(&mut self, topic: TopicId, post: PostKey, is_done: bool) {
        self.answers.decide(topic, post.0, is_done);
    }

    /// Counts the posts of these sources from now on, with [`Windows::hear`].
    pub fn listen_to(&mut self, sources: impl Iterator<Item = SourceId>) {
        self.volumes.listen_to(sources);
    }

    /// Counts negative mentions of at least these confidences, in percent, apart from now on.
    pub fn demand(&mut self, confidences: impl Iterator<Item = u8>) {
        self.demanded.extend(confidences);
        self.demanded.sort_unstable();
        self.demanded.dedup();
    }

    /// Counts a post of a source, whatever it says; one that comes late is left out.
    pub fn hear(&mut self, source: &SourceId, posted_at: EventTime) {
        if self.frontier.is_none_or(|frontier| posted_at >= frontier) {
            self.volumes.hear(source, posted_at);
        }
    }

    /// Mentions waiting for the watermark.
    #[must_use]
    pub fn waiting_len(&self) -> usize {
        self.waiting_len
    }

    /// The mentions of a topic that wait for the watermark.
    pub(super) fn waiting_of(&self, topic: TopicId) -> impl Iterator<Item = &Observation> {
        self.waiting.values().filter_map(move |tick| tick.get(&topic)).flatten()
    }

    /// How many mentions of a topic wait.
    #[must_use]
    pub fn waiting_len_of(&self, topic: TopicId) -> usize {
        self.waiting.values().filter_map(|tick| tick.get(&topic)).map(Vec::len).sum()
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
        self.fresh.clear();
        for (end, topics) in due {
            let mut mentions: Vec<Observation> = topics.into_values().flatten().collect();
            self.answers.reply_before(end.shift(-self.config.tick_us));
            self.waiting_len -= mentions.len();
            self.copies.mark(&mut mentions);
            for mention in &mentions {
                self.fresh.insert(mention.topic);
                self.index(mention.topic, mention.posted_at.floor(MINUTE_US));
            }
            self.listen(&mentions);
            self.answers.call(&mentions);
            self.answers.reply_before(end);
            if mentions.len() < PARALLEL_MIN {
                mentions.iter().for_each(|mention| self.fold(mention));
            } else {
                mentions.par_iter().for_each(|mention| self.fold(mention));
            }
        }
        self.answers.reply_before(tick_end);
        self.frontier = self.frontier.max(Some(tick_end));
        self.expire(tick_end);
    }

    /// Moves the frontier past ticks in which nothing can happen: nothing waits before this instant.
    pub fn pass(&mut self, tick_end: EventTime) {
        if self.frontier.is_some_and(|frontier| frontier < tick_end) {
            self.answers.reply_before(tick_end);
            self.frontier = Some(tick_end);
        }
    }

    /// The topics with mentions in what was folded last.
    pub fn fresh(&self) -> impl Iterator<Item = TopicId> + '_ {
        self.fresh.iter().copied()
    }

    /// The topics with a mention in a minute that begins at an instant or later, each with the latest
    /// such minute. Linear in these.
    pub fn spoken_of_since(
        &self,
        from: EventTime,
    ) -> impl Iterator<Item = (EventTime, TopicId)> + '_ {
        self.latest.range((from, TopicId(0))..).copied()
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
        if !self.minutes.entry(start).or_default().insert(topic) {
            return;
        }
        let minutes = self.active.entry(topic).or_default();
        let before = minutes.last().copied();
        minutes.insert(start);
        if before < Some(start) {
            if let Some(before) = before {
                self.latest.remove(&(before, topic));
            }
            self.latest.insert((start, topic));
        }
    }

    fn fold(&self, mention: &Observation) {
        let key = (mention.topic, mention.posted_at.floor(MINUTE_US));
        self.panes.entry(key).or_default().observe(mention, &self.demanded);
    }

    /// Takes note of the words of negative mentions; sentiment counts a text once.
    fn listen(&mut self, mentions: &[Observation]) {
        for mention in mentions.iter().filter(|one| one.originality == Originality::Original) {
            if let Some(sample) = &mention.sample {
                let words = self.words.entry(mention.topic).or_default();
                // So that what is usual does not depend on when silence was noticed.
                words.settle_before(mention.posted_at.shift(-self.config.retain_us));
                words.observe(mention.posted_at, sample);
            }
        }
    }

    fn observe_late(&mut self, mut mention: Observation, judged: EventTime) {
        let start = mention.posted_at.floor(MINUTE_US);
        if start >= judged.shift(-self.config.retain_us).floor(MINUTE_US) {
            self.copies.join(&mut mention, judged);
            let pane = self.late.entry((start, mention.topic)).or_default();
            pane.observe(&mention, &self.demanded);
        }
    }

    /// Drops panes that no window reaches any more; closed ones only.
    fn expire(&mut self, frontier: EventTime) {
        let keep_from = frontier.shift(-self.config.retain_us).floor(MINUTE_US);
        let keep_from = self.closed_until.map_or(keep_from, |closed| keep_from.min(closed));
        if self.closed_until.is_none() {
            return;
        }
        self.late = self.late.split_off(&(keep_from, TopicId(0)));
        self.answers.forget_before(keep_from);
        self.volumes.forget_before(keep_from);
        while let Some(entry) = self.minutes.first_entry() {
            if *entry.key() >= keep_from {
                return;
            }
            let (start, topics) = entry.remove_entry();
            for topic in topics {
                self.panes.remove(&(topic, start));
                if let Some(minutes) = self.active.get_mut(&topic) {
                    minutes.remove(&start);
                    if minutes.is_empty() {
                        self.active.remove(&topic);
                        self.latest.remove(&(start, topic));
                        if let Some(words) = self.words.get_mut(&topic) {
                            words.settle_before(keep_from);
                        }
                    }
                }
            }
        }
    }
}
