//! What do these bytes say? From wire formats to events; wire formats end here.
//!
//! Decoders are pure: the same bytes give the same event. They never panic, and what they do not
//! understand they name.

mod archive;
mod called;
mod count;
mod cursor;
mod entry;
pub mod feed;
mod fields;
mod flat;
mod found;
mod guess;
mod import;
mod jetstream;
pub mod mastodon;
mod members;
mod meta;
pub mod nostr;
mod parcel;
mod relayed;
mod renewed;
mod rounded;
mod sieve;
pub mod x;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub use archive::ArchiveLine;
pub use cursor::Cursor;
pub use entry::EntryStyle;
pub use fields::{FIELDS, FieldMap, Reading, Value, quoted};
pub use guess::{guessed, guessed_map, text_columns};
pub use import::{Export, Outline, Told, names_owner, owner_of, told};
pub use jetstream::{
    BlockEntry, ENTRY_BYTES, HEADER_BYTES, Repository, SegmentBlock, SegmentHeader, SegmentRow,
    follower_counts, frame as jetstream_frame, post_uri, uri_account,
};
pub use meta::{Ask, FeedPage, MetaDecoder, Wanted};
pub use parcel::{Landed, Parcel, Refused, Ticket};
pub use relayed::{Beat, Relayed, message_id, relayed_beat, relayed_event};
pub use rounded::{are_rounded, is_padded, rounded};
pub use sieve::Sieve;

use import::Frame;

use crate::post::{Event, Passed, Post, SOURCE_BYTES_MAX, SourceId, TEXT_BYTES_MAX, cut_text};
pub use crate::privacy::AuthorHasher;
use crate::time::EventTime;
use renewed::Renewed;

/// Longest raw excerpt kept of a refused frame.
const RAW_BYTES_MAX: usize = 64 * 1024;
/// Longest reason of a refusal: some quote what they found.
const REASON_BYTES_MAX: usize = 1_024;
/// Most source names taken from the lines of one connector; beyond, its own name is used.
const NAMES_MAX: usize = 256;

/// A wire format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// resonanz's own JSON lines; see data/README.md.
    #[default]
    Archive,
    /// Frames of Bluesky's Jetstream, version 1 of the wire.
    Jetstream,
    /// The same, version 2: `network.bsky.jetstream.subscribeEvents`.
    JetstreamEvents,
    /// Objects of an archive that a platform hands out, each any number of posts.
    Export(Export),
}

/// Decodes the frames of one source.
#[derive(Debug, Clone)]
pub struct Decoder {
    format: Format,
    source: SourceId,
    authors: AuthorHasher,
    names: HashSet<SourceId>,
    /// The source of the last line: the next one most likely is of the same.
    last: SourceId,
    sieve: Option<Sieve>,
    reading: Arc<Reading>,
    /// The wall clock, as far as it is known here.
    now: Option<EventTime>,
    renewed: Renewed,
}

/// What one frame says.
enum Decoded {
    Event(Event, Option<i64>),
    /// The same, with a field that could not be read as it stands.
    Mended(Event, Option<i64>),
    /// No post by nature, such as a like.
    Ignored(Option<i64>),
}

impl Decoder {
    /// A decoder for frames from `source`.
    #[must_use]
    pub fn new(format: Format, source: SourceId, authors: AuthorHasher) -> Self {
        Self {
            format,
            last: source.clone(),
            source,
            authors,
            names: HashSet::new(),
            sieve: None,
            reading: Arc::default(),
            now: None,
            renewed: Renewed::default(),
        }
    }

    /// Reads fields as a file has them.
    #[must_use]
    pub fn with_reading(self, reading: Reading) -> Self {
        Self { reading: Arc::new(reading), ..self }
    }

    /// Says what time it is: no post was received later. A decoder that is not told takes every
    /// time for possible.
    pub fn set_now(&mut self, now: EventTime) {
        self.now = Some(now);
    }

    /// How fields are read.
    #[must_use]
    pub fn reading(&self) -> &Arc<Reading> {
        &self.reading
    }

    /// The source of frames that name none.
    #[must_use]
    pub fn source(&self) -> &SourceId {
        &self.source
    }

    /// Lets posts of an archive that the sieve does not hold pass as [`Event::Pass`].
    #[must_use]
    pub fn with_sieve(self, sieve: Sieve) -> Self {
        Self { sieve: Some(sieve), ..self }
    }

    /// Adds what `raw` says to `parcel`: an event, a count, or a refusal.
    pub fn decode(&mut self, raw: &[u8], parcel: &mut Parcel) {
        let decoded = match self.format {
            Format::Archive => {
                ArchiveLine::parse_as(raw, &self.reading).map(|line| self.archive(line))
            }
            Format::Jetstream => jetstream::decode(raw, &self.source, &self.authors, self.now),
            Format::JetstreamEvents => {
                let decoded = jetstream::decode_event(raw, &self.source, &self.authors, self.now);
                decoded.map(|decoded| match decoded {
                    Decoded::Event(event, at) => Decoded::Event(self.renewed.follow(event), at),
                    Decoded::Mended(event, at) => Decoded::Mended(self.renewed.follow(event), at),
                    other => other,
                })
            }
            Format::Export(export) => return self.export(export, raw, parcel),
        };
        self.take(decoded, raw, parcel);
    }

    /// Adds what an object that somebody sent says to `parcel`: an event, a count, or a refusal.
    pub fn decode_entry(&self, raw: &[u8], style: &EntryStyle, parcel: &mut Parcel) {
        let (origin, now) = ((&self.source, &self.authors), self.now.unwrap_or(EventTime::MIN));
        let decoded = entry::decode(raw, origin, &self.reading, style, now);
        self.take(decoded, raw, parcel);
    }

    fn export(&mut self, export: Export, raw: &[u8], parcel: &mut Parcel) {
        let reading = Arc::clone(&self.reading);
        export.read(raw, &reading, &mut |frame| {
            let decoded = frame.map(|frame| match frame {
                Frame::Post(line) => self.archive(line),
                Frame::Nothing => Decoded::Ignored(None),
            });
            self.take(decoded, raw, parcel);
        });
    }

    /// Adds what a relay of ours passed on to `parcel`, an event or a refusal; its sign of life, if
    /// it is one.
    pub fn decode_relayed(&mut self, raw: &[u8], parcel: &mut Parcel) -> Option<Beat> {
        let authors = self.authors.clone();
        let decoded = match relayed::read(raw, &authors, &mut |name| self.named(name)) {
            Ok(Relayed::Beat(beat)) => return Some(beat),
            Ok(Relayed::Event(event)) => Ok(Decoded::Event(event, None)),
            Err(reason) => Err(reason),
        };
        self.take(decoded, raw, parcel);
        None
    }

    /// What was received and is no post, as a dead letter holds it.
    #[must_use]
    pub fn letter(&self, raw: &[u8]) -> Vec<u8> {
        self.authors.letter(raw.get(..RAW_BYTES_MAX).unwrap_or(raw))
    }

    /// Adds what named fields say to `parcel`; `raw` gives them as JSON, for a refusal to show.
    pub fn decode_fields(
        &mut self,
        line: Result<ArchiveLine<'_>, String>,
        raw: impl FnOnce() -> Vec<u8>,
        parcel: &mut Parcel,
    ) {
        let raw = if line.is_err() { raw() } else { Vec::new() };
        let decoded = line.map(|line| self.archive(line));
        self.take(decoded, &raw, parcel);
    }

    /// Adds what a reader of its own made of `raw` to `parcel`: an event, something that is not a
    /// post, or a refusal with what may be kept of it.
    pub fn admit(&self, read: Result<Option<Event>, String>, raw: &[u8], parcel: &mut Parcel) {
        let decoded = read.map(|event| match event {
            Some(event) => Decoded::Event(event, None),
            None => Decoded::Ignored(None),
        });
        self.take(decoded, raw, parcel);
    }

    /// The posts that an answer of Bluesky's own service shows, by their addresses, as of `now`.
    ///
    /// # Errors
    /// When it is no such answer.
    pub fn viewed(&self, raw: &[u8], now: EventTime) -> Result<HashMap<String, Post>, String> {
        jetstream::viewed(raw, &self.source, &self.authors, now)
    }

    /// Adds what an event of a segment says to `parcel`.
    pub fn decode_row(&mut self, row: &SegmentRow<'_>, parcel: &mut Parcel) {
        let decoded = jetstream::decode_row(row, &self.source, &self.authors, self.now);
        let decoded = match (decoded, &mut self.sieve) {
            (Ok(Decoded::Event(Event::Create(post), time_us)), Some(sieve)) => {
                let key = || self.authors.post_key(&post.source, &post.id);
                let passed =
                    (!sieve.holds_post(&post)).then(|| Event::Pass(Passed::of(&post, key())));
                Ok(Decoded::Event(passed.unwrap_or(Event::Create(post)), time_us))
            }
            (decoded, _) => decoded,
        };
        self.take(decoded, b"", parcel);
    }

    fn take(&self, decoded: Result<Decoded, String>, raw: &[u8], parcel: &mut Parcel) {
        parcel.mended += u64::from(matches!(decoded, Ok(Decoded::Mended(..))));
        let time_us = match decoded {
            Ok(Decoded::Event(mut event, time_us) | Decoded::Mended(mut event, time_us)) => {
                let is_cut = match &mut event {
                    Event::Create(post) | Event::Edit(post) => cut(post),
                    Event::Found(found) => cut(&mut found.post),
                    _ => false,
                };
                parcel.cut += u64::from(is_cut);
                parcel.tell(event);
                time_us
            }
            Ok(Decoded::Ignored(time_us)) => {
                parcel.ignore();
                time_us
            }
            Err(reason) => {
                parcel.refuse(cut_text(&reason, REASON_BYTES_MAX).to_owned(), self.letter(raw));
                None
            }
        };
        if let Some(time_us) = time_us {
            parcel.reached_us = parcel.reached_us.max(Some(time_us));
        }
    }

    fn archive(&mut self, mut line: ArchiveLine<'_>) -> Decoded {
        if let Some(now) = self.now {
            line.received_by(now);
        }
        line.named_by_content(&self.authors);
        let mended = line.is_mended();
        let event = self.event(line);
        // A row of somebody else's table without words, such as stars without a review.
        if let Event::Create(post) = &event
            && post.text.trim().is_empty()
            && !self.reading.map.is_plain()
        {
            return Decoded::Ignored(None);
        }
        if mended { Decoded::Mended(event, None) } else { Decoded::Event(event, None) }
    }

    fn event(&mut self, line: ArchiveLine<'_>) -> Event {
        let source = match line.source() {
            Some(name) => self.named(name),
            None => self.source.clone(),
        };
        if let Some(sieve) = &mut self.sieve
            && let Some(passed) = line.sift(&source, &self.authors, sieve)
        {
            return Event::Pass(passed);
        }
        Event::Create(Box::new(line.into_post(source, &self.authors)))
    }

    fn named(&mut self, name: &str) -> SourceId {
        if self.last.as_str() == name {
            return self.last.clone();
        }
        self.last = self.known(name);
        self.last.clone()
    }

    fn known(&mut self, name: &str) -> SourceId {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        if self.names.len() >= NAMES_MAX || name.len() > SOURCE_BYTES_MAX {
            return self.source.clone();
        }
        let id = SourceId::new(name);
        self.names.insert(id.clone());
        id
    }
}

/// Cuts a text that is too long; whether it was.
fn cut(post: &mut Post) -> bool {
    if post.text.len() <= TEXT_BYTES_MAX {
        return false;
    }
    post.text = cut_text(&post.text, TEXT_BYTES_MAX).into();
    true
}

/// What serde says of malformed JSON, without its Rust words.
fn reason(error: &serde_json::Error, raw: &[u8]) -> String {
    if is_wide(raw) || std::str::from_utf8(raw).is_err() {
        return not_utf8(raw);
    }
    let what = if error.is_eof() {
        "JSON that ends too early"
    } else if error.is_data() {
        "JSON of another shape"
    } else {
        "not JSON"
    };
    // Frames are one line each.
    format!("{what}: {error}").replace(" at line 1 column ", " at column ")
}

/// What bytes are that are no text of ours.
fn not_utf8(raw: &[u8]) -> String {
    let what = if is_wide(raw) {
        "the bytes are UTF-16; write UTF-8, as with iconv -f UTF-16 -t UTF-8"
    } else {
        "the bytes are not UTF-8"
    };
    what.to_owned()
}

/// Whether letters stand in two bytes each: a line of them has nearly as many zeros as letters.
fn is_wide(raw: &[u8]) -> bool {
    let begins = raw.get(..64).unwrap_or(raw);
    let zeros = begins.iter().filter(|byte| **byte == 0).count();
    let letters = begins.iter().filter(|byte| byte.is_ascii_graphic()).count();
    letters > 2 && zeros.abs_diff(letters) <= 1 + begins.len() / 8
}
