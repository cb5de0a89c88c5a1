//! Which post is an entry? Its text as a person reads it, its author as a key, a date that can be.

use std::borrow::Cow;

use super::Entry;
use super::identity::scoped;
use crate::post::{FUTURE_US_MAX, Kind, Lang, Post, SourceId, TEXT_BYTES_MAX, cut_text};
use crate::privacy::AuthorHasher;
use crate::text::plain_of_html;
use crate::time::EventTime;

/// How Reddit's ids of posts begin.
const REDDIT_POST: &str = "t3_";
/// What Reddit writes below each post, with its author's name behind it.
const REDDIT_FOOT: &str = "submitted by /u/";
/// How Reddit's ids of comments begin.
const REDDIT_COMMENT: &str = "t1_";
/// How WordPress marks the comment in the address of its article.
const COMMENT: &str = "#comment-";

/// A text, and whether it is HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marked {
    /// As it stands in the feed.
    pub text: String,
    /// Whether tags and entities in it are HTML's.
    pub is_html: bool,
}

impl Marked {
    /// What a person reads of it.
    #[must_use]
    pub fn plain(&self) -> String {
        if self.is_html { plain_of_html(&self.text) } else { self.text.trim().to_owned() }
    }
}

impl Entry {
    /// What a person reads of it: the title, and the body on the lines below, unless the one
    /// repeats the other. Titles of comments say only who wrote under what, and Reddit's posts end
    /// with the same: neither is part of what was said, and both hold names.
    #[must_use]
    pub fn plain(&self) -> String {
        let (title, mut body) = (self.title.plain(), self.body.plain());
        if self.guid.starts_with(REDDIT_POST)
            && let Some(end) = body.rfind(REDDIT_FOOT)
        {
            body.truncate(body.get(..end).unwrap_or_default().trim_end().len());
        }
        if self.is_comment() && !body.is_empty() {
            return body;
        }
        if body.starts_with(&title) {
            return body;
        }
        if body.is_empty() { title } else { format!("{title}\n{body}") }
    }

    /// The id of the article under which it is a comment, as the article's own feed has it.
    fn commented(&self) -> Option<&str> {
        self.guid.get(..self.guid.find(COMMENT)?)
    }

    fn is_comment(&self) -> bool {
        let is_below = |place: &str| place.contains(COMMENT);
        is_below(&self.guid) || is_below(&self.link) || self.guid.starts_with(REDDIT_COMMENT)
    }
}

/// What must be known to write down an entry of a feed.
#[derive(Debug, Clone, Copy)]
pub struct Writing<'a> {
    /// The source it comes from.
    pub source: &'a SourceId,
    /// How names are kept.
    pub authors: &'a AuthorHasher,
    /// The wall clock.
    pub now: EventTime,
    /// What its entries are, where the user says so.
    pub kind: Option<Kind>,
    /// The language of entries that name none.
    pub language: &'a str,
    /// Who writes entries that name nobody.
    pub author: &'a str,
    /// How ids of its articles begin.
    pub scope: &'a str,
}

impl Writing<'_> {
    /// An id or address of an entry without names.
    #[must_use]
    pub fn named(&self, id: &str, entry: &Entry) -> String {
        self.authors.id(Cow::Borrowed(id), self.author_of(entry)).into_owned()
    }

    fn author_of<'e>(&'e self, entry: &'e Entry) -> &'e str {
        if entry.author.is_empty() { self.author } else { &entry.author }
    }
}

/// The post that an entry is, and whether a date had to be mended: one ahead of the clock becomes
/// the time of reception, as a date that is missing does.
#[must_use]
pub fn entry_post(entry: &Entry, id: &str, text: &str, writing: &Writing<'_>) -> (Post, bool) {
    let author = writing.author_of(entry);
    let now = writing.now;
    let believed = |time: &EventTime| time.is_supported() && time.since(now) <= FUTURE_US_MAX;
    let posted_at = entry.posted_at.filter(believed);
    let language = if entry.language.is_empty() { writing.language } else { &entry.language };
    let is_comment = entry.is_comment();
    let article = entry.commented().map(|guid| scoped(guid, writing.scope));
    let article: Option<Box<str>> = article.map(|guid| writing.named(&guid, entry).into());
    let url = (!entry.link.is_empty()).then_some(entry.link.as_str());
    let post = Post {
        id: id.into(),
        source: writing.source.clone(),
        author: writing.authors.hash(author),
        posted_at: posted_at.unwrap_or(now),
        received_at: now,
        kind: writing.kind.unwrap_or(if is_comment { Kind::Comment } else { Kind::Article }),
        parent: article.clone(),
        thread: article,
        lang: Lang::parse(language),
        text: cut_text(text, TEXT_BYTES_MAX).into(),
        url: url
            .and_then(|url| writing.authors.url(Cow::Borrowed(url), author))
            .map(|url| url.into_owned().into_boxed_str()),
        reach: entry.views,
        engagement: entry.likes,
    };
    (post, entry.posted_at.is_some() && posted_at.is_none())
}
