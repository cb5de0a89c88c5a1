//! How does Microsoft Teams show it? As an Adaptive Card, in the shape that a Workflows webhook
//! ("Post to a channel when a webhook request is received") takes.

use serde_json::{Value, json};

use super::letter::{Letter, Shown, Todo};
use super::notice::Call;

/// Facts shown.
const FACTS: usize = 16;

/// The body for the workflow.
pub(super) fn message(letter: &Letter, call: Call, severity: &str) -> Value {
    let color = match (call, severity) {
        (Call::Resolve, _) => "good",
        (Call::Trigger, "info") => "accent",
        (Call::Trigger, "warning") => "warning",
        (Call::Trigger, _) => "attention",
    };
    let mut title = line(&letter.title);
    title["size"] = json!("large");
    title["weight"] = json!("bolder");
    title["color"] = json!(color);
    let mut body = vec![title, aside(&letter.summary)];
    body.extend(letter.todo.iter().map(todo));
    body.extend(letter.posts.iter().map(post));
    let facts = letter.facts.iter().take(FACTS);
    let facts: Vec<Value> = facts
        .map(|fact| json!({"title": escaped(&fact.name), "value": escaped(&fact.value)}))
        .collect();
    if !facts.is_empty() {
        body.push(json!({"type": "FactSet", "facts": facts}));
    }
    body.extend(letter.action.iter().map(|action| aside(&action.line())));
    let links = letter.action.iter().filter_map(|action| action.link.as_ref());
    let links: Vec<Value> = links
        .map(|(name, url)| json!({"type": "Action.OpenUrl", "title": name, "url": url}))
        .collect();
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
                "actions": links,
            },
        }],
    })
}

fn line(text: &str) -> Value {
    json!({"type": "TextBlock", "text": escaped(text), "wrap": true})
}

/// A line that stands back.
fn aside(text: &str) -> Value {
    let mut aside = line(text);
    aside["isSubtle"] = json!(true);
    aside["size"] = json!("small");
    aside
}

/// What is to be done, line by line.
fn todo(todo: &Todo) -> Value {
    let mut title = line(&todo.title);
    title["weight"] = json!("bolder");
    let lines = todo.text.lines().filter(|text| !text.is_empty()).map(line);
    let items: Vec<Value> = std::iter::once(title).chain(lines).collect();
    json!({"type": "Container", "items": items})
}

/// A post; a click on it leads to where it stands.
fn post(post: &Shown) -> Value {
    let mut items = vec![line(&post.text)];
    if !post.origin.is_empty() {
        items.push(aside(&post.origin));
    }
    let mut container = json!({"type": "Container", "style": "emphasis", "items": items});
    if let Some(url) = &post.url {
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
