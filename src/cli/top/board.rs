//! What is on the board? What the API said last, and how much came since the look before.

use serde_json::Value;

use crate::time::{EventTime, SECOND_US};

/// One look at a process.
#[derive(Debug, Clone, Default)]
pub(super) struct Board {
    /// Address of the process.
    pub(super) url: String,
    /// What is counted, as the user wrote it.
    pub(super) period: String,
    /// When it was looked at.
    pub(super) at: EventTime,
    /// How long the answer took, in milliseconds.
    pub(super) answer_ms: u128,
    /// `ok`, `degraded`, `down`, `failing`, and why.
    pub(super) status: String,
    pub(super) reason: String,
    /// How far the picture is behind the clock, in seconds.
    pub(super) behind_s: Option<i64>,
    pub(super) topics: Vec<TopicLine>,
    pub(super) alerts: Vec<AlarmLine>,
    pub(super) sources: Vec<SourceLine>,
    /// Why the last look failed, if it did: the rest is older then.
    pub(super) silent: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct TopicLine {
    pub(super) name: String,
    pub(super) mentions: u64,
    pub(super) negative: u64,
    pub(super) net: Option<f64>,
    /// Mentions of each bucket; `None` where nothing was heard.
    pub(super) line: Vec<Option<u64>>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct AlarmLine {
    pub(super) topic: String,
    pub(super) rule: String,
    pub(super) observed: u64,
    pub(super) fired_at: Option<EventTime>,
    pub(super) taken_by: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct SourceLine {
    pub(super) name: String,
    pub(super) state: String,
    pub(super) reason: String,
    pub(super) events: u64,
    /// Events a second since the look before.
    pub(super) rate: Option<f64>,
    /// How long ago the last event came, in seconds.
    pub(super) quiet_s: Option<i64>,
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn count(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or(0)
}

fn time(value: &Value, name: &str) -> Option<EventTime> {
    EventTime::parse(value.get(name)?.as_str()?).ok()
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

impl Board {
    /// Fills in what `/healthz` said.
    pub(super) fn with_health(mut self, health: &Value) -> Self {
        self.status = text(health, "status");
        self.reason = text(health, "reason");
        self.behind_s = time(health, "watermark").map(|mark| self.at.since(mark) / SECOND_US);
        self
    }

    /// Fills in what `/api/v1/overview` said.
    pub(super) fn with_overview(mut self, overview: &Value) -> Self {
        let topic = |topic: &Value| {
            let now = topic.get("now").unwrap_or(&Value::Null);
            TopicLine {
                name: text(topic, "name"),
                mentions: count(now, "mentions"),
                negative: count(now, "negative"),
                net: now.get("net").and_then(|net| net.get("value")?.as_f64()),
                line: list(topic, "line").map(Value::as_u64).collect(),
            }
        };
        let alarm = |alert: &Value| AlarmLine {
            topic: text(alert, "topic"),
            rule: text(alert, "rule"),
            observed: count(alert, "observed"),
            fired_at: time(alert, "fired_at"),
            taken_by: alert
                .get("ack")
                .and_then(|ack| Some(ack.get("author")?.as_str()?.to_owned())),
        };
        self.topics = list(overview, "topics").map(topic).collect();
        self.alerts = list(overview, "open_alerts").map(alarm).collect();
        self
    }

    /// Fills in what `/api/v1/sources` said, compared with the look before.
    pub(super) fn with_sources(mut self, sources: &Value, before: &Self) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "seconds and counts of a screen")]
        let passed_s = self.at.since(before.at) as f64 / SECOND_US as f64;
        let line = |source: &Value| {
            let (name, events) = (text(source, "name"), count(source, "events"));
            let earlier = before.sources.iter().find(|line| line.name == name);
            #[allow(clippy::cast_precision_loss, reason = "seconds and counts of a screen")]
            let rate = earlier
                .filter(|_| passed_s > 0.0)
                .map(|line| events.saturating_sub(line.events) as f64 / passed_s);
            let last = time(source, "last_event");
            SourceLine {
                name,
                state: text(source, "state"),
                reason: text(source, "reason"),
                events,
                rate,
                quiet_s: last.map(|last| (self.at.since(last) / SECOND_US).max(0)),
            }
        };
        self.sources = sources.as_array().into_iter().flatten().map(line).collect();
        self
    }

    /// The same, of which there is nothing newer.
    pub(super) fn silent(self, why: String) -> Self {
        Self { silent: Some(why), ..self }
    }
}
