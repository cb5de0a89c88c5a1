//! How is a word found fast? An open-addressing table that keeps hashes instead of words.
//!
//! Two words are taken for one when their 64-bit hashes are equal: with a hundred thousand words
//! in the table that befalls one unknown word in ten to the fourteenth.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// The hash of a folded word; never 0, which marks an empty place.
pub(super) fn key(folded: &[u8]) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(folded);
    hasher.finish().max(1)
}

/// The key of two words in a row.
pub(super) fn pair_key(first: u64, second: u64) -> u64 {
    (first.rotate_left(23) ^ second).wrapping_mul(0x9E37_79B9_7F4A_7C15).max(1)
}

/// Values by key. At most three quarters full, so that a search ends soon.
///
/// The places hold half of the hash and the index of the value; the other half is compared only
/// where these agree. So a miss touches eight bytes of a small array, and the values of common
/// words, which are put in together, lie together.
#[derive(Debug, Clone)]
pub(super) struct Table<V> {
    /// Upper half of the key and one more than the index of the value; 0 for an empty place.
    places: Vec<(u32, u32)>,
    values: Vec<(u64, V)>,
    /// Copies of what is asked most, by the upper bits of the key; small enough to stay in a cache
    /// near by. Empty, or in step with the values.
    front: Vec<(u64, V)>,
}

/// Upper bits of the key by which the front is asked: 1,024 places.
const FRONT_BITS: u32 = 10;

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { places: vec![(0, 0); 16], values: Vec::new(), front: Vec::new() }
    }
}

impl<V: Copy + Default> Table<V> {
    /// The value of a key.
    #[inline]
    pub(super) fn get(&self, key: u64) -> Option<V> {
        if let Some(&(found, value)) = self.front.get(front(key))
            && found == key
        {
            return Some(value);
        }
        let (_, index) = self.places[self.place(key)];
        self.values.get((index as usize).wrapping_sub(1)).map(|&(_, value)| value)
    }

    /// The value of a key, made if it is new.
    pub(super) fn entry(&mut self, key: u64) -> &mut V {
        self.front.clear();
        if (self.values.len() + 1) * 4 > self.places.len() * 3 {
            self.grow();
        }
        let at = self.place(key);
        if self.places[at].1 == 0 {
            self.values.push((key, V::default()));
            self.places[at] = (tag(key), super::trace::index(self.values.len()));
        }
        let index = self.places[at].1 as usize - 1;
        &mut self.values[index].1
    }

    /// Copies the values that are asked most to the front, until the next change.
    pub(super) fn hasten(&mut self, is_hot: impl Fn(&V) -> bool) {
        self.front = vec![(0, V::default()); 1 << FRONT_BITS];
        for &(key, value) in self.values.iter().filter(|(_, value)| is_hot(value)) {
            let place = &mut self.front[front(key)];
            if place.0 == 0 {
                *place = (key, value);
            }
        }
    }

    /// Where a key is, or would be.
    #[inline]
    fn place(&self, key: u64) -> usize {
        let mask = self.places.len() - 1;
        let tag = tag(key);
        #[allow(clippy::cast_possible_truncation, reason = "the mask keeps the low bits")]
        let mut at = key as usize & mask;
        loop {
            let (found, index) = self.places[at];
            let own = || self.values[index as usize - 1].0 == key;
            if index == 0 || found == tag && own() {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        self.places = vec![(0, 0); self.places.len() * 2];
        for index in 0..self.values.len() {
            let key = self.values[index].0;
            let at = self.place(key);
            self.places[at] = (tag(key), super::trace::index(index + 1));
        }
    }
}

/// Where a key is at the front, if it is there.
fn front(key: u64) -> usize {
    usize::try_from(key >> (u64::BITS - FRONT_BITS)).unwrap_or_default()
}

/// The upper half of a key.
fn tag(key: u64) -> u32 {
    u32::try_from(key >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_found() {
        let mut table = Table::default();
        for n in 0..1_000u32 {
            *table.entry(key(&n.to_le_bytes())) = n;
        }
        assert_eq!(table.values.len(), 1_000);
        table.hasten(|n| n % 2 == 0);
        assert!((0..1_000u32).all(|n| table.get(key(&n.to_le_bytes())) == Some(n)));
        assert!((1_000..2_000u32).all(|n| table.get(key(&n.to_le_bytes())).is_none()));
        assert_ne!(pair_key(1, 2), pair_key(2, 1));
    }
}
