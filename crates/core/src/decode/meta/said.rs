//! What stands where in Meta's objects? Each field at the places where it was seen.

use serde_json::Value;

use crate::time::{EventTime, TimeStyle};

pub(super) fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

pub(super) fn text_at<'a>(object: &'a Value, pointer: &str) -> Option<&'a str> {
    object.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// What somebody wrote.
pub(super) fn written(object: &Value) -> Option<&str> {
    let names = ["message", "text", "caption", "review_text"];
    names.iter().find_map(|name| text(object, name)).filter(|said| !said.trim().is_empty())
}

/// Who wrote it: an id on Facebook, where names are shared, a name on Instagram.
pub(super) fn author(object: &Value) -> Option<&str> {
    let places = ["/from/username", "/username", "/from/id", "/sender_id", "/reviewer_id"];
    places.iter().find_map(|place| text_at(object, place))
}

pub(super) fn created(object: &Value) -> Option<EventTime> {
    let names = ["created_time", "timestamp"];
    names.iter().find_map(|name| object.get(name).and_then(time))
}

/// Seconds or milliseconds since the Unix epoch, or a text.
pub(super) fn time(value: &Value) -> Option<EventTime> {
    match value {
        Value::Number(number) => EventTime::of_int(number.as_i64()?).ok(),
        Value::String(text) => TimeStyle::utc().read(text).ok(),
        _ => None,
    }
}

/// Likes, comments and shares, as far as they are told.
pub(super) fn engagement(object: &Value) -> Option<u64> {
    let places = [
        "/like_count",
        "/comment_count",
        "/comments_count",
        "/shares/count",
        "/reactions/summary/total_count",
        "/comments/summary/total_count",
    ];
    let told = places.iter().filter_map(|place| object.pointer(place)?.as_u64());
    told.fold(None, |sum: Option<u64>, count| Some(sum.unwrap_or(0).saturating_add(count)))
}

pub(super) fn list(object: &Value) -> Result<&[Value], String> {
    let list = object.get("data").and_then(Value::as_array);
    list.map(Vec::as_slice).ok_or_else(|| "the answer has no list \"data\"".to_owned())
}

/// What to add to a request for the next page: its parameters, without anything secret.
pub(super) fn after(object: &Value) -> Option<String> {
    const PLACES: [&str; 3] = ["after=", "until=", "__paging_token="];
    let (_, query) = text_at(object, "/paging/next")?.split_once('?')?;
    let parts = query.split('&').filter(|part| PLACES.iter().any(|place| part.starts_with(place)));
    let parts: Vec<&str> = parts.collect();
    (!parts.is_empty()).then(|| parts.join("&"))
}
