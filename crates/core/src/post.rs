//! What is a post? The vocabulary every stage shares: posts, events, languages, scores.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

mod event;
mod lang;

use crate::time::EventTime;
pub use event::{Event, Found, Passed};
pub use lang::Lang;

/// Longest text of a post in bytes; a longer one is cut at a char boundary and counted.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Longest id of a post in bytes; of a longer one a hash stands for the whole.
pub const ID_BYTES_MAX: usize = 1_024;
/// Longest address in bytes; a longer one is left out.
pub const URL_BYTES_MAX: usize = 4_096;
/// Longest name of a source in bytes; what names a longer one counts to the source that it came by.
pub const SOURCE_BYTES_MAX: usize = 256;
/// How far a post may be dated ahead of its reception, in microseconds, before it is refused.
pub const FUTURE_US_MAX: i64 = 60 * crate::time::SECOND_US;

/// A source by its name; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(Arc<str>);

impl SourceId {
    /// The source of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for SourceId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Index of a topic in the running configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TopicId(pub u32);

/// An author as a keyed 128-bit hash; the name itself is never kept.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AuthorKey(pub [u8; 16]);

impl AuthorKey {
    /// Who stands for the unknown author of a post: nobody but the post itself. No hash of a name is so
    /// small.
    #[must_use]
    pub fn of_post(PostKey(post): PostKey) -> Self {
        Self(u128::from(post).to_le_bytes())
    }

    /// Reads the 32 hexadecimal digits as which a key is shown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
        if text.len() != 32 || !text.as_bytes().iter().all(hex) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|key| Self(key.to_be_bytes()))
    }
}

impl fmt::Display for AuthorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
        let mut hex = [0; 32];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        f.write_str(std::str::from_utf8(&hex).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for AuthorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorKey({self})")
    }
}

/// What sort of post it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A post that starts a thread.
    #[default]
    Original,
    /// An answer to another post.
    Reply,
    /// Another's post passed on unchanged.
    Repost,
    /// Another's post passed on with words of one's own.
    Quote,
    /// A comment under an article, video or photo.
    Comment,
    /// A review of a product, place or service.
    Review,
    /// An article or blog entry.
    Article,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Original,
        Self::Reply,
        Self::Repost,
        Self::Quote,
        Self::Comment,
        Self::Review,
        Self::Article,
    ];

    /// The lowercase name, as in the lake and in archives.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Reply => "reply",
            Self::Repost => "repost",
            Self::Quote => "quote",
            Self::Comment => "comment",
            Self::Review => "review",
            Self::Article => "article",
        }
    }
}

/// One public utterance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Post {
    /// Unique within its source.
    pub id: Box<str>,
    /// Where it came from.
    pub source: SourceId,
    /// Who wrote it.
    pub author: AuthorKey,
    /// When its author says it was written.
    pub posted_at: EventTime,
    /// When it reached us, or the source's own reception time where the source gives one.
    pub received_at: EventTime,
    /// What sort of post it is.
    pub kind: Kind,
    /// The post it answers or quotes.
    pub parent: Option<Box<str>>,
    /// The first post of its thread.
    pub thread: Option<Box<str>>,
    /// Declared language.
    pub lang: Lang,
    /// The text, at most [`TEXT_BYTES_MAX`] bytes.
    pub text: Box<str>,
    /// Where a person can read it.
    pub url: Option<Box<str>>,
    /// Followers or views, when known.
    pub reach: Option<u64>,
    /// Likes, reposts and replies, when known.
    pub engagement: Option<u64>,
}

impl Post {
    /// Whether its date cannot be believed: further ahead of its reception than clocks differ, or
    /// outside the supported years.
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        self.posted_at.since(self.received_at) > FUTURE_US_MAX
            || !self.posted_at.is_supported()
            || !self.received_at.is_supported()
    }
}

/// A post's identity, its source and id, as a hash that is the same in every process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PostKey(pub u64);

impl PostKey {
    /// The first 64 bits of the BLAKE3 hash of source and id.
    #[must_use]
    pub fn new(source: &SourceId, id: &str) -> Self {
        Self::hash(&[source.as_str().as_bytes(), id.as_bytes()])
    }

    /// The identity of one version of a post: as [`PostKey::new`], and when it was received.
    #[must_use]
    pub fn of_version(source: &SourceId, id: &str, received_at: EventTime) -> Self {
        Self::hash(&[source.as_str().as_bytes(), id.as_bytes(), &received_at.0.to_le_bytes()])
    }

    /// The identity of a post as one that its author withdrew.
    #[must_use]
    pub fn withdrawn(source: &SourceId, id: &str, author: AuthorKey) -> Self {
        Self::hash(&[b"withdrawn", source.as_str().as_bytes(), id.as_bytes(), &author.0])
    }

    fn hash(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for (place, part) in parts.iter().enumerate() {
            if place > 0 {
                hasher.update(&[0]);
            }
            hasher.update(part);
        }
        let hash = hasher.finalize();
        Self(hash.as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first)))
    }
}

/// Sentiment from -1 to 1 in ten-thousandths, so that sums are exact.
#[derive(
    Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Score(pub i16);

impl Score {
    /// Rounds to the nearest ten-thousandth; outside -1..=1 and NaN are clamped.
    #[must_use]
    pub fn from_f64(value: f64) -> Self {
        let scaled = (value.clamp(-1.0, 1.0) * 10_000.0).round();
        #[allow(clippy::cast_possible_truncation, reason = "clamped to +-10,000; NaN becomes 0")]
        Self(scaled as i16)
    }

    /// The score as a number from -1 to 1.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    /// Negative at or below -0.05, positive at or above 0.05, as VADER's authors cut it.
    #[must_use]
    pub fn polarity(self) -> Polarity {
        match self.0 {
            i16::MIN..=-500 => Polarity::Negative,
            500..=i16::MAX => Polarity::Positive,
            _ => Polarity::Neutral,
        }
    }
}

/// The sign of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Polarity {
    /// At or below -0.05.
    Negative,
    /// Between.
    Neutral,
    /// At or above 0.05.
    Positive,
}

impl Polarity {
    /// The lowercase name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Positive => "positive",
        }
    }
}

/// A stretch of a text in bytes, always on char boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// Cuts a text to `bytes_max`, at a char boundary.
#[must_use]
pub fn cut_text(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_keep_the_primary_subtag() {
        let rows = [
            ("de", "de"),
            ("de-AT", "de"),
            ("EN_us", "en"),
            ("gsw", "gsw"),
            ("", "und"),
            ("deutsch", "und"),
            ("fra", "fr"),
            ("FRE-ca", "fr"),
            ("deu", "de"),
            ("ger", "de"),
            ("eng", "en"),
            ("zho_Hans", "zh"),
            ("iw", "he"),
            ("in", "id"),
            ("zxx", "zxx"),
            ("xx", "xx"),
        ];
        for (tag, want) in rows {
            assert_eq!(Lang::parse(tag).as_str(), want, "{tag}");
        }
        let codes = |tag| Lang::parse(tag).codes().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(codes("fra"), ["fr", "fra", "fre"]);
        assert_eq!(codes("gsw"), ["gsw"]);
        let known = |tag| Lang::parse(tag).is_known();
        assert!(["de", "deu", "iw", "uk", "und", "gsw", "zxx"].into_iter().all(known));
        assert!(!["xx", "jp", "gb", "us"].into_iter().any(known));
    }

    #[test]
    fn scores_are_cut_where_vader_cuts() {
        let rows = [
            (-0.05, "negative"),
            (-0.0499, "neutral"),
            (0.0499, "neutral"),
            (0.05, "positive"),
            (f64::NAN, "neutral"),
        ];
        for (value, want) in rows {
            assert_eq!(Score::from_f64(value).polarity().as_str(), want, "{value}");
        }
    }

    #[test]
    fn texts_are_cut_between_chars() {
        assert_eq!(cut_text("aä", 2), "a");
        assert_eq!(cut_text("aä", 3), "aä");
    }
}
