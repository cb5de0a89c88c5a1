//! Who wrote it, without keeping the name? Keyed hashes of author names.

use std::borrow::Cow;
use std::fmt;

use super::{Tombstone, names};
use crate::post::AuthorKey;

/// Hashes author names under a secret key, so that nobody without it can test a name.
///
/// Keyed BLAKE3, cut to 128 bits. The same key gives the same hash in every process.
#[derive(Clone)]
pub struct AuthorHasher {
    /// `None` where names are keys already.
    key: Option<[u8; 32]>,
    names: Names,
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
    /// A hasher under this key; keep the key secret and with the lake.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key: Some(key), names: Names::Hash }
    }

    /// One for posts that a lake keeps: their authors are keys in hexadecimal, and their ids and
    /// addresses stay as they are.
    #[must_use]
    pub fn of_keys() -> Self {
        Self { key: None, names: Names::Keep }
    }

    /// The same with another treatment of names in ids, threads and addresses.
    #[must_use]
    pub fn with_names(self, names: Names) -> Self {
        Self { names, ..self }
    }

    /// The key of an author; all zeros for an unknown one (an empty name).
    ///
    /// Letter case, surrounding blanks and a leading `@` do not count: networks do not tell such
    /// names apart, and people write them in all ways.
    #[must_use]
    pub fn hash(&self, name: &str) -> AuthorKey {
        let Some(key) = &self.key else { return AuthorKey::parse(name).unwrap_or_default() };
        let name = names::plain(name);
        let mut short = [0; 16];
        if !name.is_empty() {
            let hash = blake3::keyed_hash(key, name.as_bytes());
            short.copy_from_slice(&hash.as_bytes()[..16]);
        }
        AuthorKey(short)
    }

    /// A key for what must hold names for a while, to be read by nobody without the key of the hashes;
    /// `None` where names are keys already.
    #[must_use]
    pub fn sealing_key(&self) -> Option<[u8; 32]> {
        let key = self.key.as_ref()?;
        Some(*blake3::keyed_hash(key, b"resonanz sealed place").as_bytes())
    }

    /// Marks bytes that are no name, so that they meet no author's key.
    pub(super) fn mark(&self, bytes: &[u8]) -> Tombstone {
        let key = blake3::keyed_hash(&self.key.unwrap_or_default(), b"resonanz tombstone");
        let hash = blake3::keyed_hash(key.as_bytes(), bytes);
        let first = hash.as_bytes().first_chunk();
        Tombstone(first.map_or(0, |first| u128::from_be_bytes(*first)))
    }

    /// The key that a handle or, as it stands in the lake, a key in hexadecimal means.
    #[must_use]
    pub fn author(&self, handle: &str) -> AuthorKey {
        AuthorKey::parse(handle).unwrap_or_else(|| self.hash(handle))
    }

    /// An id of a post or thread without names: those of its author, and those that its form shows
    /// (DIDs, `https://host/@name/1`), become keys. The same id gives the same again, so replies
    /// still meet what they answer.
    #[must_use]
    pub fn id<'a>(&self, id: Cow<'a, str>, author: &str) -> Cow<'a, str> {
        match self.names {
            Names::Keep => id,
            Names::Hash => names::keyed(id, &names::plain(author), &|name| self.hash(name)),
        }
    }

    /// An address without names: one that names somebody is cut to its site, and dropped when the
    /// site itself does.
    #[must_use]
    pub fn url<'a>(&self, url: Cow<'a, str>, author: &str) -> Option<Cow<'a, str>> {
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
                let text =
                    names::keyed_fields(&String::from_utf8_lossy(raw), &|name| self.hash(name));
                self.id(Cow::Owned(text), "").into_owned().into_bytes()
            }
        }
    }
}

impl fmt::Debug for AuthorHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorHasher(secret)")
    }
}
