//! What does the writer want? Complaint, question, praise, purchase, recommendation, churn.
//!
//! `cues` finds patterns of words in a text that is already split and judged; a small logistic
//! model weighs them together with the verdict on the target. Several intents may hold at once. A
//! text costs one pass over its words. What is meant without any sign of it is not found, and the
//! `vader` profile finds nothing.

mod cues;
mod model;
pub mod evaluate;
mod fit;

use std::sync::OnceLock;

use crate::intent::{Intent, Intents};
use crate::post::Span;

use super::clauses::{Layout, Sort};
use super::explain::{IntentReason, Scope};
use super::judge::{Outcome, Work};
use super::lexicon;
use cues::{COUNT as CUES_COUNT, Cues, Found};
use model::{Row, percent};

pub use fit::{IntentSample, fit_intents, refit_intents};
pub use model::{IntentModel, IntentModelError};

/// An intent holds from this certainty on, in percent.
pub const INTENT_PERCENT_MIN: u8 = 50;
/// How much a cue counts at most.
const CUE_MAX: f64 = 3.0;
/// How much a cue counts in sentences that do not speak of the target, where opinions of the text
/// are about something else.
const ELSEWHERE: f64 = 0.4;

/// All that is known of intents. The patterns are read when they are first asked for: who scores texts
/// alone does without.
#[derive(Debug, Clone, Default)]
pub(super) struct Intentions {
    cues: OnceLock<Cues>,
    model: IntentModel,
}

/// Influences smaller than this are not told.
const TOLD: f64 = 0.2;

impl Intentions {
    /// Those compiled in, with weights of the user's own, if there are any.
    pub(super) fn with(model: Option<IntentModel>) -> Self {
        // What is compiled in is read by a test; without weights nothing is found.
        let built_in = || IntentModel::parse(lexicon::INTENTS_MODEL).unwrap_or_default();
        Self { cues: OnceLock::new(), model: model.unwrap_or_else(built_in) }
    }

    /// The intents of a text that was just judged.
    pub(super) fn judge(&self, outcome: &Outcome, work: &Work) -> Intents {
        let row = self.row(outcome, &work.layout, |_| ());
        let mut intents = Intents::default();
        for intent in Intent::ALL {
            let sure = percent(self.model.sum(intent, &row));
            if sure >= INTENT_PERCENT_MIN {
                intents.insert(intent, sure);
            }
        }
        intents
    }

    /// Why each intent was found; those of which there is no sign are left out.
    pub(super) fn explain(&self, outcome: &Outcome, work: &Work) -> Vec<IntentReason> {
        let mut found = Vec::new();
        let row = self.row(outcome, &work.layout, |pattern| found.push(pattern));
        let reason = |intent: Intent| {
            let percent = percent(self.model.sum(intent, &row));
            let weights = self.model.weights[intent as usize].iter().zip(row).enumerate();
            let mut influences: Vec<(&'static str, f64)> = weights
                .map(|(at, (weight, value))| (model::name(at), weight * value))
                .filter(|(_, by)| by.abs() >= TOLD)
                .collect();
            influences.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
            let own = found.iter().filter(|found| found.cue == intent as usize);
            let cues: Vec<Span> = own.map(|found| span(&work.layout, found)).collect();
            (percent >= INTENT_PERCENT_MIN || !cues.is_empty()).then_some(IntentReason {
                intent,
                percent,
                influences,
                cues,
            })
        };
        Intent::ALL.into_iter().filter_map(reason).collect()
    }

    /// The features of a text, and `each` pattern found in it.
    fn row(&self, outcome: &Outcome, layout: &Layout, mut each: impl FnMut(Found)) -> Row {
        let mut cues = [0.0; CUES_COUNT];
        self.cues.get_or_init(Cues::built_in).find(layout, outcome.language.tongues(), |found| {
            cues[found.cue] += found.weight * nearness(outcome, layout, found.first);
            each(found);
        });
        let [
            churn,
            complaint,
            question,
            purchase,
            recommendation,
            praise,
            accuse,
            notice,
            own,
            you,
        ] = cues.map(|sum: f64| sum.clamp(-CUE_MAX, CUE_MAX));
        let flag = |is: bool| if is { 1.0 } else { 0.0 };
        let negative = (-outcome.target).max(0.0);
        let asks = flag(asks(layout));
        let first = layout.words.first().filter(|word| word.sort == Sort::Handle);
        [
            churn,
            complaint,
            question,
            purchase,
            recommendation,
            praise,
            accuse,
            notice,
            own.min(1.0),
            you.min(1.0),
            negative,
            outcome.target.max(0.0),
            asks,
            asks * negative,
            flag(layout.marks.links > 0),
            flag(first.is_some_and(|word| !word.held)),
            flag(first.is_some_and(|word| word.held)),
            flag(layout.marks.exclamations > 0),
        ]
    }
}

/// How much a pattern that begins at a word counts for the target.
fn nearness(outcome: &Outcome, layout: &Layout, first: usize) -> f64 {
    if outcome.scope == Scope::Document {
        return 1.0;
    }
    let sentence = layout.sentence_of(first).and_then(|at| layout.sentences.get(at as usize));
    if sentence.is_some_and(|sentence| sentence.held) { 1.0 } else { ELSEWHERE }
}

/// Whether a sentence asks.
fn asks(layout: &Layout) -> bool {
    layout.sentences.iter().any(|sentence| sentence.asks)
}

fn span(layout: &Layout, found: &Found) -> Span {
    let word = |at: usize| layout.words.get(at);
    Span {
        start: word(found.first).map_or(0, |word| word.start),
        end: word(found.last).map_or(0, |word| word.end),
    }
}
