//! How does Prometheus' Alertmanager read it? As an alert of its API, version 2.
//!
//! Alertmanager resolves by itself what nobody repeats, and forgets everything when it restarts.
//! So the courier posts an alert again every minute while it fires, and each post holds for an
//! hour: a restart of Alertmanager heals within the one, a stop of resonanz is no resolution within
//! the other, and an alert that nobody looks after any more ends.

use serde_json::{Map, Value, json};

use super::letter::Letter;
use super::notice::{Call, Notice, said};
use crate::time::{EventTime, MINUTE_US};

/// How long each post holds, in microseconds.
const HOLDS_US: i64 = 60 * MINUTE_US;

/// Numbers that templates of Alertmanager may use.
const NUMBERS: [&str; 7] =
    ["observed", "expected", "mentions", "negative", "authors", "copies", "mean_score"];

/// One alert of the list that `POST /api/v2/alerts` takes. Its labels are the same for all
/// transitions, and with them its identity.
pub(super) fn alert(notice: &Notice, letter: &Letter, now: EventTime) -> Value {
    let started = ["started_at", "since"].map(|name| notice.text(name));
    let started = started.into_iter().find(|at| !at.is_empty());
    let starts_at = started.unwrap_or(&notice.timestamp);
    let ends_at = match notice.call() {
        Call::Trigger => now.shift(HOLDS_US),
        // What ends in the future has not ended.
        Call::Resolve => EventTime::parse(&notice.timestamp).unwrap_or(now).min(now),
    };
    json!({
        "labels": labels(notice),
        "annotations": annotations(notice, letter),
        "startsAt": starts_at,
        "endsAt": ends_at.to_string(),
    })
}

fn labels(notice: &Notice) -> Map<String, Value> {
    let mut labels = Map::new();
    let given = notice.data.get("labels").and_then(Value::as_object);
    for (name, value) in given.into_iter().flatten() {
        labels.insert(label_name(name), json!(said(value)));
    }
    // What recovers is what was failing.
    let kind = match notice.kind.split_once('.') {
        Some((about @ ("operations" | "source"), _)) => about,
        _ => &notice.kind,
    };
    let rule = notice.text("rule");
    labels.insert("alertname".to_owned(), json!(if rule.is_empty() { kind } else { rule }));
    for name in ["topic", "brand", "severity", "receiver"] {
        if !notice.text(name).is_empty() {
            labels.insert(name.to_owned(), json!(notice.text(name)));
        }
    }
    if notice.kind.starts_with("source.") || notice.kind.starts_with("token.") {
        labels.insert("source".to_owned(), json!(notice.text("source")));
    }
    if let Some(step) = notice.step() {
        labels.insert("escalation".to_owned(), json!(step.to_string()));
    }
    labels
}

/// A name that Prometheus allows: letters, digits and `_`, not a digit first.
fn label_name(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = name.chars().map(allowed).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// What people read, and the numbers under their own names.
fn annotations(notice: &Notice, letter: &Letter) -> Map<String, Value> {
    let mut annotations = Map::new();
    annotations.insert("summary".to_owned(), json!(letter.title));
    let posts = letter.posts.iter().map(|post| format!("\n> {}", post.text));
    let todo = letter.todo.iter().map(|todo| format!("\n{}\n{}", todo.title, todo.text));
    let action = letter.action.iter().map(|action| format!("\n{}", action.line()));
    let description = letter.summary.clone() + &todo.chain(posts).chain(action).collect::<String>();
    annotations.insert("description".to_owned(), json!(description));
    annotations.insert("alert_id".to_owned(), json!(notice.matter()));
    for name in NUMBERS {
        let number = notice.data.get(name).map(said).filter(|number| !number.is_empty());
        annotations.extend(number.map(|number| (name.to_owned(), json!(number))));
    }
    for fact in &letter.facts {
        annotations.entry(label_name(&fact.key)).or_insert(json!(fact.value));
    }
    annotations
}
