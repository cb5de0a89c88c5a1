//! How is it going? A snapshot for the progress view, the summary, the API and the metrics.

use std::sync::Arc;

use crate::alert::Transition;
use crate::connect::SourcesHealth;
use crate::engine::Tally;
use crate::notify::CourierStats;
use crate::time::EventTime;

/// Alerts remembered for display.
const ALERTS_MAX: usize = 100;

/// A snapshot of a running process.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Where events went since the lake was made.
    pub tally: Tally,
    /// The same when the process started.
    pub tally_at_start: Tally,
    /// Frames that are no posts by nature, such as likes.
    pub ignored: u64,
    /// Frames that could not be understood.
    pub malformed: u64,
    /// Texts that were cut.
    pub cut: u64,
    /// How the sources are.
    pub sources: SourcesHealth,
    /// Counts of each topic since the process started, by id.
    pub topics: Vec<TopicCount>,
    /// The latest alerts, oldest first.
    pub alerts: Vec<AlertLine>,
    /// Alerts since the process started: fired, escalated, resolved.
    pub transitions: [u64; 3],
    /// Up to which event time the picture is complete.
    pub watermark: Option<EventTime>,
    /// Commits since the process started.
    pub commits: u64,
    /// How deliveries go.
    pub deliveries: Arc<CourierStats>,
}

/// Counts of one topic.
#[derive(Debug, Clone, Default)]
pub struct TopicCount {
    /// Its name.
    pub name: String,
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
}

impl Progress {
    /// Posts since the lake was made, each once however often a source gave it.
    #[must_use]
    pub fn posts(&self) -> u64 {
        self.tally.analyzed + self.tally.refused_future + self.tally.erased
    }

    /// Adds an alert, forgetting the oldest beyond a hundred.
    pub fn push_alert(&mut self, line: AlertLine) {
        self.transitions[line.transition as usize] += 1;
        if self.alerts.len() >= ALERTS_MAX {
            self.alerts.remove(0);
        }
        self.alerts.push(line);
    }
}
