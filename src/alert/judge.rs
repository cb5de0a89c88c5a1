//! Which alerts does this tick bring? Evaluates every rule on every topic with something to say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, Unusual, wilson_lower};
use super::episode::{Episode, Transition};
use super::rule::{Condition, Measure, Rule};
use crate::post::TopicId;
use crate::time::{EventTime, MINUTE_US};
use crate::window::{Counts, Sample, Windows};

/// While an alert fires, it goes on until its count is this likely again.
const RECOVERY_P_VALUE: f64 = 0.01;

/// Something people must be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// The same for all transitions of an episode, over retries, restarts and reprocessing.
    pub id: String,
    /// Index of the rule.
    pub rule: usize,
    /// Which topic.
    pub topic: TopicId,
    /// What happened.
    pub transition: Transition,
    /// The tick at which it happened.
    pub at: EventTime,
    /// When the condition began to hold.
    pub started_at: EventTime,
    /// The measured count in the window.
    pub observed: u64,
    /// What history led to expect; spike and change rules only.
    pub expected: Option<f64>,
    /// Probability of at least the observed count; spike rules only.
    pub p_value: Option<f64>,
    /// Observed over the decayed maximum; spike rules only.
    pub novelty: Option<f64>,
    /// All counts of the window.
    pub counts: Counts,
    /// Distinct authors in the window.
    pub authors: u64,
    /// The most negative posts of the window.
    pub samples: Vec<Arc<Sample>>,
}

/// All rules, and where each stands on each topic.
///
/// Memory: about 50 bytes per rule and topic with mentions, and 16 bytes per block of its history
/// that was not empty.
#[derive(Debug)]
pub struct Judge {
    rules: Vec<Rule>,
    /// Names of the topics, by id: part of an alert's identity.
    topics: Vec<String>,
    state: JudgeState,
}

/// What a [`Judge`] remembers, in a form that can be stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct JudgeState {
    /// The first tick ever judged: history begins here.
    since: Option<EventTime>,
    /// Names of the rules that `watches` numbers.
    rules: Vec<String>,
    /// By rule and topic.
    watches: BTreeMap<(u32, TopicId), Watch>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Watch {
    episode: Episode,
    baseline: Baseline,
}

/// A window measured against a condition.
struct Measured {
    holds: bool,
    expected: Option<f64>,
    unusual: Option<Unusual>,
}

impl Judge {
    /// Rules that go on from a state, for topics with these names; what the state knows of rules
    /// that are no more is forgotten.
    #[must_use]
    pub fn new(rules: Vec<Rule>, topics: Vec<String>, state: JudgeState) -> Self {
        let names: Vec<String> = rules.iter().map(|rule| rule.name.clone()).collect();
        let renumber = |old: u32| {
            let name = state.rules.get(old as usize)?;
            (0u32..).zip(&names).find_map(|(new, known)| (known == name).then_some(new))
        };
        let watches = state.watches.iter();
        let watches = watches
            .filter_map(|(&(rule, topic), watch)| Some(((renumber(rule)?, topic), watch.clone())));
        let state = JudgeState { since: state.since, watches: watches.collect(), rules: names };
        Self { rules, topics, state }
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What is remembered, for a checkpoint.
    #[must_use]
    pub fn state(&self) -> &JudgeState {
        &self.state
    }

    /// The longest span before now that any rule looks at in panes, in microseconds.
    #[must_use]
    pub fn reach_us(rules: &[Rule]) -> i64 {
        rules.iter().map(|rule| 2 * rule.window_us).max().unwrap_or(0) + MINUTE_US
    }

    /// Whether no alert is pending or firing.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.state.watches.values().all(|watch| !watch.episode.is_live())
    }

    /// Judges the windows as they are at `at`, the end of a tick; appends to `alerts` in order of
    /// rule and topic.
    pub fn judge(&mut self, at: EventTime, windows: &Windows, alerts: &mut Vec<Alert>) {
        let since = *self.state.since.get_or_insert(at);
        let live = self.state.watches.iter().filter(|(_, watch)| watch.episode.is_live());
        let live: BTreeSet<(u32, TopicId)> = live.map(|(&key, _)| key).collect();
        for (number, rule) in (0u32..).zip(&self.rules) {
            let ours = live.range((number, TopicId(0))..(number + 1, TopicId(0)));
            let mut topics: BTreeSet<TopicId> = ours.map(|&(_, topic)| topic).collect();
            topics.extend(rule.topics.iter().copied().filter(|&topic| windows.is_active(topic)));
            for topic in topics {
                let watch = self.state.watches.entry((number, topic)).or_default();
                let name = self.topics.get(topic.0 as usize).map_or("", String::as_str);
                if let Some(alert) = watch.judge(rule, (topic, name), at, since, windows) {
                    alerts.push(Alert { rule: number as usize, ..alert });
                }
            }
        }
    }
}

impl JudgeState {
    /// Renumbers topics after a change of configuration; those without a new id are forgotten.
    #[must_use]
    pub fn renumbered(mut self, topic: impl Fn(TopicId) -> Option<TopicId>) -> Self {
        let watches = std::mem::take(&mut self.watches).into_iter();
        self.watches =
            watches.filter_map(|((rule, old), watch)| Some(((rule, topic(old)?), watch))).collect();
        self
    }
}

impl Watch {
    fn judge(
        &mut self,
        rule: &Rule,
        (topic, name): (TopicId, &str),
        at: EventTime,
        since: EventTime,
        windows: &Windows,
    ) -> Option<Alert> {
        let from = at.shift(-rule.window_us);
        let from =
            if at == at.floor(MINUTE_US) { from } else { from.floor(MINUTE_US).shift(MINUTE_US) };
        let counts = windows.counts(topic, from, at);
        let observed = rule.condition.measure().of(&counts);
        let measured = self.measure(rule, topic, at, since, &counts, windows);
        let mut holds = measured.holds && counts.mentions >= rule.min_mentions;
        if holds && rule.min_authors > 1 && !self.episode.is_firing() {
            let totals = windows.sum(topic, from, at);
            let distinct = match rule.condition.measure() {
                Measure::Negative => totals.negative_authors(),
                Measure::Positive | Measure::Mentions => totals.authors(),
            };
            holds = distinct >= rule.min_authors;
        }
        let step = self.episode.step(rule, at, holds.into(), observed);
        self.remember(rule, at, since, observed);
        let (transition, started_at) = step?;
        Some(Alert {
            id: alert_id(&rule.name, name, started_at),
            rule: 0,
            topic,
            transition,
            at,
            started_at,
            observed,
            expected: measured.expected,
            p_value: measured.unusual.map(|unusual| unusual.p_value),
            novelty: measured.unusual.map(|unusual| unusual.novelty),
            counts,
            authors: windows.sum(topic, from, at).authors(),
            samples: windows.samples(topic, from, at),
        })
    }

    fn measure(
        &self,
        rule: &Rule,
        topic: TopicId,
        at: EventTime,
        since: EventTime,
        counts: &Counts,
        windows: &Windows,
    ) -> Measured {
        let measure = rule.condition.measure();
        let observed = measure.of(counts);
        let plain = |holds| Measured { holds, expected: None, unusual: None };
        match rule.condition {
            Condition::Threshold { count, .. } => plain(observed >= count),
            Condition::Share { share, .. } => {
                plain(counts.mentions > 0 && ratio(observed, counts.mentions) >= share)
            }
            Condition::Change { factor, .. } => {
                let before = windows.counts(
                    topic,
                    at.shift(-2 * rule.window_us).floor(MINUTE_US),
                    at.shift(-rule.window_us).floor(MINUTE_US),
                );
                let before = measure.of(&before).max(1);
                Measured {
                    holds: ratio(observed, before) >= factor,
                    expected: Some(ratio(before, 1)),
                    unusual: None,
                }
            }
            Condition::Spike { count, p_value, novelty, history_us, .. } => {
                if observed < count && !self.episode.is_firing() {
                    return plain(false);
                }
                let (now, oldest) = (block(at, rule), oldest_block(at, since, history_us, rule));
                let unusual = self.baseline.compare(observed, now, oldest);
                let holds = match unusual {
                    _ if self.episode.is_firing() => {
                        unusual.is_none_or(|unusual| unusual.p_value <= RECOVERY_P_VALUE)
                            && observed > count / 2
                    }
                    Some(unusual) => unusual.p_value <= p_value && unusual.novelty >= novelty,
                    // No history yet: only what is alarming in itself.
                    None => observed >= 2 * count && wilson_lower(observed, counts.mentions) > 0.5,
                };
                Measured { holds, expected: unusual.map(|unusual| unusual.expected), unusual }
            }
        }
    }

    /// At the end of a block, adds it to the history.
    fn remember(&mut self, rule: &Rule, at: EventTime, since: EventTime, observed: u64) {
        let Condition::Spike { history_us, .. } = rule.condition else { return };
        if at.floor(rule.window_us) != at || (observed == 0 && self.baseline.is_empty()) {
            return;
        }
        let count = if self.episode.is_live() { None } else { Some(observed) };
        self.baseline.push(block(at, rule) - 1, count, oldest_block(at, since, history_us, rule));
    }
}

/// The number of the block that holds `at`.
fn block(at: EventTime, rule: &Rule) -> i64 {
    at.0.div_euclid(rule.window_us)
}

/// The first block of the history: as far back as the rule looks, but not before the first tick.
fn oldest_block(at: EventTime, since: EventTime, history_us: i64, rule: &Rule) -> i64 {
    block(at.shift(-history_us), rule).max(block(since, rule))
}

#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

fn alert_id(rule: &str, topic: &str, started_at: EventTime) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(rule.as_bytes())
        .update(&[0])
        .update(topic.as_bytes())
        .update(&[0])
        .update(&started_at.0.to_le_bytes());
    let hex = hasher.finalize().to_hex();
    format!("alt_{}", hex.as_str().get(..24).unwrap_or_default())
}
