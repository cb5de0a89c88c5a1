//! How does Slack show it? As blocks, with a line of text for notifications.

use serde_json::{Value, json};

use super::notice::{Call, Notice, Quote};

/// Most characters of a header block.
const HEADER_CHARS: usize = 150;
/// Most characters of a block's text that we use; Slack allows 3,000.
const TEXT_CHARS: usize = 1_000;
/// Fields shown; a section takes ten.
const FIELDS: usize = 30;
const SECTION_FIELDS: usize = 10;
/// Posts shown.
const QUOTES: usize = 5;

/// The body for an incoming webhook.
pub(super) fn message(notice: &Notice) -> Value {
    let (title, summary) = (notice.title(), notice.summary());
    let sign = match notice.call() {
        Call::Trigger => ":rotating_light:",
        Call::Resolve => ":white_check_mark:",
    };
    let mut blocks = vec![json!({"type": "header", "text": plain(&title, HEADER_CHARS)})];
    if !summary.is_empty() {
        blocks.push(json!({"type": "section", "text": marked(&escaped(&summary))}));
    }
    let fields: Vec<Value> = notice.facts().iter().take(FIELDS).map(field).collect();
    let sections = fields.chunks(SECTION_FIELDS);
    blocks.extend(sections.map(|fields| json!({"type": "section", "fields": fields})));
    blocks.extend(notice.quotes().iter().take(QUOTES).flat_map(quote));
    let origin = escaped(&format!("{} · {}", notice.timestamp, notice.matter()));
    blocks.push(json!({"type": "context", "elements": [marked(&origin)]}));
    let text = format!("{sign} {} {}", escaped(&title), escaped(&summary));
    json!({"text": text.trim_end(), "blocks": blocks})
}

fn field((name, value): &(String, String)) -> Value {
    marked(&format!("*{}*\n{}", escaped(name), escaped(&cut(value, 200))))
}

/// A post as plain text, in which nothing is a command, and where to read it.
fn quote(quote: &Quote<'_>) -> Vec<Value> {
    if quote.text.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![json!({"type": "section", "text": plain(quote.text, TEXT_CHARS)})];
    let score = quote.score.map(|score| format!("score {score:.2}"));
    let link = quote.url.map(|url| format!("<{}|open>", url.replace(['<', '>', '|'], "")));
    let parts: Vec<String> = score.into_iter().chain(link).collect();
    if !parts.is_empty() {
        blocks.push(json!({"type": "context", "elements": [marked(&parts.join(" · "))]}));
    }
    blocks
}

fn plain(text: &str, chars: usize) -> Value {
    json!({"type": "plain_text", "text": cut(text, chars), "emoji": false})
}

fn marked(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text})
}

/// The three characters that Slack gives a meaning: without them nobody can call `@channel`.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}
