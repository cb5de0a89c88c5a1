//! Where in its life is an alert? Quiet, pending, firing, quiet again.

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use crate::time::EventTime;

/// Growth of the observed count over the last one told that is worth telling again.
const ESCALATION_FACTOR: u64 = 2;

/// What receivers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transition {
    /// The alert began.
    Fired,
    /// It has at least doubled since the last message.
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
    },
    /// Just resolved; silent for a while.
    Cooling { until: EventTime },
}

impl Episode {
    /// Whether the topic is in an alert, or about to be.
    pub(super) fn is_live(self) -> bool {
        matches!(self, Self::Pending { .. } | Self::Firing { .. })
    }

    pub(super) fn is_firing(self) -> bool {
        matches!(self, Self::Firing { .. })
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
            (Self::Pending { .. }, Holds::No) => {
                *self = Self::Quiet;
                None
            }
            (Self::Firing { started, told, .. }, Holds::Yes) => {
                let escalated = observed >= told.saturating_mul(ESCALATION_FACTOR);
                *self = Self::Firing {
                    started,
                    held: at,
                    told: if escalated { observed } else { told },
                };
                escalated.then_some((Transition::Escalated, started))
            }
            (Self::Firing { started, held, .. }, Holds::No)
                if at.since(held) >= rule.keep_firing_us =>
            {
                *self = Self::Cooling { until: at.shift(rule.cooldown_us) };
                Some((Transition::Resolved, started))
            }
            (Self::Quiet | Self::Firing { .. }, Holds::No) | (Self::Cooling { .. }, _) => None,
        }
    }

    fn fire_if_due(
        &mut self,
        rule: &Rule,
        at: EventTime,
        observed: u64,
    ) -> Option<(Transition, EventTime)> {
        match *self {
            Self::Pending { since } if at.since(since) >= rule.for_us => {
                *self = Self::Firing { started: since, held: at, told: observed };
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
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}
