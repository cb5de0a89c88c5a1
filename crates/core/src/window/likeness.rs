//! How alike are two texts? Their words as hashes by which near-copies are found and compared.
//!
//! Case, punctuation, handles, links and numbers do not count, nor does a leading `RT`. Of a text
//! the smallest hashes of its word pairs are kept, and the share of them that two texts have in
//! common estimates how much of their wording they share: the resemblance of Broder, "On the
//! resemblance and containment of documents" (1997); exact for texts of up to 33 words.

use serde::{Deserialize, Serialize};

use super::wording::{for_each_word, hash, mix};

/// Words from which on saying the same is no coincidence.
const WORDS_MIN: usize = 6;
/// Hashes of word pairs kept of a text, the smallest ones.
const PAIRS_MAX: usize = 32;
/// Near-copies share more than so many tenths of their word pairs: one changed word among ten, two
/// among sixteen. Texts of fewer than ten words must be equal.
const SHARED_TENTHS: usize = 6;

/// What tells copies of a text: at most 150 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Likeness {
    /// Of all words in order: equal for equal words.
    exact: u64,
    /// As [`Likeness::similarity`].
    similarity: u64,
    /// Of pairs of neighboring words: the smallest hashes, ascending, each once.
    pairs: Box<[u32]>,
}

impl Likeness {
    /// What tells copies of this text; `None` for fewer than six words, which people happen to say
    /// alike. Linear in the text, up to sorting its words.
    ///
    /// # Example
    /// ```
    /// use resonanz_core::window::Likeness;
    ///
    /// let one = Likeness::of("Never buy from acme again, they lost my parcel and do not answer!");
    /// let other = Likeness::of("RT @you: never buy from ACME again, they lost my order and do not answer");
    /// assert!(one.unwrap().resembles(&other.unwrap()));
    /// ```
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let (mut exact, mut words, mut before) = (0, 0, 0);
        let mut hashes: Vec<u64> = Vec::with_capacity(64);
        for_each_word(text, |word| {
            if words == 0 && word == "rt" {
                return;
            }
            let word = hash(word);
            exact = mix(exact ^ word);
            if words > 0 {
                hashes.push(mix(before ^ word.rotate_left(29)));
            }
            (before, words) = (word, words + 1);
        });
        if words < WORDS_MIN {
            return None;
        }
        let similarity = similarity(&hashes);
        let cut = |hash: u64| u32::try_from(hash >> 32).unwrap_or(u32::MAX);
        let mut pairs: Vec<u32> = hashes.into_iter().map(cut).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs.truncate(PAIRS_MAX);
        Some(Self { exact, similarity, pairs: pairs.into() })
    }

    /// Whether the other text says the same, but for a few words.
    #[must_use]
    pub fn resembles(&self, other: &Self) -> bool {
        if self.exact == other.exact {
            return true;
        }
        let (mut mine, mut theirs) = (self.pairs.iter().peekable(), other.pairs.iter().peekable());
        let (mut shared, mut all) = (0, 0);
        // The smallest hashes of both texts together are a fair sample of all.
        while all < PAIRS_MAX {
            let least = match (mine.peek(), theirs.peek()) {
                (Some(one), Some(other)) => **one.min(other),
                (Some(one), None) | (None, Some(one)) => **one,
                (None, None) => break,
            };
            let both = (mine.next_if_eq(&&least).is_some(), theirs.next_if_eq(&&least).is_some());
            shared += usize::from(both == (true, true));
            all += 1;
        }
        10 * shared > SHARED_TENTHS * all
    }

    /// A hash that is equal for equal words and differs in few bits for texts that share most of
    /// their word pairs: Charikar, "Similarity estimation techniques from rounding algorithms"
    /// (2002). Two texts that share none differ in 32 of 64 bits, give or take 8.
    #[must_use]
    pub fn similarity(&self) -> u64 {
        self.similarity
    }

    /// Of all words in order.
    pub(super) fn exact(&self) -> u64 {
        self.exact
    }

    /// Hashes of which near-copies share at least one, save about one pair in a thousand.
    pub(super) fn marks(&self) -> impl Iterator<Item = u64> + '_ {
        let pairs = self.pairs.iter().take(8).map(|&pair| u64::from(pair));
        std::iter::once(self.exact).chain(pairs)
    }
}

/// The bits that more than half of the hashes have set.
///
/// Counts all 64 at once: plane `p` holds bit `p` of each count, and adding a hash carries from
/// plane to plane, a handful of instructions instead of a vote for each bit.
fn similarity(hashes: &[u64]) -> u64 {
    let mut planes = [0u64; usize::BITS as usize];
    let used = (usize::BITS - hashes.len().leading_zeros()) as usize;
    for &hash in hashes {
        let mut carry = hash;
        for plane in planes.iter_mut().take(used) {
            (*plane, carry) = (*plane ^ carry, *plane & carry);
            if carry == 0 {
                break;
            }
        }
    }
    // From the highest plane down: which counts are above half, which equal to it so far.
    let half = hashes.len() / 2;
    let (mut above, mut equal) = (0, u64::MAX);
    for (place, plane) in planes.iter().enumerate().take(used).rev() {
        if half >> place & 1 == 0 {
            above |= equal & plane;
            equal &= !plane;
        } else {
            equal &= plane;
        }
    }
    above
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(one: &str, other: &str) -> bool {
        match (Likeness::of(one), Likeness::of(other)) {
            (Some(one), Some(other)) => {
                assert_eq!(one.resembles(&other), other.resembles(&one), "{one:?} {other:?}");
                one.resembles(&other)
            }
            _ => false,
        }
    }

    #[test]
    fn copies_differ_in_what_does_not_count() {
        let original = "Never buy from acme again, they lost my parcel!";
        let copies = [
            "RT @someone: Never buy from ACME again, they lost my parcel",
            "@friend never buy from acme again - they lost my parcel https://t.co/a1b2",
            "Never buy from acme again, they lost my parcel 2!",
        ];
        for copy in copies {
            assert!(alike(copy, original), "{copy}");
            let bits = |text| Likeness::of(text).map(|likeness| likeness.similarity());
            assert_eq!(bits(copy), bits(original), "{copy}");
        }
        assert!(!alike("Never buy from acme again, they found my parcel", original), "short");
        assert!(Likeness::of("great phone, thanks a lot").is_none(), "too short to be a copy");
    }

    #[test]
    fn a_few_changed_words_make_no_new_text() {
        let original = "acme lost my parcel twice this week and when I call support nobody answers the \
                        phone for hours so I will never order there again";
        let copies = [
            "acme lost my order twice this week and when I call support nobody answers the phone \
             for hours so I will never order there again",
            "so true: acme lost my parcel twice this week and when I call support nobody answers \
             the phone for hours so I will never order there again",
            "acme lost my parcel twice this month and when I call support nobody answers the phone \
             for hours so we will never order there again",
        ];
        for copy in copies {
            assert!(alike(copy, original), "{copy}");
        }
        let others = [
            "acme found my parcel after a week and when I called support they answered the phone at \
             once so I will order there again",
            "when I call support of globex nobody answers the phone",
        ];
        for other in others {
            assert!(!alike(other, original), "{other}");
        }
    }

    #[test]
    fn the_bits_of_the_majority_are_set() {
        let mut state = 7u64;
        let hashes: Vec<u64> = (0..70)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                mix(state) & mix(state.rotate_left(9)) | mix(!state) & 0xFFFF
            })
            .collect();
        for len in [0, 1, 2, 3, 4, 5, 16, 33, 64, 70] {
            let some = &hashes[..len];
            let set = |bit: u64| some.iter().filter(|hash| **hash >> bit & 1 == 1).count();
            let want =
                (0..64).filter(|&bit| 2 * set(bit) > len).fold(0, |bits, bit| bits | 1 << bit);
            assert_eq!(similarity(some), want, "{len}");
        }
    }
}
