//! What does X say? Posts, errors and deletions of the second version of its API.
//!
//! Every edit of a post is a post with an id of its own; all of them name the whole history, so a
//! post is known by the first id of it.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use super::{AuthorHasher, reason};
use crate::post::{Event, Kind, Lang, Post, SourceId};
use crate::text::plain_of_entities;
use crate::time::EventTime;

/// An answer with posts: a line of the stream, or a page.
#[derive(Debug, Deserialize)]
pub struct Posts<'a> {
    /// One on a line of the stream, several on a page.
    #[serde(borrow, default)]
    data: Option<OneOrMany<'a>>,
    #[serde(borrow, default)]
    includes: Includes<'a>,
    /// Which rules a post met.
    #[serde(borrow, default)]
    pub matching_rules: Vec<MatchingRule<'a>>,
    /// What could not be given.
    #[serde(borrow, default)]
    pub errors: Vec<Problem<'a>>,
    /// Of a page.
    #[serde(borrow, default)]
    pub meta: Meta<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany<'a> {
    #[serde(borrow)]
    Many(Vec<RawPost<'a>>),
    #[serde(borrow)]
    One(Box<RawPost<'a>>),
}

/// A rule that a post met.
#[derive(Debug, Deserialize)]
pub struct MatchingRule<'a> {
    /// As it was set.
    #[serde(borrow, default)]
    pub tag: Option<Cow<'a, str>>,
}

/// What X says is wrong.
#[derive(Debug, Deserialize)]
pub struct Problem<'a> {
    /// In a few words.
    #[serde(borrow, default)]
    pub title: Cow<'a, str>,
    /// In more of them.
    #[serde(borrow, default)]
    pub detail: Option<Cow<'a, str>>,
    /// Why a stream ends.
    #[serde(borrow, default)]
    pub disconnect_type: Option<Cow<'a, str>>,
    /// The id of what could not be given.
    #[serde(borrow, default)]
    pub resource_id: Option<Cow<'a, str>>,
    /// What kind of problem, as an address.
    #[serde(borrow, default, rename = "type")]
    pub kind: Cow<'a, str>,
}

impl Problem<'_> {
    /// Whether it says that a post is not there any more, or not for everybody.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.kind.ends_with("/resource-not-found")
            || self.kind.ends_with("/not-authorized-for-resource")
    }
}

/// Where a page stands.
#[derive(Debug, Default, Deserialize)]
pub struct Meta<'a> {
    /// The latest post of it.
    #[serde(borrow, default)]
    pub newest_id: Option<Cow<'a, str>>,
    /// Names the page after it.
    #[serde(borrow, default)]
    pub next_token: Option<Cow<'a, str>>,
}

#[derive(Debug, Default, Deserialize)]
struct Includes<'a> {
    #[serde(borrow, default)]
    users: Vec<User<'a>>,
}

#[derive(Debug, Deserialize)]
struct User<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    username: Option<Cow<'a, str>>,
    #[serde(default)]
    public_metrics: Option<UserNumbers>,
    #[serde(default)]
    protected: bool,
}

#[derive(Debug, Deserialize)]
struct UserNumbers {
    #[serde(default)]
    followers_count: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct RawPost<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(borrow, default)]
    note_tweet: Option<Note<'a>>,
    #[serde(borrow, default)]
    author_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    created_at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    lang: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    conversation_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    edit_history_tweet_ids: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    referenced_tweets: Vec<Reference<'a>>,
    #[serde(default)]
    public_metrics: Option<Numbers>,
}

/// The whole of a long post, of which `text` is the beginning.
#[derive(Debug, Deserialize)]
struct Note<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
struct Reference<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
struct Numbers {
    #[serde(default)]
    retweet_count: u64,
    #[serde(default)]
    reply_count: u64,
    #[serde(default)]
    like_count: u64,
    #[serde(default)]
    quote_count: u64,
}

impl<'a> Posts<'a> {
    /// Reads a line of the stream or a page.
    ///
    /// # Errors
    /// In words, for bytes of another shape.
    pub fn read(raw: &'a [u8]) -> Result<Self, String> {
        serde_json::from_slice(raw).map_err(|error| reason(&error, raw))
    }

    /// How many posts there are; each one counts towards what X bills.
    #[must_use]
    pub fn len(&self) -> usize {
        self.posts().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The latest id of the posts.
    #[must_use]
    pub fn latest(&self) -> Option<&str> {
        self.posts().iter().map(|post| &*post.id).max_by_key(|id| (id.len(), *id))
    }

    /// The ids of the posts as they are known here, each with the id of its version.
    pub fn ids(&self) -> impl Iterator<Item = (&str, &str)> {
        self.posts().iter().map(|post| (post.first_id(), &*post.id))
    }

    fn posts(&self) -> &[RawPost<'a>] {
        match &self.data {
            Some(OneOrMany::Many(posts)) => posts,
            Some(OneOrMany::One(post)) => std::slice::from_ref(post),
            None => &[],
        }
    }

    /// The posts that everybody may read, as events received at `received_at`, oldest first; without
    /// those that are known in this version, by its id and the first one of its history.
    #[must_use]
    pub fn events(
        &self,
        source: &SourceId,
        authors: &AuthorHasher,
        received_at: EventTime,
        is_known: &dyn Fn(&str, &str) -> bool,
    ) -> Vec<Event> {
        let users: HashMap<&str, &User<'_>> =
            self.includes.users.iter().map(|user| (&*user.id, user)).collect();
        let mut events: Vec<(&RawPost<'_>, Event)> = Vec::new();
        for post in self.posts() {
            let user = post.author_id.as_deref().and_then(|id| users.get(id).copied());
            if user.is_some_and(|user| user.protected) || is_known(post.first_id(), &post.id) {
                continue;
            }
            let read = Box::new(post.read(user, source, authors, received_at));
            let event = if post.is_edited() { Event::Edit(read) } else { Event::Create(read) };
            events.push((post, event));
        }
        events.sort_by_key(|(post, _)| (post.id.len(), post.id.clone()));
        events.into_iter().map(|(_, event)| event).collect()
    }
}

impl RawPost<'_> {
    fn first_id(&self) -> &str {
        self.edit_history_tweet_ids.first().unwrap_or(&self.id)
    }

    fn is_edited(&self) -> bool {
        self.first_id() != self.id
    }

    fn read(
        &self,
        user: Option<&User<'_>>,
        source: &SourceId,
        authors: &AuthorHasher,
        received_at: EventTime,
    ) -> Post {
        let name = user.and_then(|user| user.username.as_deref());
        let author = name.or(self.author_id.as_deref()).unwrap_or_default();
        let id = |id: &str| authors.id(id.to_owned().into(), author).into_owned().into();
        let (kind, parent) = self.kind();
        let url = format!("https://x.com/{}/status/{}", name.unwrap_or("i/web"), self.id);
        let posted_at = self.created_at.as_deref().and_then(|text| EventTime::parse(text).ok());
        let posted_at = posted_at.or_else(|| time_of(&self.id)).unwrap_or(received_at);
        let reach = user.and_then(|user| user.public_metrics.as_ref()?.followers_count);
        Post {
            id: id(self.first_id()),
            source: source.clone(),
            author: authors.hash(author),
            posted_at,
            received_at,
            kind,
            parent: parent.map(id),
            thread: self.conversation_id.as_deref().map(id),
            lang: self.lang.as_deref().map_or(Lang::UND, lang),
            text: self.words().into(),
            url: authors.url(url.into(), author).map(|url| url.into_owned().into()),
            reach,
            engagement: self.public_metrics.as_ref().map(Numbers::sum),
        }
    }

    /// What sort of post it is, and what it answers or passes on.
    fn kind(&self) -> (Kind, Option<&str>) {
        let found = |kind: &str| self.referenced_tweets.iter().find(|other| other.kind == kind);
        let kinds =
            [("retweeted", Kind::Repost), ("replied_to", Kind::Reply), ("quoted", Kind::Quote)];
        let first = kinds.into_iter().find_map(|(name, kind)| Some((kind, found(name)?)));
        first.map_or((Kind::Original, None), |(kind, other)| (kind, Some(&*other.id)))
    }

    /// The whole text, in which X writes `&`, `<` and `>` as entities.
    fn words(&self) -> String {
        let text = self.note_tweet.as_ref().map_or(&self.text, |note| &note.text);
        plain_of_entities(text)
    }
}

impl Numbers {
    fn sum(&self) -> u64 {
        let counts = [self.retweet_count, self.reply_count, self.like_count, self.quote_count];
        counts.into_iter().fold(0, u64::saturating_add)
    }
}

/// X's words for texts without a language: `qme`, `qht`, `zxx` and the like.
fn lang(tag: &str) -> Lang {
    if tag.starts_with('q') && tag.len() == 3 || tag == "zxx" {
        Lang::UND
    } else {
        Lang::parse(tag)
    }
}

/// When a post was written, as its id tells it: milliseconds since 4 November 2010.
#[must_use]
pub fn time_of(id: &str) -> Option<EventTime> {
    const BEGIN_MS: i64 = 1_288_834_974_657;
    let ms = i64::try_from(id.parse::<u64>().ok()? >> 22).ok()?;
    EventTime::of_int(ms.checked_add(BEGIN_MS)?).ok()
}
