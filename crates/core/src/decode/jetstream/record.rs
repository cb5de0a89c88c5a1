//! What does the record of a post say? As its lexicon has it, or as other programs write it.

use std::borrow::Cow;

use serde::Deserialize;

use super::cbor::Value;
use crate::decode::members::{Members, elements, value};
use crate::post::Lang;
use crate::time::{EventTime, TimeStyle};

/// Embeds that pass on another's post.
const QUOTES: &str = "app.bsky.embed.record";

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
pub(super) struct Said<'a> {
    pub(super) text: Cow<'a, str>,
    /// What its author claims; `None` for what is not a time.
    pub(super) created_at: Option<EventTime>,
    pub(super) lang: Lang,
    pub(super) is_reply: bool,
    pub(super) parent: Option<Cow<'a, str>>,
    pub(super) thread: Option<Cow<'a, str>>,
    pub(super) quotes: bool,
    pub(super) mended: bool,
}

impl<'a> Said<'a> {
    /// The same from JSON.
    pub(super) fn of(raw: &'a str) -> Result<Self, String> {
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

    /// The same from DAG-CBOR.
    pub(super) fn of_value(record: &Value<'a>) -> Result<Self, String> {
        let text = |names: &[&str]| {
            let value = names.iter().try_fold(record, |value, name| value.at(name));
            value.and_then(Value::text)
        };
        let said = text(&["text"]).ok_or("the record has no \"text\"")?;
        let created = text(&["createdAt"]).ok_or("the record has no \"createdAt\"")?;
        let (created_at, mended) = created_at(created)?;
        let lang = match record.at("langs") {
            Some(Value::List(langs)) => langs.iter().find_map(Value::text),
            other => other.and_then(Value::text),
        };
        Ok(Self {
            text: said.into(),
            created_at,
            lang: lang.map_or(Lang::UND, Lang::parse),
            is_reply: matches!(record.at("reply"), Some(Value::Map(_))),
            parent: text(&["reply", "parent", "uri"]).map(Cow::Borrowed),
            thread: text(&["reply", "root", "uri"]).map(Cow::Borrowed),
            quotes: text(&["embed", "$type"]).is_some_and(|kind| kind.starts_with(QUOTES)),
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
