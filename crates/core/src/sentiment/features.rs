//! What does the model look at? A text, or what it says about a target, as a short row of numbers.
//!
//! Most are sums and counts over the opinion words that count, each squeezed into 0..1 or -1..1, so
//! that no single one runs away on a long text. The order is that of [`NAMES`], by which models
//! name them: append, never reorder.

use super::clauses::{Layout, Sort, Word};
use super::explain::Scope;
use super::sense::Role;
use super::trace::{Hit, index, normalize};

/// How many features there are.
pub(super) const COUNT: usize = 31;

/// The names of the features, as model files spell them.
#[rustfmt::skip]
pub(super) const NAMES: [&str; COUNT] = [
    "compound", "compound_size", "positive_sum", "negative_sum", "has_positive", "has_negative",
    "has_both", "many_positive", "many_negative", "positive_peak", "negative_peak",
    "positive_signs", "negative_signs", "last_positive", "last_negative", "negations",
    "negated", "negation_alone", "exclaimed", "question", "link", "contrast", "density",
    "outside_positive", "outside_negative", "nearest_positive", "nearest_negative",
    "near_positive", "near_negative", "by_sentence", "by_document",
];

/// Features of older models that said how a text looks, not what it says: handles, length and
/// capitals stand for another opinion in every domain. Models may still name them; they are not
/// asked. `models/README.md` has the measurements.
pub(super) const RETIRED: [&str; 8] =
    ["length", "handle", "hashtags", "capitals", "exclamations", "ellipsis", "quotes", "numbers"];

/// Weight from which an opinion is one more: "please" is none, though it sounds kind.
const COUNTED_MIN: f64 = 0.5;

/// Words from a mention at which an opinion counts half as much for it.
const NEAR_WORDS: f64 = 3.0;

/// A row of features.
pub(super) type Row = [f64; COUNT];

/// Sums over the opinion words that count.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    positive: f64,
    negative: f64,
    positives: u32,
    negatives: u32,
    positive_peak: f64,
    negative_peak: f64,
    positive_signs: f64,
    negative_signs: f64,
    negated: u32,
    last: f64,
}

impl Tally {
    fn add(&mut self, hit: &Hit, weight: f64, is_sign: bool) {
        let size = weight.abs();
        let counts = u32::from(size >= COUNTED_MIN);
        if weight > 0.0 {
            self.positive += size;
            self.positives += counts;
            self.positive_peak = self.positive_peak.max(size);
            self.positive_signs += if is_sign { size } else { 0.0 };
        } else if weight < 0.0 {
            self.negative += size;
            self.negatives += counts;
            self.negative_peak = self.negative_peak.max(size);
            self.negative_signs += if is_sign { size } else { 0.0 };
        }
        self.negated += u32::from(hit.negated);
        if counts > 0 {
            self.last = weight;
        }
    }
}

/// What the features of a target need besides: the weight of each hit within its scope.
pub(super) struct Scoped<'a> {
    /// Weight of each hit for the target; none outside the scope.
    pub(super) weight_of: &'a dyn Fn(&Hit) -> Option<f64>,
    /// How much of the text decides; none without a target.
    pub(super) scope: Option<Scope>,
}

/// Fills the row for the opinion words that count.
pub(super) fn fill(layout: &Layout, hits: &[Hit], emphasis: f64, scoped: &Scoped<'_>) -> Row {
    let (mut tally, mut outside, mut near) = (Tally::default(), [0.0; 2], [0.0; 2]);
    let (mut nearest, mut nearest_gap) = (0.0, u32::MAX);
    for hit in hits {
        let gap = layout.gaps.get(hit.word as usize).copied().unwrap_or(u32::MAX - 1);
        if scoped.scope.is_some() {
            let weight = hit.weight * layout.side(hit);
            near[usize::from(weight < 0.0)] +=
                weight.abs() * NEAR_WORDS / (NEAR_WORDS + f64::from(gap));
        }
        let Some(weight) = (scoped.weight_of)(hit) else {
            outside[usize::from(hit.weight < 0.0)] += hit.weight.abs();
            continue;
        };
        let word = layout.words.get(hit.word as usize);
        tally.add(hit, weight, word.is_some_and(|word| word.sort == Sort::Sign));
        if scoped.scope.is_some() && gap < nearest_gap {
            (nearest, nearest_gap) = (weight, gap);
        }
    }
    let sum = tally.positive - tally.negative;
    let compound = if sum == 0.0 { 0.0 } else { normalize(sum + emphasis.copysign(sum)) };
    let negations = negations(layout);
    let soft = |sum: f64| sum / (sum + 2.0);
    let flag = |is: bool| if is { 1.0 } else { 0.0 };
    let some = |count: u32, most: u32| f64::from(count.min(most)) / f64::from(most);
    let words = f64::from(index(layout.words.len().max(1)));
    let found = tally.positives + tally.negatives;
    [
        compound,
        compound.abs(),
        soft(tally.positive),
        soft(tally.negative),
        flag(tally.positives > 0),
        flag(tally.negatives > 0),
        flag(tally.positives > 0 && tally.negatives > 0),
        some(tally.positives.saturating_sub(1), 3),
        some(tally.negatives.saturating_sub(1), 3),
        tally.positive_peak / 4.0,
        tally.negative_peak / 4.0,
        soft(tally.positive_signs),
        soft(tally.negative_signs),
        tally.last.max(0.0) / 4.0,
        (-tally.last).max(0.0) / 4.0,
        some(negations, 3),
        flag(tally.negated > 0),
        flag(negations > 0 && found == 0),
        // Whoever shouts means what the words say, not praise.
        some(layout.marks.exclamations, 3) * if sum == 0.0 { 0.0 } else { sum.signum() },
        flag(layout.marks.questions > 0),
        flag(layout.marks.links > 0),
        flag(layout.sentences.iter().any(|sentence| sentence.contrasts)),
        f64::from(found) / (words + 4.0),
        soft(outside[0]),
        soft(outside[1]),
        f64::max(nearest, 0.0) / 4.0,
        f64::max(-nearest, 0.0) / 4.0,
        soft(near[0]),
        soft(near[1]),
        flag(scoped.scope == Some(Scope::Sentence)),
        flag(scoped.scope == Some(Scope::Document)),
    ]
}

/// Negations that no phrase accounts for.
fn negations(layout: &Layout) -> u32 {
    let negates = |word: &&Word| {
        matches!(word.sense.role, Role::Negation | Role::NearNegation) && !word.spent
    };
    index(layout.words.iter().filter(negates).count())
}
