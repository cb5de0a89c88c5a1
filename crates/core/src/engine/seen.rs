//! Has this post been taken in before?
//!
//! Sources deliver at least once. Two generations of 64-bit hashes remember at least the last
//! million posts in about 32 MB; a restart keeps only those that left
//! something behind. A false positive needs two of 2 million ids to share a 64-bit hash:
//! about one chance in 10 million per run of that length.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use crate::post::PostKey;

/// Posts per generation.
const GENERATION_MAX: usize = 1_000_000;
/// Posts that a restart remembers.
const REMEMBERED_MAX: usize = 65_536;

#[derive(Debug)]
pub(super) struct Seen {
    young: HashSet<u64, BuildHasherDefault<AsIs>>,
    old: HashSet<u64, BuildHasherDefault<AsIs>>,
    remembered: VecDeque<u64>,
}

impl Seen {
    pub(super) fn new(remembered: &[u64]) -> Self {
        Self {
            young: remembered.iter().copied().collect(),
            old: HashSet::default(),
            remembered: remembered.iter().copied().collect(),
        }
    }

    /// Notes a post; whether it is new.
    pub(super) fn insert(&mut self, PostKey(key): PostKey) -> bool {
        if self.old.contains(&key) || !self.young.insert(key) {
            return false;
        }
        if self.young.len() >= GENERATION_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        true
    }

    /// Whether something was noted.
    pub(super) fn holds(&self, PostKey(key): PostKey) -> bool {
        self.young.contains(&key) || self.old.contains(&key)
    }

    /// Notes that a restart must recognize the post.
    pub(super) fn remember(&mut self, PostKey(key): PostKey) {
        if self.remembered.len() >= REMEMBERED_MAX {
            self.remembered.pop_front();
        }
        self.remembered.push_back(key);
    }

    pub(super) fn remembered(&self) -> Vec<u64> {
        self.remembered.iter().copied().collect()
    }
}

/// Keys are hashes already.
#[derive(Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
