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

/// Posts needed.
const SAMPLES_MIN: usize = 30;

/// Fits the weights of all intents; the same posts give the same weights. `penalty` keeps weights
/// small: 2e-3 suits some hundred posts.
///
/// # Errors
/// When the scorer has the `vader` profile, or there are fewer than 30 posts.
pub fn fit_intents(
    scorer: &Scorer,
    samples: &[IntentSample],
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
    let anchor = vec![0.0; (1 + features::COUNT + COUNT) * CLASSES];
    let mut model = IntentModel::default();
    for intent in Intent::ALL {
        let has = |sample: &IntentSample| usize::from(sample.intents.contains(&intent));
        rows.classes = samples.iter().map(has).collect();
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
