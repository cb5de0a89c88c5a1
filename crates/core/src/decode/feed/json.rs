//! What does a JSON Feed say? Versions 1 and 1.1 of jsonfeed.org.

use serde_json::Value;

use super::dates::instant;
use super::entry::Marked;
use super::{Broken, Document, Entry, NotAFeed};

pub(super) fn parse(text: &str) -> Result<Document, NotAFeed> {
    let feed: Value = serde_json::from_str(text).map_err(|error| {
        let what = error.to_string();
        let what = what.rsplit_once(" at line").map_or(what.as_str(), |(what, _)| what);
        Broken { line: error.line(), column: error.column(), what: what.to_owned() }
    })?;
    let version = string(&feed, "version");
    if !version.contains("jsonfeed.org/version/1") {
        let what = match feed.get("items") {
            Some(_) if !version.is_empty() => format!("JSON of version \"{version}\""),
            _ => "JSON that names no version of JSON Feed".to_owned(),
        };
        return Err(NotAFeed::Other(what));
    }
    let items = feed.get("items").and_then(Value::as_array);
    Ok(Document {
        language: string(&feed, "language"),
        author: author(&feed),
        hub: feed.pointer("/hubs/0").map(|hub| string(hub, "url")).unwrap_or_default(),
        itself: string(&feed, "feed_url"),
        entries: items.into_iter().flatten().map(entry_of).collect(),
        ..Document::default()
    })
}

fn entry_of(item: &Value) -> Entry {
    let html = string(item, "content_html");
    let body = match html.is_empty() {
        false => Marked { text: html, is_html: true },
        true => {
            let text = string(item, "content_text");
            let text = if text.is_empty() { string(item, "summary") } else { text };
            Marked { text, is_html: false }
        }
    };
    let link = ["url", "external_url"].map(|name| string(item, name));
    let times = ["date_published", "date_modified"].map(|name| string(item, name));
    Entry {
        guid: string(item, "id"),
        link: link.into_iter().find(|link| !link.is_empty()).unwrap_or_default(),
        title: Marked { text: string(item, "title"), is_html: false },
        body,
        author: author(item),
        language: string(item, "language"),
        posted_at: times.iter().find_map(|text| instant(text)),
        ..Entry::default()
    }
}

fn author(value: &Value) -> String {
    let first = value.get("authors").and_then(|authors| authors.get(0));
    first.or_else(|| value.get("author")).map(|author| string(author, "name")).unwrap_or_default()
}

/// A field as text; ids are numbers at times.
fn string(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}
