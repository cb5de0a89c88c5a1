//! What do Mastodon's frames and statuses say? The client API of Mastodon 3.5 and later, and of what
//! speaks like it.
//!
//! A post is known by the id that its instance gives it: deletions and answers name no other. What
//! is neither public nor unlisted is never taken, not even as bytes that were not understood.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{AuthorHasher, reason};
use crate::post::{ID_BYTES_MAX, Kind, Lang, Post, SourceId};
use crate::text::plain_of_html;
use crate::time::EventTime;

/// One frame of a WebSocket, or one server-sent event.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Something happened on a stream.
    Happened {
        /// The stream as it was subscribed to, as `["hashtag", "acme"]`; empty when it is not said.
        stream: Vec<Cow<'a, str>>,
        /// What happened.
        happening: Happening<'a>,
    },
    /// The server refuses something.
    Error {
        /// Its words.
        said: Cow<'a, str>,
        /// As HTTP has it, when it is said.
        status: Option<u16>,
    },
}

/// What happened on a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Happening<'a> {
    /// A new status, as JSON.
    New(Cow<'a, str>),
    /// A new version of a status, as JSON.
    Edited(Cow<'a, str>),
    /// The status of this id was deleted.
    Deleted(Cow<'a, str>),
    /// Something that is not about posts.
    Other,
}

#[derive(Deserialize)]
struct RawFrame<'a> {
    #[serde(borrow, default)]
    stream: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    event: Option<Cow<'a, str>>,
    /// JSON in a string; some servers leave the string away.
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<Cow<'a, str>>,
    #[serde(default)]
    status: Option<u16>,
}

/// Reads a frame of a WebSocket.
///
/// # Errors
/// In words, for bytes that are not a frame.
pub fn frame(raw: &[u8]) -> Result<Frame<'_>, String> {
    let frame: RawFrame<'_> = serde_json::from_slice(raw).map_err(|error| reason(&error, raw))?;
    if let Some(said) = frame.error {
        return Ok(Frame::Error { said, status: frame.status });
    }
    let event = frame.event.ok_or("a frame without an \"event\"")?;
    let payload = frame.payload.map_or(Ok(Cow::Borrowed("")), unwrapped)?;
    Ok(Frame::Happened { stream: frame.stream, happening: happening(&event, payload)? })
}

/// What an event of this name with this payload says.
///
/// # Errors
/// In words, for a notification that cannot be read.
pub fn happening<'a>(event: &str, payload: Cow<'a, str>) -> Result<Happening<'a>, String> {
    Ok(match event {
        "update" => Happening::New(payload),
        "status.update" => Happening::Edited(payload),
        "delete" => Happening::Deleted(payload.trim().trim_matches('"').to_owned().into()),
        "notification" => notified(&payload)?.map_or(Happening::Other, Happening::New),
        _ => Happening::Other,
    })
}

/// The text of a JSON string, or JSON as it stands.
fn unwrapped(raw: &RawValue) -> Result<Cow<'_, str>, String> {
    if raw.get().starts_with('"') {
        let text: String = serde_json::from_str(raw.get())
            .map_err(|error| format!("the payload: {}", reason(&error, raw.get().as_bytes())))?;
        return Ok(Cow::Owned(text));
    }
    Ok(Cow::Borrowed(raw.get()))
}

/// The status of a notification that brings one which somebody else wrote.
fn notified<'a>(payload: &str) -> Result<Option<Cow<'a, str>>, String> {
    #[derive(Deserialize)]
    struct Notification<'n> {
        #[serde(borrow, rename = "type")]
        kind: Cow<'n, str>,
        #[serde(borrow, default)]
        status: Option<&'n RawValue>,
    }
    let read: Notification<'_> = serde_json::from_str(payload)
        .map_err(|error| format!("a notification: {}", reason(&error, payload.as_bytes())))?;
    let brings = matches!(&*read.kind, "mention" | "status" | "quote");
    Ok(read.status.filter(|_| brings).map(|status| Cow::Owned(status.get().to_owned())))
}

/// A status that may be taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Its id on this instance.
    pub id: String,
    /// Its name in the whole network; a status that was forgotten and fetched anew keeps it.
    pub uri: String,
    /// When it was last edited, if it was.
    pub edited_at: Option<EventTime>,
    /// What it says.
    pub post: Post,
}

/// What the JSON of a status says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A public or unlisted one.
    Status(Box<Status>),
    /// One that is not for everybody, or that passes such a one on.
    Private,
}

#[derive(Deserialize)]
struct RawStatus<'a> {
    #[serde(borrow, deserialize_with = "id")]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    uri: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    created_at: Cow<'a, str>,
    #[serde(borrow, default)]
    edited_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    content: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    spoiler_text: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    language: Option<Cow<'a, str>>,
    #[serde(borrow)]
    visibility: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "id_or_none")]
    in_reply_to_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    reblog: Option<Box<RawStatus<'a>>>,
    #[serde(borrow, default)]
    quote: Option<&'a RawValue>,
    #[serde(default)]
    replies_count: Option<i64>,
    #[serde(default)]
    reblogs_count: Option<i64>,
    #[serde(default)]
    favourites_count: Option<i64>,
    #[serde(default)]
    quotes_count: Option<i64>,
    #[serde(borrow)]
    account: Account<'a>,
    #[serde(borrow, default)]
    poll: Option<Poll<'a>>,
}

#[derive(Deserialize)]
struct Account<'a> {
    #[serde(borrow)]
    acct: Cow<'a, str>,
    #[serde(default)]
    followers_count: Option<i64>,
}

#[derive(Deserialize)]
struct Poll<'a> {
    #[serde(borrow, default)]
    options: Vec<PollOption<'a>>,
}

#[derive(Deserialize)]
struct PollOption<'a> {
    #[serde(borrow, default)]
    title: Cow<'a, str>,
}

/// How statuses of one instance are read.
#[derive(Debug, Clone)]
pub struct Statuses {
    /// What posts have as their source.
    pub source: SourceId,
    /// How names are kept.
    pub authors: AuthorHasher,
    /// The domain of the instance's own accounts, as in `@user@domain`.
    pub domain: String,
}

impl Statuses {
    /// Reads a status that was received at `received_at`.
    ///
    /// # Errors
    /// In words, for a text that is not a status.
    pub fn read(&self, json: &str, received_at: EventTime) -> Result<Said, String> {
        let raw: RawStatus<'_> =
            serde_json::from_str(json).map_err(|error| reason(&error, json.as_bytes()))?;
        let inner = raw.reblog.as_deref();
        if !raw.is_open() || inner.is_some_and(|inner| !inner.is_open()) {
            return Ok(Said::Private);
        }
        // Ids are remembered by the thousand.
        if raw.id.len() > ID_BYTES_MAX {
            return Err(format!("an id of {} bytes", raw.id.len()));
        }
        let time = |name: &str, text: &str| {
            EventTime::parse(text).map_err(|error| format!("{name}: {error}"))
        };
        let posted_at = time("created_at", &raw.created_at)?;
        let edited_at = raw.edited_at.as_deref().map(|text| time("edited_at", text)).transpose()?;
        let post = self.post(&raw, posted_at, received_at);
        let uri = raw.uri.as_deref().or(raw.url.as_deref()).unwrap_or(&raw.id).to_owned();
        Ok(Said::Status(Box::new(Status { id: raw.id.into_owned(), uri, edited_at, post })))
    }

    fn post(&self, raw: &RawStatus<'_>, posted_at: EventTime, received_at: EventTime) -> Post {
        let inner = raw.reblog.as_deref();
        let words = inner.unwrap_or(raw);
        let author = self.account(&raw.account.acct);
        let id = |id: &str| self.authors.id(id.to_owned().into(), &author).into_owned().into();
        let quoted = raw.quote.and_then(quoted);
        let (kind, parent) = match (inner, &raw.in_reply_to_id, quoted) {
            (Some(inner), ..) => (Kind::Repost, Some(id(&inner.id))),
            (None, Some(parent), _) => (Kind::Reply, Some(id(parent))),
            (None, None, Some(quoted)) => (Kind::Quote, quoted.as_deref().map(id)),
            (None, None, None) => (Kind::Original, None),
        };
        let url = raw.url.as_deref().or(words.url.as_deref()).or(words.uri.as_deref());
        let url = url.and_then(|url| self.authors.url(url.to_owned().into(), &author));
        Post {
            id: id(&raw.id),
            source: self.source.clone(),
            author: self.authors.hash(&author),
            posted_at,
            received_at,
            kind,
            parent,
            thread: None,
            lang: words.language.as_deref().map_or(Lang::UND, Lang::parse),
            text: words.text().into(),
            url: url.map(|url| url.into_owned().into()),
            reach: raw.account.followers_count.and_then(|count| u64::try_from(count).ok()),
            engagement: raw.engagement(),
        }
    }

    /// An account's name in the whole network, `user@domain`.
    fn account(&self, acct: &str) -> String {
        if acct.contains('@') { acct.to_owned() } else { format!("{acct}@{}", self.domain) }
    }
}

impl RawStatus<'_> {
    fn is_open(&self) -> bool {
        is_open(&self.visibility)
    }

    /// The warning, the text and the choices of a poll, one below the other.
    fn text(&self) -> String {
        let content = self.content.as_deref().unwrap_or_default();
        let content = plain_of_html(content);
        let spoiler = self.spoiler_text.as_deref().unwrap_or_default();
        let choices = self.poll.iter().flat_map(|poll| &poll.options).map(|option| &*option.title);
        let parts: Vec<&str> = [spoiler, content.trim()]
            .into_iter()
            .chain(choices)
            .filter(|part| !part.is_empty())
            .collect();
        parts.join("\n")
    }

    fn engagement(&self) -> Option<u64> {
        let counts =
            [self.replies_count, self.reblogs_count, self.favourites_count, self.quotes_count];
        let mut known = counts.into_iter().flatten().map(|count| u64::try_from(count).unwrap_or(0));
        let first = known.next()?;
        Some(known.fold(first, u64::saturating_add))
    }
}

/// An id, which some servers write as a number.
fn id<'de: 'a, 'a, D: serde::Deserializer<'de>>(from: D) -> Result<Cow<'a, str>, D::Error> {
    id_or_none(from)?.ok_or_else(|| serde::de::Error::custom("the id is missing"))
}

fn id_or_none<'de: 'a, 'a, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<Cow<'a, str>>, D::Error> {
    let raw = Option::<&'de RawValue>::deserialize(from)?.map_or("null", RawValue::get);
    if raw.starts_with('"') {
        return serde_json::from_str(raw).map(Some).map_err(serde::de::Error::custom);
    }
    let is_number = raw.bytes().all(|byte| byte.is_ascii_digit());
    match raw {
        "null" => Ok(None),
        number if is_number => Ok(Some(number.into())),
        _ => Err(serde::de::Error::custom("an id is neither a text nor a number")),
    }
}

/// Whether everybody may read what is so visible.
fn is_open(visibility: &str) -> bool {
    matches!(visibility, "public" | "unlisted")
}

/// Whether a `quote` quotes something, and what, as far as that is told; some servers put what is
/// quoted there itself.
fn quoted(raw: &RawValue) -> Option<Option<String>> {
    #[derive(Deserialize)]
    struct Quote {
        #[serde(default)]
        state: Option<String>,
        #[serde(default)]
        quoted_status: Option<Quoted>,
        #[serde(default)]
        quoted_status_id: Option<String>,
        #[serde(default)]
        id: Option<String>,
    }
    #[derive(Deserialize)]
    struct Quoted {
        id: String,
    }
    let quote: Quote = serde_json::from_str(raw.get()).ok()?;
    let id = quote.quoted_status.map(|status| status.id).or(quote.quoted_status_id).or(quote.id);
    (id.is_some() || quote.state.is_some()).then_some(id)
}

/// What may be kept of a status that could not be read: fields that name nobody, and nothing unless
/// they say that everybody may read it.
#[must_use]
pub fn showable(json: &str) -> String {
    const SHOWN: [&str; 6] =
        ["id", "created_at", "edited_at", "visibility", "language", "in_reply_to_id"];
    let Ok(mut fields) = serde_json::from_str::<serde_json::Map<String, Value>>(json) else {
        return String::new();
    };
    if !fields.get("visibility").and_then(Value::as_str).is_some_and(is_open) {
        return String::new();
    }
    fields.retain(|name, _| SHOWN.contains(&name.as_str()));
    Value::Object(fields).to_string()
}

/// The id of a status, whoever may read it.
#[must_use]
pub fn id_of(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named<'n> {
        #[serde(borrow, deserialize_with = "self::id")]
        id: Cow<'n, str>,
    }
    serde_json::from_str::<Named<'_>>(json).ok().map(|named| named.id.into_owned())
}

#[cfg(test)]
mod tests;
