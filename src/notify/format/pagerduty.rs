//! How does PagerDuty read it? As an event of its Events API, version 2.

use serde_json::{Value, json};

use super::letter::Letter;
use super::notice::{Call, Notice};

/// Most characters of a summary.
const SUMMARY_CHARS: usize = 1_024;

/// The body for `/v2/enqueue`. An escalation triggers the same incident again.
pub(super) fn event(notice: &Notice, letter: &Letter, routing_key: &str) -> Value {
    let action = match notice.call() {
        Call::Trigger => "trigger",
        Call::Resolve => "resolve",
    };
    let summary: String = letter.title.chars().take(SUMMARY_CHARS).collect();
    let posts = letter.posts.iter();
    let posts =
        posts.filter_map(|post| Some(json!({"href": post.url.as_ref()?, "text": post.text})));
    let details = letter.action.iter().filter_map(|action| action.link.as_ref());
    let details = details.map(|(name, url)| json!({"href": url, "text": name}));
    let links: Vec<Value> = details.chain(posts).collect();
    json!({
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": notice.thread(),
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
