//! What does a post say about a topic, and how strongly? Lexicons, rules and a small linear model.
//!
//! Two profiles: `vader` answers exactly as vaderSentiment 3.3.2 does, in English, for the text as
//! a whole; `resonanz` answers per target, in English and German, and never counts a brand's own
//! name as an opinion. Prefer `vader` to compare with published figures, `resonanz` for the rest.
//!
//! A [`Scorer`] is built once (about 0.1 s for `resonanz`, which makes inflected German forms) and
//! shared between threads; each thread owns a [`Scratch`]. The cost is linear in the text, but for
//! one rule of `vader`. Users add words with a [`Lexicon`], for all topics or, as an [`Overlay`],
//! for one; [`fit()`] suits the [`Model`] to their own labelled posts, and [`evaluate`] measures.
//! Sarcasm that does not say so and knowledge of the world are beyond it.
//!
//! # Example
//! ```
//! use resonanz_core::post::{Lang, Polarity, Span};
//! use resonanz_core::sentiment::{Profile, Scorer, Scratch};
//!
//! let scorer = Scorer::new(Profile::Resonanz);
//! let mut scratch = Scratch::default();
//! let text = "love Nike, but Adidas is terrible";
//! let nike = scorer.verdict(text, Lang::EN, &[Span { start: 5, end: 9 }], &mut scratch);
//! let adidas = scorer.verdict(text, Lang::EN, &[Span { start: 15, end: 21 }], &mut scratch);
//! assert_eq!(nike.polarity, Polarity::Positive);
//! assert_eq!(adidas.polarity, Polarity::Negative);
//! ```
#![doc = include_str!("scoring.md")]

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::post::{Lang, Polarity, Score, Span};

mod table;
mod python;
mod lexicon;
mod english;
mod german;
mod grams;
mod explain;
mod trace;
mod emoji;
mod tokens;
mod vader;
mod lists;
mod sense;
mod words;
mod overlay;
mod vocabulary;
mod clauses;
mod signs;
mod split;
mod phrases;
mod language;
mod view;
mod negation;
mod mood;
mod ratings;
mod rules;
mod sides;
mod features;
mod reliability;
mod model;
mod model_file;
mod judge;
pub mod evaluate;
mod descent;
pub mod fit;
pub mod intents;
mod why;
mod told;

pub use explain::{Explanation, Influence, IntentReason, Reason, Rule, Scope, Step};
pub use fit::fit;
pub use language::{Language, LanguageSource};
pub use model::Model;
pub use model_file::ModelError;
pub use overlay::{Lexicon, LexiconError, Overlay};

use crate::intent::Intents;
use intents::Intentions;
use judge::{Resonanz, Subject};
use trace::Trace;

/// Raised by one whenever a rule changes what a text scores.
const RULES_VERSION: u32 = 6;

/// Whose rules decide.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Those of vaderSentiment 3.3.2: English, whole text.
    Vader,
    /// Our own: English and German, per target.
    #[default]
    Resonanz,
}

impl Profile {
    /// The lowercase name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vader => "vader",
            Self::Resonanz => "resonanz",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Profile {
    type Err = ProfileError;

    fn from_str(name: &str) -> Result<Self, ProfileError> {
        let known = [Self::Vader, Self::Resonanz];
        let found = known.into_iter().find(|profile| profile.as_str() == name);
        found.ok_or_else(|| ProfileError { found: name.chars().take(40).collect() })
    }
}

/// A name that is no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{found}\" is not a sentiment profile; write vader or resonanz")]
pub struct ProfileError {
    found: String,
}

/// What a text as a whole says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Document {
    /// VADER's compound.
    pub score: Score,
    /// Share of positive words, weighted, rounded to three decimals.
    pub pos: f64,
    /// Share of words without opinion, rounded to three decimals.
    pub neu: f64,
    /// Share of negative words, weighted, rounded to three decimals.
    pub neg: f64,
    /// Words that carry opinion.
    pub hits: u16,
    /// How sure the polarity of the score is, as [`Verdict::confidence`].
    pub confidence: u8,
}

/// What a text says about one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The score of the text as a whole; where it says one thing of the target, the target's.
    pub document: Score,
    /// The score of what is said about the target.
    pub target: Score,
    /// The sign of the target's score.
    pub polarity: Polarity,
    /// How sure the target's polarity is: of verdicts like this, so many in a hundred are right.
    pub confidence: u8,
    /// Opinion words that decided on the target.
    pub hits: u16,
    /// In which language the text was read.
    pub language: Language,
    /// What its writer wants of the target; none in the `vader` profile.
    pub intents: Intents,
}

/// The working memory of one thread; nothing in it outlives a call but its capacity.
#[derive(Debug, Default)]
pub struct Scratch {
    vader: vader::Work,
    rules: judge::Work,
    trace: Trace,
}

/// Scores texts by one profile.
#[derive(Debug)]
pub struct Scorer {
    engine: Engine,
    intentions: Intentions,
    version: String,
}

#[derive(Debug)]
enum Engine {
    Vader(Box<vader::Vader>),
    Resonanz(Box<Resonanz>),
}

impl Scorer {
    /// Reads the lexicons and the model of a profile.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self::with(profile, &[], None)
    }

    /// The same, with words of the user's own and, if given, another model than the shipped one.
    ///
    /// Later lexicons win over earlier ones. The `vader` profile is what it is and reads neither.
    #[must_use]
    pub fn with(profile: Profile, lexicons: &[Lexicon], model: Option<Model>) -> Self {
        match profile {
            Profile::Vader => Self {
                engine: Engine::Vader(Box::new(vader::Vader::new())),
                intentions: Intentions::default(),
                version: version(profile, &[], None),
            },
            Profile::Resonanz => Self {
                version: version(profile, lexicons, model.as_ref()),
                intentions: Intentions::with(
                    model.as_ref().and_then(|model| model.intents.as_deref().cloned()),
                ),
                engine: Engine::Resonanz(Box::new(Resonanz::new(lexicons, model))),
            },
        }
    }

    /// The profile it scores by.
    #[must_use]
    pub fn profile(&self) -> Profile {
        match self.engine {
            Engine::Vader(_) => Profile::Vader,
            Engine::Resonanz(_) => Profile::Resonanz,
        }
    }

    /// Profile and a hash of rules, lexicons and model, as `vader-1a2b3c4d`: equal versions score
    /// alike.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Prepares lexicons of one topic, to be laid over the scorer's own; none in the `vader` profile.
    #[must_use]
    pub fn overlay(&self, lexicons: &[Lexicon]) -> Option<Overlay> {
        match &self.engine {
            Engine::Resonanz(resonanz) if !lexicons.is_empty() => {
                Some(Overlay::new(lexicons, &resonanz.vocabulary))
            }
            _ => None,
        }
    }

    /// Scores a text as a whole. The `vader` profile takes every text for English.
    pub fn score(&self, text: &str, lang: Lang, scratch: &mut Scratch) -> Document {
        let Scratch { vader: work, rules, trace } = scratch;
        match &self.engine {
            Engine::Vader(vader) => {
                let outcome = vader.score(text, work, trace);
                let confidence = reliability::of_compound(outcome.compound);
                document(outcome.compound, outcome.parts, confidence, &work.hits)
            }
            Engine::Resonanz(resonanz) => {
                let subject = Subject { text, lang, spans: &[], overlay: None };
                let outcome = resonanz.judge(&subject, rules, trace);
                let parts = outcome.shares.parts.map(|share| python::round(share, 3));
                document(outcome.document, parts, outcome.confidence, &rules.hits)
            }
        }
    }

    /// Scores what a text says about the target mentioned at `spans`, bytes of `text`.
    ///
    /// In the `vader` profile that is the text as a whole. Spans may overlap and come in any order.
    pub fn verdict(
        &self,
        text: &str,
        lang: Lang,
        spans: &[Span],
        scratch: &mut Scratch,
    ) -> Verdict {
        self.verdict_over(text, lang, spans, None, scratch)
    }

    /// The same with the words of a topic, as [`Scorer::overlay`] prepared them.
    pub fn verdict_over(
        &self,
        text: &str,
        lang: Lang,
        spans: &[Span],
        overlay: Option<&Overlay>,
        scratch: &mut Scratch,
    ) -> Verdict {
        let Scratch { vader: work, rules, trace } = scratch;
        match &self.engine {
            Engine::Vader(vader) => {
                let compound = vader.score(text, work, trace).compound;
                let (score, confidence) =
                    (Score::from_f64(compound), reliability::of_compound(compound));
                verdict([score, score], confidence, polar(&work.hits), vader_language(lang))
            }
            Engine::Resonanz(resonanz) => {
                let subject = Subject { text, lang, spans, overlay };
                let outcome = resonanz.judge(&subject, rules, trace);
                let [document, target] = [outcome.document, outcome.target].map(Score::from_f64);
                let hits = narrow(outcome.target_hits);
                let found = verdict([document, target], outcome.confidence, hits, outcome.language);
                Verdict { intents: self.intentions.judge(&outcome, rules), ..found }
            }
        }
    }

    /// The language in which a text would be read, given what it declares.
    pub fn language(&self, text: &str, declared: Lang, scratch: &mut Scratch) -> Language {
        match &self.engine {
            Engine::Vader(_) => vader_language(declared),
            Engine::Resonanz(resonanz) => resonanz.language(text, declared, &mut scratch.rules),
        }
    }
}

/// The `vader` profile reads everything as English and takes the post's word for its language.
fn vader_language(lang: Lang) -> Language {
    let source = if lang == Lang::UND { LanguageSource::Unknown } else { LanguageSource::Declared };
    Language { lang, source }
}

fn document(
    compound: f64,
    [pos, neu, neg]: [f64; 3],
    confidence: u8,
    hits: &[trace::Hit],
) -> Document {
    Document { score: Score::from_f64(compound), pos, neu, neg, hits: polar(hits), confidence }
}

fn verdict(
    [document, target]: [Score; 2],
    confidence: u8,
    hits: u16,
    language: Language,
) -> Verdict {
    let intents = Intents::default();
    Verdict { document, target, polarity: target.polarity(), confidence, hits, language, intents }
}

fn polar(hits: &[trace::Hit]) -> u16 {
    narrow(hits.iter().filter(|hit| hit.weight != 0.0).count())
}

fn narrow(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

fn version(profile: Profile, lexicons: &[Lexicon], model: Option<&Model>) -> String {
    let files: &[&str] = match profile {
        Profile::Vader => &[lexicon::VADER_EN, lexicon::VADER_EMOJI],
        Profile::Resonanz => &[
            lexicon::VADER_EN,
            lexicon::VADER_EMOJI,
            lexicon::ZURICH_DE,
            lexicon::RESONANZ_DE,
            lexicon::RESONANZ_EN,
            lexicon::RESONANZ_EMOJI,
            lexicon::PHRASES[0],
            lexicon::PHRASES[1],
            lexicon::PHRASES[2],
            lexicon::PHRASES[3],
            lexicon::RESONANZ_MODEL,
            lexicon::INTENTS[0],
            lexicon::INTENTS[1],
            lexicon::INTENTS_MODEL,
        ],
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(profile.as_str().as_bytes()).update(&RULES_VERSION.to_le_bytes());
    files.iter().for_each(|file| {
        hasher.update(file.as_bytes());
    });
    for lexicon in lexicons {
        hasher.update(lexicon.hash().as_bytes());
    }
    if let Some(hash) = model.and_then(|model| model.hash) {
        hasher.update(b"model").update(hash.as_bytes());
    }
    let hash = hasher.finalize().to_hex();
    format!("{profile}-{}", hash.get(..8).unwrap_or_default())
}
