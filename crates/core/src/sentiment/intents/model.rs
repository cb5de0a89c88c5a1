//! How much does each sign speak for an intent? A logistic model of each, as text and in use.
//!
//! A line is an intent, a feature and a weight, parted by tabs; `bias` is what stands without any.
//! The sum of the weights becomes a probability, which is the certainty.

use std::fmt::Write;

use super::cues::{COUNT as CUES_COUNT, CUES};
use crate::intent::{INTENTS, Intent};

/// How many features there are.
pub(super) const COUNT: usize = CUES_COUNT + SIGNS.len();

/// What is looked at besides the cues, in the order of the row.
pub(super) const SIGNS: [&str; 8] =
    ["negative", "positive", "asks", "asks_crossly", "link", "reply", "addressed", "exclaimed"];

/// A row of features.
pub(super) type Row = [f64; COUNT];

/// The name of a feature, as model files spell it.
pub(super) fn name(feature: usize) -> &'static str {
    CUES.iter().chain(&SIGNS).nth(feature).copied().unwrap_or_default()
}

/// The weights of all intents.
#[derive(Debug, Clone, PartialEq)]
pub struct IntentModel {
    pub(super) bias: [f64; INTENTS],
    pub(super) weights: [Row; INTENTS],
}

impl Default for IntentModel {
    fn default() -> Self {
        // Without weights nothing is found.
        Self { bias: [f64::NEG_INFINITY; INTENTS], weights: [[0.0; COUNT]; INTENTS] }
    }
}

/// A line of a model that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}: \"{found}\" is not an intent, a feature (or bias) and a weight, separated by tabs"
)]
pub struct IntentModelError {
    /// The line, from 1.
    pub line: usize,
    found: String,
}

impl IntentModel {
    /// Reads a model.
    ///
    /// # Errors
    /// When a line is no comment, and not an intent, a feature and a number.
    pub fn parse(text: &str) -> Result<Self, IntentModelError> {
        let mut model = Self::default();
        for (line, content) in (1..).zip(text.lines()) {
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            model.read(content).ok_or_else(|| IntentModelError {
                line,
                found: content.chars().take(80).collect(),
            })?;
        }
        Ok(model)
    }

    /// Takes a line in; nothing if it is none.
    pub(in crate::sentiment) fn read(&mut self, line: &str) -> Option<()> {
        let mut fields = line.split('\t');
        let intent = Intent::parse(fields.next()?)? as usize;
        let feature = fields.next()?;
        let weight = fields.next()?.parse().ok().filter(|weight: &f64| weight.is_finite())?;
        if feature == "bias" {
            self.bias[intent] = weight;
        } else {
            let at = (0..COUNT).find(|&at| name(at) == feature)?;
            self.weights[intent][at] = weight;
        }
        Some(())
    }

    /// The model as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::from(
            "# Intent, feature, weight. Made by `cargo run --release -p resonanz-core --example intents`.\n",
        );
        self.write("", &mut text);
        text
    }

    /// Adds all weights, each line after `before`.
    pub(in crate::sentiment) fn write(&self, before: &str, text: &mut String) {
        // Those without a bias are never found.
        let found = |intent: &Intent| self.bias[*intent as usize].is_finite();
        for intent in Intent::ALL.into_iter().filter(found) {
            // Writing to memory cannot fail.
            let _ = writeln!(text, "{before}{intent}\tbias\t{:.3}", self.bias[intent as usize]);
            for (at, weight) in self.weights[intent as usize].iter().enumerate() {
                let _ = writeln!(text, "{before}{intent}\t{}\t{weight:.3}", name(at));
            }
        }
    }

    /// The sum of an intent's weights over a row.
    pub(super) fn sum(&self, intent: Intent, row: &Row) -> f64 {
        let weights = self.weights[intent as usize].iter();
        self.bias[intent as usize]
            + weights.zip(row).map(|(weight, value)| weight * value).sum::<f64>()
    }
}

/// A sum as a probability in percent.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a probability times a hundred"
)]
pub(super) fn percent(sum: f64) -> u8 {
    (100.0 / (1.0 + (-sum).exp())).round().clamp(0.0, 100.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_read_as_they_are_written_and_errors_name_the_line() {
        let shipped = crate::sentiment::lexicon::INTENTS_MODEL;
        let model = IntentModel::parse(shipped).expect("the shipped model");
        assert_eq!(model.to_text(), shipped);
        let error = IntentModel::parse("# \nchurn\tbias\tmuch").expect_err("no number");
        assert_eq!(
            error.to_string(),
            "line 2: \"churn\tbias\tmuch\" is not an intent, a feature (or bias) and a weight, separated by tabs"
        );
        assert_eq!([f64::NEG_INFINITY, 0.0, 9.9].map(percent), [0, 50, 100]);
    }
}
