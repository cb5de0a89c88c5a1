//! Which words tell this window from the usual? For the evidence of an alert, and for any two spans.
//!
//! Monroe, Colaresi & Quinn, "Fightin' Words" (Political Analysis 2008): the difference of
//! log-odds under an informative Dirichlet prior, in standard deviations. Common words, frequent
//! in both, come out at zero; a word seen once does not come out on top.

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::window::Wording;

/// Strength of the prior, in words: that of a dozen posts. With 500 a new topic, whose past is short,
/// had no telling words.
const PRIOR_WORDS: f64 = 100.0;
/// Least that makes a term stand out, in standard deviations: what chance alone exceeds in one word
/// of forty.
const Z_MIN: f64 = 1.96;

/// A word or pair of words, and how it stands out.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// The term itself, in lowercase.
    pub term: Box<str>,
    /// How many of the posts hold it.
    pub count: u32,
    /// At most how many of the posts that they are compared with do.
    pub usual: u32,
    /// Difference of log-odds in standard deviations; from 1.96 on it stands out.
    pub z: f64,
}

/// The terms that stand out most in some posts, strongest first, at most `most`. Where fewer than
/// `least` stand out, as without anything to compare with, the most frequent others follow; words
/// of a single post only where no two posts share one.
///
/// A pair takes the place of its words where two thirds of their posts hold it; no word is told
/// twice.
///
/// # Example
/// ```
/// use resonanz_core::alert::telling_terms;
/// use resonanz_core::window::Wording;
///
/// let mut wording = Wording::default();
/// for name in ["Anna", "Ben", "Cem", "Dora", "Emil"] {
///     wording.observe(&format!("{name} waits: the refund never came, and the refund desk is closed"));
/// }
/// (0..80).for_each(|_| wording.compare("the parcel came late"));
/// assert_eq!(telling_terms(&wording, 1, 0)[0].term.as_ref(), "refund desk");
/// ```
#[must_use]
pub fn telling_terms(wording: &Wording, most: usize, least: usize) -> Vec<Term> {
    let (here, there) = (f64::from(wording.window_words), f64::from(wording.usual_words));
    let told_by_pair = told_by_pairs(wording);
    let words = wording.words.iter().filter(|(term, _)| !told_by_pair.contains(term.as_ref()));
    let terms = words.map(|(term, &(count, usual))| {
        let (y, x) = (f64::from(count), f64::from(usual));
        let prior = PRIOR_WORDS * (y + x) / (here + there).max(1.0);
        let odds = |seen: f64, words: f64| {
            ((seen + prior) / (words + PRIOR_WORDS - seen - prior).max(1.0)).ln()
        };
        let spread = (1.0 / (y + prior) + 1.0 / (x + prior)).sqrt();
        Term { term: term.clone(), count, usual, z: (odds(y, here) - odds(x, there)) / spread }
    });
    let stands_out = |term: &Term| term.count > 1 && term.z >= Z_MIN;
    let (mut telling, mut others): (Vec<Term>, Vec<Term>) = terms.partition(stands_out);
    // What is said less than usual tells nothing of these posts, unless there is nothing else.
    if !telling.is_empty() || others.iter().any(|term| term.z > -Z_MIN) {
        others.retain(|term| term.z > -Z_MIN);
    }
    // What one post alone says tells of its author, not of the posts: only where no two share a word.
    if !telling.is_empty() || others.iter().any(|term| term.count > 1) {
        others.retain(|term| term.count > 1);
    }
    telling.sort_by(|left, right| right.z.total_cmp(&left.z).then_with(|| by_name(left, right)));
    others.sort_by(|left, right| {
        let by_z = || right.z.total_cmp(&left.z);
        right.count.cmp(&left.count).then_with(by_z).then_with(|| by_name(left, right))
    });
    let mut chosen: Vec<Term> = Vec::new();
    for (term, most) in telling
        .into_iter()
        .map(|term| (term, most))
        .chain(others.into_iter().map(|term| (term, least.min(most))))
    {
        if chosen.len() < most && !chosen.iter().any(|known| shares_a_word(known, &term)) {
            chosen.push(term);
        }
    }
    chosen
}

/// The longer name first: of a pair and its words, the pair says more.
fn by_name(left: &Term, right: &Term) -> Ordering {
    right.term.len().cmp(&left.term.len()).then_with(|| left.term.cmp(&right.term))
}

/// Words of whose posts two thirds hold them in one and the same pair.
fn told_by_pairs(wording: &Wording) -> HashSet<&str> {
    let pairs = wording.words.iter().filter(|(term, (count, _))| *count > 1 && term.contains(' '));
    let words = pairs.flat_map(|(pair, (count, _))| {
        let covered = move |word: &&str| {
            wording.words.get(*word).is_some_and(|(alone, _)| 3 * count >= 2 * alone)
        };
        pair.split(' ').filter(covered)
    });
    words.collect()
}

fn shares_a_word(left: &Term, right: &Term) -> bool {
    left.term.split(' ').any(|word| right.term.split(' ').any(|other| other == word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wording(words: &[(&str, u32, u32)], usual_words: u32) -> Wording {
        let window_words = words.iter().map(|(_, count, _)| count).sum();
        let words = words.iter().map(|&(word, count, usual)| (word.into(), (count, usual)));
        Wording { words: words.collect(), window_words, usual_words }
    }

    #[test]
    fn what_is_new_stands_out_and_what_is_common_does_not() {
        let words = [("phone", 30, 500), ("battery", 30, 500), ("recall", 30, 0), ("typo", 1, 0)];
        let terms = telling_terms(&wording(&words, 1_500), 3, 0);
        assert_eq!(terms.len(), 1, "{terms:?}");
        assert_eq!((terms[0].term.as_ref(), terms[0].count), ("recall", 30));
        assert_eq!(telling_terms(&wording(&words[..1], 0), 3, 0), [], "nothing to compare with");
    }

    #[test]
    fn without_a_past_the_frequent_ones_are_told() {
        let words = [("late", 5, 0), ("parcel", 6, 0), ("parcel late", 4, 0), ("rain", 1, 0)];
        let terms = telling_terms(&wording(&words, 0), 10, 5);
        let told: Vec<&str> = terms.iter().map(|term| term.term.as_ref()).collect();
        assert_eq!(told, ["parcel late"], "a pair speaks for its words, and one post for nobody");
    }
}
