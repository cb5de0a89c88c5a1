//! Which rule changed which weight? What the scorers note on the way when somebody asks.
//!
//! An explanation is read from here, never computed a second time: the same code that scores
//! calls [`Trace::note`] at each change, which does nothing while tracing is off.

use super::explain::Rule;

/// A word that carries opinion, by its place among the words of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    /// Index of the word.
    pub(super) word: u32,
    /// Weight in the lexicon.
    pub(super) lexicon: f64,
    /// Weight after all rules.
    pub(super) weight: f64,
    /// Index of the word at which a comparison turns.
    pub(super) pivot: Option<u32>,
    /// Whether a negation turned it around.
    pub(super) negated: bool,
    /// It stands beside the mentions, but judges something else.
    pub(super) aside: bool,
}

/// One change of a weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    /// Index of the word whose weight changed.
    pub(super) word: u32,
    /// Why.
    pub(super) rule: Rule,
    /// Index of the word that caused it.
    pub(super) by: Option<u32>,
    /// Weight before.
    pub(super) before: f64,
    /// Weight after.
    pub(super) after: f64,
}

/// The changes of one text, while somebody asks.
#[derive(Debug, Default)]
pub(super) enum Trace {
    /// Nobody asks.
    #[default]
    Off,
    /// In the order in which the rules ran.
    On(Vec<Change>),
}

impl Trace {
    /// Notes a change, and nothing where the weight stayed.
    pub(super) fn note(&mut self, word: usize, rule: Rule, by: Option<usize>, weights: [f64; 2]) {
        let Self::On(changes) = self else { return };
        let [before, after] = weights;
        if before != after {
            let by = by.map(index);
            changes.push(Change { word: index(word), rule, by, before, after });
        }
    }

    /// Whether somebody asks.
    pub(super) fn is_on(&self) -> bool {
        matches!(self, Self::On(_))
    }

    /// The changes noted.
    pub(super) fn changes(&self) -> &[Change] {
        match self {
            Self::Off => &[],
            Self::On(changes) => changes,
        }
    }
}

/// A word's index in four bytes; texts are far shorter.
pub(super) fn index(word: usize) -> u32 {
    u32::try_from(word).unwrap_or(u32::MAX)
}

/// The shares of a text's sentiment, before rounding.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shares {
    /// Positive, neutral, negative.
    pub(super) parts: [f64; 3],
}

impl Shares {
    /// Splits `words` words, of which `hits` carry a weight, as VADER does.
    pub(super) fn sift(hits: &[Hit], words: usize, emphasis: f64) -> Self {
        let (mut pos, mut neg, mut polar) = (0.0, 0.0, 0);
        for hit in hits {
            if hit.weight > 0.0 {
                pos += hit.weight + 1.0;
                polar += 1;
            } else if hit.weight < 0.0 {
                neg += hit.weight - 1.0;
                polar += 1;
            }
        }
        if words == 0 {
            return Self::default();
        }
        if pos > f64::abs(neg) {
            pos += emphasis;
        } else if pos < f64::abs(neg) {
            neg -= emphasis;
        }
        let neu = f64::from(index(words.saturating_sub(polar)));
        let total = pos + f64::abs(neg) + neu;
        Self { parts: [f64::abs(pos / total), f64::abs(neu / total), f64::abs(neg / total)] }
    }
}

/// Maps a sum of weights to -1..1.
pub(super) fn normalize(sum: f64) -> f64 {
    (sum / (sum * sum + 15.0).sqrt()).clamp(-1.0, 1.0)
}

/// What exclamation and question marks add, away from zero.
pub(super) fn emphasis(text: &[u8]) -> f64 {
    let (mut exclamations, mut questions) = (0usize, 0);
    for at in memchr::memchr2_iter(b'!', b'?', text) {
        let counted = if text[at] == b'!' { &mut exclamations } else { &mut questions };
        *counted += 1;
    }
    let exclamations = f64::from(index(exclamations.min(4)));
    let questions = match questions {
        0 | 1 => 0.0,
        few @ (2 | 3) => f64::from(index(few)) * 0.18,
        _ => 0.96,
    };
    exclamations * 0.292 + questions
}
