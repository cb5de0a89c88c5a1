//! What does an object say that somebody sent us? A post, a new version of one, or its withdrawal.
//!
//! Senders are programs of all kinds: what they leave out and can be had otherwise is not missed.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::fields::{Reading, Value};
use super::members::{Members, value};
use super::{ArchiveLine, AuthorHasher, Decoded, not_utf8};
use crate::post::{Event, Post, SourceId};
use crate::text::plain_of_html;
use crate::time::EventTime;

/// How a sender's objects are to be read, beyond which member is which field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryStyle {
    /// Where it says what happened, if elsewhere than in `op`; words that are not known there mean
    /// that nothing happened to a post.
    pub op: Option<String>,
    /// Whether texts are HTML.
    pub html: bool,
}

/// What happened to a post, by the words that programs have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Create,
    Edit,
    Delete,
    Purge,
}

const OPS: [(Op, &[&str]); 4] = [
    (Op::Create, &["create", "created", "add", "added", "new", "open", "opened", "published"]),
    (Op::Edit, &["edit", "edited", "update", "updated", "changed"]),
    (Op::Delete, &["delete", "deleted", "remove", "removed", "unpublished"]),
    (Op::Purge, &["purge"]),
];

/// Members of an object, read field by field.
struct Entry<'a> {
    members: Members<'a>,
    reading: &'a Reading,
}

impl<'a> Entry<'a> {
    fn raw(&self, name: &str) -> Result<Option<&'a RawValue>, String> {
        self.members.field(name, &self.reading.map)
    }

    /// The value of a field, and whether it had to be mended.
    fn value(&self, name: &str) -> Result<(Value<'a>, bool), String> {
        match self.raw(name)? {
            None if name == "posted_at" => {
                let joined = self.members.joined(&self.reading.map)?;
                Ok((joined.unwrap_or(Value::Null), false))
            }
            raw => value(raw),
        }
    }

    /// A field as text; nothing where it is empty.
    fn text(&self, name: &str) -> Result<Option<Cow<'a, str>>, String> {
        Ok(self.value(name)?.0.text(name)?.filter(|text| !text.is_empty()))
    }

    fn needed(&self, name: &str, op: &str) -> Result<Cow<'a, str>, String> {
        self.text(name)?.ok_or_else(|| {
            let names = self.members.names();
            format!("the field \"{name}\" is missing, which \"{op}\" needs; there are {names}")
        })
    }

    /// An id that the same content gives again.
    fn content_id(&self, authors: &AuthorHasher) -> Result<String, String> {
        let mut hasher = blake3::Hasher::new();
        let author = self.text("author").unwrap_or_default();
        hasher.update(authors.hash(&author.unwrap_or_default()).to_string().as_bytes());
        for name in ["text", "posted_at", "url", "parent", "thread"] {
            hasher.update(b"\0");
            hasher.update(self.raw(name)?.map_or("", RawValue::get).as_bytes());
        }
        Ok(format!("content:{}", hasher.finalize().to_hex().get(..32).unwrap_or_default()))
    }
}

/// What `raw` says, which came at `now`.
pub(super) fn decode(
    raw: &[u8],
    (source, authors): (&SourceId, &AuthorHasher),
    reading: &Reading,
    style: &EntryStyle,
    now: EventTime,
) -> Result<Decoded, String> {
    let text = simdutf8::basic::from_utf8(raw).map_err(|_| not_utf8(raw))?;
    let members = Members::of(text.trim_start_matches('\u{feff}'))?;
    let entry = Entry { members, reading };
    let Some(op) = op(&entry, style)? else { return Ok(Decoded::Ignored(None)) };
    let source = source.clone();
    let (line, mended) = match op {
        Op::Delete => {
            let id = entry.needed("id", "delete")?;
            let author = entry.text("author")?.unwrap_or_default();
            let id = authors.id(id, &author).into_owned().into();
            return Ok(Decoded::Event(
                Event::Delete { source, id, by: None, received_at: now },
                None,
            ));
        }
        Op::Purge => {
            let author = authors.hash(&entry.needed("author", "purge")?);
            return Ok(Decoded::Event(Event::Purge { source, author, received_at: now }, None));
        }
        Op::Edit => {
            entry.needed("id", "edit")?;
            line(&entry, authors, style, now)?
        }
        Op::Create => line(&entry, authors, style, now)?,
    };
    let mended = mended || line.is_mended();
    let post = Box::new(line.into_post(source, authors));
    if post.is_ahead() {
        return Err(ahead(&post));
    }
    let event = if op == Op::Edit { Event::Edit(post) } else { Event::Create(post) };
    Ok(if mended { Decoded::Mended(event, None) } else { Decoded::Event(event, None) })
}

fn ahead(post: &Post) -> String {
    format!(
        "posted_at {} is more than a minute after its reception at {}",
        post.posted_at, post.received_at
    )
}

/// What happened; `None` when nothing did to a post.
fn op(entry: &Entry<'_>, style: &EntryStyle) -> Result<Option<Op>, String> {
    let path = style.op.as_deref().unwrap_or("op");
    let said = match value(entry.members.at(path)?) {
        Ok((Value::Null, _)) => return Ok(Some(Op::Create)),
        said => said?.0.text("op")?.unwrap_or_default(),
    };
    let said = said.trim().to_lowercase();
    let known = OPS.iter().find(|(_, words)| words.contains(&said.as_str()));
    match known {
        Some((op, _)) => Ok(Some(*op)),
        None if style.op.is_some() => Ok(None),
        None => Err(format!("the op \"{said}\" is not known; use create, edit, delete or purge")),
    }
}

/// The post, received now unless it says otherwise, and whether one of its members was mended.
fn line<'a>(
    entry: &Entry<'a>,
    authors: &AuthorHasher,
    style: &EntryStyle,
    now: EventTime,
) -> Result<(ArchiveLine<'a>, bool), String> {
    if entry.raw("text")?.is_none_or(|raw| raw.get() == "null") {
        let list = entry.members.list();
        let hint = list.map(|list| format!("; does \"{list}\" hold the posts? Send its entries"));
        let (names, hint) = (entry.members.names(), hint.unwrap_or_default());
        let column = entry.reading.map.column(1);
        return Err(format!("the field \"{column}\" is missing; there are {names}{hint}"));
    }
    let mut mended = false;
    let mut field = |name: &'static str| {
        if name == "source" {
            return Ok(Value::Null);
        }
        let (mut found, was_mended) = entry.value(name)?;
        mended |= was_mended;
        let is_empty = match &found {
            Value::Null => true,
            Value::Text(text) => text.trim().is_empty(),
            _ => false,
        };
        match name {
            "id" if is_empty => found = Value::Text(entry.content_id(authors)?.into()),
            "posted_at" | "received_at" if is_empty => found = Value::Time(now),
            "text" if style.html => {
                if let Value::Text(text) = &found {
                    found = Value::Text(plain_of_html(text).into());
                }
            }
            _ => {}
        }
        Ok(found)
    };
    let mut line = ArchiveLine::from_fields(&mut field, entry.reading)?;
    line.received_by(now);
    Ok((line, mended))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Decoder, Format, Parcel};

    const NOW: EventTime = EventTime(1_790_000_000_000_000);

    fn read(json: &str, map: &str, style: &EntryStyle) -> Parcel {
        let source = SourceId::new("in");
        let authors = AuthorHasher::new([7; 32]);
        let reading = Reading { map: map.parse().expect(map), ..Reading::default() };
        let mut decoder =
            Decoder::new(Format::Archive, source.clone(), authors).with_reading(reading);
        decoder.set_now(NOW);
        let mut parcel = Parcel::new(&source);
        decoder.decode_entry(json.as_bytes(), style, &mut parcel);
        parcel
    }

    fn post(json: &str, map: &str, style: &EntryStyle) -> Post {
        let mut parcel = read(json, map, style);
        match parcel.events.pop() {
            Some(Event::Create(post) | Event::Edit(post)) => *post,
            other => panic!("{json}: {other:?}, {:?}", parcel.refused),
        }
    }

    #[test]
    fn what_is_left_out_is_had_otherwise() {
        let style = EntryStyle::default();
        let bare = post(r#"{"text":"acme","author":"kim"}"#, "", &style);
        assert_eq!((bare.posted_at, bare.received_at), (NOW, NOW));
        let again = post(r#"{"author":"@Kim", "text":"acme", "id":""}"#, "", &style);
        assert_eq!(bare.id, again.id, "the same content has the same id");
        let other = post(r#"{"text":"acme","author":"lee"}"#, "", &style);
        assert_ne!(bare.id, other.id);
        assert!(bare.id.starts_with("content:") && bare.id.len() == 40, "{}", bare.id);
        let dated = post(r#"{"text":"a","id":7,"posted_at":1772366400,"source":"x"}"#, "", &style);
        assert_eq!((&*dated.id, dated.source.as_str()), ("7", "in"));
        assert_eq!(dated.posted_at.to_string(), "2026-03-01T12:00:00Z");
        assert_eq!(dated.received_at, NOW);
    }

    #[test]
    fn members_are_where_the_map_says() {
        let style = EntryStyle { op: Some("/action".to_owned()), html: true };
        let map = "id=/comment/id,text=/comment/body,author=/comment/user/login,url=/a~1b/0";
        let json = r#"{"action":"edited","a/b":["https://h/1"],"comment":{"id":5,"body":"<p>so<br>bad &amp; slow</p>","user":{"login":"kim"}}}"#;
        let said = post(json, map, &style);
        assert_eq!((&*said.id, &*said.text), ("5", "so\nbad & slow"));
        assert_eq!(said.url.as_deref(), Some("https://h/1"));
        let labeled = read(&json.replace("edited", "labeled"), map, &style);
        assert_eq!((labeled.ignored, labeled.refused.len()), (1, 0));
    }

    #[test]
    fn withdrawals_need_what_they_are_about() {
        let rows = [
            (r#"{"op":"delete","id":"7"}"#, None),
            (r#"{"op":"purge","author":"kim"}"#, None),
            (r#"{"op":"delete"}"#, Some("\"id\" is missing")),
            (r#"{"op":"edit","text":"a"}"#, Some("\"id\" is missing")),
            (r#"{"op":"explode","id":"7"}"#, Some("use create, edit, delete or purge")),
            (r#"{"body":"a"}"#, Some("\"text\" is missing; there are body")),
            (r#"{"posts":[{"text":"a"}]}"#, Some("does \"posts\" hold the posts?")),
            (r#"{"text":"a","posted_at":"soon"}"#, Some("posted_at")),
            (
                r#"{"text":"a","posted_at":"2099-01-01T00:00:00Z"}"#,
                Some("more than a minute after"),
            ),
            ("[1]", Some("a list")),
            ("{", Some("JSON")),
        ];
        for (json, wanted) in rows {
            let parcel = read(json, "", &EntryStyle::default());
            let refused = parcel.refused.first().map(|refused| refused.reason.as_str());
            assert_eq!(refused.is_some(), wanted.is_some(), "{json}: {refused:?}");
            assert!(
                refused.unwrap_or_default().contains(wanted.unwrap_or_default()),
                "{refused:?}"
            );
        }
    }
}
