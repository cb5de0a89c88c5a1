//! Who wrote it, without keeping the name? Keyed hashes of author names.

use std::fmt;

use crate::post::AuthorKey;

/// Hashes author names under a secret key, so that nobody without it can test a name.
///
/// Keyed BLAKE3, cut to 128 bits. The same key gives the same hash in every process.
#[derive(Clone)]
pub struct AuthorHasher {
    key: [u8; 32],
}

impl AuthorHasher {
    /// A hasher under this key; keep the key secret and with the lake.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The key of an author; all zeros for an unknown one (an empty name).
    #[must_use]
    pub fn hash(&self, name: &str) -> AuthorKey {
        let mut short = [0; 16];
        if !name.is_empty() {
            let hash = blake3::keyed_hash(&self.key, name.as_bytes());
            short.copy_from_slice(&hash.as_bytes()[..16]);
        }
        AuthorKey(short)
    }
}

impl fmt::Debug for AuthorHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorHasher(secret)")
    }
}
