//! How does PagerDuty read it? As an event of its Events API, version 2.

use serde_json::{Value, json};

use super::notice::{Call, Notice};

/// Most characters of a summary.
const SUMMARY_CHARS: usize = 1_024;

/// The body for `/v2/enqueue`. An escalation triggers the same incident again.
pub(super) fn event(notice: &Notice, routing_key: &str) -> Value {
    let action = match notice.call() {
        Call::Trigger => "trigger",
        Call::Resolve => "resolve",
    };
    let summary = format!("{} – {}", notice.title(), notice.summary());
    let summary: String = summary.chars().take(SUMMARY_CHARS).collect();
    let links: Vec<Value> = notice
        .quotes()
        .iter()
        .filter_map(|quote| Some(json!({"href": quote.url?, "text": quote.text})))
        .collect();
    json!({
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": notice.matter(),
        "client": "resonanz",
        "links": links,
        "payload": {
            "summary": summary,
            "source": "resonanz",
            "severity": severity(notice.text("severity")),
            "timestamp": notice.timestamp,
            "component": notice.text("topic"),
            "group": notice.text("brand"),
            "class": notice.text("rule"),
            "custom_details": notice.data,
        },
    })
}

/// One of PagerDuty's four words for a rule's free one.
fn severity(ours: &str) -> &'static str {
    match ours.to_ascii_lowercase().as_str() {
        "critical" | "crit" | "fatal" | "page" | "emergency" => "critical",
        "error" | "high" | "major" => "error",
        "info" | "information" | "low" | "notice" => "info",
        _ => "warning",
    }
}
