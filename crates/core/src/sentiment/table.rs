//! How is a word found fast? An open-addressing table that keeps hashes instead of words.
//!
//! Two words are taken for one when their 64-bit hashes are equal: with a hundred thousand words
//! in the table that befalls one unknown word in ten to the fourteenth.

use crate::text::{Run, eight};

/// Any odd number of 64 mixed bits will do: the golden ratio, and its like of three dimensions.
const FACTORS: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0xD1B5_4A32_D192_ED03];

/// The hash of a folded word; never 0, which marks an empty place.
///
/// Eight bytes at a time are mixed by a multiplication to 128 bits, whose halves are laid over each
/// other, as foldhash and wyhash do: most words take one.
#[inline]
pub(super) fn key(folded: &[u8]) -> u64 {
    let mut hash = mix(seed(folded.len()) ^ eight(folded, 0));
    for at in (8..folded.len()).step_by(8) {
        hash = mix(hash ^ eight(folded, at));
    }
    hash.max(1)
}

/// The same of a short word in small letters.
#[inline(always)]
pub(super) fn run_key(run: Run) -> u64 {
    mix(seed(run.len()) ^ run.register()).max(1)
}

/// The same of a mark of one byte.
pub(super) const fn mark_key(mark: u8) -> u64 {
    mix(seed(1) ^ mark as u64)
}

/// Words of other lengths differ in more than zeros behind them.
#[inline(always)]
const fn seed(bytes: usize) -> u64 {
    (bytes as u64).wrapping_mul(FACTORS[1])
}

#[inline(always)]
const fn mix(value: u64) -> u64 {
    let product = value as u128 * FACTORS[0] as u128;
    #[allow(clippy::cast_possible_truncation, reason = "its halves are what is wanted")]
    let halves = [product as u64, (product >> 64) as u64];
    halves[0] ^ halves[1]
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
    /// An empty table with room for so many keys.
    pub(super) fn with_room(keys: usize) -> Self {
        let places = (keys * 4 / 3 + 1).next_power_of_two().max(16);
        Self { places: vec![(0, 0); places], values: Vec::with_capacity(keys), front: Vec::new() }
    }

    /// The value of a key.
    #[inline(always)]
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

    /// All keys.
    pub(super) fn keys(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.values.iter().map(|&(key, _)| key)
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
    #[inline(always)]
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

/// Numbers filed under keys.
#[derive(Debug, Clone, Default)]
pub(super) struct Filed {
    /// Where those of a key begin in `order`, and how many they are.
    index: Table<(u32, u32)>,
    order: Vec<u32>,
}

impl Filed {
    /// Files numbers that never fall, each once under a key; in that order they are found.
    pub(super) fn of(entries: &[(u64, u32)]) -> Self {
        let mut index: Table<(u32, u32)> = Table::with_room(entries.len());
        entries.iter().for_each(|&(key, _)| index.entry(key).1 += 1);
        let mut begin = 0;
        for (_, (place, count)) in &mut index.values {
            (*place, begin, *count) = (begin, begin + *count, 0);
        }
        let mut order = vec![0; entries.len()];
        for &(key, number) in entries {
            let (place, count) = index.entry(key);
            let next = (*place + *count) as usize;
            if *count == 0 || order[next - 1] != number {
                order[next] = number;
                *count += 1;
            }
        }
        Self { index, order }
    }

    /// The numbers under a key.
    pub(super) fn under(&self, key: u64) -> &[u32] {
        let (place, count) = self.index.get(key).unwrap_or_default();
        self.order.get(place as usize..(place + count) as usize).unwrap_or_default()
    }
}

/// Which keys are surely not in a table: one bit for every few of them, small enough to stay in a
/// cache near by.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter(Vec<u64>);

/// Bits of a filter for each key, at least.
const FILTER_BITS_PER_KEY: usize = 8;

impl Filter {
    /// One that lets these keys pass, and one in eight of others.
    pub(super) fn of(keys: impl ExactSizeIterator<Item = u64>) -> Self {
        let words = keys.len() * FILTER_BITS_PER_KEY / u64::BITS as usize;
        let mut bits = vec![0; words.next_power_of_two()];
        for key in keys {
            let (word, bit) = filter_place(key, bits.len());
            bits[word] |= bit;
        }
        Self(bits)
    }

    /// Whether a key may be among them.
    #[inline]
    pub(super) fn passes(&self, key: u64) -> bool {
        let (word, bit) = filter_place(key, self.0.len());
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }
}

/// The word of a filter of so many, a power of two, and the bit in it that stand for a key.
#[inline]
fn filter_place(key: u64, words: usize) -> (usize, u64) {
    #[allow(clippy::cast_possible_truncation, reason = "the mask keeps the low bits")]
    let word = (key >> 6) as usize & words.wrapping_sub(1);
    (word, 1 << (key & 63))
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

    #[test]
    fn numbers_are_found_under_their_keys_in_order_and_once() {
        let entries: Vec<(u64, u32)> = (0..900u32)
            .flat_map(|n| [n % 7, n % 7 + 10, n % 7].map(|k| (key(&k.to_le_bytes()), n / 3)))
            .collect();
        let filed = Filed::of(&entries);
        for k in (0..7).chain(10..17u32) {
            let mut wanted: Vec<u32> =
                (0..900).filter(|n| n % 7 == k % 10).map(|n| n / 3).collect();
            wanted.dedup();
            assert_eq!(filed.under(key(&k.to_le_bytes())), wanted, "{k}");
        }
        assert_eq!(filed.under(key(b"x")), [0u32; 0]);
    }

    #[test]
    fn a_filter_lets_its_keys_pass_and_few_others() {
        let keys =
            |from: u32, to: u32| (from..to).map(|n| key(&n.to_le_bytes())).collect::<Vec<_>>();
        let filter = Filter::of(keys(0, 1_000).into_iter());
        assert!(keys(0, 1_000).into_iter().all(|key| filter.passes(key)));
        let others = keys(1_000, 11_000).into_iter().filter(|&key| filter.passes(key)).count();
        assert!(others < 1_500, "{others}");
        assert!(!Filter::default().passes(7));
    }

    #[test]
    fn a_run_has_the_key_of_its_letters() {
        for word in ["a", "Word", "eightlet"] {
            let run = Run::at(word.as_bytes(), 0, word.len());
            assert_eq!(run_key(run.lower()), key(word.to_lowercase().as_bytes()), "{word}");
        }
        assert_ne!(key(b"a"), key(b"a\0"));
        assert_eq!(mark_key(b'_'), key(b"_"));
    }
}
