//! How well do scores agree with what people said? The usual measures, from labelled rows.

use serde::Deserialize;

use crate::post::{Lang, Polarity, Span};

/// Human ratings at or beyond this, of -4 to 4, are polar.
pub const RATING_POLAR_MIN: f64 = 0.5;

/// A labelled text, as one line of JSON.
///
/// `label` is -1, 0, 1, a word (`negative`, `neutral`, `positive` or `neg`, `neu`, `pos`), or a
/// graded number; `human` is a graded rating from -4 to 4. `from` and `to` count characters.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The text.
    pub text: String,
    /// Declared language; undetermined without one.
    pub lang: Lang,
    /// The mentions of the target, in bytes; none for the text as a whole.
    pub spans: Vec<Span>,
    /// The class a person gave.
    pub gold: Polarity,
    /// The graded rating, where there is one.
    pub rating: Option<f64>,
}

/// Why a line is no labelled text.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// No JSON object with a text.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// No label that can be read.
    #[error("no \"label\" of -1, 0, 1 or negative, neutral, positive, and no number \"human\"")]
    Label,
    /// A name that is no intent.
    #[error(
        "\"{0}\" is not an intent; write churn, complaint, question, purchase, recommendation, praise"
    )]
    Intent(String),
    /// Characters beyond the end of the text, or in the wrong order.
    #[error("\"from\" {from} to \"to\" {to} is not a span of a text of {length} characters")]
    Stretch {
        /// First character.
        from: usize,
        /// One past the last.
        to: usize,
        /// Characters of the text.
        length: usize,
    },
}

#[derive(Deserialize)]
struct RawRow {
    text: String,
    label: Option<serde_json::Value>,
    human: Option<f64>,
    lang: Option<String>,
    target: Option<String>,
    from: Option<usize>,
    to: Option<usize>,
}

impl Row {
    /// Reads one line of JSON. Without `from` and `to`, every occurrence of `target` is a mention.
    ///
    /// # Errors
    /// When the line is no JSON object with a text and a label, or its offsets do not fit the text.
    pub fn parse(line: &str) -> Result<Self, RowError> {
        let raw: RawRow = serde_json::from_str(line)?;
        let (gold, rating) = read_label(&raw).ok_or(RowError::Label)?;
        let target = raw.target.as_deref();
        let spans = spans_of(&raw.text, &Stretch { target, from: raw.from, to: raw.to })?;
        let lang = raw.lang.as_deref().map_or(Lang::UND, Lang::parse);
        Ok(Self { text: raw.text, lang, spans, gold, rating })
    }
}

/// A text that nobody labelled, as one line of JSON; what labels it has are not read.
#[derive(Debug, Clone, PartialEq)]
pub struct Unlabelled {
    /// The text.
    pub text: String,
    /// Declared language; undetermined without one.
    pub lang: Lang,
    /// The mentions of the target, in bytes; none for the text as a whole.
    pub spans: Vec<Span>,
}

impl Unlabelled {
    /// Reads one line of JSON, its fields as in [`Row::parse`].
    ///
    /// # Errors
    /// When the line is no JSON object with a text, or its offsets do not fit the text.
    pub fn parse(line: &str) -> Result<Self, RowError> {
        let raw: RawRow = serde_json::from_str(line)?;
        let target = raw.target.as_deref();
        let spans = spans_of(&raw.text, &Stretch { target, from: raw.from, to: raw.to })?;
        let lang = raw.lang.as_deref().map_or(Lang::UND, Lang::parse);
        Ok(Self { text: raw.text, lang, spans })
    }
}

fn read_label(raw: &RawRow) -> Option<(Polarity, Option<f64>)> {
    let cut = |value: f64, least: f64| {
        if value >= least {
            Polarity::Positive
        } else if value <= -least {
            Polarity::Negative
        } else {
            Polarity::Neutral
        }
    };
    match &raw.label {
        Some(serde_json::Value::Number(number)) => {
            let value = number.as_f64()?;
            let graded = value.fract() != 0.0 || value.abs() > 1.0;
            Some((cut(value, if graded { RATING_POLAR_MIN } else { 1.0 }), graded.then_some(value)))
        }
        Some(serde_json::Value::String(word)) => match word.to_lowercase().as_str() {
            "negative" | "neg" | "-1" => Some((Polarity::Negative, None)),
            "neutral" | "neu" | "0" => Some((Polarity::Neutral, None)),
            "positive" | "pos" | "1" | "+1" => Some((Polarity::Positive, None)),
            _ => None,
        },
        _ => raw.human.map(|value| (cut(value, RATING_POLAR_MIN), Some(value))),
    }
}

/// Where a row says that its target stands.
pub(super) struct Stretch<'a> {
    pub(super) target: Option<&'a str>,
    pub(super) from: Option<usize>,
    pub(super) to: Option<usize>,
}

/// The mentions of a row's target.
pub(super) fn spans_of(text: &str, stretch: &Stretch<'_>) -> Result<Vec<Span>, RowError> {
    let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    if let (Some(from), Some(to)) = (stretch.from, stretch.to) {
        let length = text.chars().count();
        let byte = |at: usize| {
            let mut starts = text.char_indices().map(|(byte, _)| byte);
            if at == length { Some(text.len()) } else { starts.nth(at) }
        };
        return match (byte(from), byte(to)) {
            (Some(start), Some(end)) if start < end => {
                Ok(vec![Span { start: narrow(start), end: narrow(end) }])
            }
            _ => Err(RowError::Stretch { from, to, length }),
        };
    }
    let target = stretch.target.unwrap_or_default();
    let found = text.match_indices(target).filter(|_| !target.is_empty());
    let span =
        |(at, found): (usize, &str)| Span { start: narrow(at), end: narrow(at + found.len()) };
    Ok(found.map(span).collect())
}

/// Counts of labels and guesses while rows are read.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Tally {
    /// By label, then by guess: negative, neutral, positive.
    confusion: [[u64; 3]; 3],
    /// Count, sums, squares and product of rating and score.
    moments: [f64; 6],
}

impl Tally {
    /// Counts one row.
    pub fn observe(&mut self, gold: Polarity, guess: Polarity) {
        self.confusion[place(gold)][place(guess)] += 1;
    }

    /// Adds one row's rating and score for the correlation.
    pub fn correlate(&mut self, rating: f64, score: f64) {
        let terms = [1.0, rating, score, rating * rating, score * score, rating * score];
        self.moments.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
    }

    /// The measures so far.
    #[must_use]
    pub fn finalize(&self) -> Report {
        let cells = &self.confusion;
        let count = |cells: &mut dyn Iterator<Item = u64>| {
            u32::try_from(cells.sum::<u64>()).map_or(f64::from(u32::MAX), f64::from)
        };
        let ratio = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let (mut recall, mut f1) = ([0.0; 3], [0.0; 3]);
        let mut known = 0.0;
        for class in 0..3 {
            let right = count(&mut [cells[class][class]].into_iter());
            let gold = count(&mut cells[class].iter().copied());
            let guessed = count(&mut cells.iter().map(|row| row[class]));
            recall[class] = ratio(right, gold);
            f1[class] = ratio(2.0 * right, gold + guessed);
            known += if gold > 0.0 { 1.0 } else { 0.0 };
        }
        let rows = count(&mut cells.iter().flatten().copied());
        let right = count(&mut (0..3).map(|class| cells[class][class]));
        Report {
            rows: cells.iter().flatten().sum(),
            accuracy: ratio(right, rows),
            macro_f1: f1.iter().sum::<f64>() / 3.0,
            average_recall: ratio(recall.iter().sum(), known),
            polar_f1: f64::midpoint(f1[0], f1[2]),
            class_f1: f1,
            pearson: self.pearson(),
            confusion: *cells,
        }
    }

    fn pearson(&self) -> Option<f64> {
        let [count, x, y, xx, yy, xy] = self.moments;
        let spread = (count * xx - x * x) * (count * yy - y * y);
        (count > 1.0 && spread > 0.0).then(|| (count * xy - x * y) / spread.sqrt())
    }
}

fn place(polarity: Polarity) -> usize {
    match polarity {
        Polarity::Negative => 0,
        Polarity::Neutral => 1,
        Polarity::Positive => 2,
    }
}

/// How well guesses agree with labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Rows counted.
    pub rows: u64,
    /// Share of right guesses.
    pub accuracy: f64,
    /// Mean F1 of the three classes; a class that never occurs counts 0.
    pub macro_f1: f64,
    /// Mean recall of the classes that occur.
    pub average_recall: f64,
    /// Mean F1 of negative and positive, as `SemEval` counts.
    pub polar_f1: f64,
    /// F1 of negative, neutral, positive.
    pub class_f1: [f64; 3],
    /// Correlation of score and graded rating, where there are ratings.
    pub pearson: Option<f64>,
    /// Rows by label, then by guess: negative, neutral, positive.
    pub confusion: [[u64; 3]; 3],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_those_of_the_textbook() {
        use Polarity::{Negative, Neutral, Positive};
        let mut tally = Tally::default();
        let rows =
            [(Positive, Positive), (Positive, Neutral), (Negative, Negative), (Neutral, Negative)];
        rows.into_iter().for_each(|(gold, guess)| tally.observe(gold, guess));
        [(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)].into_iter().for_each(|(x, y)| tally.correlate(x, y));
        let report = tally.finalize();
        assert_eq!((report.rows, report.accuracy), (4, 0.5));
        let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(close(report.macro_f1, 4.0 / 9.0), "{report:?}");
        assert!(close(report.average_recall, 0.5));
        assert!(close(report.polar_f1, 2.0 / 3.0));
        assert!(report.pearson.is_some_and(|r| close(r, 1.0)));
    }

    #[test]
    fn rows_are_read_in_every_spelling() {
        let rows = [
            (r#"{"text":"a","label":-1}"#, Polarity::Negative, 0),
            (r#"{"text":"a","label":"Positive"}"#, Polarity::Positive, 0),
            (r#"{"text":"a","human":0.2}"#, Polarity::Neutral, 0),
            (r#"{"text":"ä b","label":0,"target":"b","from":2,"to":3}"#, Polarity::Neutral, 1),
            (r#"{"text":"b b","label":1.5,"target":"b"}"#, Polarity::Positive, 2),
        ];
        for (line, gold, spans) in rows {
            let row = Row::parse(line).expect(line);
            assert_eq!((row.gold, row.spans.len()), (gold, spans), "{line}");
        }
        for line in
            [r#"{"text":"a"}"#, r#"{"label":1}"#, r#"{"text":"a","label":1,"from":1,"to":9}"#]
        {
            assert!(Row::parse(line).is_err(), "{line}");
        }
    }
}
