//! How does Microsoft Teams show it? As an Adaptive Card, in the shape that a Workflows webhook
//! ("Post to a channel when a webhook request is received") takes.

use serde_json::{Value, json};

use super::notice::{Call, Notice, Quote};

/// Facts and posts shown.
const FACTS: usize = 16;
const QUOTES: usize = 5;

/// The body for the workflow.
pub(super) fn message(notice: &Notice) -> Value {
    let color = match (notice.call(), notice.text("severity")) {
        (Call::Resolve, _) => "good",
        (Call::Trigger, "info") => "accent",
        (Call::Trigger, "warning") => "warning",
        (Call::Trigger, _) => "attention",
    };
    let mut title = line(&notice.title());
    title["size"] = json!("large");
    title["weight"] = json!("bolder");
    title["color"] = json!(color);
    let mut body = vec![title];
    if !notice.summary().is_empty() {
        body.push(line(&notice.summary()));
    }
    let facts = notice.facts().into_iter().take(FACTS);
    let facts =
        facts.map(|(name, value)| json!({"title": escaped(&name), "value": escaped(&value)}));
    body.push(json!({"type": "FactSet", "facts": facts.collect::<Vec<_>>()}));
    body.extend(notice.quotes().iter().take(QUOTES).map(quote));
    let mut origin = line(&format!("{} · {}", notice.timestamp, notice.matter()));
    origin["isSubtle"] = json!(true);
    origin["size"] = json!("small");
    body.push(origin);
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": {"width": "Full"},
                "body": body,
            },
        }],
    })
}

fn line(text: &str) -> Value {
    json!({"type": "TextBlock", "text": escaped(text), "wrap": true})
}

/// A post; a click on it leads to where it stands.
fn quote(quote: &Quote<'_>) -> Value {
    let mut container =
        json!({"type": "Container", "style": "emphasis", "items": [line(quote.text)]});
    if let Some(url) = quote.url {
        container["selectAction"] = json!({"type": "Action.OpenUrl", "url": url});
    }
    container
}

/// Takes Markdown its meaning; `{{` would begin a date function.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '`' | '{' | '}' | '<' | '>')
        {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
