//! What is worth an alert? The rules as people configure them.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::hours::ActiveHours;
use crate::post::{SourceId, TopicId};
use crate::time::MINUTE_US;
use crate::window::Counts;

/// Stands for the topic where a rule watches a source as a whole.
pub const WHOLE_SOURCE: TopicId = TopicId(u32::MAX);

/// Longest window that is looked at before the watermark comes, in microseconds.
const AHEAD_WINDOW_US_MAX: i64 = 60 * MINUTE_US;

/// A rule, applied to each of its topics on its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Unique name.
    pub name: String,
    /// The topics it watches. A silence rule with a source and without a topic watches the source.
    pub topics: Vec<TopicId>,
    /// Counts only mentions from this source; `None` counts all.
    pub source: Option<SourceId>,
    /// Length of the rolling window in microseconds; a multiple of a minute.
    pub window_us: i64,
    /// What must be true of the window.
    pub condition: Condition,
    /// Where a firing alert begins to recover, in the unit of the condition's own limit: a count,
    /// share or factor below it, a p-value above it. `None` is four fifths of the limit, and 0.1
    /// for p-values. The gap between the two is what keeps a value at the limit from flapping.
    pub recovery: Option<f64>,
    /// How sure a negative mention must be to count, in percent; `None` counts all. Unsure ones are
    /// mentions like any other.
    pub min_confidence: Option<u8>,
    /// Fewest mentions in the window.
    pub min_mentions: u64,
    /// Fewest distinct authors of the counted mentions in the window. A post whose author is not
    /// known counts as an author of its own: copies do not count anyway, and a source that names
    /// nobody must not hide a crisis.
    pub min_authors: u64,
    /// How long the condition must hold before the alert fires, in microseconds.
    pub for_us: i64,
    /// How long the condition must be false before the alert resolves, in microseconds.
    pub keep_firing_us: i64,
    /// How long after resolving the rule stays silent for the topic, in microseconds; ends with a
    /// full minute.
    pub cooldown_us: i64,
    /// When it may call people; `None` is always.
    pub active: Option<ActiveHours>,
    /// The zone of `active`, and of the topic's daily and weekly rhythm.
    pub zone: TimeZone,
    /// A free label for receivers, such as `critical`.
    pub severity: String,
    /// Free names and values for receivers, in order of name.
    pub labels: Vec<(String, String)>,
    /// Names of the receivers.
    pub receivers: Vec<String>,
    /// Who is told further while nobody takes care, in order of time.
    pub escalate: Vec<EscalationStep>,
    /// Name of the page that says what to do.
    pub policy: Option<String>,
}

/// One more receiver, who is told of an alert that nobody has taken care of in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscalationStep {
    /// How long after the first receiver was told, in microseconds by the time of day.
    pub after_us: i64,
    /// Name of the receiver.
    pub to: String,
}

impl Default for Rule {
    /// The spike rule with the settings meant for everyone, for no topic yet.
    fn default() -> Self {
        Self {
            name: String::new(),
            topics: Vec::new(),
            source: None,
            window_us: 10 * MINUTE_US,
            condition: Condition::spike(Measure::Negative),
            recovery: None,
            min_confidence: None,
            min_mentions: 0,
            min_authors: 5,
            for_us: 0,
            keep_firing_us: 5 * MINUTE_US,
            cooldown_us: 30 * MINUTE_US,
            active: None,
            zone: TimeZone::UTC,
            severity: "warning".to_owned(),
            labels: Vec::new(),
            receivers: Vec::new(),
            escalate: Vec::new(),
            policy: None,
        }
    }
}

impl Rule {
    /// The source that it watches as a whole, whatever its posts say; `None` for rules on topics.
    #[must_use]
    pub fn whole_source(&self) -> Option<&SourceId> {
        let silence = matches!(self.condition, Condition::Silence { .. });
        self.source.as_ref().filter(|_| silence && self.topics.is_empty())
    }

    /// Whether it is looked at before the watermark comes: more of what is counted can only make it
    /// hold the more, its window is short enough to be counted often, and it waits for nothing.
    pub(super) fn looks_ahead(&self) -> bool {
        let grows = match self.condition {
            Condition::Threshold { .. } | Condition::Change { .. } | Condition::Spike { .. } => {
                true
            }
            Condition::Share { .. } | Condition::Silence { .. } | Condition::Unanswered { .. } => {
                false
            }
        };
        // Which mentions are copies is known only once their tick is over.
        let is_known = self.condition.measure() != Measure::Copies;
        grows && is_known && self.for_us == 0 && self.window_us <= AHEAD_WINDOW_US_MAX
    }

    /// A hash of everything that decides whether the rule holds, such as `rul_1f0a…`: its name,
    /// topics, labels and receivers do not count.
    #[must_use]
    pub fn version(&self) -> String {
        let zone = self.zone.iana_name();
        let limits = (self.recovery, self.min_mentions, self.min_authors);
        let spans = (self.window_us, self.for_us, self.keep_firing_us, self.cooldown_us);
        let all = (&self.condition, &self.source, limits, spans, &self.active, zone);
        // Appended, so that rules without it keep their version.
        let sure = self.min_confidence.map_or(String::new(), |least| format!(" sure {least}"));
        let hex = blake3::hash(format!("{all:?}{sure}").as_bytes()).to_hex();
        format!("rul_{}", hex.as_str().get(..12).unwrap_or_default())
    }
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
    /// Far more than the topic's own history explains. Three questions, all to be answered with
    /// yes: the gate (enough mentions, authors, and a share above the usual one by Wilson's lower
    /// bound), the tail (a negative binomial with the topic's own dispersion), and novelty (the
    /// count against the decayed record, which fades within hours for sentiment and with the
    /// history for all mentions). Without a day of history only the gate is asked, with twice
    /// `count` and a share above one half.
    Spike {
        /// Which mentions are counted.
        measure: Measure,
        /// Fewest of them.
        count: u64,
        /// Largest tail probability, such as 1e-6.
        p_value: f64,
        /// Fewest multiples of the decayed record.
        novelty: f64,
        /// After which time the past counts half, in microseconds.
        history_us: i64,
    },
    /// Gone quiet: so few mentions, where the topic's own history leads to expect more.
    Silence {
        /// Which mentions are counted.
        measure: Measure,
        /// Most of them.
        count: u64,
        /// Largest probability of so few, such as 1e-4.
        p_value: f64,
        /// After which time the past counts half, in microseconds.
        history_us: i64,
    },
    /// At least `count` negative mentions of the window wait for a reply by an account of ours for
    /// longer than `within_us`. A reply names the mention as the post above it or as the first of
    /// its thread, or follows it in its thread without naming a post.
    Unanswered {
        /// Fewest of them.
        count: u64,
        /// Least reach that wants a reply; an unknown reach counts as 0.
        reach: u64,
        /// How long a reply may take, in microseconds; ends with a full minute.
        within_us: i64,
    },
}

/// Which mentions are counted. Sentiment counts a text once: copies do not count, except in
/// [`Measure::Mentions`] and [`Measure::Copies`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Those with a negative target score.
    Negative,
    /// Those with a positive target score.
    Positive,
    /// All.
    Mentions,
    /// Those whose text repeats one counted before: coordinated storms.
    Copies,
}

impl Measure {
    /// The lowercase name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Positive => "positive",
            Self::Mentions => "mentions",
            Self::Copies => "copies",
        }
    }

    /// How many there are.
    #[must_use]
    pub fn of(self, counts: &Counts) -> u64 {
        match self {
            Self::Negative => counts.negative.saturating_sub(counts.negative_copies),
            Self::Positive => counts.positive.saturating_sub(counts.positive_copies),
            Self::Mentions => counts.mentions,
            Self::Copies => counts.copies,
        }
    }

    /// The largest tail probability of a spike, meant for everyone. Volume is held to a stricter one:
    /// it has no share to be measured by.
    #[must_use]
    pub fn p_value(self) -> f64 {
        match self {
            Self::Negative | Self::Positive => 1e-6,
            Self::Mentions | Self::Copies => 1e-7,
        }
    }

    /// Of how many the measured mentions are a share.
    #[must_use]
    pub fn whole(self, counts: &Counts) -> u64 {
        match self {
            Self::Negative | Self::Positive => counts.mentions.saturating_sub(counts.copies),
            Self::Mentions | Self::Copies => counts.mentions,
        }
    }
}

impl Condition {
    /// The spike rule with the settings meant for everyone.
    ///
    /// Chosen on NAB's ten series of tweet counts (Lavin & Ahmad 2015) with half of the series
    /// held out each way; `benches/README.md` says what it measured.
    #[must_use]
    pub fn spike(measure: Measure) -> Self {
        let p_value = measure.p_value();
        Self::Spike { measure, count: 10, p_value, novelty: 1.2, history_us: WEEK_US }
    }

    /// The rule for topics gone quiet, with the settings meant for everyone.
    #[must_use]
    pub fn silence() -> Self {
        let measure = Measure::Mentions;
        Self::Silence { measure, count: 0, p_value: 1e-4, history_us: WEEK_US }
    }

    /// Which mentions are counted.
    #[must_use]
    pub fn measure(&self) -> Measure {
        match *self {
            Self::Threshold { measure, .. }
            | Self::Share { measure, .. }
            | Self::Change { measure, .. }
            | Self::Spike { measure, .. }
            | Self::Silence { measure, .. } => measure,
            Self::Unanswered { .. } => Measure::Negative,
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
            Self::Silence { .. } => "silence",
            Self::Unanswered { .. } => "unanswered",
        }
    }

    /// The fewest counted mentions with which it can hold.
    pub(super) fn least(&self) -> u64 {
        match *self {
            Self::Threshold { count, .. } | Self::Spike { count, .. } => count,
            Self::Share { .. }
            | Self::Change { .. }
            | Self::Silence { .. }
            | Self::Unanswered { .. } => 0,
        }
    }

    /// After which time the past counts half, for rules that look at history.
    pub(super) fn history_us(&self) -> Option<i64> {
        match *self {
            Self::Spike { history_us, .. } | Self::Silence { history_us, .. } => Some(history_us),
            Self::Threshold { .. }
            | Self::Share { .. }
            | Self::Change { .. }
            | Self::Unanswered { .. } => None,
        }
    }
}

const WEEK_US: i64 = 7 * 24 * 60 * MINUTE_US;
