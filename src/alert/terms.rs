//! Which words tell this window from the usual? Log-odds of terms, with a prior from both.
//!
//! Monroe, Colaresi & Quinn, "Fightin' Words" (Political Analysis 16, 2008): the difference of
//! log-odds under an informative Dirichlet prior, in standard deviations. Common words, frequent
//! in both, come out at zero; a word seen once does not come out on top.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Strength of the prior, in words.
const PRIOR_WORDS: f64 = 500.0;
/// Longest term in bytes; longer ones are not counted.
const TERM_BYTES_MAX: usize = 64;

/// Counts of terms, at most so many: beyond, the rarest leaves and the new one takes over its
/// count (space-saving; Metwally, Agrawal & El Abbadi 2005). A kept count is too high by at most
/// the words counted over the capacity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TermCounts {
    capacity: u32,
    words: u64,
    counts: BTreeMap<Box<str>, u32>,
}

/// A term, and how it stands out.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// The term itself.
    pub term: Box<str>,
    /// How often it stands in the window.
    pub count: u32,
    /// Difference of log-odds in standard deviations; above 1.96 is telling.
    pub z: f64,
}

impl TermCounts {
    /// Nothing counted yet, of at most `capacity` different terms.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self { capacity, ..Self::default() }
    }

    /// Counts one post's distinct terms. Linear in the capacity for each new term beyond it.
    pub fn observe<'t>(&mut self, terms: impl Iterator<Item = &'t str>) {
        for term in terms.filter(|term| term.len() <= TERM_BYTES_MAX) {
            self.words += 1;
            if let Some(count) = self.counts.get_mut(term) {
                *count = count.saturating_add(1);
            } else {
                let start =
                    if self.counts.len() < self.capacity as usize { 0 } else { self.evict() };
                self.counts.insert(term.into(), start.saturating_add(1));
            }
        }
    }

    /// Halves all counts, so that the baseline follows the language; drops what becomes nothing.
    pub fn fade(&mut self) {
        self.words /= 2;
        self.counts.retain(|_, count| {
            *count /= 2;
            *count > 0
        });
    }

    /// Drops the rarest term, of several the first by name, and returns its count.
    fn evict(&mut self) -> u32 {
        let rarest = self.counts.iter().min_by_key(|&(term, &count)| (count, term));
        let Some((term, count)) = rarest.map(|(term, &count)| (term.clone(), count)) else {
            return 0;
        };
        self.counts.remove(&term);
        count
    }

    fn of(&self, term: &str) -> f64 {
        self.counts.get(term).copied().map_or(0.0, f64::from)
    }
}

/// The terms that stand out most in `window` against `baseline`, strongest first, at most `most`.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "word counts stay far below 2^53")]
pub fn telling_terms(window: &TermCounts, baseline: &TermCounts, most: usize) -> Vec<Term> {
    let (here, there) = (window.words as f64, baseline.words as f64);
    let both = here + there;
    let mut terms: Vec<Term> = window
        .counts
        .iter()
        .filter(|&(_, &count)| count > 1)
        .map(|(term, &count)| {
            let (y, x) = (f64::from(count), baseline.of(term));
            let prior = PRIOR_WORDS * (y + x) / both.max(1.0);
            let odds = |seen: f64, words: f64| {
                ((seen + prior) / (words + PRIOR_WORDS - seen - prior).max(1.0)).ln()
            };
            let spread = (1.0 / (y + prior) + 1.0 / (x + prior)).sqrt();
            Term { term: term.clone(), count, z: (odds(y, here) - odds(x, there)) / spread }
        })
        .filter(|term| term.z > 0.0)
        .collect();
    terms
        .sort_by(|left, right| right.z.total_cmp(&left.z).then_with(|| left.term.cmp(&right.term)));
    terms.truncate(most);
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_stands_out_and_what_is_common_does_not() {
        let (mut usual, mut now) = (TermCounts::new(100), TermCounts::new(100));
        (0..500).for_each(|_| usual.observe(["the", "battery", "good"].into_iter()));
        (0..30).for_each(|_| now.observe(["the", "recall", "battery"].into_iter()));
        now.observe(["typo"].into_iter());
        let terms = telling_terms(&now, &usual, 3);
        assert_eq!(terms[0].term.as_ref(), "recall");
        assert!(terms[0].z > 1.96);
        assert!(terms.iter().all(|term| term.term.as_ref() != "typo"
            && (term.z < 1.96 || term.term.as_ref() == "recall")));
    }

    #[test]
    fn counts_stay_bounded() {
        let mut counts = TermCounts::new(8);
        for round in 0..200 {
            counts.observe(["often", &format!("rare{round}")].into_iter());
        }
        assert_eq!(counts.counts.len(), 8);
        assert!(counts.of("often") >= 200.0);
    }
}
