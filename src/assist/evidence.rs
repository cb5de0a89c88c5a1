//! Which posts does an answer rest on? Their number, ids of the latest, and the SQL that lists all.

use serde_json::{Value, json};

use crate::lake::quoted;
use crate::report::{Ask, ReportError, Search, Span};

/// Ids that are named.
const IDS_MAX: usize = 20;

/// What an answer about a span rests on: of one topic, or of all.
pub(super) async fn of_span(
    ask: &Ask<'_>,
    topic: Option<&str>,
    span: &Span,
) -> Result<Value, ReportError> {
    let search = Search {
        topics: topic.into_iter().map(str::to_owned).collect(),
        span: Some(span.clone()),
        limit: Some(IDS_MAX),
        ..Search::default()
    };
    let page = ask.mentions(&search).await?;
    let ids: Vec<String> = page.mentions.into_iter().map(|mention| mention.id).collect();
    let about = topic.map(|topic| format!("topic = {} AND ", quoted(topic))).unwrap_or_default();
    let sql = format!(
        "SELECT topic, source, post_id FROM mentions WHERE {about}posted_at >= '{}' AND posted_at < '{}' \
         ORDER BY posted_at DESC",
        span.from, span.to
    );
    Ok(json!({"mentions": page.total, "latest_ids": ids, "sql": sql}))
}

/// What an answer rests on that shows its posts: those with an `id`, and those that evidence names.
pub(super) fn of_posts(answer: &Value) -> Value {
    let mut ids = Vec::new();
    collect(answer, &mut ids);
    ids.dedup();
    json!({"ids": ids})
}

fn collect(value: &Value, ids: &mut Vec<Value>) {
    match value {
        Value::Array(list) => list.iter().for_each(|item| collect(item, ids)),
        Value::Object(parts) => {
            if let Some(post) = parts.get("post_id") {
                ids.push(match parts.get("id") {
                    Some(id) => id.clone(),
                    None => json!({"source": parts.get("source"), "post_id": post}),
                });
            }
            parts.values().for_each(|part| collect(part, ids));
        }
        _ => {}
    }
}
