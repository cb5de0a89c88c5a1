//! By which names are an alert, and the history of a rule, known again?

use super::rule::Rule;
use crate::post::SourceId;
use crate::time::EventTime;

/// What must stay the same for a rule's history to keep its meaning.
pub(super) fn history_name(rule: &Rule) -> String {
    let source = rule.source.as_ref().map_or("", SourceId::as_str);
    let (kind, measure) = (rule.condition.name(), rule.condition.measure().as_str());
    let sure = rule.min_confidence.map_or(String::new(), |least| format!("\0{least}"));
    format!("{}\0{kind}\0{measure}\0{source}\0{}{sure}", rule.name, rule.window_us)
}

/// The id of an episode: the same over retries, restarts and reprocessing.
pub(super) fn alert_id(rule: &str, topic: &str, started_at: EventTime) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(rule.as_bytes())
        .update(&[0])
        .update(topic.as_bytes())
        .update(&[0])
        .update(&started_at.0.to_le_bytes());
    let hex = hasher.finalize().to_hex();
    format!("alt_{}", hex.as_str().get(..24).unwrap_or_default())
}
