//! What do dumps of Reddit say? Comments and submissions, also as listings of its API have them.

use super::Said;
use super::each::{Each, Frame};
use super::said::text;
use crate::decode::fields::{Reading, Value};
use crate::decode::members::Members;

/// What stands for a text or a name that was taken back.
const GONE: [&str; 3] = ["[deleted]", "[removed]", "[deleted by user]"];

pub(super) fn read<'a>(raw: &'a str, reading: &Reading, each: Each<'_, 'a>) {
    let frame = Members::of(raw).and_then(|members| {
        let inner = members.at("data")?.filter(|inner| inner.get().starts_with('{'));
        let inner = inner.map(|inner| Members::of(inner.get())).transpose()?;
        read_of(&inner.unwrap_or(members), reading)
    });
    each(frame);
}

fn read_of<'a>(members: &Members<'a>, reading: &Reading) -> Result<Frame<'a>, String> {
    let mut said = Said::new();
    let body = text(members, &["body"]);
    let is_comment = members.at("body")?.is_some() && members.at("title")?.is_none();
    let words = if is_comment { body } else { submission(members) };
    let Some(words) = words.filter(|words| !GONE.contains(&words.trim())) else {
        return Ok(Frame::Nothing);
    };
    let Some(id) = text(members, &["id"]) else { return Err("the id is missing".to_owned()) };
    let prefix = if is_comment { "t1_" } else { "t3_" };
    let name = if id.starts_with(prefix) { id } else { format!("{prefix}{id}").into() };
    said.say("id", name);
    said.set("text", Some(Value::Text(words)));
    said.read_entities();
    said.take("posted_at", members, &["created_utc"]);
    let author = text(members, &["author"]).filter(|name| !GONE.contains(&name.trim()));
    said.set("author", author.map(Value::Text));
    if is_comment {
        said.take("parent", members, &["parent_id"]);
        said.take("thread", members, &["link_id"]);
    }
    let quotes = members.at("crosspost_parent")?.is_some();
    said.say(
        "kind",
        if is_comment {
            "reply"
        } else if quotes {
            "quote"
        } else {
            "original"
        },
    );
    // Votes against can outweigh those for.
    let score = text(members, &["score"]).filter(|score| !score.starts_with('-'));
    said.set("engagement", score.map(Value::Number));
    said.take("reach", members, &["subreddit_subscribers"]);
    if let Some(link) = text(members, &["permalink"]) {
        let host = if link.starts_with('/') { "https://www.reddit.com" } else { "" };
        said.say("url", format!("{host}{link}"));
    }
    said.line(reading).map(Frame::Post)
}

/// Title and text as one.
fn submission<'a>(members: &Members<'a>) -> Option<std::borrow::Cow<'a, str>> {
    let title = text(members, &["title"])?;
    match text(members, &["selftext"]).filter(|text| !GONE.contains(&text.trim())) {
        Some(text) => Some(format!("{title}\n\n{text}").into()),
        None => Some(title),
    }
}
