//! Under which keys are names hashed, and how does what is kept move on when a key was leaked?
//!
//! A keyed hash cannot be made anew without the name. So the first key goes on hashing names, and a
//! rotation adds a key that turns the hashes: a permutation of 128 bits, under which equal hashes stay
//! equal, so that replies, counts and tombstones go on as they were. Whoever has the keys before it,
//! and not the last, cannot tell which of the turned hashes is whose.

use std::borrow::Cow;
use std::fmt;

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use super::{Names, Tombstone, names};
use crate::post::AuthorKey;

/// Hexadecimal digits of a key in its file.
const KEY_DIGITS: usize = 64;
/// Hexadecimal digits that tell one key from another.
const STAMP_DIGITS: usize = 8;

/// The key that hashes names, and those of all rotations since, of which some are in use: a lake that
/// was not rotated yet stands under fewer than the file of its key holds.
#[derive(Clone)]
pub struct Keyring {
    first: [u8; 32],
    turns: Vec<[u8; 32]>,
    used: usize,
}

impl From<[u8; 32]> for Keyring {
    fn from(first: [u8; 32]) -> Self {
        Self { first, turns: Vec::new(), used: 0 }
    }
}

impl Keyring {
    /// Reads keys of 64 hexadecimal digits, one a line; all of them are in use.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut keys = text.trim().lines().map(|line| key(line.trim()));
        let first = keys.next()??;
        let turns = keys.collect::<Option<Vec<_>>>()?;
        Some(Self { first, used: turns.len(), turns })
    }

    /// The keys as their file holds them.
    #[must_use]
    pub fn text(&self) -> String {
        let digits = |key: &[u8; 32]| key.map(|byte| format!("{byte:02x}")).concat();
        let turns = self.turns.iter().map(|key| format!("\n{}", digits(key)));
        digits(&self.first) + &turns.collect::<String>()
    }

    /// The same with one rotation more, which is in use.
    #[must_use]
    pub fn rotated(mut self, key: [u8; 32]) -> Self {
        self.turns.push(key);
        Self { used: self.turns.len(), ..self }
    }

    /// The same with so many rotations in use, at most all.
    #[must_use]
    pub fn at(self, rotations: usize) -> Self {
        Self { used: rotations.min(self.turns.len()), ..self }
    }

    /// The same without the rotations that are not in use.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.turns.truncate(self.used);
        self
    }

    /// Rotations in use.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used
    }

    /// Rotations that there are.
    #[must_use]
    pub fn rotations(&self) -> usize {
        self.turns.len()
    }

    /// What tells these keys from others, and tells nothing of them; 64 hexadecimal digits.
    #[must_use]
    pub fn check(&self) -> String {
        let first = blake3::keyed_hash(&self.first, b"resonanz key check");
        let check = match self.last() {
            Some(turn) => blake3::keyed_hash(turn, first.as_bytes()),
            None => first,
        };
        check.to_hex().to_string()
    }

    /// What tells the key of the last rotation in use from others; empty before the first.
    pub(super) fn stamp(&self) -> String {
        let stamp =
            self.last().map(|turn| blake3::keyed_hash(turn, b"resonanz key stamp").to_hex());
        stamp.map_or_else(String::new, |digits| digits.chars().take(STAMP_DIGITS).collect())
    }

    /// The same with as many rotations in use as a stamp says.
    pub(super) fn stamped(&self, stamp: &str) -> Option<Self> {
        (0..=self.turns.len()).map(|used| self.clone().at(used)).find(|ring| ring.stamp() == stamp)
    }

    pub(super) fn first(&self) -> &[u8; 32] {
        &self.first
    }

    /// What turns the hashes of names; nothing before the first rotation.
    pub(super) fn turn(&self) -> Option<Turn> {
        self.last().map(Turn::new)
    }

    fn last(&self) -> Option<&[u8; 32]> {
        self.turns.get(self.used.checked_sub(1)?)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring(secret, {} of {} rotations)", self.used, self.turns.len())
    }
}

fn key(digits: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    for (at, slot) in key.iter_mut().enumerate() {
        let pair = digits.get(2 * at..2 * at + 2).filter(|_| digits.len() == KEY_DIGITS)?;
        *slot = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(key)
}

/// A permutation of hashes: AES-256 on the one block that a hash is. The unknown author, all zeros,
/// stays unknown.
#[derive(Clone)]
pub(super) struct Turn(Aes256);

impl Turn {
    fn new(key: &[u8; 32]) -> Self {
        Self(Aes256::new(key.into()))
    }

    pub(super) fn forth(&self, hash: [u8; 16]) -> [u8; 16] {
        let mut block = hash.into();
        self.0.encrypt_block(&mut block);
        if hash == [0; 16] { hash } else { block.into() }
    }

    pub(super) fn back(&self, hash: [u8; 16]) -> [u8; 16] {
        let mut block = hash.into();
        self.0.decrypt_block(&mut block);
        if hash == [0; 16] { hash } else { block.into() }
    }
}

/// How what is kept under some keys is kept under others.
#[derive(Clone)]
pub struct Rotation {
    back: Option<Turn>,
    forth: Option<Turn>,
    names: Names,
}

impl Rotation {
    /// From keys in use to others of the same ring; where names in ids are kept, ids stay.
    #[must_use]
    pub fn new(from: &Keyring, to: &Keyring, names: Names) -> Self {
        Self { back: from.turn(), forth: to.turn(), names }
    }

    /// An author.
    #[must_use]
    pub fn author(&self, AuthorKey(hash): AuthorKey) -> AuthorKey {
        let hash = self.back.as_ref().map_or(hash, |turn| turn.back(hash));
        AuthorKey(self.forth.as_ref().map_or(hash, |turn| turn.forth(hash)))
    }

    /// An author as windows count them: a post of an unknown one counts as one of its own, by a number
    /// of 64 bits, which stays.
    pub(crate) fn counted(&self, author: AuthorKey) -> AuthorKey {
        if author.0[8..] == [0; 8] { author } else { self.author(author) }
    }

    /// A tombstone.
    #[must_use]
    pub fn tombstone(&self, Tombstone(mark): Tombstone) -> Tombstone {
        let AuthorKey(turned) = self.author(AuthorKey(mark.to_be_bytes()));
        Tombstone(u128::from_be_bytes(turned))
    }

    /// An id of a post or thread, with the authors that it names. One that is nothing but 32
    /// hexadecimal digits is its source's own.
    #[must_use]
    pub fn id<'a>(&self, id: Cow<'a, str>) -> Cow<'a, str> {
        match self.names {
            Names::Keep => id,
            Names::Hash => names::turned(id, &|key| self.author(key)),
        }
    }

    /// What was not understood, with the authors and ids in it.
    #[must_use]
    pub fn letter(&self, raw: &str) -> String {
        match self.names {
            Names::Keep => raw.to_owned(),
            Names::Hash => names::turned_fields(raw, &|key| self.author(key)),
        }
    }
}

impl fmt::Debug for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rotation(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::super::AuthorHasher;
    use super::*;

    fn ring() -> Keyring {
        Keyring::from([1; 32]).rotated([2; 32]).rotated([3; 32])
    }

    #[test]
    fn a_ring_is_read_as_it_is_written() {
        for used in 0..=2 {
            let ring = ring().at(used).cut();
            let read = Keyring::parse(&format!("{}\n", ring.text())).expect("keys");
            assert_eq!((read.used(), read.check()), (used, ring.check()));
            assert_eq!(ring.stamped(&ring.stamp()).map(|ring| ring.used()), Some(used));
        }
        assert_ne!(ring().check(), ring().at(1).check());
        for text in ["", "5a", &format!("{}\n5a", ring().text()), &"é".repeat(32)] {
            assert!(Keyring::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_is_rotated_is_what_is_hashed_from_then_on() {
        let raw = "at://did:plc:abc/app.bsky.feed.post/3k";
        for (from, to) in [(0, 1), (1, 2), (0, 2), (2, 0)] {
            let (from, to) = (ring().at(from), ring().at(to));
            let rotation = Rotation::new(&from, &to, Names::Hash);
            let (old, new) = (AuthorHasher::new(from), AuthorHasher::new(to));
            assert_ne!(old.hash("kim"), new.hash("kim"));
            assert_eq!(rotation.author(old.hash("kim")), new.hash("kim"));
            assert_eq!(rotation.author(AuthorKey::default()), AuthorKey::default());
            assert_eq!(rotation.id(old.id(raw.into(), "")), new.id(raw.into(), ""));
            assert_eq!(rotation.id(old.id("kim-12".into(), "Kim")), new.id("kim-12".into(), "Kim"));
            let source = crate::post::SourceId::new("s");
            let key =
                |authors: &AuthorHasher| authors.post_key(&source, &authors.id(raw.into(), ""));
            assert_eq!(key(&old), key(&new), "an engine knows the post again");
        }
    }

    #[test]
    fn ids_of_others_stay_and_names_that_are_kept_do_too() {
        let (from, to) = (ring().at(0), ring());
        let digits = "9f86d081884c7d659a2feaa0c55ad015";
        let rotation = Rotation::new(&from, &to, Names::Hash);
        assert_eq!(rotation.id(digits.into()), digits, "the whole id is its source's own");
        for id in
            [format!("x{digits}"), format!("a_{digits}"), format!("{digits}0"), "7".to_owned()]
        {
            assert_eq!(rotation.id(id.as_str().into()), id);
        }
        let inside = format!("at://{digits}/post/1?at%3A%2F%2F{digits}%2F");
        let turned = rotation.id(inside.as_str().into());
        assert!(!turned.contains(digits) && turned.len() == inside.len(), "{turned}");
        assert_eq!(AuthorHasher::new(to.clone()).id(inside.as_str().into(), ""), turned);
        assert_eq!(Rotation::new(&to, &from, Names::Hash).id(turned), inside);
        let kept = Rotation::new(&from, &to, Names::Keep);
        assert_eq!(kept.id(inside.as_str().into()), inside);
    }
}
