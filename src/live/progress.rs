//! How is it going? A snapshot for the progress view, the summary, the API and the metrics.

use std::collections::HashMap;
use std::sync::Arc;

use crate::alert::Transition;
use crate::connect::SourcesHealth;
use crate::engine::Tally;
use crate::notify::CourierStats;
use crate::post::cut_text;
use crate::report::{Gap, Known};
use crate::time::EventTime;

/// Alerts remembered for display: more than come between two looks.
const ALERTS_MAX: usize = 4_096;
/// Refusals remembered for display: the first ones show what is wrong with an input.
const REFUSALS_MAX: usize = 3;
/// Longest reason that is shown, in bytes.
const REASON_BYTES_MAX: usize = 400;

/// Late mentions, and their share of all in percent, from which on it is said.
const LATE_MIN: u64 = 10;
const LATE_SHARE: u64 = 5;

/// A snapshot of a running process.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Where events went since the lake was made.
    pub tally: Tally,
    /// The same when the process started.
    pub tally_at_start: Tally,
    /// Frames of a kind that is never a post, such as likes.
    pub ignored: u64,
    /// Frames that could not be understood.
    pub malformed: u64,
    /// Texts that were cut.
    pub cut: u64,
    /// Posts with a field that could not be read as it stands, and was left unknown or mended.
    pub mended: u64,
    /// Why the first posts were refused, and of which sources.
    pub refusals: Vec<(String, String)>,
    /// How the sources are.
    pub sources: SourcesHealth,
    /// Counts of each topic since the process started, by id; shared, as snapshots are many.
    pub topics: Arc<[TopicCount]>,
    /// The latest alerts, oldest first.
    pub alerts: Vec<Arc<AlertLine>>,
    /// Alerts since the process started: fired, escalated, resolved.
    pub transitions: [u64; 3],
    /// Up to which event time the picture is complete.
    pub watermark: Option<EventTime>,
    /// What keeps the lake from being written, if something does.
    pub trouble: Option<Trouble>,
    /// Times that something did, since the process started.
    pub troubles: u64,
    /// Commits since the process started.
    pub commits: u64,
    /// What became of configurations that came since the process started, and of its engine.
    pub rounds: Rounds,
    /// How deliveries go.
    pub deliveries: Arc<CourierStats>,
}

/// What keeps the lake from being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Since when, by the wall clock.
    pub since: EventTime,
    /// What was refused, and why.
    pub why: String,
    /// How to mend it; empty if nothing is known.
    pub hint: String,
}

/// What became of configurations that came while the process runs, and of its engine.
#[derive(Debug, Clone, Default)]
pub struct Rounds {
    /// Configurations taken.
    pub reloads: u64,
    /// Configurations refused.
    pub refused: u64,
    /// Times that the engine died and was begun anew.
    pub restarts: u64,
    /// Whether a configuration is being taken right now.
    pub under_way: bool,
    /// Since when the file holds a configuration that was refused, and why; none once one was taken.
    pub refusal: Option<(EventTime, String)>,
    /// The latest of all this, in words.
    pub said: Option<Said>,
}

/// Something that happened to the process as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its name for programs: `reloaded`, `reload_refused` or `engine_restarted`.
    pub kind: &'static str,
    /// For people.
    pub text: String,
}

impl Rounds {
    /// How often something happened.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.reloads + self.refused + self.restarts
    }
}

/// Counts of one topic.
#[derive(Debug, Clone, Default)]
pub struct TopicCount {
    /// Its name.
    pub name: Arc<str>,
    /// Mentions.
    pub mentions: u64,
    /// Those with a negative target score.
    pub negative: u64,
}

/// One alert as a line.
#[derive(Debug, Clone)]
pub struct AlertLine {
    /// Event time.
    pub at: EventTime,
    /// What happened.
    pub transition: Transition,
    /// Name of the rule.
    pub rule: String,
    /// Name of the topic.
    pub topic: String,
    /// The measured count.
    pub observed: u64,
    /// What history led to expect.
    pub expected: Option<f64>,
    /// Of a goal, where it stands and what is its target.
    pub goal: Option<String>,
}

impl Progress {
    /// What is known of the lake besides its rows, for answers to questions.
    #[must_use]
    pub fn known(&self) -> Known {
        let mut gaps = Vec::new();
        for source in self.sources.iter() {
            for (_, gap) in source.now().gaps {
                // A gap whose ends are places, not times, can be shown on no clock.
                let ends = EventTime::parse(&gap.from).ok().zip(EventTime::parse(&gap.to).ok());
                gaps.extend(ends.map(|(from, to)| Gap {
                    source: source.name().to_string(),
                    from,
                    to,
                    reason: gap.reason.clone(),
                }));
            }
        }
        let sources = self.sources.iter().map(|source| source.name().to_string()).collect();
        Known { watermark: self.watermark, gaps, sources, ..Known::default() }
    }

    /// How it is as an engine begins; what was counted since the process started goes on.
    pub(super) fn resumed(
        before: &Self,
        tally: Tally,
        watermark: Option<EventTime>,
        topics: impl Iterator<Item = String>,
    ) -> Self {
        let is_first = before.topics.is_empty();
        let mut counted: HashMap<&str, &TopicCount> =
            before.topics.iter().map(|topic| (topic.name.as_ref(), topic)).collect();
        let topics = topics.map(|name| match counted.remove(name.as_str()) {
            Some(topic) => topic.clone(),
            None => TopicCount { name: name.into(), ..TopicCount::default() },
        });
        Self {
            tally,
            tally_at_start: if is_first { tally } else { before.tally_at_start },
            watermark,
            topics: topics.collect(),
            ..before.clone()
        }
    }

    /// Posts since the lake was made, each once however often a source gave it, as far as its id is
    /// remembered.
    #[must_use]
    pub fn posts(&self) -> u64 {
        self.tally.analyzed + self.tally.refused_future + self.tally.erased
    }

    /// Remembers why a post was refused, if it is among the first; without signs that a terminal
    /// would obey.
    pub fn note_refusal(&mut self, source: &str, reason: &str) {
        if self.refusals.len() < REFUSALS_MAX {
            let reason = cut_text(reason, REASON_BYTES_MAX).replace(char::is_control, " ");
            self.refusals.push((source.to_owned(), reason));
        }
    }

    /// The share of mentions since the start that came too late for their minute, in percent, where
    /// so many did that panes and alerts miss something that matters.
    #[must_use]
    pub fn late_share(&self) -> Option<u64> {
        let late = self.tally.late.saturating_sub(self.tally_at_start.late);
        let mentions = self.tally.mentions.saturating_sub(self.tally_at_start.mentions);
        let share = late.saturating_mul(100) / mentions.max(1);
        (late >= LATE_MIN && share >= LATE_SHARE).then_some(share)
    }

    /// Adds an alert, forgetting the oldest beyond some thousands.
    pub fn push_alert(&mut self, line: AlertLine) {
        self.transitions[line.transition as usize] += 1;
        if self.alerts.len() >= ALERTS_MAX {
            self.alerts.remove(0);
        }
        self.alerts.push(Arc::new(line));
    }
}
