//! How does Slack show it? As blocks, with a line of text for notifications.

use serde_json::{Value, json};

use super::fact::{Action, Fact};
use super::letter::{Letter, Shown, Todo};
use super::notice::Call;

/// Most characters of a header block.
const HEADER_CHARS: usize = 150;
/// Fields shown; a section takes ten.
const FIELDS: usize = 30;
const SECTION_FIELDS: usize = 10;

/// The body for an incoming webhook.
pub(super) fn message(letter: &Letter, call: Call) -> Value {
    let sign = match call {
        Call::Trigger => ":rotating_light:",
        Call::Resolve => ":white_check_mark:",
    };
    let mut blocks = vec![title(&letter.title)];
    blocks.push(json!({"type": "context", "elements": [marked(&escaped(&letter.summary))]}));
    blocks.extend(letter.todo.iter().map(todo));
    blocks.extend(letter.posts.iter().flat_map(post));
    let fields: Vec<Value> = letter.facts.iter().take(FIELDS).map(field).collect();
    let sections = fields.chunks(SECTION_FIELDS);
    blocks.extend(sections.map(|fields| json!({"type": "section", "fields": fields})));
    let action = letter.action.iter().map(action);
    blocks.extend(action.map(|text| json!({"type": "context", "elements": [marked(&text)]})));
    json!({"text": format!("{sign} {}", escaped(&letter.title)), "blocks": blocks})
}

/// A header, unless it would be cut.
fn title(title: &str) -> Value {
    if title.chars().count() > HEADER_CHARS {
        return json!({"type": "section", "text": marked(&escaped(title))});
    }
    json!({"type": "header", "text": plain(title)})
}

fn todo(todo: &Todo) -> Value {
    let text = format!("*{}*\n{}", escaped(&todo.title), escaped(&todo.text));
    json!({"type": "section", "text": marked(&text)})
}

fn field(Fact { name, value, .. }: &Fact) -> Value {
    marked(&format!("*{}*\n{}", escaped(name), escaped(value)))
}

/// A post as plain text, in which nothing is a command, and where to read it.
fn post(post: &Shown) -> Vec<Value> {
    let mut blocks = vec![json!({"type": "section", "text": plain(&post.text)})];
    let origin = Some(escaped(&post.origin)).filter(|origin| !origin.is_empty());
    let parts: Vec<String> =
        origin.into_iter().chain(post.url.as_deref().map(|url| link(url, url_name(url)))).collect();
    if !parts.is_empty() {
        blocks.push(json!({"type": "context", "elements": [marked(&parts.join(" · "))]}));
    }
    blocks
}

fn action(action: &Action) -> String {
    let line = format!("{}: `{}`", action.name, action.command);
    let details = action.link.as_ref().map(|(name, url)| link(url, name));
    line + &details.map(|link| format!(" · {link}")).unwrap_or_default()
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text, "emoji": false})
}

fn marked(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text})
}

fn link(url: &str, name: &str) -> String {
    format!("<{}|{}>", url.replace(['<', '>', '|'], ""), escaped(name).replace('|', ""))
}

/// The host of an address: where a link leads.
fn url_name(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// The three characters that Slack gives a meaning: without them nobody can call `@channel`.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
