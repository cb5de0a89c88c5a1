//! What does a line of resonanz's own archive format say?

use std::borrow::Cow;
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use super::fields::Value;
use super::{AuthorHasher, Sieve, reason};
use crate::mention::Context;
use crate::post::{
    AuthorKey, FUTURE_US_MAX, Kind, Lang, Passed, Post, PostKey, SourceId, TEXT_BYTES_MAX,
};
use crate::time::EventTime;

/// One line of an archive. Fields that are not listed are ignored.
#[derive(Debug, Deserialize)]
pub struct ArchiveLine<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
    posted_at: Stamp,
    #[serde(default)]
    received_at: Option<Stamp>,
    #[serde(borrow, default)]
    source: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    author: Option<Cow<'a, str>>,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(borrow, default)]
    parent: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    thread: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    lang: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    url: Option<Cow<'a, str>>,
    #[serde(default)]
    reach: Option<u64>,
    #[serde(default)]
    engagement: Option<u64>,
}

/// RFC 3339, or microseconds since the Unix epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp(pub(super) EventTime);

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StampVisitor)
    }
}

struct StampVisitor;

impl Visitor<'_> for StampVisitor {
    type Value = Stamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 timestamp or microseconds since the Unix epoch")
    }

    fn visit_i64<E: serde::de::Error>(self, us: i64) -> Result<Stamp, E> {
        Ok(Stamp(EventTime(us)))
    }

    fn visit_u64<E: serde::de::Error>(self, us: u64) -> Result<Stamp, E> {
        i64::try_from(us).map(|us| Stamp(EventTime(us))).map_err(E::custom)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Stamp, E> {
        EventTime::parse(text).map(Stamp).map_err(E::custom)
    }
}

impl<'a> ArchiveLine<'a> {
    /// Parses one line.
    ///
    /// # Errors
    /// In words, for bytes that are no such line.
    pub fn parse(raw: &'a [u8]) -> Result<Self, String> {
        let text =
            simdutf8::basic::from_utf8(raw).map_err(|_| "the bytes are not UTF-8".to_owned())?;
        let line: Self = serde_json::from_str(text).map_err(|error| reason(&error, raw))?;
        if line.id.is_empty() { Err("the id is empty".to_owned()) } else { Ok(line) }
    }

    /// The post that named fields say, as in a CSV record or a row of a Parquet file.
    ///
    /// # Errors
    /// In words, for the first field that says nothing usable.
    pub fn from_fields(
        mut field: impl FnMut(&'static str) -> Result<Value<'a>, String>,
    ) -> Result<Self, String> {
        let needed = |value: Option<Cow<'a, str>>, name| {
            value.ok_or_else(|| format!("the field \"{name}\" is missing"))
        };
        let id = needed(field("id")?.text("id")?, "id")?;
        if id.is_empty() {
            return Err("the id is empty".to_owned());
        }
        let posted_at = field("posted_at")?.stamp("posted_at")?;
        Ok(Self {
            id,
            text: needed(field("text")?.text("text")?, "text")?,
            posted_at: posted_at.ok_or("the field \"posted_at\" is missing")?,
            received_at: field("received_at")?.stamp("received_at")?,
            source: field("source")?.text("source")?,
            author: field("author")?.text("author")?,
            kind: field("kind")?.kind()?,
            parent: field("parent")?.text("parent")?,
            thread: field("thread")?.text("thread")?,
            lang: field("lang")?.text("lang")?,
            url: field("url")?.text("url")?,
            reach: field("reach")?.count("reach")?,
            engagement: field("engagement")?.count("engagement")?,
        })
    }

    /// The name of the original source, if given.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref().filter(|name| !name.is_empty())
    }

    /// The author's name, empty if unknown.
    #[must_use]
    pub fn author(&self) -> &str {
        self.author.as_deref().unwrap_or_default()
    }

    /// What is left of the post if it mentions no topic; `None` for one that must be carried on.
    pub(super) fn sift<'b>(
        &'b self,
        source: &SourceId,
        authors: &AuthorHasher,
        sieve: &mut Sieve,
    ) -> Option<Passed> {
        let (Stamp(posted_at), Stamp(received_at)) = (self.posted_at, self.received_at());
        let lang = self.lang.as_deref().map_or(Lang::UND, Lang::parse);
        let asked = sieve.asks_place();
        let named = |id: &'b Option<Cow<'a, str>>| {
            let id = id.as_deref().filter(|_| asked)?;
            Some(authors.id(Cow::Borrowed(id), self.author()))
        };
        let url = self.url.as_deref().filter(|_| asked);
        let url = url.and_then(|url| authors.url(url.into(), self.author()));
        let (parent, thread) = (named(&self.parent), named(&self.thread));
        let context = Context {
            lang,
            source: source.as_str(),
            kind: self.kind.unwrap_or_default(),
            author: if sieve.asks_author() {
                authors.hash(self.author())
            } else {
                AuthorKey::default()
            },
            url: url.as_deref(),
            parent: parent.as_deref(),
            thread: thread.as_deref(),
            reach: self.reach,
            engagement: self.engagement,
        };
        let carried = self.text.len() > TEXT_BYTES_MAX
            || posted_at.since(received_at) > FUTURE_US_MAX
            || sieve.holds(&self.text, context);
        (!carried).then(|| Passed {
            source: source.clone(),
            key: PostKey::new(source, &authors.id(Cow::Borrowed(&self.id), self.author())),
            posted_at,
            received_at,
        })
    }

    fn received_at(&self) -> Stamp {
        self.received_at.unwrap_or(self.posted_at)
    }

    /// The post, with its author as a key and no names in its ids and address.
    #[must_use]
    pub fn into_post(self, source: SourceId, authors: &AuthorHasher) -> Post {
        let (Stamp(posted_at), Stamp(received_at)) = (self.posted_at, self.received_at());
        let author = self.author.unwrap_or_default();
        let boxed = |text: Cow<'a, str>| text.into_owned().into_boxed_str();
        let id = |id: Cow<'a, str>| boxed(authors.id(id, &author));
        Post {
            author: authors.hash(&author),
            id: id(self.id),
            source,
            posted_at,
            received_at,
            kind: self.kind.unwrap_or_default(),
            parent: self.parent.map(id),
            thread: self.thread.map(id),
            lang: self.lang.as_deref().map_or(Lang::UND, Lang::parse),
            text: self.text.into(),
            url: self.url.and_then(|url| authors.url(url, &author)).map(boxed),
            reach: self.reach,
            engagement: self.engagement,
        }
    }
}
