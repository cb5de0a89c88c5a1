//! Why this score? Words, weights and rules, in the order of the text.

use crate::post::Span;

use super::Verdict;

/// A reason for which a word counts other than its lexicon says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A negation turns it around and weakens it.
    Negation,
    /// A degree word raises it.
    Booster,
    /// A degree word lowers it.
    Dampener,
    /// It is in capitals among words that are not.
    Capitals,
    /// It is part of a phrase with a weight of its own.
    Idiom,
    /// A "but" counts what follows for more and what precedes for less.
    Contrast,
}

impl Rule {
    /// The lowercase name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negation => "negation",
            Self::Booster => "booster",
            Self::Dampener => "dampener",
            Self::Capitals => "capitals",
            Self::Idiom => "idiom",
            Self::Contrast => "contrast",
        }
    }
}

/// One rule at work on one word.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Which rule.
    pub rule: Rule,
    /// The word that set it off, where there is one.
    pub by: Option<Span>,
    /// The weight before.
    pub before: f64,
    /// The weight after.
    pub after: f64,
}

/// A word that carries opinion.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// Where it is in the text; the emoji itself where its name in words counted.
    pub span: Span,
    /// The word as it was looked up, or the name of an emoji.
    pub word: String,
    /// Its weight in the lexicon, -4 to 4.
    pub lexicon: f64,
    /// Its weight after all rules.
    pub weight: f64,
    /// The rules that changed it, in the order in which they ran.
    pub steps: Vec<Step>,
    /// Whether it counts for the target, not only for the document.
    pub counts_for_target: bool,
}

/// How much of a text decided on the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The clauses that hold a mention.
    Clause,
    /// The sentences that hold a mention.
    Sentence,
    /// The whole text.
    Document,
}

impl Scope {
    /// The lowercase name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clause => "clause",
            Self::Sentence => "sentence",
            Self::Document => "document",
        }
    }
}

/// A verdict with all that led to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What [`super::Scorer::verdict`] returns.
    pub verdict: Verdict,
    /// How much of the text decided on the target.
    pub scope: Scope,
    /// What exclamation and question marks added to the sum of the weights, away from zero.
    pub emphasis: f64,
    /// The words that carry opinion.
    pub reasons: Vec<Reason>,
}
