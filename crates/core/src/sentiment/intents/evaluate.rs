//! How well do intents agree with what people saw? Precision and recall, from labelled rows.

use serde::Deserialize;

use crate::intent::{INTENTS, Intent, Intents};
use crate::post::Lang;
use crate::sentiment::evaluate::{RowError, Stretch, spans_of};

use super::IntentSample;

#[derive(Deserialize)]
struct RawRow {
    text: String,
    intents: Vec<String>,
    lang: Option<String>,
    target: Option<String>,
    from: Option<usize>,
    to: Option<usize>,
}

impl IntentSample {
    /// Reads one line of JSON: `text`, `intents` (a list of names, empty for none), and as in
    /// [`crate::sentiment::evaluate::Row`] `lang`, `target`, `from`, `to`.
    ///
    /// # Errors
    /// When the line is no such object, names what is no intent, or its offsets do not fit the text.
    pub fn parse(line: &str) -> Result<Self, RowError> {
        let RawRow { text, intents, lang, target, from, to } = serde_json::from_str(line)?;
        let known =
            |name: &String| Intent::parse(name).ok_or_else(|| RowError::Intent(name.clone()));
        let intents = intents.iter().map(known).collect::<Result<_, _>>()?;
        let spans = spans_of(&text, &Stretch { target: target.as_deref(), from, to })?;
        let lang = lang.as_deref().map_or(Lang::UND, Lang::parse);
        Ok(Self { text, lang, spans, intents })
    }
}

/// Counts of labels and answers while rows are read.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct IntentTally {
    rows: u64,
    /// By intent: in both, answered only, labelled only.
    counts: [[u64; 3]; INTENTS],
    alike: u64,
}

/// How well the answers on one intent agree with its labels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IntentMeasure {
    /// Which.
    pub intent: Intent,
    /// Rows that people labelled so.
    pub labelled: u64,
    /// Rows that were answered so.
    pub answered: u64,
    /// Share of the answered that are labelled so.
    pub precision: f64,
    /// Share of the labelled that are answered so.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
}

impl IntentTally {
    /// Counts one row.
    pub fn observe(&mut self, labelled: &[Intent], answered: &Intents) {
        self.rows += 1;
        let mut alike = true;
        for intent in Intent::ALL {
            let (label, answer) = (labelled.contains(&intent), answered.get(intent).is_some());
            let [both, answered_only, labelled_only] = &mut self.counts[intent as usize];
            *both += u64::from(label && answer);
            *answered_only += u64::from(answer && !label);
            *labelled_only += u64::from(label && !answer);
            alike &= label == answer;
        }
        self.alike += u64::from(alike);
    }

    /// Rows counted, and those of which all intents agree.
    #[must_use]
    pub fn rows(&self) -> (u64, u64) {
        (self.rows, self.alike)
    }

    /// The measures so far, by intent.
    #[must_use]
    pub fn measures(&self) -> [IntentMeasure; INTENTS] {
        Intent::ALL.map(|intent| {
            let [both, answered_only, labelled_only] = self.counts[intent as usize];
            let (answered, labelled) = (both + answered_only, both + labelled_only);
            IntentMeasure {
                intent,
                labelled,
                answered,
                precision: ratio(both, answered),
                recall: ratio(both, labelled),
                f1: ratio(2 * both, answered + labelled),
            }
        })
    }

    /// Mean F1 of the intents that occur.
    #[must_use]
    pub fn macro_f1(&self) -> f64 {
        let measures = self.measures();
        let found: Vec<f64> =
            measures.iter().filter(|one| one.labelled > 0).map(|one| one.f1).collect();
        let count = u32::try_from(found.len()).map_or(1.0, f64::from).max(1.0);
        found.iter().sum::<f64>() / count
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    let wide = |count: u64| u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
    if whole == 0 { 0.0 } else { wide(part) / wide(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_those_of_the_textbook_and_bad_rows_are_named() {
        let mut tally = IntentTally::default();
        let mut answer = Intents::default();
        answer.insert(Intent::Churn, 80);
        tally.observe(&[Intent::Churn], &answer);
        tally.observe(&[], &answer);
        tally.observe(&[Intent::Churn, Intent::Complaint], &Intents::default());
        let [churn, complaint, ..] = tally.measures();
        assert_eq!((churn.precision, churn.recall, churn.f1), (0.5, 0.5, 0.5));
        assert_eq!((complaint.labelled, complaint.answered, complaint.f1), (1, 0, 0.0));
        assert_eq!((tally.rows(), tally.macro_f1()), ((3, 1), 0.25));

        let line = r#"{"text": "bye acme", "target": "acme", "intents": ["churn"]}"#;
        let row = IntentSample::parse(line).expect("a row");
        assert_eq!((row.spans.len(), row.intents), (1, vec![Intent::Churn]));
        let line = r#"{"text": "bye acme", "intents": ["anger"]}"#;
        let error = IntentSample::parse(line).expect_err("no intent");
        assert_eq!(
            error.to_string(),
            "\"anger\" is not an intent; write churn, complaint, question, purchase, recommendation, praise"
        );
    }
}
