//! What do archives of Google+ say? It ended in 2019; its Takeout is all that is left to be read.

use super::Said;
use super::each::{Each, Frame};
use super::said::text;
use crate::decode::fields::{Reading, Value};
use crate::decode::members::{Members, elements};
use crate::text::plain_of_html;

/// A post with the comments under it.
pub(super) fn read<'a>(raw: &'a str, reading: &Reading, each: Each<'_, 'a>) {
    let members = match Members::of(raw) {
        Ok(members) => members,
        Err(reason) => return each(Err(reason)),
    };
    let own = text(&members, &["resourceName", "url"]);
    each(one(&members, None, reading));
    let comments = members.at("comments").ok().flatten().map(elements).unwrap_or_default();
    for comment in comments {
        let comment = Members::of(comment.get());
        each(comment.and_then(|comment| one(&comment, own.as_deref(), reading)));
    }
}

fn one<'a>(
    members: &Members<'a>,
    post: Option<&str>,
    reading: &Reading,
) -> Result<Frame<'a>, String> {
    let Some(html) = text(members, &["content"]) else { return Ok(Frame::Nothing) };
    let mut said = Said::new();
    said.take("id", members, &["resourceName", "url"]);
    said.set("text", Some(Value::Text(plain_of_html(&html).into())));
    said.take("posted_at", members, &["creationTime"]);
    said.take("author", members, &["author.profilePageUrl", "author.displayName"]);
    said.take("url", members, &["url", "postUrl"]);
    let likes = members.at("plusOnes")?.map(|list| elements(list).len());
    said.set("engagement", likes.and_then(|likes| i64::try_from(likes).ok()).map(Value::Int));
    if let Some(post) = post {
        said.say("parent", post.to_owned());
        said.say("thread", post.to_owned());
    }
    said.say("kind", if post.is_some() { "comment" } else { "original" });
    said.line(reading).map(Frame::Post)
}
