//! Why was this post judged so? One mention with the words, rules and weights behind its verdict.

use serde::Serialize;

use super::ask::Ask;
use super::error::{ReportError, unknown_mention};
use super::mentions::{Mention, SHOWN, of_id};
use crate::lake::quoted;
use crate::post::{Lang, Span};
use crate::sentiment::intents::INTENT_PERCENT_MIN;
use crate::sentiment::{Explanation, IntentReason, Reason, Scorer};

/// Most places where a term is shown.
const PLACES_MAX: usize = 100;
/// Most weights of the model shown.
const INFLUENCES_MAX: usize = 20;

/// A mention and why it was judged so.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained {
    /// The mention, with its whole text.
    pub mention: Mention,
    /// Where the topic stands in the text.
    pub matches: Vec<Passage>,
    /// How much of the text decided: `clause`, `sentence` or `document`.
    pub scope: String,
    /// The clauses or sentences that decided, or the whole text.
    pub passages: Vec<Passage>,
    /// The words that carry opinion, in the order of the text.
    pub words: Vec<Weight>,
    /// What the model added to each class, strongest first; empty in profile `vader`.
    pub influences: Vec<Influence>,
    /// The verdict of the scorer that explains: `negative`, `neutral` or `positive`.
    pub polarity: String,
    /// Its score of what is said about the topic, from -1 to 1.
    pub target_score: f64,
    /// What its writer wants, as that scorer sees it, and what he nearly does.
    pub intents: Vec<Want>,
    /// Whether it is the scorer that judged the mention; another one may judge otherwise. Words of
    /// the topic's own lexicons are not explained.
    pub same_scorer: bool,
}

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Passage {
    /// Its first byte in UTF-8.
    pub start: u32,
    /// The first byte behind it.
    pub end: u32,
}

impl From<Span> for Passage {
    fn from(span: Span) -> Self {
        Self { start: span.start, end: span.end }
    }
}

/// A word that carries opinion.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Weight {
    /// As it was looked up.
    pub word: String,
    /// Its first byte in the text.
    pub start: u32,
    /// The first byte behind it.
    pub end: u32,
    /// Its weight in the lexicon, from -4 to 4.
    pub lexicon: f64,
    /// Its weight after all rules.
    pub weight: f64,
    /// The rules that changed it: `negation`, `booster`, `irony` and others.
    pub rules: Vec<String>,
    /// Whether it counts for the topic, not only for the whole text.
    pub counts_for_target: bool,
}

/// What one feature or word of the model added to the sum of each class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Influence {
    /// The feature or the word.
    pub name: String,
    /// What it added for negative.
    pub negative: f64,
    /// What it added for neutral.
    pub neutral: f64,
    /// What it added for positive.
    pub positive: f64,
}

/// An intent and why it was seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Want {
    /// `churn`, `complaint`, `question`, `purchase`, `recommendation` or `praise`.
    pub intent: String,
    /// How sure it is, from 0 to 1.
    pub certainty: f64,
    /// Whether that is enough: 0.5.
    pub holds: bool,
    /// The words that showed it.
    pub matches: Vec<Passage>,
}

impl Ask<'_> {
    /// A mention with its explanation.
    ///
    /// # Errors
    /// For an id of nothing; when a limit is reached, or the lake cannot be read.
    pub async fn mention(&self, id: &str, scorer: &Scorer) -> Result<Explained, ReportError> {
        Ok(explained(self.plain_mention(id).await?, scorer))
    }

    /// A mention.
    ///
    /// # Errors
    /// For an id of nothing; when a limit is reached, or the lake cannot be read.
    pub async fn plain_mention(&self, id: &str) -> Result<Mention, ReportError> {
        let unknown = || unknown_mention(id);
        let [topic, source, post] = of_id(id).ok_or_else(unknown)?;
        let sql = format!(
            "SELECT {SHOWN} FROM mentions WHERE topic = {} AND source = {} AND post_id = {} LIMIT 1",
            quoted(&topic),
            quoted(&source),
            quoted(&post)
        );
        let mut found: Vec<Mention> = self.rows(&sql).await?;
        self.review(&mut found).await?;
        Ok(found.pop().ok_or_else(unknown)?.named())
    }
}

fn explained(mention: Mention, scorer: &Scorer) -> Explained {
    let terms: Vec<&str> = mention.terms.iter().map(String::as_str).collect();
    let spans = places(&mention.text, &terms);
    let why: Explanation = scorer.explain(&mention.text, Lang::parse(&mention.lang), &spans);
    let influences = why.influences.into_iter().take(INFLUENCES_MAX).map(|one| Influence {
        name: one.name,
        negative: one.negative,
        neutral: one.neutral,
        positive: one.positive,
    });
    Explained {
        matches: spans.into_iter().map(Passage::from).collect(),
        scope: why.scope.as_str().to_owned(),
        passages: why.passages.into_iter().map(Passage::from).collect(),
        words: why.reasons.into_iter().map(weight).collect(),
        influences: influences.collect(),
        polarity: why.verdict.polarity.as_str().to_owned(),
        target_score: why.verdict.target.as_f64(),
        intents: why.intents.into_iter().map(want).collect(),
        same_scorer: scorer.version() == mention.scorer,
        mention,
    }
}

fn want(reason: IntentReason) -> Want {
    Want {
        intent: reason.intent.as_str().to_owned(),
        certainty: f64::from(reason.percent) / 100.0,
        holds: reason.percent >= INTENT_PERCENT_MIN,
        matches: reason.cues.into_iter().map(Passage::from).collect(),
    }
}

fn weight(reason: Reason) -> Weight {
    Weight {
        word: reason.word,
        start: reason.span.start,
        end: reason.span.end,
        lexicon: reason.lexicon,
        weight: reason.weight,
        rules: reason.steps.iter().map(|step| step.rule.as_str().to_owned()).collect(),
        counts_for_target: reason.counts_for_target,
    }
}

/// Where the terms that matched stand, in order, none inside another.
pub(crate) fn places(text: &str, terms: &[&str]) -> Vec<Span> {
    let found = terms
        .iter()
        .flat_map(|term| text.match_indices(term).map(|(at, found)| (at, at + found.len())));
    let mut found: Vec<(usize, usize)> = found.take(PLACES_MAX).collect();
    found.sort_unstable_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)));
    let mut last = 0;
    found.retain(|(start, end)| {
        let is_apart = *start >= last;
        if is_apart {
            last = *end;
        }
        is_apart
    });
    let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    found.into_iter().map(|(start, end)| Span { start: narrow(start), end: narrow(end) }).collect()
}
