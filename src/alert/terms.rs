//! Which words tell this window from the usual? For the evidence of an alert.
//!
//! Monroe, Colaresi & Quinn, "Fightin' Words" (Political Analysis 2008): the difference of
//! log-odds under an informative Dirichlet prior, in standard deviations. Common words, frequent
//! in both, come out at zero; a word seen once does not come out on top.

use crate::window::Wording;

/// Strength of the prior, in words.
const PRIOR_WORDS: f64 = 500.0;
/// Least that is worth telling, in standard deviations: what chance alone exceeds in one word of
/// forty.
const Z_MIN: f64 = 1.96;

/// A term, and how it stands out.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// The term itself.
    pub term: Box<str>,
    /// How many of the window's latest negative posts hold it.
    pub count: u32,
    /// Difference of log-odds in standard deviations, at least 1.96.
    pub z: f64,
}

/// The terms that stand out most in a window, strongest first, at most `most`. Without a history
/// none does.
#[must_use]
pub fn telling_terms(wording: &Wording, most: usize) -> Vec<Term> {
    let (here, there) = (f64::from(wording.window_words), f64::from(wording.usual_words));
    let counted = wording.words.iter().filter(|&(_, &(count, _))| count > 1);
    let mut terms: Vec<Term> = counted
        .map(|(term, &(count, usual))| {
            let (y, x) = (f64::from(count), f64::from(usual));
            let prior = PRIOR_WORDS * (y + x) / (here + there).max(1.0);
            let odds = |seen: f64, words: f64| {
                ((seen + prior) / (words + PRIOR_WORDS - seen - prior).max(1.0)).ln()
            };
            let spread = (1.0 / (y + prior) + 1.0 / (x + prior)).sqrt();
            Term { term: term.clone(), count, z: (odds(y, here) - odds(x, there)) / spread }
        })
        .filter(|term| term.z >= Z_MIN)
        .collect();
    terms
        .sort_by(|left, right| right.z.total_cmp(&left.z).then_with(|| left.term.cmp(&right.term)));
    terms.truncate(most);
    terms
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
        let words = [("the", 30, 500), ("battery", 30, 500), ("recall", 30, 0), ("typo", 1, 0)];
        let terms = telling_terms(&wording(&words, 1_500), 3);
        assert_eq!(terms.len(), 1, "{terms:?}");
        assert_eq!((terms[0].term.as_ref(), terms[0].count), ("recall", 30));
        assert_eq!(telling_terms(&wording(&words[..1], 0), 3), [], "nothing to compare with");
    }
}
