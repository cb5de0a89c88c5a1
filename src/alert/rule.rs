//! What is worth an alert? The rules as people configure them.

use serde::{Deserialize, Serialize};

use crate::post::TopicId;
use crate::window::Counts;

/// A rule, applied to each of its topics on its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Unique name.
    pub name: String,
    /// The topics it watches.
    pub topics: Vec<TopicId>,
    /// Length of the rolling window in microseconds; a multiple of a minute.
    pub window_us: i64,
    /// What must be true of the window.
    pub condition: Condition,
    /// Fewest mentions in the window.
    pub min_mentions: u64,
    /// Fewest distinct authors of the counted mentions in the window.
    pub min_authors: u64,
    /// How long the condition must hold before the alert fires, in microseconds.
    pub for_us: i64,
    /// How long the condition must be false before the alert resolves, in microseconds.
    pub keep_firing_us: i64,
    /// How long after resolving the rule stays silent for the topic, in microseconds.
    pub cooldown_us: i64,
    /// A free label for receivers, such as `critical`.
    pub severity: String,
    /// Names of the receivers.
    pub receivers: Vec<String>,
}

/// What must be true of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Condition {
    /// At least `count` mentions of the measured kind.
    Threshold {
        /// Which mentions are counted.
        measure: Measure,
        /// How many.
        count: u64,
    },
    /// At least this share of all mentions is of the measured kind.
    Share {
        /// Which mentions are counted.
        measure: Measure,
        /// From 0 to 1.
        share: f64,
    },
    /// At least `factor` times as many as in the window before.
    Change {
        /// Which mentions are counted.
        measure: Measure,
        /// Above 1.
        factor: f64,
    },
    /// Far more than the topic's own history explains; see the module `baseline`.
    Spike {
        /// Which mentions are counted.
        measure: Measure,
        /// Fewest of them.
        count: u64,
        /// Largest tail probability, such as 1e-6.
        p_value: f64,
        /// Fewest multiples of the decayed maximum.
        novelty: f64,
        /// How far back the history goes, in microseconds.
        history_us: i64,
    },
}

/// Which mentions are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Those with a negative target score.
    Negative,
    /// Those with a positive target score.
    Positive,
    /// All.
    Mentions,
}

impl Measure {
    /// The lowercase name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Positive => "positive",
            Self::Mentions => "mentions",
        }
    }

    /// How many there are.
    #[must_use]
    pub fn of(self, counts: &Counts) -> u64 {
        match self {
            Self::Negative => counts.negative,
            Self::Positive => counts.positive,
            Self::Mentions => counts.mentions,
        }
    }
}

impl Condition {
    /// Which mentions are counted.
    #[must_use]
    pub fn measure(&self) -> Measure {
        match *self {
            Self::Threshold { measure, .. }
            | Self::Share { measure, .. }
            | Self::Change { measure, .. }
            | Self::Spike { measure, .. } => measure,
        }
    }

    /// The lowercase name of the kind of rule.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Threshold { .. } => "threshold",
            Self::Share { .. } => "share",
            Self::Change { .. } => "change",
            Self::Spike { .. } => "spike",
        }
    }
}
