//! What does a Jetstream frame say? Version 1 of the wire that Bluesky serves at `/subscribe`.
//!
//! A post's `createdAt` is what its author claims; `time_us` is when Jetstream saw it, and the
//! cursor. Frames hold no follower or like counts. Records are written by many programs: what an
//! optional field says wrongly is left unknown, and counted.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::json;

use super::members::{Members, elements, value};
use super::{ArchiveLine, AuthorHasher, Decoded, reason};
use crate::post::{Event, Kind, Lang, Post, SourceId};
use crate::privacy::Names;
use crate::time::{DAY_US, EventTime, TimeStyle};

/// How far a server's clock may be ahead of ours.
const AHEAD_US_MAX: i64 = DAY_US;
const POST: &str = "app.bsky.feed.post";
/// Embeds that pass on another's post.
const QUOTES: &str = "app.bsky.embed.record";

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

/// What a record says, as far as it can be read.
struct Said<'a> {
    text: Cow<'a, str>,
    /// What its author claims; `None` for what is not a time.
    created_at: Option<EventTime>,
    lang: Lang,
    is_reply: bool,
    parent: Option<Cow<'a, str>>,
    thread: Option<Cow<'a, str>>,
    quotes: bool,
    mended: bool,
}

impl<'a> Said<'a> {
    fn of(raw: &'a str) -> Result<Self, String> {
        let Ok(record) = serde_json::from_str::<Record<'_>>(raw) else {
            return Self::of_members(raw);
        };
        let (created_at, mended) = created_at(&record.created_at)?;
        let embed = record.embed.as_ref();
        let (parent, thread) = record.reply.map(|reply| (reply.parent.uri, reply.root.uri)).unzip();
        Ok(Self {
            text: record.text,
            created_at,
            lang: record.langs.iter().flatten().next().map_or(Lang::UND, |tag| Lang::parse(tag)),
            is_reply: parent.is_some(),
            parent,
            thread,
            quotes: embed.is_some_and(|embed| embed.kind.starts_with(QUOTES)),
            mended,
        })
    }

    /// A record of another shape than the lexicon's.
    fn of_members(raw: &'a str) -> Result<Self, String> {
        let members = Members::of(raw)?;
        let text = value(members.at("text")?)?.0.text("text")?;
        let text = text.ok_or("the record has no \"text\"")?;
        let member = |path: &str| {
            let value = value(members.at(path).ok()?).ok()?.0;
            value.text(path).ok()?
        };
        let created = member("createdAt").ok_or("the record has no \"createdAt\"")?;
        let langs = members.at("langs")?;
        let listed = langs.map(elements).unwrap_or_default();
        let first = listed.into_iter().find_map(|lang| value(Some(lang)).ok()?.0.text("").ok()?);
        let lang = first.or_else(|| member("langs"));
        Ok(Self {
            text,
            created_at: created_at(&created)?.0,
            lang: lang.map_or(Lang::UND, |tag| Lang::parse(&tag)),
            is_reply: members.at("reply")?.is_some_and(|reply| reply.get().starts_with('{')),
            parent: member("reply.parent.uri"),
            thread: member("reply.root.uri"),
            quotes: member("embed.$type").is_some_and(|kind| kind.starts_with(QUOTES)),
            mended: true,
        })
    }
}

/// The instant of a `createdAt`, and whether it had to be guessed at: a time without a zone is read
/// as UTC, and what is not a time leaves the time of reception.
fn created_at(text: &str) -> Result<(Option<EventTime>, bool), String> {
    match TimeStyle::default().read(text) {
        Ok(time) => Ok((Some(time), false)),
        Err(error) if error.is_beyond() => Err(format!("createdAt: {error}")),
        Err(_) => Ok((TimeStyle::utc().read(text).ok(), true)),
    }
}

pub(super) fn decode(
    raw: &[u8],
    source: &SourceId,
    authors: &AuthorHasher,
    now: Option<EventTime>,
) -> Result<Decoded, String> {
    let frame: Frame<'_> = serde_json::from_slice(raw).map_err(|error| reason(&error, raw))?;
    let time_us = Some(frame.time_us);
    let received_at = received_at(frame.time_us, now)?;
    if frame.account.as_ref().is_some_and(Account::is_deleted) {
        let author = authors.hash(&frame.did);
        let purge = Event::Purge { source: source.clone(), author, received_at };
        return Ok(Decoded::Event(purge, time_us));
    }
    let Some(commit) = &frame.commit else { return Ok(Decoded::Ignored(time_us)) };
    if commit.collection != POST {
        return Ok(Decoded::Ignored(time_us));
    }
    let id = format!("at://{}/{POST}/{}", frame.did, commit.rkey);
    let id = authors.id(id.into(), &frame.did).into_owned().into_boxed_str();
    if commit.operation == "delete" {
        let delete = Event::Delete { source: source.clone(), id, received_at };
        return Ok(Decoded::Event(delete, time_us));
    }
    let said = || Said::of(commit.record.ok_or("a post without a record")?.get());
    let event: fn(Box<Post>) -> Event = match &*commit.operation {
        "create" => Event::Create,
        "update" => Event::Edit,
        other => return Err(format!("the operation \"{other}\" is not known")),
    };
    let said = said()?;
    let mended = said.mended;
    let event = event(Box::new(post(&frame, commit, said, id, source, authors)));
    Ok(if mended { Decoded::Mended(event, time_us) } else { Decoded::Event(event, time_us) })
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

fn post(
    frame: &Frame<'_>,
    commit: &Commit<'_>,
    said: Said<'_>,
    id: Box<str>,
    source: &SourceId,
    authors: &AuthorHasher,
) -> Post {
    let uri = |uri: Cow<'_, str>| authors.id(uri, &frame.did).into_owned().into();
    let url = format!("https://bsky.app/profile/{}/post/{}", frame.did, commit.rkey);
    let received_at = EventTime(frame.time_us);
    Post {
        url: authors.url(url.into(), &frame.did).map(|url| url.into_owned().into()),
        id,
        source: source.clone(),
        author: authors.hash(&frame.did),
        posted_at: said.created_at.unwrap_or(received_at),
        received_at,
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
