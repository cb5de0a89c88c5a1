//! What do archives of X say? `tweets.js` and objects of the first API, pages of the second.

use super::Said;
use super::each::{Each, Frame};
use super::said::text;
use crate::decode::fields::{Reading, Value};
use crate::decode::members::{Members, elements};

/// A status as archives and the first API have it, wrapped in `tweet` or not.
pub(super) fn status<'a>(raw: &'a str, reading: &Reading, each: Each<'_, 'a>) {
    let frame = Members::of(raw).and_then(|members| {
        let wrapped = members.at("tweet")?.map(|inner| Members::of(inner.get())).transpose()?;
        status_of(&wrapped.unwrap_or(members), reading)
    });
    each(frame);
}

fn status_of<'a>(members: &Members<'a>, reading: &Reading) -> Result<Frame<'a>, String> {
    if members.at("delete")?.is_some() {
        return Ok(Frame::Nothing);
    }
    let mut said = Said::new();
    said.take("id", members, &["id_str", "id"]);
    said.take("text", members, &["extended_tweet.full_text", "full_text", "text"]);
    said.read_entities();
    said.take("posted_at", members, &["created_at"]);
    said.take("author", members, &["user.screen_name", "user.id_str"]);
    said.take("parent", members, &["in_reply_to_status_id_str", "in_reply_to_status_id"]);
    said.take("lang", members, &["lang"]);
    said.take("reach", members, &["user.followers_count"]);
    said.sum("engagement", members, &["favorite_count", "retweet_count"]);
    let own = text(members, &["full_text", "text"]).unwrap_or_default();
    let repost = members.at("retweeted_status")?.is_some() || own.starts_with("RT @");
    let quote = text(members, &["quoted_status_id_str", "quoted_status_id"]).is_some();
    said.say("kind", kind(repost, said.has("parent"), quote));
    address(&mut said, members);
    said.line(reading).map(Frame::Post)
}

/// A page of the second API, or one post of it.
pub(super) fn page<'a>(raw: &'a str, reading: &Reading, each: Each<'_, 'a>) {
    let members = match Members::of(raw) {
        Ok(members) => members,
        Err(reason) => return each(Err(reason)),
    };
    let people = match members.at("includes.users") {
        Ok(users) => people(users.map(elements).unwrap_or_default()),
        Err(reason) => return each(Err(reason)),
    };
    match members.at("data") {
        Ok(Some(list)) if list.get().starts_with('[') => {
            for post in elements(list) {
                each(Members::of(post.get()).and_then(|post| post_of(&post, &people, reading)));
            }
        }
        Ok(Some(one)) if one.get().starts_with('{') => {
            each(Members::of(one.get()).and_then(|post| post_of(&post, &people, reading)));
        }
        // An empty page says only that.
        _ if members.at("meta").is_ok_and(|meta| meta.is_some()) => each(Ok(Frame::Nothing)),
        _ => each(post_of(&members, &people, reading)),
    }
}

/// Who is mentioned by id, as the page's `includes` say.
fn people<'a>(users: Vec<&'a serde_json::value::RawValue>) -> Vec<(String, Members<'a>)> {
    let known = users.into_iter().filter_map(|user| {
        let members = Members::of(user.get()).ok()?;
        Some((text(&members, &["id"])?.into_owned(), members))
    });
    known.collect()
}

fn post_of<'a>(
    members: &Members<'a>,
    people: &[(String, Members<'a>)],
    reading: &Reading,
) -> Result<Frame<'a>, String> {
    let mut said = Said::new();
    said.take("id", members, &["id"]);
    said.take("text", members, &["note_tweet.text", "text"]);
    said.read_entities();
    said.take("posted_at", members, &["created_at"]);
    said.take("thread", members, &["conversation_id"]);
    said.take("lang", members, &["lang"]);
    let counts = ["like_count", "retweet_count", "reply_count", "quote_count"]
        .map(|name| format!("public_metrics.{name}"));
    said.sum("engagement", members, &counts.each_ref().map(String::as_str));
    let author = text(members, &["author_id"]);
    let known = people.iter().find(|(id, _)| Some(id.as_str()) == author.as_deref());
    if let Some((_, user)) = known {
        said.take("author", user, &["username"]);
        said.take("reach", user, &["public_metrics.followers_count"]);
    }
    said.take("author", members, &["author.username"]);
    said.take("reach", members, &["author.public_metrics.followers_count"]);
    said.set("author", author.map(Value::Text));
    let references = members.at("referenced_tweets")?.map(elements).unwrap_or_default();
    let (mut repost, mut quote) = (false, false);
    for reference in references {
        let reference = Members::of(reference.get())?;
        match text(&reference, &["type"]).as_deref() {
            Some("replied_to") => said.take("parent", &reference, &["id"]),
            Some("retweeted") => repost = true,
            Some("quoted") => quote = true,
            _ => {}
        }
    }
    said.say("kind", kind(repost, said.has("parent"), quote));
    address(&mut said, members);
    if !said.has("posted_at") {
        return Err("the field \"created_at\" is missing; ask the API for it with \
                    tweet.fields=created_at,author_id,public_metrics"
            .to_owned());
    }
    said.line(reading).map(Frame::Post)
}

fn kind(repost: bool, reply: bool, quote: bool) -> &'static str {
    match (repost, reply, quote) {
        (true, ..) => "repost",
        (_, true, _) => "reply",
        (_, _, true) => "quote",
        _ => "original",
    }
}

fn address(said: &mut Said<'_>, members: &Members<'_>) {
    if let Some(id) = text(members, &["id_str", "id"]) {
        said.say("url", format!("https://x.com/i/web/status/{id}"));
    }
}
