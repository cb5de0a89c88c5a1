//! What do Mastodon's archives say? The activities of an outbox, and statuses of its API.

use std::borrow::Cow;

use super::Said;
use super::each::{Each, Frame};
use super::said::text;
use crate::decode::fields::{Reading, Value};
use crate::decode::members::{Members, elements};
use crate::text::plain_of_html;

/// To whom posts for everybody are addressed.
const PUBLIC: [&str; 3] = ["https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"];

/// An activity of an outbox.
pub(super) fn activity<'a>(raw: &'a str, reading: &Reading, each: Each<'_, 'a>) {
    each(Members::of(raw).and_then(|members| activity_of(&members, reading)));
}

fn activity_of<'a>(members: &Members<'a>, reading: &Reading) -> Result<Frame<'a>, String> {
    let inner = members.at("object")?.filter(|inner| inner.get().starts_with('{'));
    let activity = text(members, &["type"]).unwrap_or_default();
    // What is announced is only named, and is another's.
    let Some(inner) = inner.filter(|_| matches!(&*activity, "Create" | "Update")) else {
        return Ok(Frame::Nothing);
    };
    let note = Members::of(inner.get())?;
    // Whoever wrote to some people only did not say it in public.
    let addressed = ["to", "cc"].into_iter().filter_map(|name| note.at(name).ok()?);
    if !addressed.flat_map(names).any(|name| PUBLIC.contains(&name.as_str())) {
        return Ok(Frame::Nothing);
    }
    let mut said = Said::new();
    let actor = text(&note, &["attributedTo"]).or_else(|| text(members, &["actor"]));
    let host = actor.as_deref().and_then(host).map(str::to_owned);
    let named = |path: &str| {
        let address = text(&note, &[path])?;
        let own = host.as_deref().and_then(|host| own_id(&address, host)).map(str::to_owned);
        Some(Value::Text(own.map_or(address, Cow::Owned)))
    };
    said.set("id", named("id"));
    said.take("posted_at", &note, &["published"]);
    said.take("posted_at", members, &["published"]);
    said.set("author", actor.map(|actor| Value::Text(account(actor))));
    said.set("parent", named("inReplyTo"));
    said.take("thread", &note, &["context", "conversation"]);
    said.take("url", &note, &["url", "id"]);
    let quotes = text(&note, &["quote", "quoteUrl", "quoteUri", "_misskey_quote"]).is_some();
    said.say("kind", kind(said.has("parent"), quotes));
    if let Some(lang) = language(&note) {
        said.say("lang", lang);
    }
    let words = words(&note, "summary", "content");
    said.set("text", words.map(|words| Value::Text(words.into())));
    said.line(reading).map(Frame::Post)
}

/// A status as the API gives it.
pub(super) fn status<'a>(raw: &'a str, reading: &Reading, each: Each<'_, 'a>) {
    each(Members::of(raw).and_then(|members| status_of(&members, reading)));
}

fn status_of<'a>(members: &Members<'a>, reading: &Reading) -> Result<Frame<'a>, String> {
    let is_boost = members.at("reblog")?.is_some_and(|inner| inner.get().starts_with('{'));
    let visibility = text(members, &["visibility"]);
    let hidden = visibility.is_some_and(|seen| !matches!(&*seen, "public" | "unlisted"));
    if is_boost || hidden {
        return Ok(Frame::Nothing);
    }
    let mut said = Said::new();
    said.take("id", members, &["id", "uri"]);
    said.take("posted_at", members, &["created_at"]);
    // One of the server that was asked names it in its address alone.
    let acct = text(members, &["account.acct"]).filter(|acct| acct.contains('@'));
    let actor = text(members, &["account.uri", "account.url"]).map(account);
    said.set("author", acct.or(actor).map(Value::Text));
    said.take("author", members, &["account.acct", "account.username"]);
    said.take("parent", members, &["in_reply_to_id"]);
    said.take("lang", members, &["language"]);
    said.take("url", members, &["url", "uri"]);
    said.take("reach", members, &["account.followers_count"]);
    let counts = ["favourites_count", "reblogs_count", "replies_count", "quotes_count"];
    said.sum("engagement", members, &counts);
    let quotes = members.at("quote")?.is_some_and(|inner| inner.get().starts_with('{'));
    said.say("kind", kind(said.has("parent"), quotes));
    let words = words(members, "spoiler_text", "content");
    said.set("text", words.map(|words| Value::Text(words.into())));
    said.line(reading).map(Frame::Post)
}

/// An account as people and streams name it, `maja@social.example`, for an address that names it.
fn account(actor: Cow<'_, str>) -> Cow<'_, str> {
    let named = || {
        let (host, path) = actor.strip_prefix("https://")?.split_once('/')?;
        let name = path.strip_prefix("users/").or_else(|| path.strip_prefix('@'))?;
        (!name.contains(['/', '@'])).then(|| format!("{name}@{host}"))
    };
    match named() {
        Some(account) => account.into(),
        None => actor,
    }
}

/// The host of an address.
fn host(address: &str) -> Option<&str> {
    address.strip_prefix("https://")?.split('/').next()
}

/// The id that an instance itself gives a post of its own, which its streams name it by: so a post that
/// was heard there and is imported is one.
fn own_id<'t>(address: &'t str, instance: &str) -> Option<&'t str> {
    let (_, id) = address.rsplit_once("/statuses/").filter(|_| host(address) == Some(instance))?;
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(id)
}

fn kind(reply: bool, quote: bool) -> &'static str {
    match (reply, quote) {
        (true, _) => "reply",
        (_, true) => "quote",
        _ => "original",
    }
}

/// The warning before a post, and the post.
fn words(members: &Members<'_>, warning: &str, content: &str) -> Option<String> {
    let content = plain_of_html(&text(members, &[content]).unwrap_or_default());
    match text(members, &[warning]) {
        Some(warning) => Some(format!("{}\n\n{content}", plain_of_html(&warning))),
        None => members.at("content").ok()?.map(|_| content),
    }
}

/// The one language in which a note is there.
fn language<'a>(note: &Members<'a>) -> Option<String> {
    let map = Members::of(note.at("contentMap").ok()??.get()).ok()?;
    map.only_name().map(str::to_owned)
}

/// One name, or those of a list.
fn names(raw: &serde_json::value::RawValue) -> Vec<String> {
    match serde_json::from_str::<String>(raw.get()) {
        Ok(name) => vec![name],
        Err(_) => {
            let parse = |raw: &serde_json::value::RawValue| serde_json::from_str(raw.get()).ok();
            elements(raw).into_iter().filter_map(parse).collect()
        }
    }
}
