//! What does one transition of an alert say? One row, for the lake, for messages and for readers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::evidence::evidence;
use super::labels::Labels;
use crate::alert::{Alert, Transition};
use crate::time::{EventTime, SECOND_US, rfc3339};

/// One transition of an alert: a row of table `alerts`, and the `data` of a message.
///
/// The fields mean what the columns of the same names mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the catalog of columns says what each means")]
pub struct AlertRow {
    #[serde(with = "rfc3339")]
    pub at: EventTime,
    pub alert_id: String,
    pub rule: String,
    pub rule_type: String,
    pub topic: String,
    pub transition: Transition,
    pub severity: String,
    #[serde(with = "rfc3339")]
    pub started_at: EventTime,
    pub window_s: u64,
    pub measure: String,
    pub observed: u64,
    #[serde(default)]
    pub expected: Option<f64>,
    #[serde(default)]
    pub p_value: Option<f64>,
    #[serde(default)]
    pub novelty: Option<f64>,
    #[serde(default)]
    pub dispersion: Option<f64>,
    pub coordination: String,
    #[serde(default)]
    pub labels: Value,
    pub mentions: u64,
    pub negative: u64,
    pub neutral: u64,
    pub positive: u64,
    #[serde(default)]
    pub copies: u64,
    pub mean_score: f64,
    pub authors: u64,
    #[serde(default)]
    pub evidence: Value,
    /// The partition, and columns that a later version added.
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

impl AlertRow {
    /// What a backtest lists of each row, in this order.
    pub const LISTED: [&'static str; 17] = [
        "at",
        "transition",
        "rule",
        "rule_type",
        "topic",
        "severity",
        "started_at",
        "observed",
        "expected",
        "p_value",
        "novelty",
        "dispersion",
        "coordination",
        "mentions",
        "negative",
        "authors",
        "alert_id",
    ];

    /// The row of an alert; `None` for a rule that is not known.
    #[must_use]
    pub fn of(alert: &Alert, labels: &Labels) -> Option<Self> {
        let rule = labels.rules.get(alert.rule)?;
        let topic = labels.topics.get(alert.topic.0 as usize);
        Some(Self {
            at: alert.at,
            alert_id: alert.id.clone(),
            rule: rule.name.clone(),
            rule_type: rule.condition.name().to_owned(),
            topic: topic.map(|topic| topic.name.clone()).unwrap_or_default(),
            transition: alert.transition,
            severity: rule.severity.clone(),
            started_at: alert.started_at,
            window_s: u64::try_from(rule.window_us / SECOND_US).unwrap_or(0),
            measure: rule.condition.measure().as_str().to_owned(),
            observed: alert.observed,
            expected: alert.expected,
            p_value: alert.p_value,
            novelty: alert.novelty,
            dispersion: alert.dispersion,
            coordination: alert.coordination.as_str().to_owned(),
            labels: rule.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect(),
            mentions: alert.counts.mentions,
            negative: alert.counts.negative,
            neutral: alert.counts.neutral,
            positive: alert.counts.positive,
            copies: alert.counts.copies,
            mean_score: alert.counts.mean_score(),
            authors: alert.authors,
            evidence: evidence(alert, labels),
            further: Map::new(),
        })
    }

    /// The `data` of a message: the row without the time that its envelope has, with the brand of
    /// the topic and the version of its scorer.
    #[must_use]
    pub fn told(&self, brand: Option<&str>, scorer: &str) -> Value {
        let mut data = serde_json::to_value(self).unwrap_or_default();
        if let Some(data) = data.as_object_mut() {
            data.remove("at");
            data.insert("brand".to_owned(), json!(brand));
            data.insert("scorer".to_owned(), json!(scorer));
            if self.topic.is_empty() {
                data.insert("topic".to_owned(), Value::Null);
            }
        }
        data
    }

    /// Reads a row as the lake answers it: there labels and evidence are texts.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn read(mut row: Value) -> serde_json::Result<Self> {
        unpack(&mut row);
        serde_json::from_value(row)
    }
}

/// Makes values of the columns that hold JSON as text.
pub fn unpack(row: &mut Value) {
    for name in ["labels", "evidence"] {
        let text = row.get(name).and_then(Value::as_str);
        if let Some(parsed) = text.and_then(|text| serde_json::from_str(text).ok()) {
            row[name] = parsed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::Table;

    #[test]
    fn its_fields_are_the_columns_of_the_table() {
        let row = json!({
            "at": "2026-03-01T12:00:00Z", "alert_id": "", "rule": "", "rule_type": "", "topic": "",
            "transition": "fired", "severity": "", "started_at": "2026-03-01T12:00:00Z",
            "window_s": 1, "measure": "", "observed": 1, "coordination": "", "labels": "{}",
            "mentions": 1, "negative": 1, "neutral": 0, "positive": 0, "mean_score": 0.5,
            "authors": 1, "evidence": "{}", "day": "2026-03-01",
        });
        let read = AlertRow::read(row).expect("a row");
        let written = serde_json::to_value(&read).expect("JSON");
        let mut names: Vec<&str> =
            Table::Alerts.columns().iter().map(|column| column.name).chain(["day"]).collect();
        names.sort_unstable();
        let fields: Vec<&String> = written.as_object().expect("an object").keys().collect();
        assert_eq!(fields, names);
        assert!(AlertRow::LISTED.iter().all(|name| names.contains(name)));
    }
}
