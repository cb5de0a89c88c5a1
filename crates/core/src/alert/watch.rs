//! Does the condition hold here and now? One rule on one topic, from the counts of a window.
//!
//! Knows neither windows nor topics' names, so that the backtest runs the very same code.

use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, Cut, Expectation, Seen};
use super::episode::{Episode, Holds, Transition};
use super::hours::LocalTime;
use super::rule::{Condition, Rule};
use super::tail::{lower_tail, real, upper_tail, wilson_lower};
use crate::time::{DAY_US, EventTime, MINUTE_US};
use crate::window::Counts;

const HOUR_US: i64 = 60 * MINUTE_US;
/// An alert that lasts longer is the new normal: its blocks are learned, outliers pulled in.
const NEW_NORMAL_US: i64 = DAY_US;
/// Longest stretch without a mention that is learned block by block.
const GAP_US: i64 = 60 * DAY_US;
/// After which time the record of a sentiment counts half. Volume comes in bursts that mean nothing,
/// so its record lasts as long as its history; but a wave of anger is news each time, and the
/// record only keeps one that flickers from being told anew. At a day, false calls are as many.
const SENTIMENT_RECORD_US: i64 = 6 * HOUR_US;
/// A firing alert recovers below this part of its limit, unless the rule says otherwise.
const RECOVERY_SHARE: f64 = 0.8;
/// A firing spike recovers when its count is this likely again, unless the rule says otherwise.
const RECOVERY_P_VALUE: f64 = 0.1;

/// At a look ahead of the watermark a spike must be so much less probable. There are more looks than
/// ticks, and each is one more chance to be wrong: what is only just a spike waits for its tick, and a
/// storm passes either limit at once.
const AHEAD_P_VALUE: f64 = 0.1;

/// State of one rule on one topic: about 120 bytes, and 248 for a topic with a rhythm.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Watch {
    pub(super) episode: Episode,
    /// Only for rules that look at history.
    baseline: Option<Box<Baseline>>,
}

/// A message that a rule wants sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Page {
    /// The instant of judgement.
    pub at: EventTime,
    /// What happened.
    pub transition: Transition,
    /// When the condition began to hold.
    pub started_at: EventTime,
    /// The measured count in the window.
    pub observed: u64,
    /// What history led to expect.
    pub expected: Option<f64>,
    /// Probability of at least the observed count.
    pub p_value: Option<f64>,
    /// Observed over the decayed record.
    pub novelty: Option<f64>,
    /// Variance over mean of the topic's blocks.
    pub dispersion: Option<f64>,
}

/// A window set against a rule.
struct Measured {
    observed: u64,
    expected: Option<f64>,
    p_value: Option<f64>,
    novelty: Option<f64>,
    dispersion: Option<f64>,
}

/// When a window is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// At the end of a tick, complete.
    Tick,
    /// Ahead of the watermark, as far as it was heard.
    Ahead,
}

/// What a watch is shown of a window.
pub(super) struct Glance<'a> {
    pub(super) at: EventTime,
    /// Where history begins, for a watch without one.
    pub(super) since: EventTime,
    pub(super) counts: &'a Counts,
    /// Counted mentions of the window before; asked of change rules only.
    pub(super) before: &'a dyn Fn() -> u64,
    /// Mentions whose time for a reply has run out; asked of rules on them only.
    pub(super) overdue: &'a dyn Fn() -> u64,
    /// Distinct authors of the counted mentions; costly, so asked last.
    pub(super) authors: &'a dyn Fn() -> u64,
}

impl Watch {
    /// Moves to the glance's instant; says what is to be told.
    pub(super) fn judge(&mut self, rule: &Rule, glance: &Glance<'_>) -> Option<Page> {
        let at = glance.at;
        let observed = match rule.condition {
            Condition::Unanswered { .. } => (glance.overdue)(),
            _ => rule.condition.measure().of(glance.counts),
        };
        let cut = Cut::of(rule);
        self.catch_up(rule, &cut, at, glance.since);
        let expectation = self.expectation(rule, &cut, glance.counts);
        if let (Some(baseline), Some(expectation)) = (&mut self.baseline, &expectation) {
            baseline.note(real(observed), expectation);
        }
        let seen = (glance, When::Tick);
        let (met, measured) = self.measure(rule, seen, observed, expectation.as_ref());
        let holds = self.holds(rule, glance, met);
        // What began at a look ahead has begun: the ticks before say no more about it.
        let step = (!self.episode.is_ahead_of(at))
            .then(|| self.episode.step(rule, at, holds, observed))
            .flatten();
        let page = self.page(at, step, measured);
        self.remember(rule, &cut, glance, observed);
        page
    }

    /// Whether the condition may hold before the watermark has come to the glance's instant, given
    /// counts that can only be too high. Learns the silence up to where all is `settled`.
    pub(super) fn may_begin(
        &mut self,
        rule: &Rule,
        glance: &Glance<'_>,
        settled: EventTime,
    ) -> bool {
        let (at, cut) = (glance.at, Cut::of(rule));
        self.catch_up(rule, &cut, settled, glance.since);
        let expectation = self.expectation(rule, &cut, glance.counts);
        let observed = rule.condition.measure().of(glance.counts);
        let met = self.episode.may_begin(at)
            && self.measure(rule, (glance, When::Ahead), observed, expectation.as_ref()).0;
        self.holds(rule, glance, met) == Holds::Yes
    }

    /// Begins an alert before the watermark has come to the glance's instant, if the condition holds
    /// by what was heard so far; else nothing has happened.
    pub(super) fn begin(&mut self, rule: &Rule, glance: &Glance<'_>) -> Option<Page> {
        let expectation = self.expectation(rule, &Cut::of(rule), glance.counts);
        let observed = rule.condition.measure().of(glance.counts);
        let seen = (glance, When::Ahead);
        let (met, measured) = self.measure(rule, seen, observed, expectation.as_ref());
        if self.holds(rule, glance, met) != Holds::Yes {
            return None;
        }
        let step = self.episode.step(rule, glance.at, Holds::Yes, observed);
        self.page(glance.at, step, measured)
    }

    /// Whether the rule holds here and now, if its condition is `met`.
    fn holds(&self, rule: &Rule, glance: &Glance<'_>, met: bool) -> Holds {
        let enough = met
            && (self.episode.is_firing()
                || (glance.counts.mentions >= rule.min_mentions
                    && (!rule.asks_authors() || (glance.authors)() >= rule.min_authors)));
        match &rule.active {
            _ if !enough => Holds::No,
            Some(hours) if !hours.hold(LocalTime::of(glance.at, &rule.zone)) => Holds::Muted,
            _ => Holds::Yes,
        }
    }

    /// What is to be told of a step, of which the history takes note.
    fn page(
        &mut self,
        at: EventTime,
        step: Option<(Transition, EventTime)>,
        measured: Measured,
    ) -> Option<Page> {
        let (transition, started_at) = step?;
        if let Some(baseline) = &mut self.baseline {
            match transition {
                Transition::Fired => baseline.alarm(),
                Transition::Resolved => baseline.calm(),
                Transition::Escalated => {}
            }
        }
        let Measured { observed, expected, p_value, novelty, dispersion } = measured;
        Some(Page { at, transition, started_at, observed, expected, p_value, novelty, dispersion })
    }

    /// What history leads to expect; `None` for rules that look at none.
    fn expectation(&self, rule: &Rule, cut: &Cut, counts: &Counts) -> Option<Expectation> {
        let baseline = self.baseline.as_ref()?;
        Some(baseline.expect(cut, local_time(baseline.next, rule), others(rule, counts)))
    }

    /// Learns the blocks of silence since the last time.
    fn catch_up(&mut self, rule: &Rule, cut: &Cut, at: EventTime, since: EventTime) {
        if rule.condition.history_us().is_none() {
            return;
        }
        let first = at.shift(-GAP_US).max(since).0.div_euclid(rule.window_us);
        let baseline = self.baseline.get_or_insert_with(|| Box::new(Baseline::since(first)));
        baseline.next = baseline.next.max(first);
        let present = at.shift(-1).0.div_euclid(rule.window_us);
        while baseline.next < present {
            let local = local_time(baseline.next, rule);
            baseline.close(
                cut,
                local,
                Some(Seen { counted: 0.0, others: is_share(rule).then_some(0.0) }),
            );
        }
    }

    /// At the end of a block, adds it to the history.
    fn remember(&mut self, rule: &Rule, cut: &Cut, glance: &Glance<'_>, observed: u64) {
        let Some(baseline) = &mut self.baseline else { return };
        if glance.at.floor(rule.window_us) != glance.at {
            return;
        }
        let young = |started| glance.at.since(started) < NEW_NORMAL_US;
        let skip = self.episode.is_live()
            && !self.episode.is_ahead_of(glance.at)
            && self.episode.started().is_none_or(young);
        let seen = Seen { counted: real(observed), others: others(rule, glance.counts) };
        let local = local_time(baseline.next, rule);
        baseline.close(cut, local, (!skip).then_some(seen));
    }

    fn measure(
        &self,
        rule: &Rule,
        (glance, when): (&Glance<'_>, When),
        observed: u64,
        expectation: Option<&Expectation>,
    ) -> (bool, Measured) {
        let firing = self.episode.is_firing();
        let mut measured =
            Measured { observed, expected: None, p_value: None, novelty: None, dispersion: None };
        let reaches = |value: f64, limit: f64| {
            let recovery = rule.recovery.unwrap_or(RECOVERY_SHARE * limit);
            value >= if firing { recovery.min(limit) } else { limit }
        };
        let holds = match rule.condition {
            Condition::Threshold { count, .. } | Condition::Unanswered { count, .. } => {
                reaches(real(observed), real(count))
            }
            Condition::Share { measure, share } => {
                let whole = measure.whole(glance.counts);
                whole > 0 && reaches(real(observed) / real(whole), share)
            }
            Condition::Change { factor, .. } => {
                let before = real((glance.before)().max(1));
                measured.expected = Some(before);
                reaches(real(observed) / before, factor)
            }
            Condition::Spike { .. } | Condition::Silence { .. } => {
                expectation.is_some_and(|expectation| {
                    compare(rule, glance.counts, (when, firing), expectation, &mut measured)
                })
            }
        };
        (holds, measured)
    }
}

/// Whether a spike or silence holds, given what was to be expected.
fn compare(
    rule: &Rule,
    counts: &Counts,
    (when, firing): (When, bool),
    expectation: &Expectation,
    measured: &mut Measured,
) -> bool {
    let observed = measured.observed;
    let Expectation { mean, dispersion, record, share, mature } = *expectation;
    match rule.condition {
        Condition::Spike { measure, count, p_value, novelty, .. } => {
            if observed < if firing { count.div_ceil(2) } else { count } {
                return false;
            }
            let whole = measure.whole(counts);
            let lower = if whole > observed { wilson_lower(observed, whole) } else { 1.0 };
            if !mature {
                // No history yet: only what is alarming in itself. Volume alone never is.
                let gate = if whole == observed { wilson_lower(observed, whole) } else { lower };
                return is_share(rule) && (firing || (observed >= 2 * count && gate > 0.5));
            }
            let tail = upper_tail(observed, mean, dispersion);
            let new = real(observed) / record.max(1.0);
            measured.expected = Some(mean);
            measured.dispersion = Some(dispersion);
            measured.p_value = Some(tail);
            measured.novelty = Some(new);
            if firing {
                return tail <= rule.recovery.unwrap_or(RECOVERY_P_VALUE).max(p_value);
            }
            let limit = match when {
                When::Tick => p_value,
                When::Ahead => AHEAD_P_VALUE * p_value,
            };
            tail <= limit && new >= novelty && (!is_share(rule) || lower > share)
        }
        Condition::Silence { count, p_value, .. } => {
            if !mature || observed > count {
                return false;
            }
            let tail = lower_tail(observed, mean, dispersion);
            measured.expected = Some(mean);
            measured.dispersion = Some(dispersion);
            measured.p_value = Some(tail);
            firing || tail <= p_value
        }
        Condition::Threshold { .. }
        | Condition::Share { .. }
        | Condition::Change { .. }
        | Condition::Unanswered { .. } => false,
    }
}

impl Rule {
    /// Whether it needs distinct authors: a silence has none.
    fn asks_authors(&self) -> bool {
        self.min_authors > 1 && !matches!(self.condition, Condition::Silence { .. })
    }
}

impl Cut {
    fn of(rule: &Rule) -> Self {
        let history_us = rule.condition.history_us().unwrap_or(DAY_US).max(rule.window_us);
        let span = |us: i64| real(us.unsigned_abs()) / real(rule.window_us.unsigned_abs());
        let young = (DAY_US / rule.window_us).max(8);
        let record_us =
            if is_share(rule) { SENTIMENT_RECORD_US.min(history_us) } else { history_us };
        Self {
            half_life: span(history_us),
            record_half_life: span(record_us.max(rule.window_us)),
            per_hour: if rule.window_us <= HOUR_US { span(HOUR_US) } else { 0.0 },
            young: u32::try_from(young).unwrap_or(u32::MAX),
        }
    }
}

/// Whether the rule measures a part of the mentions, whose usual share then matters.
fn is_share(rule: &Rule) -> bool {
    use super::rule::Measure;
    matches!(rule.condition.measure(), Measure::Negative | Measure::Positive)
}

/// Mentions that the rule does not count, where their number says what to expect.
fn others(rule: &Rule, counts: &Counts) -> Option<f64> {
    let measure = rule.condition.measure();
    let others = measure.whole(counts).saturating_sub(measure.of(counts));
    is_share(rule).then(|| real(others))
}

/// The local time at which a block begins.
fn local_time(block: i64, rule: &Rule) -> LocalTime {
    LocalTime::of(EventTime(block.saturating_mul(rule.window_us)), &rule.zone)
}
