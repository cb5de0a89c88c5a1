//! Where in its life is an alert? Quiet, pending, firing, quiet again.

use serde::{Deserialize, Serialize};

use super::rule::{Condition, Measure, Rule};
use crate::time::{EventTime, MINUTE_US};

/// Growth of the observed count over the last one told that is worth telling again.
const ESCALATION_FACTOR: u64 = 2;
/// An alert that has just begun is not told again so soon: a quick storm doubles several times before
/// anybody has read the first message.
const SETTLING_US: i64 = MINUTE_US;
/// A count that has fallen below so much of its peak has ebbed.
const EBB_QUARTERS: u64 = 3;

/// What receivers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transition {
    /// The alert began.
    Fired,
    /// It has at least doubled since the last message, or a second, larger wave has come.
    Escalated,
    /// It is over.
    Resolved,
}

impl Transition {
    /// The lowercase name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Escalated => "escalated",
            Self::Resolved => "resolved",
        }
    }
}

/// State of one rule on one topic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Episode {
    /// Nothing to tell.
    #[default]
    Quiet,
    /// The condition holds, but not yet for long enough.
    Pending { since: EventTime },
    /// People have been told.
    Firing {
        started: EventTime,
        /// The last tick at which the condition held.
        held: EventTime,
        /// The largest count told so far.
        told: u64,
        swell: Swell,
    },
    /// Just resolved; silent for a while.
    Cooling { until: EventTime },
}

/// How a firing episode has risen and fallen since it was last told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Swell {
    /// The largest count since then, up to where it ebbed.
    peak: u64,
    /// Whether it has fallen below three quarters of the peak.
    ebbed: bool,
}

impl Swell {
    fn from(observed: u64) -> Self {
        Self { peak: observed, ebbed: false }
    }

    fn follow(self, observed: u64) -> Self {
        if self.ebbed || observed.saturating_mul(4) < self.peak.saturating_mul(EBB_QUARTERS) {
            Self { ebbed: true, ..self }
        } else {
            Self { peak: self.peak.max(observed), ebbed: false }
        }
    }

    /// Whether the count has ebbed, and now passes its peak by a fifth and by more than chance does.
    fn is_second_wave(self, observed: u64) -> bool {
        let least = (self.peak / 5).max(2 * self.peak.isqrt());
        self.ebbed && observed >= self.peak.saturating_add(least)
    }
}

impl Episode {
    /// Whether the topic is in an alert, or about to be.
    pub(super) fn is_live(self) -> bool {
        matches!(self, Self::Pending { .. } | Self::Firing { .. })
    }

    /// Whether a new one may begin at this instant.
    pub(super) fn may_begin(self, at: EventTime) -> bool {
        match self {
            Self::Quiet => true,
            Self::Cooling { until } => at >= until,
            Self::Pending { .. } | Self::Firing { .. } => false,
        }
    }

    /// When a firing episode began.
    pub(super) fn started(self) -> Option<EventTime> {
        match self {
            Self::Firing { started, .. } => Some(started),
            Self::Quiet | Self::Pending { .. } | Self::Cooling { .. } => None,
        }
    }

    pub(super) fn is_firing(self) -> bool {
        matches!(self, Self::Firing { .. })
    }

    /// Whether it began after this instant, at a look ahead of the watermark.
    pub(super) fn is_ahead_of(self, at: EventTime) -> bool {
        matches!(self, Self::Firing { held, .. } if held > at)
    }

    /// Moves to `at`, where the condition `holds` with this `observed` count. Returns the
    /// transition to tell, with the instant at which the episode started.
    pub(super) fn step(
        &mut self,
        rule: &Rule,
        at: EventTime,
        holds: Holds,
        observed: u64,
    ) -> Option<(Transition, EventTime)> {
        let escalation = Escalation::of(&rule.condition);
        if let Self::Cooling { until } = *self
            && at >= until
        {
            *self = Self::Quiet;
        }
        match (*self, holds) {
            (Self::Quiet, Holds::Yes) => {
                *self = Self::Pending { since: at };
                self.fire_if_due(rule, at, observed)
            }
            (Self::Pending { .. }, Holds::Yes) => self.fire_if_due(rule, at, observed),
            (Self::Pending { .. }, Holds::No | Holds::Muted) => {
                *self = Self::Quiet;
                None
            }
            (Self::Firing { started, told, swell, .. }, Holds::Yes | Holds::Muted) => {
                let grown = match escalation {
                    Escalation::Never => false,
                    Escalation::Doubled => observed >= told.saturating_mul(ESCALATION_FACTOR),
                    Escalation::Waves => {
                        observed >= told.saturating_mul(ESCALATION_FACTOR)
                            || swell.is_second_wave(observed)
                    }
                };
                let settled = at.since(started) >= SETTLING_US;
                let escalated = holds == Holds::Yes && grown && settled;
                *self = if escalated {
                    Self::firing(started, at, observed)
                } else {
                    Self::Firing { started, held: at, told, swell: swell.follow(observed) }
                };
                escalated.then_some((Transition::Escalated, started))
            }
            (Self::Firing { started, held, .. }, Holds::No)
                if at.since(held) >= rule.keep_firing_us =>
            {
                // Full minutes are always judged, so that the end of silence is never missed.
                let until = at.shift(rule.cooldown_us + MINUTE_US - 1).floor(MINUTE_US);
                *self = Self::Cooling { until };
                Some((Transition::Resolved, started))
            }
            (Self::Firing { started, held, told, swell }, Holds::No) => {
                *self = Self::Firing { started, held, told, swell: swell.follow(observed) };
                None
            }
            (Self::Quiet, Holds::Muted | Holds::No) | (Self::Cooling { .. }, _) => None,
        }
    }

    /// Told at this instant, with this count.
    fn firing(started: EventTime, at: EventTime, observed: u64) -> Self {
        Self::Firing { started, held: at, told: observed, swell: Swell::from(observed) }
    }

    fn fire_if_due(
        &mut self,
        rule: &Rule,
        at: EventTime,
        observed: u64,
    ) -> Option<(Transition, EventTime)> {
        match *self {
            Self::Pending { since } if at.since(since) >= rule.for_us => {
                *self = Self::firing(since, at, observed);
                Some((Transition::Fired, since))
            }
            _ => None,
        }
    }
}

/// Whether a rule's condition is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    /// It is, but not at an hour to call people.
    Muted,
}

/// How a condition becomes worse by growing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escalation {
    Never,
    /// Volume comes in bursts that mean nothing: it must double.
    Doubled,
    /// A second, larger wave of sentiment is news, too.
    Waves,
}

impl Escalation {
    fn of(condition: &Condition) -> Self {
        match (condition, condition.measure()) {
            (Condition::Silence { .. }, _) => Self::Never,
            (_, Measure::Mentions | Measure::Copies) => Self::Doubled,
            (_, Measure::Negative | Measure::Positive) => Self::Waves,
        }
    }
}
