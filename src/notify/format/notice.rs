//! What is there to say? A message taken apart, so that each format can say it in its own words.

use serde_json::{Map, Value, json};

use super::clean::is_unseen;
use crate::notify::message::Message;

/// Labels of a rule that are told.
const LABELS_MAX: usize = 24;
/// Longest name or value that a user gave, in bytes.
const NAME_BYTES_MAX: usize = 96;
/// How much of each text and list is left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Squeeze {
    text_bytes: usize,
    items: usize,
}

/// From gentle to harsh. After the last, only what the user named is left, each name short.
pub(super) const SQUEEZES: [Squeeze; 6] = [
    Squeeze { text_bytes: 280, items: 20 },
    Squeeze { text_bytes: 140, items: 8 },
    Squeeze { text_bytes: 70, items: 4 },
    Squeeze { text_bytes: 40, items: 2 },
    Squeeze { text_bytes: 40, items: 0 },
    Squeeze { text_bytes: 16, items: 0 },
];

/// A post that is shown as evidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quote<'n> {
    pub(super) text: &'n str,
    pub(super) url: Option<&'n str>,
    pub(super) score: Option<f64>,
    pub(super) source: Option<&'n str>,
    /// How many posts say nearly the same, this one among them; 0 if not known.
    pub(super) alike: u64,
}

impl<'n> Quote<'n> {
    /// A post, if it has a text; only an address that a browser opens safely is kept.
    fn of(post: &'n Value) -> Option<Self> {
        let text = |name: &str| post.get(name).and_then(Value::as_str);
        let url = text("url").filter(|url| leads_somewhere(url));
        let score = post.get("score").and_then(Value::as_f64);
        let alike = post.get("cluster_mentions").and_then(Value::as_u64).unwrap_or(0);
        Some(Self { text: text("text")?, url, score, source: text("source"), alike })
    }
}

/// What a person must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// Look at it.
    Trigger,
    /// Nothing more.
    Resolve,
}

/// A message taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Notice {
    pub(super) id: String,
    /// Such as `alert.fired`.
    pub(super) kind: String,
    /// RFC 3339, event time.
    pub(super) timestamp: String,
    pub(super) data: Map<String, Value>,
}

impl Notice {
    /// Takes a message apart; what the user named is cut to a usual length.
    pub(super) fn of(message: &Message) -> Self {
        let mut body = match serde_json::from_str(&message.body) {
            Ok(Value::Object(body)) => body,
            _ => Map::new(),
        };
        let text = |value: Option<Value>| match value {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let (kind, timestamp) = (text(body.remove("type")), text(body.remove("timestamp")));
        let mut data = match body.remove("data") {
            Some(Value::Object(data)) => data,
            _ => Map::new(),
        };
        for (name, value) in &mut data {
            if !matches!(name.as_str(), "evidence" | "policy") {
                cut(value, Squeeze { text_bytes: NAME_BYTES_MAX, items: LABELS_MAX });
            }
        }
        Self { id: message.id.clone(), kind, timestamp, data }
    }

    /// resonanz's own JSON.
    pub(super) fn envelope(&self) -> Value {
        json!({"type": self.kind, "timestamp": self.timestamp, "data": self.data})
    }

    /// A field that is a text, or nothing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.data.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The same for all messages about one matter.
    pub(super) fn matter(&self) -> &str {
        let named = ["alert_id", "incident"].map(|name| self.text(name));
        named.into_iter().find(|name| !name.is_empty()).unwrap_or(&self.id)
    }

    /// The same for all messages about one matter to one receiver of an escalation: a service that
    /// knows the matter already must not take the call for more of the same.
    pub(super) fn thread(&self) -> String {
        match self.step() {
            Some(step) => format!("{}.step{step}", self.matter()),
            None => self.matter().to_owned(),
        }
    }

    /// The step of the escalation that this message is for, counted from 1.
    pub(super) fn step(&self) -> Option<u64> {
        self.data.get("escalation")?.get("step")?.as_u64()
    }

    /// Since when nobody took care, in RFC 3339, if that is why the message is told.
    pub(super) fn untaken(&self) -> Option<&str> {
        self.data.get("escalation")?.get("since")?.as_str()
    }

    pub(super) fn call(&self) -> Call {
        match self.kind.as_str() {
            "alert.resolved" | "operations.recovered" | "source.back" | "report.ready" => {
                Call::Resolve
            }
            _ => Call::Trigger,
        }
    }

    /// The posts among the evidence.
    pub(super) fn quotes(&self) -> Vec<Quote<'_>> {
        let Some(evidence) = self.data.get("evidence") else { return Vec::new() };
        let lists: Vec<&Value> = match evidence {
            Value::Object(parts) => parts.values().filter(|value| is_quotes(value)).collect(),
            whole => vec![whole],
        };
        let posts = lists.into_iter().filter_map(Value::as_array).flatten();
        posts.filter_map(Quote::of).collect()
    }

    /// Removes every text from the evidence but identities.
    pub(super) fn keep_ids(&mut self) {
        if let Some(evidence) = self.data.get_mut("evidence") {
            keep_ids(evidence);
        }
    }

    pub(super) fn squeeze(&mut self, squeeze: Squeeze) {
        for (name, value) in &mut self.data {
            // Labels are an alert's identity: they give way last.
            if name == "evidence" || squeeze.text_bytes < 40 {
                cut(value, squeeze);
            }
        }
        if squeeze.text_bytes < 40 {
            self.id.truncate(self.id.floor_char_boundary(NAME_BYTES_MAX));
            self.kind.truncate(self.kind.floor_char_boundary(NAME_BYTES_MAX));
        }
    }
}

/// Whether an address is safe to open, and that of a page rather than of a whole site.
fn leads_somewhere(url: &str) -> bool {
    if url.contains(|c: char| c.is_whitespace() || is_unseen(c)) {
        return false;
    }
    let page = url.strip_prefix("https://").and_then(|rest| rest.split_once('/'));
    page.is_some_and(|(_, page)| !page.is_empty())
}

/// Whether a part of the evidence is a list of posts.
fn is_quotes(value: &Value) -> bool {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    !list.is_empty() && list.iter().all(|post| post.get("text").is_some_and(Value::is_string))
}

/// Cuts texts and lists, however deep.
fn cut(value: &mut Value, squeeze: Squeeze) {
    match value {
        Value::String(text) => {
            if text.len() > squeeze.text_bytes {
                text.truncate(text.floor_char_boundary(squeeze.text_bytes.saturating_sub(3)));
                text.push('…');
            }
        }
        Value::Array(list) => {
            list.truncate(squeeze.items);
            list.iter_mut().for_each(|item| cut(item, squeeze));
        }
        Value::Object(parts) => {
            let kept = std::mem::take(parts).into_iter().take(squeeze.items);
            for (mut name, mut part) in kept {
                name.truncate(name.floor_char_boundary(NAME_BYTES_MAX.min(squeeze.text_bytes)));
                cut(&mut part, squeeze);
                parts.insert(name, part);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Leaves numbers, and texts under names that end in `id` or `ids`.
fn keep_ids(value: &mut Value) {
    match value {
        Value::Array(list) => {
            list.iter_mut().for_each(keep_ids);
            list.retain(|item| !item.is_string());
        }
        Value::Object(parts) => {
            let is_id =
                |name: &str| name == "id" || name.ends_with("_id") || name.ends_with("_ids");
            parts.retain(|name, part| is_id(name) || !(part.is_string() || part.is_null()));
            let deeper = parts.iter_mut().filter(|(name, _)| !is_id(name));
            deeper.for_each(|(_, part)| keep_ids(part));
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A value as people write it.
pub(super) fn said(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => flag.to_string(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => short(number.as_f64().unwrap_or_default()),
        Value::Number(number) => number.to_string(),
        Value::Array(list) => {
            let parts: Vec<String> =
                list.iter().map(said).filter(|part| !part.is_empty()).collect();
            parts.join(", ")
        }
        Value::Object(parts) => {
            let parts: Vec<String> =
                parts.iter().map(|(name, part)| format!("{name} {}", said(part))).collect();
            parts.join(" ")
        }
    }
}

/// A number with three digits that count.
fn short(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 || (0.001..1e6).contains(&size) {
        let digits = if size >= 100.0 {
            0
        } else if size >= 10.0 {
            1
        } else {
            3
        };
        let text = format!("{number:.digits$}");
        let short = text.trim_end_matches('0').trim_end_matches('.');
        return if digits == 0 || short.is_empty() { text } else { short.to_owned() };
    }
    format!("{number:.1e}")
}
