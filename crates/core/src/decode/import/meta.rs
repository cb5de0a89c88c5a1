//! What do downloads from Facebook and Instagram say, and pages of their API?
//!
//! Downloads write each byte of UTF-8 as a character of its own (`\u00c3\u00bc` for `ü`), and give
//! posts no ids: those are made of time and words, so that a later download says the same.

use std::borrow::Cow;

use super::Said;
use super::each::{Each, Frame};
use super::said::{made_id, text};
use crate::decode::fields::{Reading, Value};
use crate::decode::members::{Members, elements};

/// A post or comment of a download, or of the Graph API.
pub(super) fn facebook<'a>(raw: &'a str, reading: &Reading, each: Each<'_, 'a>) {
    let members = match Members::of(raw) {
        Ok(members) => members,
        Err(reason) => return each(Err(reason)),
    };
    if matches!(members.at("created_time"), Ok(Some(_))) {
        return each(graph(&members, reading));
    }
    let parts = members.at("data").ok().flatten().map(elements).unwrap_or_default();
    let mut any = false;
    for part in parts.into_iter().filter_map(|part| Members::of(part.get()).ok()) {
        if let Some(said) = facebook_part(&part, &members) {
            any = true;
            each(said.line(reading).map(Frame::Post));
        }
    }
    // A photo without words, a like, a change of the profile's picture.
    if !any {
        each(Ok(Frame::Nothing));
    }
}

fn facebook_part<'a>(part: &Members<'a>, whole: &Members<'a>) -> Option<Said<'a>> {
    let (words, kind) = match text(part, &["comment.comment"]) {
        Some(words) => (words, "comment"),
        None => (text(part, &["post"])?, "original"),
    };
    let words = mended(words);
    let time = text(part, &["comment.timestamp"]).or_else(|| text(whole, &["timestamp"]))?;
    let mut said = Said::new();
    said.say("id", made_id(&[&time, &words]));
    said.set("text", Some(Value::Text(words)));
    said.set("posted_at", Some(Value::Number(time)));
    said.set("author", text(part, &["comment.author"]).map(|name| Value::Text(mended(name))));
    said.say("kind", kind);
    Some(said)
}

/// A post, comment or medium of the Graph API.
fn graph<'a>(members: &Members<'a>, reading: &Reading) -> Result<Frame<'a>, String> {
    if !matches!(members.at("message"), Ok(Some(_))) {
        return Ok(Frame::Nothing);
    }
    let mut said = Said::new();
    said.take("id", members, &["id"]);
    said.take("text", members, &["message"]);
    said.take("posted_at", members, &["created_time"]);
    said.take("author", members, &["from.id", "from.name"]);
    said.take("parent", members, &["parent.id"]);
    said.take("thread", members, &["object.id"]);
    said.take("url", members, &["permalink_url"]);
    let counts = ["like_count", "comment_count", "shares.count", "reactions.summary.total_count"];
    said.sum("engagement", members, &counts);
    // Pages of posts say so by what they can hold.
    let is_comment = ["comment_count", "parent", "can_remove", "like_count"]
        .iter()
        .any(|name| members.at(name).is_ok_and(|found| found.is_some()));
    said.say("kind", if is_comment { "comment" } else { "original" });
    said.line(reading).map(Frame::Post)
}

/// A post or comment of a download, or of the Graph API.
pub(super) fn instagram<'a>(raw: &'a str, reading: &Reading, each: Each<'_, 'a>) {
    each(Members::of(raw).and_then(|members| instagram_of(&members, reading)));
}

fn instagram_of<'a>(members: &Members<'a>, reading: &Reading) -> Result<Frame<'a>, String> {
    let at = |path: &str| text(members, &[path]);
    let mut said = Said::new();
    if let Some((words, time)) = commented(members)? {
        let words = mended(words);
        let time = time.ok_or("the comment has no time")?;
        said.say("id", made_id(&[&time, &words]));
        said.set("text", Some(Value::Text(words)));
        said.set("posted_at", Some(Value::Number(time)));
        said.say("kind", "comment");
        return said.line(reading).map(Frame::Post);
    }
    if let Some(time) = at("creation_timestamp").or_else(|| at("media.0.creation_timestamp")) {
        let Some(words) = at("title").or_else(|| at("media.0.title")) else {
            return Ok(Frame::Nothing);
        };
        let words = mended(words);
        said.say("id", made_id(&[&time, &words]));
        said.set("text", Some(Value::Text(words)));
        said.set("posted_at", Some(Value::Number(time)));
        said.say("kind", "original");
        return said.line(reading).map(Frame::Post);
    }
    if members.at("timestamp")?.is_none() {
        return Ok(Frame::Nothing);
    }
    let is_medium = members.at("media_type")?.is_some() || members.at("caption")?.is_some();
    if is_medium && at("caption").is_none() {
        return Ok(Frame::Nothing);
    }
    said.take("id", members, &["id"]);
    said.take("text", members, &["caption", "text"]);
    said.take("posted_at", members, &["timestamp"]);
    said.take("author", members, &["username", "from.username", "owner.id"]);
    said.take("parent", members, &["parent_id"]);
    said.take("thread", members, &["media.id"]);
    said.take("url", members, &["permalink"]);
    said.sum("engagement", members, &["like_count", "comments_count"]);
    said.say("kind", if is_medium { "original" } else { "comment" });
    said.line(reading).map(Frame::Post)
}

/// Words, and when they were written if that is known.
type Commented<'a> = (Cow<'a, str>, Option<Cow<'a, str>>);

/// Words and time of a comment in a download, whose members have names in the language of the account: the
/// words come first, and the time is the one with a timestamp.
fn commented<'a>(members: &Members<'a>) -> Result<Option<Commented<'a>>, String> {
    let Some(data) = members.at("string_map_data")? else { return Ok(None) };
    let data = Members::of(data.get())?;
    let inner = |name: &str| {
        let mut members = data.values().filter_map(|value| Members::of(value.get()).ok());
        members.find_map(|member| text(&member, &[name]))
    };
    let words = text(&data, &["Comment.value"]).or_else(|| inner("value"));
    Ok(words.map(|words| (words, inner("timestamp"))))
}

/// The text whose characters are bytes of UTF-8; any other as it is.
pub(super) fn mended(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.is_ascii() {
        return text;
    }
    let bytes: Result<Vec<u8>, _> =
        text.chars().map(|char| u8::try_from(u32::from(char))).collect();
    match bytes.map(String::from_utf8) {
        Ok(Ok(meant)) => meant.into(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_stand_as_characters_become_what_they_mean() {
        let rows = [
            ("Gr\u{c3}\u{bc}\u{c3}\u{9f}e \u{f0}\u{9f}\u{98}\u{a1}", "Grüße 😡"),
            ("Grüße 😡", "Grüße 😡"),
            ("Grüße", "Grüße"),
            ("plain", "plain"),
        ];
        for (written, meant) in rows {
            assert_eq!(mended(written.into()), meant);
        }
    }
}
