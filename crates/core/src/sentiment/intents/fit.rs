//! Which weights suit labelled posts? One logistic regression for each intent.
//!
//! Both languages are fitted together: the cues mean the same in each.

use super::model::{COUNT, IntentModel};
use super::{Intent, Span};
use crate::post::Lang;
use crate::sentiment::descent::{Rows, Task};
use crate::sentiment::fit::FitError;
use crate::sentiment::judge::{Subject, Work};
use crate::sentiment::model::CLASSES;
use crate::sentiment::trace::{Trace, index};
use crate::sentiment::{Engine, Scorer, features};

/// A post with the intents that a person saw in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentSample {
    /// The text.
    pub text: String,
    /// Its language; undetermined is detected.
    pub lang: Lang,
    /// The mentions of the target; none for the text as a whole.
    pub spans: Vec<Span>,
    /// What the person saw.
    pub intents: Vec<Intent>,
}

/// A sum that no class has.
const UNSEEN: f64 = -30.0;
/// Penalty of the built-in weights, times the posts that they were learned from: the loss is a mean.
const BEHIND: f64 = 2e-3 * 600.0;
/// Posts with an intent, and without it, from which its weights are learned anew.
const EACH_MIN: usize = 10;
/// Posts needed.
const SAMPLES_MIN: usize = 30;

/// Fits the weights of all intents from nothing; the same posts give the same weights. `penalty` keeps
/// weights small: 2e-3 suits some hundred posts.
///
/// # Errors
/// When the scorer has the `vader` profile, or there are fewer than 30 posts.
pub fn fit_intents(
    scorer: &Scorer,
    samples: &[IntentSample],
    penalty: f64,
) -> Result<IntentModel, FitError> {
    fit_over(scorer, samples, None, penalty)
}

/// The same, from what the scorer knows already, which counts as much as the posts that it was learned
/// from. An intent that fewer than ten posts have, or lack, stays as it is.
///
/// # Errors
/// When the scorer has the `vader` profile, or there are fewer than 30 posts.
pub fn refit_intents(scorer: &Scorer, samples: &[IntentSample]) -> Result<IntentModel, FitError> {
    #[allow(clippy::cast_precision_loss, reason = "counts of posts stay far below 2^53")]
    let penalty = BEHIND / samples.len().max(1) as f64;
    fit_over(scorer, samples, Some(&scorer.intentions.model), penalty)
}

fn fit_over(
    scorer: &Scorer,
    samples: &[IntentSample],
    start: Option<&IntentModel>,
    penalty: f64,
) -> Result<IntentModel, FitError> {
    let Engine::Resonanz(resonanz) = &scorer.engine else { return Err(FitError::Vader) };
    if samples.len() < SAMPLES_MIN {
        return Err(FitError::TooFew { found: samples.len(), classes: 2, least: SAMPLES_MIN });
    }
    let mut work = Work::default();
    let mut rows = Rows::default();
    for sample in samples {
        let subject =
            Subject { text: &sample.text, lang: sample.lang, spans: &sample.spans, overlay: None };
        let outcome = resonanz.judge(&subject, &mut work, &mut Trace::Off);
        let row = scorer.intentions.row(&outcome, &work.layout, |_| ());
        // Features go where the words of other models are: the dense ones are those of verdicts.
        #[allow(clippy::cast_possible_truncation, reason = "features are small numbers")]
        let values = row.iter().map(|&value| value as f32).enumerate();
        let values = values.filter(|(_, value)| *value != 0.0);
        rows.dense.push([0.0; features::COUNT]);
        rows.grams.push(values.map(|(at, value)| (index(at), value)).collect());
        rows.classes.push(0);
        rows.weights.push(1.0);
        rows.sources.push(0);
    }
    let task = Task { feature_penalty: penalty, gram_penalty: penalty };
    let all: Vec<usize> = (0..samples.len()).collect();
    let mut model = IntentModel::default();
    for intent in Intent::ALL {
        let has = |sample: &IntentSample| usize::from(sample.intents.contains(&intent));
        rows.classes = samples.iter().map(has).collect();
        if let Some(start) = start {
            let having = rows.classes.iter().sum::<usize>();
            if having.min(samples.len() - having) < EACH_MIN {
                model.bias[intent as usize] = start.bias[intent as usize];
                model.weights[intent as usize] = start.weights[intent as usize];
                continue;
            }
        }
        let anchor = anchor(start, intent);
        let weights = task.solve(&rows, &all, &anchor);
        // Of the three classes that the search knows, one is never seen: the lead is what counts.
        let lead = |at: usize| {
            let at = at * CLASSES;
            weights.get(at + 1).zip(weights.get(at)).map_or(0.0, |(has, lacks)| has - lacks)
        };
        model.bias[intent as usize] = lead(0);
        for (at, weight) in model.weights[intent as usize].iter_mut().enumerate() {
            *weight = lead(1 + features::COUNT + at);
        }
    }
    Ok(model)
}

/// Where the search begins, and what it is tied to: each lead is parted between the class of those that
/// have the intent and that of those that lack it.
fn anchor(start: Option<&IntentModel>, intent: Intent) -> Vec<f64> {
    let mut anchor = vec![0.0; (1 + features::COUNT + COUNT) * CLASSES];
    let Some(start) = start else { return anchor };
    let mut lay = |at: usize, lead: f64| {
        if let Some([lacks, has, ..]) = anchor.get_mut(at * CLASSES..(at + 1) * CLASSES) {
            (*lacks, *has) = (-lead / 2.0, lead / 2.0);
        }
    };
    lay(0, start.bias[intent as usize]);
    for (at, weight) in start.weights[intent as usize].iter().enumerate() {
        lay(1 + features::COUNT + at, *weight);
    }
    // The class that is never seen takes no part.
    if let Some(unseen) = anchor.get_mut(CLASSES - 1) {
        *unseen = UNSEEN;
    }
    anchor
}
