//! What does a line of resonanz's own archive format say?
//!
//! A line of the documented types is read in one go. Any other is taken apart and read field by
//! field: exports write numbers as text, and whole numbers with a fraction.

use std::borrow::Cow;
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use super::fields::{Reading, Value};
use super::flat::{Flat, Plain, once};
use super::members::{Members, name_value, value};
use super::{AuthorHasher, Sieve, not_utf8};
use crate::mention::Context;
use crate::post::{AuthorKey, FUTURE_US_MAX, Kind, Lang, Passed, Post, SourceId, TEXT_BYTES_MAX};
use crate::post::{ID_BYTES_MAX, URL_BYTES_MAX};
use crate::time::{EventTime, TimeStyle};

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
    #[serde(borrow, default, deserialize_with = "said")]
    source: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "said")]
    author: Option<Cow<'a, str>>,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(borrow, default, deserialize_with = "said")]
    parent: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "said")]
    thread: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "said")]
    lang: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "said")]
    url: Option<Cow<'a, str>>,
    #[serde(default)]
    reach: Option<u64>,
    #[serde(default)]
    engagement: Option<u64>,
    /// Whether a field could not be read as it stands, and was left unknown or mended.
    #[serde(skip)]
    mended: bool,
}

/// An optional text as it stands in the line, which serde would copy.
fn said<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<Cow<'a, str>>, D::Error> {
    #[derive(Deserialize)]
    struct Said<'a>(#[serde(borrow)] Cow<'a, str>);
    Ok(Option::<Said<'a>>::deserialize(from)?.map(|Said(text)| text))
}

/// A time as [`TimeStyle`] reads it without being told more.
#[derive(Debug, Clone, Copy)]
struct Stamp(EventTime);

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StampVisitor)
    }
}

struct StampVisitor;

impl Visitor<'_> for StampVisitor {
    type Value = Stamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a timestamp")
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Stamp, E> {
        EventTime::of_int(number).map(Stamp).map_err(E::custom)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Stamp, E> {
        EventTime::of_int(number).map(Stamp).map_err(E::custom)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Stamp, E> {
        TimeStyle::default().read(text).map(Stamp).map_err(E::custom)
    }
}

impl<'a> ArchiveLine<'a> {
    /// Parses one line as the documented format has it.
    ///
    /// # Errors
    /// In words, for bytes that are not such a line.
    pub fn parse(raw: &'a [u8]) -> Result<Self, String> {
        Self::parse_as(raw, &Reading::default())
    }

    /// Parses one line.
    ///
    /// # Errors
    /// In words, for bytes that say no post.
    pub fn parse_as(raw: &'a [u8], reading: &Reading) -> Result<Self, String> {
        let text = simdutf8::basic::from_utf8(raw).map_err(|_| not_utf8(raw))?;
        // A crash leaves zeros where a line was to be written.
        let text = text.trim_start_matches(['\u{feff}', '\0']);
        if reading.map.is_plain()
            && text.starts_with('{')
            && let Some(line) = Self::flat(text).or_else(|| serde_json::from_str(text).ok())
            && !line.id.is_empty()
            && line.has_supported_times()
        {
            return Ok(line);
        }
        let members = Members::of(text)?;
        let mut mended = false;
        let mut field = |name: &'static str| {
            let raw = members.field(name, &reading.map)?;
            if raw.is_none() && name == "posted_at" {
                return Ok(members.joined(&reading.map)?.unwrap_or(Value::Null));
            }
            let (value, winto_mended) = match name {
                "id" | "parent" | "thread" => name_value(raw)?,
                _ => value(raw)?,
            };
            mended |= winto_mended;
            Ok(value)
        };
        let line = Self::from_fields(&mut field, reading);
        match line {
            Ok(line) => Ok(Self { mended: line.mended || mended, ..line }),
            Err(reason) if reason.ends_with("is missing") => {
                let wraps = |list| {
                    format!(
                        "; it wraps posts in \"{list}\", take them out as with: jq -c '.{list}[]'"
                    )
                };
                let hint = members.list().map(wraps).unwrap_or_default();
                Err(format!("{reason}; there are {}{hint}", members.names()))
            }
            other => other,
        }
    }

    /// The line, where it is an object of plain values; none where it is not, or says a field twice
    /// or in another type.
    fn flat(text: &'a str) -> Option<Self> {
        let (mut id, mut said, mut posted_at, mut received_at) = (None, None, None, None);
        let (mut source, mut author, mut parent, mut thread) = (None, None, None, None);
        let (mut lang, mut url, mut kind) = (None, None, None);
        let (mut reach, mut engagement) = (None, None);
        let mut members = Flat::new(text)?;
        while let Some((name, value)) = members.member()? {
            match name {
                "id" => once(&mut id, value.text()?)?,
                "text" => once(&mut said, value.text()?)?,
                "posted_at" => once(&mut posted_at, stamp(value)??)?,
                "received_at" => once(&mut received_at, stamp(value)?)?,
                "source" => once(&mut source, value.text_or_null()?)?,
                "author" => once(&mut author, value.text_or_null()?)?,
                "kind" => once(&mut kind, value.kind_or_null()?)?,
                "parent" => once(&mut parent, value.text_or_null()?)?,
                "thread" => once(&mut thread, value.text_or_null()?)?,
                "lang" => once(&mut lang, value.text_or_null()?)?,
                "url" => once(&mut url, value.text_or_null()?)?,
                "reach" => once(&mut reach, value.count_or_null()?)?,
                "engagement" => once(&mut engagement, value.count_or_null()?)?,
                _ => value.is_whole().then_some(())?,
            }
        }
        let text_of = |field: Option<Option<Cow<'a, str>>>| field.flatten();
        Some(Self {
            id: id?,
            text: said?,
            posted_at: posted_at?,
            received_at: received_at.flatten(),
            source: text_of(source),
            author: text_of(author),
            kind: kind.flatten(),
            parent: text_of(parent),
            thread: text_of(thread),
            lang: text_of(lang),
            url: text_of(url),
            reach: reach.flatten(),
            engagement: engagement.flatten(),
            mended: false,
        })
    }

    /// The post that named fields say, as in a CSV record or a row of a Parquet file. An optional
    /// field that says nothing usable is left unknown.
    ///
    /// # Errors
    /// In words, for the first needed field that says nothing usable.
    pub fn from_fields(
        mut field: impl FnMut(&'static str) -> Result<Value<'a>, String>,
        reading: &Reading,
    ) -> Result<Self, String> {
        let needed = |value: Option<Cow<'a, str>>, name| {
            value.ok_or_else(|| format!("the field \"{name}\" is missing"))
        };
        let id = match field("id")?.text("id")? {
            None if reading.map.makes_ids() => Cow::Borrowed(""),
            id => needed(id, "id")?,
        };
        if id.is_empty() && !reading.map.makes_ids() {
            return Err("the id is empty".to_owned());
        }
        let text = needed(field("text")?.text("text")?, "text")?;
        let mut mended = false;
        let received = field("received_at")?.time("received_at", &reading.times);
        let received_at = optional(received, &mut mended);
        let posted_at = match field("posted_at")?.time("posted_at", &reading.times) {
            Ok(None) => return Err("the field \"posted_at\" is missing".to_owned()),
            Ok(Some(time)) => time,
            // Where its reception is known, a post is not lost for a zone that its author left out.
            Err(error) => {
                let utc = field("posted_at")?.time("posted_at", &TimeStyle::utc());
                mended = true;
                utc.ok().flatten().filter(|_| received_at.is_some()).ok_or(error)?
            }
        };
        let mut text_of = |name, mended: &mut bool| {
            let text = field(name).and_then(|value| value.text(name));
            optional(text, mended)
        };
        let [source, author, parent, thread, lang, url] =
            ["source", "author", "parent", "thread", "lang", "url"]
                .map(|name| text_of(name, &mut mended));
        let kind = optional(field("kind").and_then(Value::kind), &mut mended);
        let mut count_of = |name| {
            let count = field(name).and_then(|value| value.count(name, reading.thousands));
            optional(count, &mut mended)
        };
        let [reach, engagement] = ["reach", "engagement"].map(&mut count_of);
        let (posted_at, received_at) = (Stamp(posted_at), received_at.map(Stamp));
        Ok(Self {
            id,
            text,
            posted_at,
            received_at,
            source,
            author,
            kind,
            parent,
            thread,
            lang,
            url,
            reach,
            engagement,
            mended,
        })
    }

    /// Whether a field could not be read as it stands, and was left unknown or mended.
    pub(super) fn is_mended(&self) -> bool {
        let url_bytes = self.url.as_ref().map_or(0, |url| url.len());
        self.mended || self.id.len() > ID_BYTES_MAX || url_bytes > URL_BYTES_MAX
    }

    /// The same, noted as mended.
    pub(super) fn into_mended(self) -> Self {
        Self { mended: true, ..self }
    }

    /// Moves a reception that lies after `now` to it: nothing was received in the future.
    pub(super) fn received_by(&mut self, now: EventTime) {
        if self.received_at().0 > now {
            self.received_at = Some(Stamp(now));
        }
    }

    /// Gives a post without an id one that the same content gives again. The author is in it as a
    /// key alone, so that nobody finds the name by trying.
    pub(super) fn named_by_content(&mut self, authors: &AuthorHasher) {
        if !self.id.is_empty() {
            return;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(authors.hash(self.author()).to_string().as_bytes());
        hasher.update(&self.posted_at.0.0.to_le_bytes());
        let (text, [url, parent, thread]) =
            (&self.text, [&self.url, &self.parent, &self.thread].map(Option::as_deref));
        for said in [Some(text.as_ref()), url, parent, thread] {
            hasher.update(b"\0");
            hasher.update(said.unwrap_or_default().as_bytes());
        }
        let hash = hasher.finalize().to_hex();
        self.id = format!("content:{}", hash.get(..32).unwrap_or_default()).into();
    }

    fn has_supported_times(&self) -> bool {
        self.posted_at.0.is_supported() && self.received_at().0.is_supported()
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
            key: authors.post_key(source, &authors.id(Cow::Borrowed(&self.id), self.author())),
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

/// The time that a plain value means, or nothing for `null`; none where it means none.
fn stamp(value: Plain<'_>) -> Option<Option<Stamp>> {
    let time = match value {
        Plain::Text(text) => TimeStyle::default().read(text).ok(),
        Plain::Count(number) => EventTime::of_int(number).ok(),
        Plain::Null => return Some(None),
        Plain::Escaped(_) | Plain::Flag | Plain::Nested => None,
    };
    time.map(|time| Some(Stamp(time)))
}

/// An optional field: unknown where it says nothing usable, which is noted.
fn optional<T>(field: Result<Option<T>, String>, mended: &mut bool) -> Option<T> {
    field.unwrap_or_else(|_| {
        *mended = true;
        None
    })
}
