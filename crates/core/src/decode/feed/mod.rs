//! What does a feed say? RSS 0.9 to 2.0, Atom and JSON Feed to entries, and entries to posts.
//!
//! Feeds are written by every sort of program: what is well formed is read, of what is broken all
//! entries before the break, with its place. Entities that a document declares itself are not
//! expanded, so that no document can grow.

mod charset;
mod dates;
mod discover;
mod entry;
mod identity;
mod json;
mod memory;
mod opml;
mod prints;
mod tree;
mod xml;

pub use charset::text_of;
pub use discover::{Alternate, alternates};
pub use entry::{Marked, Writing, entry_post};
pub use identity::Naming;
pub use memory::{Change, Memory};
pub use opml::feeds_of_opml;

use crate::time::EventTime;

/// Most entries that are read of a feed, the first ones.
pub const ENTRIES_MAX: usize = 500;

/// What a feed says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// Its declared language; may be empty.
    pub language: String,
    /// Who writes entries that name nobody; may be empty.
    pub author: String,
    /// How long it asks to be left alone, in seconds (`ttl`, `sy:updatePeriod`).
    pub rest_s: Option<u64>,
    /// The hub that tells when it changes (WebSub); may be empty.
    pub hub: String,
    /// Its own address; may be empty.
    pub itself: String,
    /// The entries, in the order of the document.
    pub entries: Vec<Entry>,
    /// How many entries came after the first [`ENTRIES_MAX`].
    pub beyond: usize,
    /// Where it cannot be read any further.
    pub broken: Option<Broken>,
}

/// One entry; what it does not say is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    /// `guid` or `id` as it stands.
    pub guid: String,
    /// Where a person can read it.
    pub link: String,
    /// Its title.
    pub title: Marked,
    /// Its content, or the summary where there is no content.
    pub body: Marked,
    /// Who wrote it.
    pub author: String,
    /// Its language, where it has one of its own.
    pub language: String,
    /// When it was published, or else changed last.
    pub posted_at: Option<EventTime>,
    /// How often it was viewed.
    pub views: Option<u64>,
    /// How often it was rated or liked.
    pub likes: Option<u64>,
}

/// Where a document cannot be read any further, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct Broken {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What was found.
    pub what: String,
}

impl Broken {
    fn at(text: &str, offset: usize, what: impl Into<String>) -> Self {
        let before = text.get(..text.floor_char_boundary(offset)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line, column, what: what.into() }
    }
}

/// What a text is that should have been a feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAFeed {
    /// A web page, which may name feeds.
    #[error("it is a web page, not a feed")]
    Page,
    /// Nothing but blanks.
    #[error("it is empty")]
    Empty,
    /// XML or JSON of another kind.
    #[error("it is not a feed but {0}")]
    Other(String),
    /// Nothing could be read before it broke.
    #[error("it cannot be read: {0}")]
    Broken(#[from] Broken),
}

impl Document {
    /// Reads a feed as text; see [`text_of`] for bytes.
    ///
    /// # Errors
    /// Says what the text is instead.
    pub fn parse(text: &str) -> Result<Self, NotAFeed> {
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let mut document = match text.as_bytes().first() {
            None => return Err(NotAFeed::Empty),
            Some(b'{') => json::parse(text)?,
            Some(b'<') if !is_page(text) => xml::parse(text)?,
            Some(b'<') => return Err(NotAFeed::Page),
            Some(_) => {
                let start: String = text.chars().take(40).collect();
                let what = format!("text that begins with \"{}\"", start.trim_end());
                return Err(NotAFeed::Other(what));
            }
        };
        document.beyond = document.entries.len().saturating_sub(ENTRIES_MAX);
        document.entries.truncate(ENTRIES_MAX);
        Ok(document)
    }
}

/// Whether a text in angle brackets is HTML.
fn is_page(text: &str) -> bool {
    let start = text.get(..text.floor_char_boundary(2_048)).unwrap_or_default();
    let start = start.to_ascii_lowercase();
    let is_feed = ["<rss", "<feed", "<rdf:rdf", "<entry"].iter().any(|root| start.contains(root));
    !is_feed && (start.contains("<!doctype html") || start.contains("<html"))
}
