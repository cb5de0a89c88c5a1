//! What do exports of YouTube say? Threads and comments of its API, and the tables of Takeout.

use std::borrow::Cow;

use super::Said;
use super::each::{Each, Frame};
use super::said::text;
use crate::decode::fields::{Reading, Value};
use crate::decode::members::{Members, elements};
use crate::text::plain_of_html;

/// What Takeout calls its columns in a language.
struct Columns {
    id: &'static str,
    text: &'static str,
    posted_at: &'static [&'static str],
    author: &'static str,
    parent: &'static [&'static str],
}

const ENGLISH: Columns = Columns {
    id: "Comment ID",
    text: "Comment Text",
    posted_at: &["Comment Create Timestamp", "Comment Creation Timestamp"],
    author: "Channel ID",
    parent: &["Parent Comment ID", "Top-Level Comment ID"],
};

/// The wording of the time has changed over the years.
const GERMAN: Columns = Columns {
    id: "Kommentar-ID",
    text: "Kommentartext",
    posted_at: &[
        "Zeitstempel der Erstellung des Kommentars",
        "Zeitstempel für Erstellung des Kommentars",
        "Zeitstempel für die Erstellung des Kommentars",
        "Erstellungszeitstempel des Kommentars",
    ],
    author: "Kanal-ID",
    parent: &["ID des übergeordneten Kommentars", "ID des Kommentars der obersten Ebene"],
};

/// A thread, a comment, or a row of Takeout as an object.
pub(super) fn read<'a>(raw: &'a str, reading: &Reading, each: Each<'_, 'a>) {
    let members = match Members::of(raw) {
        Ok(members) => members,
        Err(reason) => return each(Err(reason)),
    };
    for columns in [&ENGLISH, &GERMAN] {
        if matches!(members.at(columns.id), Ok(Some(_))) {
            return each(row(&members, columns, reading));
        }
    }
    let top = members.at("snippet.topLevelComment").ok().flatten();
    let video = text(&members, &["snippet.videoId"]);
    let Some(top) = top else { return each(comment(&members, None, reading)) };
    each(Members::of(top.get()).and_then(|top| comment(&top, video.as_deref(), reading)));
    let replies = members.at("replies.comments").ok().flatten().map(elements).unwrap_or_default();
    for reply in replies {
        each(Members::of(reply.get()).and_then(|one| comment(&one, video.as_deref(), reading)));
    }
}

fn comment<'a>(
    members: &Members<'a>,
    video: Option<&str>,
    reading: &Reading,
) -> Result<Frame<'a>, String> {
    if members.at("snippet.publishedAt")?.is_none() {
        return Ok(Frame::Nothing);
    }
    let mut said = Said::new();
    said.take("id", members, &["id"]);
    said.take("text", members, &["snippet.textOriginal"]);
    let display = text(members, &["snippet.textDisplay"]).map(|html| plain_of_html(&html));
    said.set("text", display.map(|words| Value::Text(words.into())));
    said.take("posted_at", members, &["snippet.publishedAt"]);
    said.take(
        "author",
        members,
        &["snippet.authorChannelId.value", "snippet.authorChannelId", "snippet.authorDisplayName"],
    );
    said.take("parent", members, &["snippet.parentId"]);
    said.take("engagement", members, &["snippet.likeCount"]);
    let own = text(members, &["snippet.videoId"]);
    let id = text(members, &["id"]).unwrap_or_default();
    place(&mut said, own.as_deref().or(video), &id);
    said.line(reading).map(Frame::Post)
}

/// A row of Takeout's `comments.csv`.
fn row<'a>(
    members: &Members<'a>,
    columns: &Columns,
    reading: &Reading,
) -> Result<Frame<'a>, String> {
    let mut said = Said::new();
    said.take("id", members, &[columns.id]);
    let words = words(&text(members, &[columns.text]).unwrap_or_default());
    said.set("text", Some(Value::Text(words.into())));
    said.take("posted_at", members, columns.posted_at);
    said.take("author", members, &[columns.author]);
    let parent = text(members, columns.parent);
    said.set("parent", parent.filter(|id| !id.is_empty()).map(Value::Text));
    let video = text(members, &["Video ID", "Video-ID"]).filter(|video| !video.is_empty());
    let id = text(members, &[columns.id]).unwrap_or_default();
    place(&mut said, video.as_deref(), &id);
    said.line(reading).map(Frame::Post)
}

fn place(said: &mut Said<'_>, video: Option<&str>, id: &str) {
    said.say("kind", if said.has("parent") { "reply" } else { "comment" });
    if let Some(video) = video {
        said.say("thread", video.to_owned());
        said.say("url", format!("https://www.youtube.com/watch?v={video}&lc={id}"));
    }
}

/// The words of a cell that holds `{"text":"one"},{"text":" two"}`, or plain words.
fn words(cell: &str) -> String {
    if !cell.starts_with('{') {
        return cell.to_owned();
    }
    let list = format!("[{cell}]");
    let Ok(parts) = serde_json::from_str::<Vec<&serde_json::value::RawValue>>(&list) else {
        return cell.to_owned();
    };
    let part = |part: &serde_json::value::RawValue| {
        let members = Members::of(part.get()).ok()?;
        text(&members, &["text"]).map(Cow::into_owned)
    };
    parts.into_iter().filter_map(part).collect()
}
