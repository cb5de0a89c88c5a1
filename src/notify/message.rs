//! What does a receiver read? The body of an alert, in resonanz's own JSON.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::subject::subject;
use crate::alert::Alert;
use crate::desk::Subject;
use crate::lake::{Labels, evidence, labels_of};

/// One message to one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The `webhook-id`: the same over retries, restarts and reprocessing, so that receivers can
    /// drop what they have seen.
    pub id: String,
    /// Name of the receiver.
    pub receiver: String,
    /// Event time of the transition in microseconds, which orders messages.
    pub at_us: i64,
    /// The body as it is signed and sent.
    pub body: String,
    /// What it is about, for the desk; without it a message is told whatever people asked.
    #[serde(default)]
    pub subject: Option<Subject>,
}

/// The messages that an alert brings: one for each receiver of its rule.
#[must_use]
pub fn messages(alert: &Alert, labels: &Labels) -> Vec<Message> {
    let Some(rule) = labels.rules.get(alert.rule) else { return Vec::new() };
    let topic = labels.topics.get(alert.topic.0 as usize);
    let id = format!("{}.{}.{}", alert.id, alert.transition.as_str(), alert.at.0);
    let body = json!({
        "type": format!("alert.{}", alert.transition.as_str()),
        "timestamp": alert.at.to_string(),
        "data": {
            "alert_id": alert.id,
            "rule": rule.name,
            "rule_type": rule.condition.name(),
            "severity": rule.severity,
            "topic": topic.map(|topic| &topic.name),
            "brand": topic.and_then(|topic| topic.brand.as_ref()),
            "transition": alert.transition.as_str(),
            "started_at": alert.started_at.to_string(),
            "window_s": rule.window_us / crate::time::SECOND_US,
            "measure": rule.condition.measure().as_str(),
            "observed": alert.observed,
            "expected": alert.expected,
            "p_value": alert.p_value,
            "novelty": alert.novelty,
            "dispersion": alert.dispersion,
            "coordination": alert.coordination.as_str(),
            "labels": labels_of(rule),
            "mentions": alert.counts.mentions,
            "negative": alert.counts.negative,
            "neutral": alert.counts.neutral,
            "positive": alert.counts.positive,
            "copies": alert.counts.copies,
            "mean_score": alert.counts.mean_score(),
            "authors": alert.authors,
            "scorer": labels.scorer(alert.topic),
            "evidence": evidence(alert),
        },
    });
    let body = body.to_string();
    let subject = subject(alert, labels);
    let receivers = rule.receivers.iter();
    receivers
        .map(|receiver| Message {
            id: id.clone(),
            receiver: receiver.clone(),
            at_us: alert.at.0,
            body: body.clone(),
            subject: subject.clone(),
        })
        .collect()
}
