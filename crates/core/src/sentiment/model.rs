//! Negative, neutral or positive? A linear model over the features, read from a text file.
//!
//! For each class it sums bias, features and words times their weights; the highest sum decides,
//! and its lead becomes the score, so that the score's sign is the decision: at most 0.0499 away
//! from 0 where neutral leads, at least 0.05 where another class does. No exponential is needed,
//! so the same text scores alike on every machine.

use super::clauses::Layout;
use super::explain::{Influence, Scope};
use super::features::{self, Row};
use super::grams::{self, Gram, Token, beside, inside};
use super::intents::IntentModel;
use super::language::Language;
use super::reliability::{self, Curve};
use super::table::{Filter, Table};
use crate::post::Lang;

/// Classes in the order of weights: negative, neutral, positive.
pub(super) const CLASSES: usize = 3;
/// One weight for each class.
pub(super) type Weights = [f32; CLASSES];

/// Which of the model's six rows of weights is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    EnglishDocument,
    EnglishMention,
    EnglishTarget,
    GermanDocument,
    GermanMention,
    GermanTarget,
}

impl View {
    /// How many there are.
    pub(super) const COUNT: usize = 6;
    /// All, in the order of files.
    pub(super) const ALL: [Self; Self::COUNT] = [
        Self::EnglishDocument,
        Self::EnglishMention,
        Self::EnglishTarget,
        Self::GermanDocument,
        Self::GermanMention,
        Self::GermanTarget,
    ];

    /// The view of a language, of a text with mentions or without, and of a scope where only a part of the
    /// text decides; what is neither English nor German is read as English.
    pub(super) fn of(language: Language, mentions: bool, scope: Option<Scope>) -> Self {
        match (language.lang == Lang::DE, scope.is_some(), mentions) {
            (false, true, _) => Self::EnglishTarget,
            (false, _, true) => Self::EnglishMention,
            (false, ..) => Self::EnglishDocument,
            (true, true, _) => Self::GermanTarget,
            (true, _, true) => Self::GermanMention,
            (true, ..) => Self::GermanDocument,
        }
    }

    /// Language and what is judged, as files spell them.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::EnglishDocument => "en document",
            Self::EnglishMention => "en mention",
            Self::EnglishTarget => "en target",
            Self::GermanDocument => "de document",
            Self::GermanMention => "de mention",
            Self::GermanTarget => "de target",
        }
    }

    /// The view that answers when this one has no weights.
    pub(super) fn fallback(self) -> Self {
        match self {
            Self::EnglishDocument | Self::EnglishMention | Self::EnglishTarget => {
                Self::EnglishDocument
            }
            Self::GermanDocument | Self::GermanMention | Self::GermanTarget => Self::GermanDocument,
        }
    }

    /// The views that learn from a post of this one: what says one thing speaks for posts with a mention
    /// and without.
    pub(super) fn taught(self) -> impl Iterator<Item = Self> {
        let also = match self {
            Self::EnglishDocument => Some(Self::EnglishMention),
            Self::EnglishMention => Some(Self::EnglishDocument),
            Self::GermanDocument => Some(Self::GermanMention),
            Self::GermanMention => Some(Self::GermanDocument),
            Self::EnglishTarget | Self::GermanTarget => None,
        };
        std::iter::once(self).chain(also)
    }
}

/// The weights of one view.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// Whether the file has them.
    pub(super) given: bool,
    pub(super) bias: Weights,
    pub(super) features: [Weights; features::COUNT],
    /// By the index of the gram.
    pub(super) grams: Vec<Weights>,
    /// How often each class was right, at each of [`super::reliability::LEADS`].
    pub(super) reliability: [Curve; CLASSES],
}

impl Default for Part {
    fn default() -> Self {
        let (bias, features) = ([0.0; CLASSES], [[0.0; CLASSES]; features::COUNT]);
        let reliability = [reliability::UNKNOWN; CLASSES];
        Self { given: false, bias, features, grams: Vec::new(), reliability }
    }
}

/// Weights of features and words for each class; see [`super::fit()`] for where they come from.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub(super) parts: [Part; View::COUNT],
    /// What it weighs, as files spell it.
    pub(super) grams: Vec<Box<str>>,
    /// Index of all but single words, by their keys.
    pub(super) pairs: Table<u32>,
    /// Most of what stands in a text is none of these. Empty until [`Model::settle`].
    pair_filter: Filter,
    /// Weights of what writers want, where they are not the built-in ones.
    pub(super) intents: Option<Box<IntentModel>>,
    pub(super) hash: Option<blake3::Hash>,
}

/// What a model weighs of a text, by index, and how much each counts.
#[derive(Debug, Default, Clone)]
pub(super) struct Grams(pub(super) Vec<(u32, f32)>);

/// How much a word outside the scope of the target counts.
const OUTSIDE: f32 = 0.1;
/// How fast a lead becomes a strong score.
const LEAD_SCALE: f64 = 1.5;
/// The strongest neutral score.
const NEUTRAL_MAX: f64 = 0.0499;

impl Model {
    /// Whether it weighs words, not features alone.
    #[must_use]
    pub fn has_words(&self) -> bool {
        !self.grams.is_empty()
    }

    /// The same with weights of what writers want.
    #[must_use]
    pub fn with_intents(self, intents: IntentModel) -> Self {
        let model = Self { intents: Some(Box::new(intents)), ..self };
        let hash = Some(blake3::hash(model.to_text().as_bytes()));
        Self { hash, ..model }
    }

    /// Notes which pairs it has, once there are no more to come: none is found before.
    pub(super) fn settle(&mut self) {
        self.pair_filter = Filter::of(self.pairs.keys());
    }

    /// Whether a view has weights of its own.
    pub(super) fn knows(&self, view: View) -> bool {
        self.parts[view as usize].given
    }

    /// The weights of a view, or of its fallback.
    pub(super) fn part(&self, view: View) -> &Part {
        let part = &self.parts[view as usize];
        if part.given { part } else { &self.parts[view.fallback() as usize] }
    }

    /// Collects what the model weighs of a text. Where what is said is `turned` round for the target, words count
    /// little: they are not turned.
    pub(super) fn collect(
        &self,
        layout: &Layout,
        scope: Option<Scope>,
        turned: bool,
        found: &mut Grams,
    ) {
        found.0.clear();
        if self.grams.is_empty() {
            return;
        }
        let pair = |gram: Gram| {
            let key = gram.key(layout);
            if self.pair_filter.passes(key) { self.pairs.get(key) } else { None }
        };
        grams::each(layout, |gram, word| {
            let weight = match scope {
                Some(scope) if turned || word.aside || !inside(layout, word.clause, scope) => {
                    OUTSIDE
                }
                _ => 1.0,
            };
            let at = match gram {
                Gram::One(Token::Word(_)) => word.entry.gram.checked_sub(1),
                // What stands beside a target is told below, and wider.
                Gram::Pair(..) if scope.is_some() && gram.has_target() => None,
                _ => pair(gram),
            };
            found.0.extend(at.map(|at| (at, weight)));
        });
        if scope.is_some() {
            found.0.extend(beside(layout).filter_map(pair).map(|at| (at, 1.0)));
        }
    }

    /// The sum of each class.
    pub(super) fn sums(&self, view: View, row: &Row, grams: &Grams) -> [f64; CLASSES] {
        let part = self.part(view);
        let mut sums = part.bias.map(f64::from);
        // Most features of a text are 0.
        for (value, weights) in row.iter().zip(&part.features).filter(|(value, _)| **value != 0.0) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += value * f64::from(*weight);
            }
        }
        for &(gram, value) in &grams.0 {
            let Some(weights) = part.grams.get(gram as usize) else { continue };
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += f64::from(value * weight);
            }
        }
        sums
    }

    /// The score and how sure it is.
    pub(super) fn judge(&self, view: View, row: &Row, grams: &Grams) -> Judgement {
        let sums = self.sums(view, row, grams);
        let (class, lead) = lead(sums);
        let confidence = reliability::percent(&self.part(view).reliability[class], lead);
        Judgement { score: place(sums), confidence }
    }

    /// What spoke for which class, strongest first.
    pub(super) fn influences(&self, view: View, row: &Row, grams: &Grams) -> Vec<Influence> {
        let part = self.part(view);
        let influence = |name: &str, value: f64, weights: &Weights| Influence {
            name: name.to_owned(),
            value,
            negative: value * f64::from(weights[0]),
            neutral: value * f64::from(weights[1]),
            positive: value * f64::from(weights[2]),
        };
        let features = features::NAMES.iter().zip(row).zip(&part.features);
        let mut found: Vec<Influence> = features
            .filter(|((_, value), _)| **value != 0.0)
            .map(|((name, value), weights)| influence(name, *value, weights))
            .collect();
        found.extend(grams.0.iter().filter_map(|&(gram, value)| {
            let weights = part.grams.get(gram as usize)?;
            Some(influence(self.grams.get(gram as usize)?, f64::from(value), weights))
        }));
        found.sort_by(|a, b| b.size().total_cmp(&a.size()));
        found
    }
}

/// What a model makes of a text or target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Judgement {
    /// -1 to 1.
    pub(super) score: f64,
    /// Percent.
    pub(super) confidence: u8,
}

/// The class in the lead, by the same rule as scores, and by how much.
pub(super) fn lead(sums: [f64; CLASSES]) -> (usize, f64) {
    let [negative, neutral, positive] = sums;
    let class = if positive > neutral && positive > negative {
        2
    } else if negative > neutral {
        0
    } else {
        1
    };
    let others = (0..CLASSES).filter(|&other| other != class).map(|other| sums[other]);
    (class, sums[class] - others.fold(f64::NEG_INFINITY, f64::max))
}

/// Places the lead of the leading class in -1..1.
pub(super) fn place([negative, neutral, positive]: [f64; CLASSES]) -> f64 {
    let (up, down) = (positive - neutral, negative - neutral);
    if up <= 0.0 && down <= 0.0 {
        let near = |lead: f64| 1.0 / (1.0 - lead);
        return NEUTRAL_MAX * (near(up) - near(down));
    }
    let lead = f64::max(up, down) - f64::max(0.0, f64::min(up, down));
    let strength = 0.05 + 0.95 * lead / (lead * lead + LEAD_SCALE * LEAD_SCALE).sqrt();
    if up > down { strength } else { -strength }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_on_the_side_of_the_decision() {
        let rows = [
            ([0.0, 1.0, 0.9], 0.0, 0.0499),
            ([0.0, 1.0, 1.1], 0.05, 0.3),
            ([0.0, 1.0, 9.0], 0.9, 1.0),
            ([3.0, 1.0, 0.0], -0.9, -0.5),
            ([2.0, 0.0, 2.0], -0.06, 0.06),
            ([0.0, 5.0, 0.0], -0.001, 0.001),
        ];
        for (sums, least, most) in rows {
            let score = place(sums);
            assert!((least..=most).contains(&score), "{sums:?}: {score}");
        }
    }
}
