//! What have people made of a post? Views of posts and of accounts, as Bluesky's own service shows
//! them: likes, reposts, replies and quotes of `app.bsky.feed.getPosts`, followers of
//! `app.bsky.actor.getProfiles`. Handles and display names are not read.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::record::Said;
use super::{Change, POST};
use crate::decode::AuthorHasher;
use crate::post::{Post, SourceId};
use crate::time::EventTime;

#[derive(Deserialize)]
struct Posts<'a> {
    #[serde(borrow)]
    posts: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct View<'a> {
    #[serde(borrow)]
    uri: Cow<'a, str>,
    #[serde(borrow)]
    record: &'a RawValue,
    #[serde(default, rename = "likeCount")]
    likes: u64,
    #[serde(default, rename = "repostCount")]
    reposts: u64,
    #[serde(default, rename = "replyCount")]
    replies: u64,
    #[serde(default, rename = "quoteCount")]
    quotes: u64,
}

#[derive(Deserialize)]
struct Profiles<'a> {
    #[serde(borrow)]
    profiles: Vec<Profile<'a>>,
}

#[derive(Deserialize)]
struct Profile<'a> {
    #[serde(borrow)]
    did: Cow<'a, str>,
    #[serde(default, rename = "followersCount")]
    followers: Option<u64>,
}

/// The address of the post that a frame of either wire tells, and its account, as they came.
#[must_use]
pub fn post_uri(raw: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Frame<'a> {
        #[serde(borrow, default)]
        did: Option<Cow<'a, str>>,
        #[serde(borrow, default)]
        commit: Option<Key<'a>>,
        #[serde(borrow, default)]
        payload: Option<Payload<'a>>,
    }
    #[derive(Deserialize)]
    struct Key<'a> {
        #[serde(borrow)]
        rkey: Cow<'a, str>,
    }
    #[derive(Deserialize)]
    struct Payload<'a> {
        #[serde(borrow)]
        did: Cow<'a, str>,
        #[serde(borrow)]
        rkey: Cow<'a, str>,
    }
    let frame: Frame<'_> = serde_json::from_slice(raw).ok()?;
    let (did, key) = match (frame.payload, frame.did, frame.commit) {
        (Some(payload), ..) => (payload.did, payload.rkey),
        (None, Some(did), Some(commit)) => (did, commit.rkey),
        _ => return None,
    };
    Some(format!("at://{did}/{POST}/{key}"))
}

/// The account of a post's address.
#[must_use]
pub fn uri_account(uri: &str) -> Option<&str> {
    uri.strip_prefix("at://")?.split('/').next()
}

/// The posts of an answer to `getPosts`, by the addresses under which they were asked for, as of
/// `now`; what is no post is left out.
///
/// # Errors
/// When it is no such answer.
pub(in crate::decode) fn viewed(
    raw: &[u8],
    source: &SourceId,
    authors: &AuthorHasher,
    now: EventTime,
) -> Result<HashMap<String, Post>, String> {
    let answer: Posts<'_> = serde_json::from_slice(raw).map_err(|error| error.to_string())?;
    let posts = answer.posts.into_iter().filter_map(|raw| {
        let view: View<'_> = serde_json::from_str(raw.get()).ok()?;
        let (did, rkey) = view.uri.strip_prefix("at://")?.split_once(&format!("/{POST}/"))?;
        let said = Said::of(view.record.get()).ok()?;
        let change = Change { did, operation: "update", collection: POST, rkey, received_at: now };
        let id = authors.id(Cow::Borrowed(&*view.uri), did).into_owned().into_boxed_str();
        let mut post = change.post(said, id, source, authors);
        let counts = [view.likes, view.reposts, view.replies, view.quotes];
        post.engagement = Some(counts.into_iter().fold(0, u64::saturating_add));
        Some((view.uri.into_owned(), post))
    });
    Ok(posts.collect())
}

/// Followers by account, of an answer to `getProfiles`.
///
/// # Errors
/// When it is no such answer.
pub fn follower_counts(raw: &[u8]) -> Result<HashMap<String, u64>, String> {
    let answer: Profiles<'_> = serde_json::from_slice(raw).map_err(|error| error.to_string())?;
    let known = answer.profiles.into_iter();
    Ok(known.filter_map(|one| Some((one.did.into_owned(), one.followers?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_are_known_by_the_address_that_each_wire_tells() {
        let rows = [
            (
                r#"{"did":"did:plc:a","commit":{"rkey":"3k"}}"#,
                Some("at://did:plc:a/app.bsky.feed.post/3k"),
            ),
            (
                r#"{"$type":"message","payload":{"did":"did:plc:b","rkey":"3l"}}"#,
                Some("at://did:plc:b/app.bsky.feed.post/3l"),
            ),
            (r#"{"did":"did:plc:a","kind":"account"}"#, None),
            ("hello", None),
        ];
        for (raw, uri) in rows {
            assert_eq!(post_uri(raw.as_bytes()).as_deref(), uri, "{raw}");
        }
        assert_eq!(uri_account("at://did:plc:b/app.bsky.feed.post/3l"), Some("did:plc:b"));
    }

    #[test]
    fn a_view_is_the_post_of_the_stream_with_its_numbers() {
        let view = r#"{"posts":[{"uri":"at://did:plc:a/app.bsky.feed.post/3k","cid":"c","author":{"did":"did:plc:a",
            "handle":"ann.example"},"record":{"$type":"app.bsky.feed.post","text":"acme","createdAt":"2026-03-01T12:00:00Z"},
            "likeCount":4,"repostCount":3,"replyCount":2,"quoteCount":1,"indexedAt":"2026-03-01T12:00:01Z"},
            {"uri":"at://did:plc:a/app.bsky.feed.generator/x","record":{}},7]}"#;
        let frame = r#"{"did":"did:plc:a","time_us":1772366401000000,"commit":{"operation":"create","collection":"app.bsky.feed.post",
            "rkey":"3k","record":{"text":"acme","createdAt":"2026-03-01T12:00:00Z"}}}"#;
        let (source, authors) = (SourceId::new("sky"), AuthorHasher::new([7; 32]));
        let now = EventTime(1_772_366_401_000_000);
        let viewed = viewed(view.as_bytes(), &source, &authors, now).expect("an answer");
        let streamed = super::super::decode(frame.as_bytes(), &source, &authors, None);
        let Ok(crate::decode::Decoded::Event(crate::post::Event::Create(mut post), _)) = streamed
        else {
            unreachable!("a post");
        };
        post.engagement = Some(10);
        assert_eq!(viewed.into_values().collect::<Vec<_>>(), [*post]);
        let profiles = br#"{"profiles":[{"did":"did:plc:a","handle":"ann.example","followersCount":12},{"did":"did:plc:b"}]}"#;
        let known = follower_counts(profiles).expect("an answer");
        assert_eq!(known.into_iter().collect::<Vec<_>>(), [("did:plc:a".to_owned(), 12)]);
        assert!(follower_counts(b"{\"error\":\"InvalidRequest\"}").is_err());
    }
}
