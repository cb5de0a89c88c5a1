//! Why this score? Words, weights and rules, in the order of the text, and what the model made of
//! them.

use crate::intent::Intent;
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
    /// The text says that it does not mean what it says.
    Irony,
    /// It is past, promised or wished for: "used to be great".
    Unreal,
    /// The sentence asks for it: "Which is the best?"
    Question,
    /// The target stands on the other side of a comparison.
    Comparison,
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
            Self::Irony => "irony",
            Self::Unreal => "unreal",
            Self::Question => "question",
            Self::Comparison => "comparison",
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
    /// The clauses or sentences of that scope, or the whole text, in order.
    pub passages: Vec<Span>,
    /// What exclamation and question marks added to the sum of the weights, away from zero.
    pub emphasis: f64,
    /// The words that carry opinion.
    pub reasons: Vec<Reason>,
    /// What the model made of it, strongest first; empty in the `vader` profile.
    pub influences: Vec<Influence>,
    /// The sums of the classes negative, neutral, positive, of which the highest decided.
    pub sums: Option<[f64; 3]>,
    /// What its writer wants, and why it was thought so; empty in the `vader` profile.
    pub intents: Vec<IntentReason>,
}

/// What one feature or word of the model added to the sum of each class.
#[derive(Debug, Clone, PartialEq)]
pub struct Influence {
    /// The feature, or what the model weighs of the words, as model files spell it: "waste", "# days", "_ * good".
    pub name: String,
    /// How strongly the text has it.
    pub value: f64,
    /// What it added for negative.
    pub negative: f64,
    /// What it added for neutral.
    pub neutral: f64,
    /// What it added for positive.
    pub positive: f64,
}

impl Influence {
    /// How far apart it moved the classes.
    #[must_use]
    pub fn size(&self) -> f64 {
        let most = self.negative.max(self.neutral).max(self.positive);
        most - self.negative.min(self.neutral).min(self.positive)
    }
}

/// Why an intent was found, or nearly.
#[derive(Debug, Clone, PartialEq)]
pub struct IntentReason {
    /// Which.
    pub intent: Intent,
    /// How sure it is, in percent; it holds from 50 on.
    pub percent: u8,
    /// Names of features with what each added to the sum, the strongest first.
    pub influences: Vec<(&'static str, f64)>,
    /// The words that showed it, in bytes of the text.
    pub cues: Vec<Span>,
}
