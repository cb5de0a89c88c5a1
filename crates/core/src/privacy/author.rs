//! Who wrote it, without keeping the name? Keyed hashes of author names.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::keyring::Turn;
use super::{Keyring, Rotation, Tombstone, names};
use crate::post::{AuthorKey, ID_BYTES_MAX, Post, PostKey, SourceId, URL_BYTES_MAX};

/// Hashes author names under a secret key, so that nobody without it can test a name.
///
/// Keyed BLAKE3, cut to 128 bits, and turned once the key was rotated. The same keys give the same hash
/// in every process.
#[derive(Clone)]
pub struct AuthorHasher {
    ring: Arc<Keyring>,
    turn: Option<Arc<Turn>>,
    /// Whether names are keys already.
    is_of_keys: bool,
    names: Names,
    /// How names stand in the ids that a lake keeps.
    kept: Names,
}

/// What becomes of names in ids, threads and addresses; the author itself is always a hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Names {
    /// They become the author's key, and an address that names somebody is cut to its site.
    #[default]
    Hash,
    /// They stay as they came, so that addresses lead somewhere.
    Keep,
}

impl AuthorHasher {
    /// A hasher under this key, or these; keep them secret and with the lake.
    #[must_use]
    pub fn new(keys: impl Into<Keyring>) -> Self {
        let ring = keys.into();
        let turn = ring.turn().map(Arc::new);
        let names = Names::Hash;
        Self { ring: Arc::new(ring), turn, is_of_keys: false, names, kept: names }
    }

    /// One for posts that a lake keeps: their authors are keys in hexadecimal, and their ids and
    /// addresses stay as they are.
    #[must_use]
    pub fn of_keys() -> Self {
        Self::new([0; 32]).with_names(Names::Keep).over_keys()
    }

    /// The same for posts that a lake under these keys has: what is a key is one already.
    #[must_use]
    pub fn over_keys(self) -> Self {
        Self { is_of_keys: true, names: Names::Keep, ..self }
    }

    /// The same with another treatment of names in ids, threads and addresses.
    #[must_use]
    pub fn with_names(self, names: Names) -> Self {
        Self { names, kept: names, ..self }
    }

    /// The same, which takes names out of ids whether or not they are kept.
    pub(super) fn without_names(self) -> Self {
        Self { names: Names::Hash, ..self }
    }

    /// The key of an author; all zeros for an unknown one (an empty name).
    ///
    /// Letter case, surrounding blanks and a leading `@` do not count: networks do not tell such
    /// names apart, and people write them in all ways.
    #[must_use]
    pub fn hash(&self, name: &str) -> AuthorKey {
        if self.is_of_keys {
            return AuthorKey::parse(name).unwrap_or_default();
        }
        self.turned(self.first_hash(name))
    }

    /// The key under the first of the keys, as it was before any rotation.
    fn first_hash(&self, name: &str) -> AuthorKey {
        let name = names::plain(name);
        let mut short = [0; 16];
        if !name.is_empty() {
            let hash = blake3::keyed_hash(self.ring.first(), name.as_bytes());
            short.copy_from_slice(&hash.as_bytes()[..16]);
        }
        AuthorKey(short)
    }

    /// A key for what must hold names for a while, to be read by nobody without the key of the hashes;
    /// `None` where names are keys already.
    #[must_use]
    pub fn sealing_key(&self) -> Option<[u8; 32]> {
        if self.is_of_keys {
            return None;
        }
        let key = blake3::keyed_hash(self.ring.first(), b"resonanz sealed place");
        let mut short = [0; 16];
        short.copy_from_slice(&key.as_bytes()[..16]);
        // None of the keys alone is enough.
        let AuthorKey(turned) = self.turned(AuthorKey(short));
        Some(*blake3::keyed_hash(key.as_bytes(), &turned).as_bytes())
    }

    fn turned(&self, AuthorKey(hash): AuthorKey) -> AuthorKey {
        AuthorKey(self.turn.as_ref().map_or(hash, |turn| turn.forth(hash)))
    }

    /// An author as before any rotation.
    pub(super) fn first_author(&self, AuthorKey(hash): AuthorKey) -> AuthorKey {
        AuthorKey(self.turn.as_ref().map_or(hash, |turn| turn.back(hash)))
    }

    /// An id that a lake keeps, as before any rotation, and as it was then without names.
    pub(super) fn first_id<'a>(&self, id: &'a str) -> Cow<'a, str> {
        match &self.turn {
            Some(turn) if self.kept == Names::Hash => {
                names::turned(Cow::Borrowed(id), &|AuthorKey(hash)| AuthorKey(turn.back(hash)))
            }
            _ => Cow::Borrowed(id),
        }
    }

    /// The identity of a post by its id without names; rotations do not change it.
    #[must_use]
    pub fn post_key(&self, source: &SourceId, id: &str) -> PostKey {
        PostKey::new(source, &self.first_id(id))
    }

    /// The same of one version of a post.
    #[must_use]
    pub fn version_key(&self, post: &Post) -> PostKey {
        PostKey::of_version(&post.source, &self.first_id(&post.id), post.received_at)
    }

    /// What tells the keys of hashes that were made here; empty before the first rotation.
    #[must_use]
    pub fn stamp(&self) -> String {
        self.ring.stamp()
    }

    /// How hashes that were made under the keys of a stamp stand here; `None` for keys that are not
    /// known.
    #[must_use]
    pub fn rotation_from(&self, stamp: &str) -> Option<Rotation> {
        let from = self.ring.stamped(stamp)?;
        Some(Rotation::new(&from, &self.ring, self.kept))
    }

    /// Marks bytes that are no name, so that they meet no author's key.
    pub(super) fn mark(&self, bytes: &[u8]) -> Tombstone {
        let key = blake3::keyed_hash(self.ring.first(), b"resonanz tombstone");
        let hash = blake3::keyed_hash(key.as_bytes(), bytes);
        let mut short = [0; 16];
        short.copy_from_slice(&hash.as_bytes()[..16]);
        let AuthorKey(turned) = self.turned(AuthorKey(short));
        Tombstone(u128::from_be_bytes(turned))
    }

    /// An id without names as before any rotation, whatever becomes of names in ids that are kept.
    pub(super) fn first_named<'a>(&self, id: &'a str) -> Cow<'a, str> {
        names::keyed(self.first_id(id), "", &|name| self.first_hash(name))
    }

    /// The key that a handle or, as it stands in the lake, a key in hexadecimal means.
    #[must_use]
    pub fn author(&self, handle: &str) -> AuthorKey {
        AuthorKey::parse(handle).unwrap_or_else(|| self.hash(handle))
    }

    /// An id of a post or thread without names: those of its author, and those that its form shows
    /// (DIDs, `https://host/@name/1`), become keys. The same id gives the same again, so replies
    /// still meet what they answer. For one that is too long a hash of it stands.
    #[must_use]
    pub fn id<'a>(&self, id: Cow<'a, str>, author: &str) -> Cow<'a, str> {
        match self.names {
            Names::Keep => bounded(id),
            Names::Hash => self.turned_id(bounded(self.keyed(id, author))),
        }
    }

    fn keyed<'a>(&self, text: Cow<'a, str>, author: &str) -> Cow<'a, str> {
        names::keyed(text, &names::plain(author), &|name: &str| self.first_hash(name))
    }

    fn turned_id<'a>(&self, id: Cow<'a, str>) -> Cow<'a, str> {
        match &self.turn {
            Some(_) => names::turned(id, &|key| self.turned(key)),
            None => id,
        }
    }

    /// An address without names: one that names somebody is cut to its site, and dropped when the
    /// site itself does, or when it is too long.
    #[must_use]
    pub fn url<'a>(&self, url: Cow<'a, str>, author: &str) -> Option<Cow<'a, str>> {
        if url.len() > URL_BYTES_MAX {
            return None;
        }
        if self.names == Names::Keep {
            return Some(url);
        }
        let own = names::plain(author);
        let named = |url: &str| names::is_naming(url, &own);
        if !(named(&url) || names::has_user(&url)) {
            return Some(url);
        }
        let site = names::site(&url)?;
        (!named(site)).then(|| Cow::Owned(site.to_owned()))
    }

    /// What was not understood, without DIDs and without the values of fields that hold names.
    #[must_use]
    pub fn letter(&self, raw: &[u8]) -> Vec<u8> {
        match self.names {
            Names::Keep => raw.to_vec(),
            Names::Hash => {
                let text = String::from_utf8_lossy(raw);
                let text = names::keyed_fields(&text, &|name| self.first_hash(name));
                self.turned_id(self.keyed(Cow::Owned(text), "")).into_owned().into_bytes()
            }
        }
    }
}

/// An id, or what stands for one that is too long: nothing that looks like a key.
fn bounded(id: Cow<'_, str>) -> Cow<'_, str> {
    if id.len() <= ID_BYTES_MAX {
        return id;
    }
    let hash = blake3::hash(id.as_bytes()).to_hex();
    Cow::Owned(format!("long:{}", hash.get(..40).unwrap_or_default()))
}

impl fmt::Debug for AuthorHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorHasher(secret)")
    }
}
