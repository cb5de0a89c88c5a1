//! What does a Jetstream frame say? Version 1 of the wire that Bluesky serves at `/subscribe`.
//!
//! A post's `createdAt` is what its author claims; `time_us` is when Jetstream saw it, and the
//! cursor. Frames hold no follower or like counts.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::json;

use super::{ArchiveLine, AuthorHasher, Decoded, reason};
use crate::post::{Event, Kind, Lang, Post, SourceId};
use crate::privacy::Names;
use crate::time::EventTime;

const POST: &str = "app.bsky.feed.post";

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    did: Cow<'a, str>,
    time_us: i64,
    #[serde(borrow, default)]
    commit: Option<Commit<'a>>,
    #[serde(borrow, default)]
    account: Option<Account<'a>>,
}

#[derive(Deserialize)]
struct Account<'a> {
    #[serde(default)]
    active: bool,
    #[serde(borrow, default)]
    status: Option<Cow<'a, str>>,
}

impl Account<'_> {
    /// Whether it is gone for good: accounts that are deactivated, suspended or taken down can
    /// come back.
    fn is_deleted(&self) -> bool {
        !self.active && self.status.as_deref() == Some("deleted")
    }
}

#[derive(Deserialize)]
struct Commit<'a> {
    #[serde(borrow)]
    operation: Cow<'a, str>,
    #[serde(borrow)]
    collection: Cow<'a, str>,
    #[serde(borrow)]
    rkey: Cow<'a, str>,
    /// Parsed only for posts: likes and follows have other shapes.
    #[serde(borrow, default)]
    record: Option<&'a serde_json::value::RawValue>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(borrow, rename = "createdAt")]
    created_at: Cow<'a, str>,
    #[serde(borrow, default)]
    langs: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow, default)]
    reply: Option<Reply<'a>>,
    #[serde(borrow, default)]
    embed: Option<Embed<'a>>,
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    root: Reference<'a>,
    #[serde(borrow)]
    parent: Reference<'a>,
}

#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow)]
    uri: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Embed<'a> {
    #[serde(borrow, rename = "$type", default)]
    kind: Cow<'a, str>,
}

pub(super) fn decode(
    raw: &[u8],
    source: &SourceId,
    authors: &AuthorHasher,
) -> Result<Decoded, String> {
    let frame: Frame<'_> = serde_json::from_slice(raw).map_err(|error| reason(&error, raw))?;
    let time_us = Some(frame.time_us);
    if frame.account.as_ref().is_some_and(Account::is_deleted) {
        let author = authors.hash(&frame.did);
        let received_at = EventTime(frame.time_us);
        let purge = Event::Purge { source: source.clone(), author, received_at };
        return Ok(Decoded::Event(purge, time_us));
    }
    let Some(commit) = &frame.commit else { return Ok(Decoded::Ignored(time_us)) };
    if commit.collection != POST {
        return Ok(Decoded::Ignored(time_us));
    }
    let id = format!("at://{}/{POST}/{}", frame.did, commit.rkey);
    let id = authors.id(id.into(), &frame.did).into_owned().into_boxed_str();
    let received_at = EventTime(frame.time_us);
    let event = match &*commit.operation {
        "create" => Event::Create(Box::new(post(&frame, commit, id, source, authors)?)),
        "update" => Event::Edit(Box::new(post(&frame, commit, id, source, authors)?)),
        "delete" => Event::Delete { source: source.clone(), id, received_at },
        other => return Err(format!("the operation \"{other}\" is not known")),
    };
    Ok(Decoded::Event(event, time_us))
}

fn post(
    frame: &Frame<'_>,
    commit: &Commit<'_>,
    id: Box<str>,
    source: &SourceId,
    authors: &AuthorHasher,
) -> Result<Post, String> {
    let raw = commit.record.ok_or("a post without a record")?.get();
    let record: Record<'_> =
        serde_json::from_str(raw).map_err(|error| reason(&error, raw.as_bytes()))?;
    let posted_at =
        EventTime::parse(&record.created_at).map_err(|error| format!("createdAt: {error}"))?;
    let quotes =
        record.embed.as_ref().is_some_and(|embed| embed.kind.starts_with("app.bsky.embed.record"));
    let uri = |uri: &Cow<'_, str>| authors.id(Cow::Borrowed(uri), &frame.did).into_owned().into();
    let url = format!("https://bsky.app/profile/{}/post/{}", frame.did, commit.rkey);
    Ok(Post {
        url: authors.url(url.into(), &frame.did).map(|url| url.into_owned().into()),
        id,
        source: source.clone(),
        author: authors.hash(&frame.did),
        posted_at,
        received_at: EventTime(frame.time_us),
        kind: if record.reply.is_some() {
            Kind::Reply
        } else if quotes {
            Kind::Quote
        } else {
            Kind::Original
        },
        parent: record.reply.as_ref().map(|reply| uri(&reply.parent.uri)),
        thread: record.reply.as_ref().map(|reply| uri(&reply.root.uri)),
        lang: record.langs.iter().flatten().next().map_or(Lang::UND, |tag| Lang::parse(tag)),
        text: record.text.into(),
        reach: None,
        engagement: None,
    })
}

/// Writes an archive line as the frame that Jetstream would have sent, and its `time_us`.
#[must_use]
pub fn frame(line: ArchiveLine<'_>) -> (String, i64) {
    // Author names become made-up DIDs; they are not secret, so the key is public.
    let public = AuthorHasher::new([0; 32]).with_names(Names::Keep);
    let did =
        format!("did:plc:{}", public.hash(line.author()).to_string().get(..24).unwrap_or_default());
    let post = line.into_post(SourceId::new("replay"), &public);
    let uri = |id: &str| json!({"uri": format!("at://{did}/{POST}/{id}"), "cid": "bafyreplay"});
    let mut record = json!({
        "$type": POST,
        "createdAt": post.posted_at.to_string(),
        "langs": [post.lang.as_str()],
        "text": post.text,
    });
    if let (Some(parent), Some(record)) = (&post.parent, record.as_object_mut()) {
        let root = post.thread.as_ref().unwrap_or(parent);
        record.insert("reply".to_owned(), json!({"root": uri(root), "parent": uri(parent)}));
    }
    let frame = json!({
        "did": did,
        "time_us": post.received_at.0,
        "kind": "commit",
        "commit": {
            "rev": "replay",
            "operation": "create",
            "collection": POST,
            "rkey": post.id,
            "record": record,
            "cid": "bafyreplay",
        },
    });
    (frame.to_string(), post.received_at.0)
}
