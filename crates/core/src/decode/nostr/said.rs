//! Which post is a note, or what does it take back?

use super::names::{self, hex, npub};
use super::thread::{address, address_of, place};
use super::{ARTICLE, COMMENT, DELETION, GENERIC_REPOST, NOTE, Note, REPOST, VANISHING};
use crate::decode::AuthorHasher;
use crate::post::{AuthorKey, Event, Kind, Lang, Post, SourceId};
use crate::time::{EventTime, SECOND_US};

/// Where people can read a note in a browser.
const READER: &str = "https://njump.me";
/// Who is meant when all relays are to forget somebody.
const ALL_RELAYS: &str = "ALL_RELAYS";

/// How notes are read.
#[derive(Debug, Clone)]
pub struct Notes {
    /// What posts have as their source.
    pub source: SourceId,
    /// How names are kept.
    pub authors: AuthorHasher,
}

/// What a note says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// Something new.
    Post(Box<Post>),
    /// A version of an article, which may be known in a newer one.
    Article(Box<Post>),
    /// What its author takes back.
    Withdrawn(Vec<Event>),
    /// Nothing that is heard.
    Nothing,
}

impl Notes {
    /// Reads a note that came from `relay` at `now`; `inner` is what it passes on, if that was
    /// signed as well.
    ///
    /// # Errors
    /// In words, for a note whose time is none.
    pub fn read(
        &self,
        note: &Note,
        inner: Option<&Note>,
        relay: &str,
        now: EventTime,
    ) -> Result<Said, String> {
        let posted_at = time(note.created_at)
            .ok_or_else(|| format!("created_at {} is not a supported time", note.created_at))?;
        let ends = note.value("expiration").and_then(|text| time(text.parse().ok()?));
        if ends.is_some_and(|ends| ends <= now) {
            return Ok(Said::Nothing);
        }
        let times = (posted_at, now);
        Ok(match note.kind {
            NOTE | COMMENT => Said::Post(Box::new(self.answer(note, times))),
            REPOST | GENERIC_REPOST => match inner.filter(|inner| is_text(inner.kind)) {
                Some(inner) => Said::Post(Box::new(self.repost(note, inner, times))),
                // It does not say what it passes on.
                None => Said::Nothing,
            },
            ARTICLE => self
                .article(note, times)
                .map_or(Said::Nothing, |post| Said::Article(Box::new(post))),
            DELETION => Said::Withdrawn(self.withdrawn(note, now)),
            VANISHING if means(note, relay) => {
                let (source, author) = (self.source.clone(), self.key(&note.author));
                Said::Withdrawn(vec![Event::Purge { source, author, received_at: now }])
            }
            _ => Said::Nothing,
        })
    }

    fn answer(&self, note: &Note, times: (EventTime, EventTime)) -> Post {
        let place = place(note);
        let kind = match (note.kind, &place.parent, &place.quoted) {
            (COMMENT, ..) => Kind::Comment,
            (_, Some(_), _) => Kind::Reply,
            (_, None, Some(_)) => Kind::Quote,
            (_, None, None) => Kind::Original,
        };
        Post {
            kind,
            parent: place.parent.or(place.quoted).map(|id| self.id(id)),
            thread: place.thread.map(|id| self.id(id)),
            ..self.post(note, note, times)
        }
    }

    fn repost(&self, note: &Note, inner: &Note, times: (EventTime, EventTime)) -> Post {
        let parent = match inner.kind {
            ARTICLE => inner.value("d").map(|name| address_of(&inner.author, name)),
            _ => None,
        };
        let parent = parent.unwrap_or_else(|| hex(&inner.id));
        Post { kind: Kind::Repost, parent: Some(self.id(parent)), ..self.post(note, inner, times) }
    }

    /// An article; `None` for one that has no name.
    fn article(&self, note: &Note, (created_at, now): (EventTime, EventTime)) -> Option<Post> {
        let id = address_of(&note.author, note.value("d")?);
        let published = note.value("published_at").and_then(|text| time(text.parse().ok()?));
        let posted_at = published.filter(|published| *published <= created_at);
        let times = (posted_at.unwrap_or(created_at), now);
        Some(Post { id: self.id(id), kind: Kind::Article, ..self.post(note, note, times) })
    }

    /// A post by the author of a note, with the words of one.
    fn post(&self, note: &Note, words: &Note, (posted_at, now): (EventTime, EventTime)) -> Post {
        Post {
            id: hex(&note.id).into(),
            source: self.source.clone(),
            author: self.key(&note.author),
            posted_at,
            received_at: now,
            kind: Kind::Original,
            parent: None,
            thread: None,
            lang: lang(words),
            text: text(words).into(),
            url: Some(format!("{READER}/{}", names::note(&note.id)).into()),
            reach: None,
            engagement: None,
        }
    }

    fn withdrawn(&self, note: &Note, now: EventTime) -> Vec<Event> {
        let author = npub(&note.author);
        let ids = note.tags("e").filter_map(|tag| tag.get(1)).map(|id| id.to_owned());
        let ids = ids.filter(|id| names::bytes::<32>(id).is_some());
        let addresses = note.tags("a").filter_map(|tag| address(tag.get(1)?));
        let own = addresses.filter(|address| address.split(':').nth(1) == Some(&author));
        let by = Some(self.key(&note.author));
        let event = |id: String| Event::Delete {
            source: self.source.clone(),
            id: self.id(id),
            by,
            received_at: now,
        };
        ids.chain(own).map(event).collect()
    }

    fn key(&self, author: &[u8; 32]) -> AuthorKey {
        self.authors.hash(&npub(author))
    }

    /// The name of a post without names of people: that of an article holds its author's.
    fn id(&self, id: String) -> Box<str> {
        let author = id.split(':').nth(1).unwrap_or_default().to_owned();
        self.authors.id(id.into(), &author).into_owned().into()
    }
}

/// Whether a wish to vanish means this relay.
fn means(note: &Note, relay: &str) -> bool {
    let plain = |url: &str| url.trim().trim_end_matches('/').to_lowercase();
    let mut relays = note.tags("relay").filter_map(|tag| tag.get(1));
    relays.any(|named| named == ALL_RELAYS || plain(named) == plain(relay))
}

/// Whether a note of this kind has words.
fn is_text(kind: u32) -> bool {
    matches!(kind, NOTE | COMMENT | ARTICLE)
}

/// The words of a note, below their title if they have one.
fn text(note: &Note) -> String {
    match note.value("title").filter(|title| note.kind == ARTICLE && !title.trim().is_empty()) {
        Some(title) => format!("{title}\n{}", note.content),
        None => note.content.clone(),
    }
}

/// The language that a note is labeled with (NIP-32).
fn lang(note: &Note) -> Lang {
    let mut labels = note.tags("l");
    let label = labels.find(|tag| tag.get(2).is_some_and(|kind| kind == "ISO-639-1"));
    label.and_then(|tag| tag.get(1)).map_or(Lang::UND, |lang| Lang::parse(lang))
}

/// A time in seconds, if posts can be of it.
fn time(seconds: i64) -> Option<EventTime> {
    seconds.checked_mul(SECOND_US).map(EventTime).filter(|time| time.is_supported())
}
