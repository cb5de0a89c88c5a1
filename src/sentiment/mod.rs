//! What does a post say about a topic, and how strongly? Lexicons and rules; no model, no network.
//!
//! Two profiles: `vader` answers exactly as vaderSentiment 3.3.2 does, in English, for the text as
//! a whole; `resonanz` answers per target, in English and German, and never counts a brand's own
//! name as an opinion. Prefer `vader` to compare with published figures, `resonanz` for the rest.
//!
//! A [`Scorer`] is built once (about 0.1 s for `resonanz`, which makes inflected German forms) and
//! shared between threads; each thread owns a [`Scratch`]. The cost is linear in the text, but for
//! one rule of `vader`. Sarcasm, comparisons and knowledge of the world are beyond it.
//!
//! # Example
//! ```
//! use resonanz::post::{Lang, Polarity, Span};
//! use resonanz::sentiment::{Profile, Scorer, Scratch};
//!
//! let scorer = Scorer::new(Profile::Resonanz);
//! let mut scratch = Scratch::default();
//! let text = "love Nike, but Adidas is terrible";
//! let nike = scorer.verdict(text, Lang::EN, &[Span { start: 5, end: 9 }], &mut scratch);
//! let adidas = scorer.verdict(text, Lang::EN, &[Span { start: 15, end: 21 }], &mut scratch);
//! assert_eq!(nike.polarity, Polarity::Positive);
//! assert_eq!(adidas.polarity, Polarity::Negative);
//! ```

use std::fmt;
use std::str::FromStr;

use crate::post::{Lang, Polarity, Score, Span};

mod python;
mod lexicon;
mod english;
mod german;
mod explain;
mod trace;
mod emoji;
mod vader;
mod vocabulary;
mod clauses;
mod rules;

pub use explain::{Explanation, Reason, Rule, Scope, Step};

use trace::Trace;

/// Raised by one whenever a rule changes what a text scores.
const RULES_VERSION: u32 = 2;

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
#[error("\"{found}\" is no sentiment profile; write vader or resonanz")]
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
}

/// What a text says about one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The score of the text as a whole.
    pub document: Score,
    /// The score of what is said about the target.
    pub target: Score,
    /// The sign of the target's score.
    pub polarity: Polarity,
    /// Opinion words that decided on the target.
    pub hits: u16,
}

/// The working memory of one thread; nothing in it outlives a call but its capacity.
#[derive(Debug, Default)]
pub struct Scratch {
    vader: vader::Work,
    rules: rules::Work,
    trace: Trace,
}

/// Scores texts by one profile.
#[derive(Debug)]
pub struct Scorer {
    engine: Engine,
    version: String,
}

#[derive(Debug)]
enum Engine {
    Vader(Box<vader::Vader>),
    Resonanz(vocabulary::Vocabulary),
}

impl Scorer {
    /// Reads the lexicons of a profile.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        let engine = match profile {
            Profile::Vader => Engine::Vader(Box::new(vader::Vader::new())),
            Profile::Resonanz => Engine::Resonanz(vocabulary::Vocabulary::new()),
        };
        Self { engine, version: version(profile) }
    }

    /// The profile it scores by.
    #[must_use]
    pub fn profile(&self) -> Profile {
        match self.engine {
            Engine::Vader(_) => Profile::Vader,
            Engine::Resonanz(_) => Profile::Resonanz,
        }
    }

    /// Profile and a hash of rules and lexicons, as `vader-1a2b3c4d`: equal versions score alike.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Scores a text as a whole. The `vader` profile takes every text for English.
    pub fn score(&self, text: &str, lang: Lang, scratch: &mut Scratch) -> Document {
        let Scratch { vader: work, rules, trace } = scratch;
        match &self.engine {
            Engine::Vader(vader) => {
                let outcome = vader.score(text, work, trace);
                document(outcome.compound, outcome.parts, &work.hits)
            }
            Engine::Resonanz(vocabulary) => {
                let outcome = rules::judge(vocabulary, (text, lang), &[], rules, trace);
                let parts = outcome.shares.parts.map(|share| python::round(share, 3));
                document(outcome.document, parts, &rules.hits)
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
        let Scratch { vader: work, rules, trace } = scratch;
        match &self.engine {
            Engine::Vader(vader) => {
                let score = Score::from_f64(vader.score(text, work, trace).compound);
                verdict(score, score, polar(&work.hits))
            }
            Engine::Resonanz(vocabulary) => {
                let outcome = rules::judge(vocabulary, (text, lang), spans, rules, trace);
                let [document, target] = [outcome.document, outcome.target].map(Score::from_f64);
                verdict(document, target, narrow(outcome.target_hits))
            }
        }
    }

    /// Gives the [`Verdict`] with the words and rules behind it; allocates, unlike the rest.
    #[must_use]
    pub fn explain(&self, text: &str, lang: Lang, spans: &[Span]) -> Explanation {
        let mut scratch = Scratch { trace: Trace::On(Vec::new()), ..Scratch::default() };
        match &self.engine {
            Engine::Vader(vader) => {
                let Scratch { vader: work, trace, .. } = &mut scratch;
                let outcome = vader.score(text, work, trace);
                let score = Score::from_f64(outcome.compound);
                let place = |i: u32| {
                    let token = work.tokens.get(i as usize);
                    token.map_or((0, 0), |token| (token.start, token.end))
                };
                let spelled = if work.spelled.is_used() { &work.spelled.text } else { text };
                let reason = |hit: &trace::Hit| {
                    let original = |i| work.spelled.original(place(i).0, place(i).1);
                    let word = slice(spelled, place(hit.word)).to_owned();
                    reason(hit, word, trace, original, true)
                };
                Explanation {
                    verdict: verdict(score, score, polar(&work.hits)),
                    scope: Scope::Document,
                    emphasis: outcome.emphasis,
                    reasons: work.hits.iter().map(reason).collect(),
                }
            }
            Engine::Resonanz(vocabulary) => {
                let Scratch { rules: work, trace, .. } = &mut scratch;
                let outcome = rules::judge(vocabulary, (text, lang), spans, work, trace);
                let place = |i: u32| {
                    let word = work.layout.words.get(i as usize);
                    word.map_or(Span { start: 0, end: 0 }, |w| Span { start: w.start, end: w.end })
                };
                let reason = |hit: &trace::Hit| {
                    let Span { start, end } = place(hit.word);
                    let word = slice(text, (start, end)).to_owned();
                    let counts = rules::counts(&work.layout, hit, outcome.scope);
                    reason(hit, word, trace, place, counts)
                };
                let [document, target] = [outcome.document, outcome.target].map(Score::from_f64);
                Explanation {
                    verdict: verdict(document, target, narrow(outcome.target_hits)),
                    scope: outcome.scope,
                    emphasis: outcome.emphasis,
                    reasons: work.hits.iter().map(reason).collect(),
                }
            }
        }
    }
}

fn reason(
    hit: &trace::Hit,
    word: String,
    trace: &Trace,
    place: impl Fn(u32) -> Span,
    counts_for_target: bool,
) -> Reason {
    let own = trace.changes().iter().filter(|change| change.word == hit.word);
    let steps = own.map(|change| Step {
        rule: change.rule,
        by: change.by.map(&place),
        before: change.before,
        after: change.after,
    });
    Reason {
        span: place(hit.word),
        word,
        lexicon: hit.lexicon,
        weight: hit.weight,
        steps: steps.collect(),
        counts_for_target,
    }
}

fn document(compound: f64, [pos, neu, neg]: [f64; 3], hits: &[trace::Hit]) -> Document {
    Document { score: Score::from_f64(compound), pos, neu, neg, hits: polar(hits) }
}

fn verdict(document: Score, target: Score, hits: u16) -> Verdict {
    Verdict { document, target, polarity: target.polarity(), hits }
}

fn polar(hits: &[trace::Hit]) -> u16 {
    narrow(hits.iter().filter(|hit| hit.weight != 0.0).count())
}

fn narrow(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

fn slice(text: &str, (start, end): (u32, u32)) -> &str {
    text.get(start as usize..end as usize).unwrap_or_default()
}

fn version(profile: Profile) -> String {
    let files: &[&str] = match profile {
        Profile::Vader => &[lexicon::VADER_EN, lexicon::VADER_EMOJI],
        Profile::Resonanz => &[
            lexicon::VADER_EN,
            lexicon::VADER_EMOJI,
            lexicon::ZURICH_DE,
            lexicon::RESONANZ_DE,
            lexicon::RESONANZ_EN,
            lexicon::RESONANZ_EMOJI,
        ],
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(profile.as_str().as_bytes()).update(&RULES_VERSION.to_le_bytes());
    files.iter().for_each(|file| {
        hasher.update(file.as_bytes());
    });
    let hash = hasher.finalize().to_hex();
    format!("{profile}-{}", hash.get(..8).unwrap_or_default())
}
