//! What does Bluesky's Jetstream say? Frames of version 1 of the wire, as `/subscribe` sends them,
//! and what both versions have in common.
//!
//! A post's `createdAt` is what its author claims; `time_us` is when Jetstream saw it, and the
//! cursor. Frames hold no follower or like counts. Records are written by many programs: what an
//! optional field says wrongly is left unknown, and counted.

mod cbor;
mod events;
mod record;
mod repository;
mod segment;
mod view;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::json;

use super::{ArchiveLine, AuthorHasher, Decoded, reason};
use crate::post::{Event, Kind, Post, SourceId};
use crate::privacy::Names;
use crate::time::{DAY_US, EventTime};
pub(super) use events::decode as decode_event;
use record::Said;
pub use repository::Repository;
pub(super) use segment::decode_row;
pub use segment::{BlockEntry, ENTRY_BYTES, HEADER_BYTES, SegmentBlock, SegmentHeader, SegmentRow};
pub(super) use view::viewed;
pub use view::{follower_counts, post_uri, uri_account};

/// How far a server's clock may be ahead of ours.
const AHEAD_US_MAX: i64 = DAY_US;
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

/// What happened to one record, in whichever way it was told.
struct Change<'a> {
    did: &'a str,
    operation: &'a str,
    collection: &'a str,
    rkey: &'a str,
    received_at: EventTime,
}

impl Change<'_> {
    /// Whether its record says something that is wanted.
    fn is_told(&self) -> bool {
        self.collection == POST && self.operation != "delete"
    }

    /// The event that it is; `said` reads the record, which is done for posts alone.
    fn decoded<'r>(
        &self,
        said: impl FnOnce() -> Result<Said<'r>, String>,
        source: &SourceId,
        authors: &AuthorHasher,
    ) -> Result<Decoded, String> {
        let received_at = self.received_at;
        let time_us = Some(received_at.0);
        if self.collection != POST {
            return Ok(Decoded::Ignored(time_us));
        }
        let id = format!("at://{}/{POST}/{}", self.did, self.rkey);
        let id = authors.id(id.into(), self.did).into_owned().into_boxed_str();
        let event: fn(Box<Post>) -> Event = match self.operation {
            "create" => Event::Create,
            "update" => Event::Edit,
            "delete" => {
                let delete = Event::Delete { source: source.clone(), id, by: None, received_at };
                return Ok(Decoded::Event(delete, time_us));
            }
            other => return Err(format!("the operation \"{other}\" is not known")),
        };
        let said = said()?;
        let mended = said.mended;
        let event = event(Box::new(self.post(said, id, source, authors)));
        Ok(if mended { Decoded::Mended(event, time_us) } else { Decoded::Event(event, time_us) })
    }

    fn post(
        &self,
        said: Said<'_>,
        id: Box<str>,
        source: &SourceId,
        authors: &AuthorHasher,
    ) -> Post {
        let uri = |uri: Cow<'_, str>| authors.id(uri, self.did).into_owned().into();
        let url = format!("https://bsky.app/profile/{}/post/{}", self.did, self.rkey);
        Post {
            url: authors.url(url.into(), self.did).map(|url| url.into_owned().into()),
            id,
            source: source.clone(),
            author: authors.hash(self.did),
            posted_at: said.created_at.unwrap_or(self.received_at),
            received_at: self.received_at,
            kind: if said.is_reply {
                Kind::Reply
            } else if said.quotes {
                Kind::Quote
            } else {
                Kind::Original
            },
            parent: said.parent.map(uri),
            thread: said.thread.map(uri),
            lang: said.lang,
            text: said.text.into(),
            reach: None,
            engagement: None,
        }
    }
}

/// The deletion of an account.
fn purge(did: &str, received_at: EventTime, source: &SourceId, authors: &AuthorHasher) -> Decoded {
    let author = authors.hash(did);
    let purge = Event::Purge { source: source.clone(), author, received_at };
    Decoded::Event(purge, Some(received_at.0))
}

/// What a frame of version 1 says.
pub(super) fn decode(
    raw: &[u8],
    source: &SourceId,
    authors: &AuthorHasher,
    now: Option<EventTime>,
) -> Result<Decoded, String> {
    let frame: Frame<'_> = serde_json::from_slice(raw).map_err(|error| reason(&error, raw))?;
    let received_at = received_at(frame.time_us, now)?;
    if frame.account.as_ref().is_some_and(Account::is_deleted) {
        return Ok(purge(&frame.did, received_at, source, authors));
    }
    let Some(commit) = &frame.commit else { return Ok(Decoded::Ignored(Some(received_at.0))) };
    let change = Change {
        did: &frame.did,
        operation: &commit.operation,
        collection: &commit.collection,
        rkey: &commit.rkey,
        received_at,
    };
    let said = || Said::of(commit.record.ok_or("a post without a record")?.get());
    change.decoded(said, source, authors)
}

/// When the server saw a frame, if that can be: it is the cursor as well, and one wrong frame must
/// not lead past all that follow.
fn received_at(time_us: i64, now: Option<EventTime>) -> Result<EventTime, String> {
    let time = EventTime(time_us);
    if EventTime::of_int(time_us) != Ok(time) {
        return Err(format!("time_us is {time_us}, not microseconds since 1970"));
    }
    match now {
        Some(now) if time.since(now) > AHEAD_US_MAX => {
            Err(format!("time_us is {time}, more than a day after this machine's clock, {now}"))
        }
        _ => Ok(time),
    }
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
