//! Which posts and authors must not come back? Hashes of what was erased or withdrawn.
//!
//! A tombstone is a keyed hash, so a list of them names nobody; without the key it is of no use.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::AuthorHasher;
use crate::post::{AuthorKey, Post, SourceId};
use crate::time::EventTime;

/// The mark of an erased post or author: a keyed 128-bit hash, shown as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Tombstone(pub u128);

impl From<Tombstone> for String {
    fn from(tombstone: Tombstone) -> Self {
        tombstone.to_string()
    }
}

impl TryFrom<String> for Tombstone {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a tombstone has 32 hexadecimal digits")
    }
}

impl fmt::Display for Tombstone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Tombstone {
    /// Reads 32 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        AuthorKey::parse(text).map(|AuthorKey(bytes)| Self(u128::from_be_bytes(bytes)))
    }
}

/// What a source took back, or said anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Of which post or author.
    pub target: Tombstone,
    /// Only what was received before this instant.
    pub before: EventTime,
    /// Whether it may come back.
    pub lasting: Lasting,
}

/// Whether what was withdrawn may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lasting {
    /// It was replaced by a newer version of itself.
    Replaced,
    /// It is to stay away.
    Gone,
}

/// The erased: a set of tombstones with the key that makes them.
#[derive(Debug, Clone)]
pub struct Erased {
    marker: Marker,
    tombstones: HashSet<Tombstone>,
}

/// Makes tombstones.
#[derive(Debug, Clone)]
pub struct Marker {
    authors: AuthorHasher,
}

impl Marker {
    /// A maker of tombstones under the key of the author hashes.
    #[must_use]
    pub fn new(authors: &AuthorHasher) -> Self {
        Self { authors: authors.clone().without_names() }
    }

    /// The hasher under whose keys it makes them.
    #[must_use]
    pub fn authors(&self) -> &AuthorHasher {
        &self.authors
    }

    /// The tombstone of a post; the same whether or not names in its id are kept.
    #[must_use]
    pub fn post(&self, source: &str, id: &str) -> Tombstone {
        let id = self.authors.first_named(id);
        self.mark(&[b"post", source.as_bytes(), id.as_bytes()])
    }

    /// The tombstone of a post if this author wrote it.
    #[must_use]
    pub fn post_by(&self, source: &str, id: &str, author: AuthorKey) -> Tombstone {
        let id = self.authors.first_named(id);
        let author = self.authors.first_author(author);
        self.mark(&[b"post by", source.as_bytes(), id.as_bytes(), &author.0])
    }

    /// The tombstone of an author in one source, or in all.
    #[must_use]
    pub fn author(&self, source: Option<&str>, author: AuthorKey) -> Tombstone {
        let author = self.authors.first_author(author);
        match source {
            Some(source) => self.mark(&[b"author in", source.as_bytes(), &author.0]),
            None => self.mark(&[b"author", &author.0]),
        }
    }

    /// All tombstones under which a post can be erased; none for its author if that is unknown.
    pub fn of<'m>(
        &'m self,
        source: &'m str,
        id: &'m str,
        author: AuthorKey,
    ) -> impl Iterator<Item = Tombstone> + 'm {
        let known = author != AuthorKey::default();
        let everywhere = known.then(|| self.author(None, author));
        let here = known.then(|| self.author(Some(source), author));
        let own = std::iter::once_with(move || self.post_by(source, id, author)).take(known.into());
        std::iter::once_with(|| self.post(source, id)).chain(everywhere).chain(here).chain(own)
    }

    fn mark(&self, parts: &[&[u8]]) -> Tombstone {
        let mut bytes = Vec::with_capacity(64);
        for part in parts {
            bytes.extend_from_slice(part);
            bytes.push(0);
        }
        self.authors.mark(&bytes)
    }
}

impl Default for Erased {
    /// Nothing is erased; tombstones under a key that everybody knows.
    fn default() -> Self {
        Self::new(Marker::new(&AuthorHasher::new([0; 32])), HashSet::new())
    }
}

impl Erased {
    /// The erased under these tombstones.
    #[must_use]
    pub fn new(marker: Marker, tombstones: HashSet<Tombstone>) -> Self {
        Self { marker, tombstones }
    }

    /// The maker of tombstones.
    #[must_use]
    pub fn marker(&self) -> &Marker {
        &self.marker
    }

    /// The hasher under whose keys posts come.
    #[must_use]
    pub fn authors(&self) -> &AuthorHasher {
        &self.marker.authors
    }

    /// The tombstones.
    #[must_use]
    pub fn tombstones(&self) -> &HashSet<Tombstone> {
        &self.tombstones
    }

    /// Whether a post must not come back: it was erased, or its author was.
    #[must_use]
    pub fn holds(&self, post: &Post) -> bool {
        !self.tombstones.is_empty()
            && self
                .marker
                .of(post.source.as_str(), &post.id, post.author)
                .any(|tombstone| self.tombstones.contains(&tombstone))
    }

    /// Whether something that was not understood tells of a post or an author who must not come
    /// back: by an id or a name in quotes, or by an author's key.
    #[must_use]
    pub fn holds_letter(&self, source: &str, raw: &str) -> bool {
        let has = |tombstone| self.tombstones.contains(&tombstone);
        let author = |key: AuthorKey| {
            key != AuthorKey::default()
                && (has(self.marker.author(None, key))
                    || has(self.marker.author(Some(source), key)))
        };
        let quoted = |part: &str| {
            has(self.marker.post(source, part)) || author(self.marker.authors.hash(part))
        };
        let mut words = raw.split(|c: char| !c.is_ascii_hexdigit());
        !self.tombstones.is_empty()
            && (words.any(|word| AuthorKey::parse(word).is_some_and(author))
                || raw.split('"').any(quoted))
    }

    /// What it means that a source took a post back; if it says by whom, only of a post of theirs.
    pub(crate) fn post_gone(
        &self,
        source: &SourceId,
        id: &str,
        by: Option<AuthorKey>,
        at: EventTime,
    ) -> Withdrawal {
        let target = match by {
            Some(author) => self.marker.post_by(source.as_str(), id, author),
            None => self.marker.post(source.as_str(), id),
        };
        Withdrawal { target, before: at, lasting: Lasting::Gone }
    }

    /// What it means that a source says a post anew.
    pub(crate) fn post_replaced(&self, post: &Post) -> Withdrawal {
        let target = self.marker.post(post.source.as_str(), &post.id);
        Withdrawal { target, before: post.received_at, lasting: Lasting::Replaced }
    }

    /// What it means that an account's posts are told anew: it is not among the erased.
    pub(crate) fn author_renewed(
        &self,
        source: &SourceId,
        author: AuthorKey,
        at: EventTime,
    ) -> Withdrawal {
        let target = self.marker.author(Some(source.as_str()), author);
        Withdrawal { target, before: at, lasting: Lasting::Replaced }
    }

    /// What it means that an account was deleted: from now on it is among the erased.
    pub(crate) fn author_gone(
        &mut self,
        source: &SourceId,
        author: AuthorKey,
        at: EventTime,
    ) -> Withdrawal {
        let target = self.marker.author(Some(source.as_str()), author);
        self.tombstones.insert(target);
        Withdrawal { target, before: at, lasting: Lasting::Gone }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Keyring, Names, Rotation};
    use super::*;

    #[test]
    fn a_post_has_one_tombstone_however_its_id_is_kept() {
        let authors = AuthorHasher::new([1; 32]);
        let raw = "at://did:plc:abc/app.bsky.feed.post/3k";
        let keyed = authors.id(raw.into(), "");
        let marker = Marker::new(&authors.clone().with_names(Names::Keep));
        assert_eq!(marker.post("s", raw), marker.post("s", &keyed));
        assert_ne!(marker.post("s", raw), marker.post("t", raw));
        assert_ne!(marker.post("s", raw), Marker::new(&AuthorHasher::new([2; 32])).post("s", raw));
        let tombstone = marker.post("s", raw);
        assert_eq!(Tombstone::parse(&tombstone.to_string()), Some(tombstone));
    }

    #[test]
    fn a_letter_tells_of_the_erased_by_key_name_or_id() {
        let authors = AuthorHasher::new([1; 32]);
        let marker = Marker::new(&authors);
        let key = authors.hash("somebody");
        let stones = HashSet::from([marker.author(Some("s"), key), marker.post("s", "p1")]);
        let erased = Erased::new(marker, stones);
        let told = |raw: &str| erased.holds_letter("s", raw);
        assert!(
            told(&format!("{{\"id\":\"at://{key}/7"))
                && told("{\"by\":\"@Somebody\"")
                && told("p1")
        );
        assert!(!told("{\"by\":\"somebody else\",\"id\":\"p12\"}"));
        assert!(!erased.holds_letter("t", "{\"id\":\"p1\"}"), "of another source");
    }

    #[test]
    fn a_tombstone_that_was_rotated_meets_the_post_under_the_new_key() {
        let (old, new) = (Keyring::from([1; 32]), Keyring::from([1; 32]).rotated([2; 32]));
        for names in [Names::Hash, Names::Keep] {
            let rotation = Rotation::new(&old, &new, names);
            let [old, new] =
                [&old, &new].map(|ring| AuthorHasher::new(ring.clone()).with_names(names));
            let raw = "at://did:plc:abc/9f86d081884c7d659a2feaa0c55ad015/3k";
            let stones = |authors: &AuthorHasher| {
                let (marker, id) = (Marker::new(authors), authors.id(raw.into(), ""));
                let author = authors.hash("did:plc:abc");
                marker.of("s", &id, author).chain([marker.post("s", raw)]).collect::<Vec<_>>()
            };
            let rotated: Vec<_> =
                stones(&old).into_iter().map(|one| rotation.tombstone(one)).collect();
            assert_eq!(rotated[..3], stones(&new)[..3], "{names:?}");
            assert!(stones(&old).iter().all(|old| !stones(&new).contains(old)));
        }
    }

    #[test]
    fn nobody_is_not_an_author() {
        let marker = Marker::new(&AuthorHasher::new([1; 32]));
        assert_eq!(marker.of("s", "1", AuthorKey::default()).count(), 1);
        assert_eq!(marker.of("s", "1", AuthorKey([1; 16])).count(), 4);
    }
}
