//! How is a model written down? Lines of text, so that a person can read and a diff can show it.
//!
//! `resonanz-model 1` first; then for each view a line `view en document` (or `mention`, `target`), a line
//! `bias`, and lines `feature NAME` and `word WORD`, `word FIRST SECOND` or `word FIRST * SECOND` (one word
//! between); `_` stands for a mention or handle, `#` for a number, `^` for the beginning of a sentence, `,` for
//! a pause, and `.`, `?`, `!` for its end. Each is followed by three weights, negative,
//! neutral, positive; and lines `reliability CLASS` with the shares that were right
//! ([`super::reliability`]). Lines `intent INTENT FEATURE` (or `bias`), each followed by one weight, stand in
//! for the built-in weights of what writers want. Fields are separated by tabs. `# ` begins a comment.

use std::fmt::Write as _;

use super::features;
use super::grams::{is_sign, key_of};
use super::lexicon;
use super::model::{CLASSES, Model, Part, View, Weights};
use super::reliability::{self, Curve};
use super::table::{Table, key};

/// The first line.
const HEAD: &str = "resonanz-model 1";
/// Weights beyond this are a mistake of whoever wrote the file.
const WEIGHT_MAX: f32 = 1_000.0;
/// The classes, as lines of reliability name them.
const CLASS_NAMES: [&str; CLASSES] = ["negative", "neutral", "positive"];
/// Words a model may weigh at most.
const GRAMS_MAX: usize = 1_000_000;

/// A line of a model file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ModelError {
    /// The line, from 1.
    pub line: usize,
    reason: String,
}

impl Model {
    /// Reads a model file.
    ///
    /// # Errors
    /// When the first line is not `resonanz-model 1`, or a line names an unknown view or feature,
    /// or lacks three finite weights.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let mut reader = Reader::default();
        for (line, content) in (1..).zip(text.lines()) {
            let content = content.trim_end();
            if content.is_empty() || content == "#" || content.starts_with("# ") {
                continue;
            }
            reader.read(content).map_err(|reason| ModelError { line, reason })?;
        }
        if !reader.headed {
            return Err(ModelError { line: 1, reason: format!("no line \"{HEAD}\"") });
        }
        let mut model = reader.model;
        model.hash = Some(blake3::hash(text.as_bytes()));
        Ok(model)
    }

    /// Writes the model as [`Model::parse`] reads it; words without weight are left out.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEAD}\n");
        for view in View::ALL {
            let part = &self.parts[view as usize];
            if part.given {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "view\t{}", view.as_str());
                self.write_part(part, &mut text);
            }
        }
        if let Some(intents) = &self.intents {
            intents.write("intent\t", &mut text);
        }
        text
    }

    fn write_part(&self, part: &Part, text: &mut String) {
        let mut line = |name: &str, numbers: &[f32]| {
            text.push_str(name);
            numbers.iter().for_each(|number| {
                let _ = write!(text, "\t{number:.3}");
            });
            text.push('\n');
        };
        line("bias", &part.bias);
        for (class, curve) in CLASS_NAMES.iter().zip(&part.reliability) {
            if *curve != reliability::UNKNOWN {
                line(&format!("reliability\t{class}"), curve);
            }
        }
        for (name, weights) in features::NAMES.iter().zip(&part.features) {
            line(&format!("feature\t{name}"), weights);
        }
        let words = self.grams.iter().zip(&part.grams);
        let mut words: Vec<(&str, &Weights)> = words
            .filter(|(_, weights)| weights.iter().any(|weight| weight.abs() >= 0.0005))
            .map(|(gram, weights)| (&**gram, weights))
            .collect();
        words.sort_unstable_by_key(|(words, _)| *words);
        for (words, weights) in words {
            line(&format!("word\t{words}"), weights);
        }
    }
}

/// What has been read so far.
#[derive(Debug, Default)]
struct Reader {
    headed: bool,
    view: Option<View>,
    model: Model,
    /// The index of a word or pair by its key.
    known: Table<u32>,
}

impl Reader {
    fn read(&mut self, line: &str) -> Result<(), String> {
        if !self.headed {
            self.headed = line == HEAD;
            return if self.headed { Ok(()) } else { Err(format!("no line \"{HEAD}\"")) };
        }
        if let Some(line) = line.strip_prefix("intent\t") {
            let unread = || "no intent, feature or bias, and weight".to_owned();
            return self.model.intents.get_or_insert_default().read(line).ok_or_else(unread);
        }
        let fields: Vec<&str> = lexicon::fields(line).collect();
        if let ["view", name] = fields[..] {
            let view = View::ALL.into_iter().find(|view| view.as_str() == name);
            let view = view.ok_or_else(|| {
                format!(
                    "\"{name}\" is not a view; write en or de, then document, mention or target"
                )
            })?;
            self.part(view).given = true;
            self.view = Some(view);
            return Ok(());
        }
        let view = self.view.ok_or("weights before the first view")?;
        match fields[..] {
            ["bias", ref weights @ ..] => self.part(view).bias = read_weights(weights)?,
            ["reliability", class, ref shares @ ..] => {
                let found = CLASS_NAMES.iter().position(|known| *known == class);
                let at = found.ok_or_else(|| format!("\"{class}\" is not a class"))?;
                self.part(view).reliability[at] = read_curve(shares)?;
            }
            ["feature", name, ref weights @ ..] if features::RETIRED.contains(&name) => {
                read_weights(weights)?;
            }
            ["feature", name, ref weights @ ..] => {
                let found = features::NAMES.iter().position(|known| *known == name);
                let at = found.ok_or_else(|| format!("\"{name}\" is not a feature"))?;
                self.part(view).features[at] = read_weights(weights)?;
            }
            ["word", words, ref weights @ ..] => {
                let weights = read_weights(weights)?;
                let at = self.gram(words)? as usize;
                let grams = &mut self.part(view).grams;
                grams.resize(grams.len().max(at + 1), [0.0; CLASSES]);
                grams[at] = weights;
            }
            [first, ..] => return Err(format!("\"{first}\" is not a kind of weight")),
            [] => {}
        }
        Ok(())
    }

    fn part(&mut self, view: View) -> &mut Part {
        &mut self.model.parts[view as usize]
    }

    /// The index of a word or pair, new or known.
    fn gram(&mut self, words: &str) -> Result<u32, String> {
        let own = key(words.as_bytes());
        if let Some(at) = self.known.get(own) {
            return Ok(at);
        }
        if self.model.grams.len() >= GRAMS_MAX {
            return Err(format!("more than {GRAMS_MAX} words"));
        }
        let at = self.model.push_gram(words);
        *self.known.entry(own) = at;
        Ok(at)
    }
}

impl Model {
    /// Adds a word or pair without weight.
    pub(super) fn push_gram(&mut self, words: &str) -> u32 {
        let at = super::trace::index(self.grams.len());
        if words.contains(' ') || is_sign(words) {
            *self.pairs.entry(key_of(words)) = at;
        }
        self.grams.push(words.into());
        at
    }
}

fn read_curve(fields: &[&str]) -> Result<Curve, String> {
    let mut curve = Curve::default();
    if fields.len() != curve.len() {
        return Err(format!("{} shares, not {}", fields.len(), curve.len()));
    }
    for (to, field) in curve.iter_mut().zip(fields) {
        let read = field.parse::<f32>().ok().filter(|share| (0.0..=1.0).contains(share));
        *to = read.ok_or_else(|| format!("share \"{field}\" is not a number from 0 to 1"))?;
    }
    Ok(curve)
}

fn read_weights(fields: &[&str]) -> Result<Weights, String> {
    if fields.len() != CLASSES {
        return Err(format!("{} weights, not {CLASSES}", fields.len()));
    }
    let mut weights = [0.0; CLASSES];
    for (to, field) in weights.iter_mut().zip(fields) {
        let read = field.parse::<f32>().ok().filter(|weight| weight.abs() <= WEIGHT_MAX);
        *to =
            read.ok_or_else(|| format!("weight \"{field}\" is not a number from -1000 to 1000"))?;
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let text = "# card\nresonanz-model 1\nview\ten document\nbias\t0.1\t0\t-1\n\
                    feature\tcompound\t-1\t0\t1\nword\tnot good\t1\t0\t-1\nword\tgood\t0\t0\t2\n\
                    intent\tchurn\tbias\t-1.5\nintent\tchurn\tnegative\t2\n";
        let model = Model::parse(text).expect("a model");
        let again = Model::parse(&model.to_text()).expect("a model");
        assert_eq!(model.grams.len(), again.grams.len());
        assert_eq!(model.to_text(), again.to_text());
        assert!(again.to_text().contains("\nintent\tchurn\tnegative\t2.000\n"));
    }

    #[test]
    fn errors_name_the_line() {
        let head = "resonanz-model 1\n";
        let rows = [
            ("", "line 1: no line \"resonanz-model 1\""),
            ("x", "line 1: no line \"resonanz-model 1\""),
            ("bias\t0\t0\t0", "line 2: weights before the first view"),
            (
                "view\tfr document",
                "line 2: \"fr document\" is not a view; write en or de, then document, mention or target",
            ),
            ("view\ten target\nbias\t0\t0", "line 3: 2 weights, not 3"),
            (
                "view\ten target\nbias\t0\t0\tNaN",
                "line 3: weight \"NaN\" is not a number from -1000 to 1000",
            ),
            ("intent\tjoy\tbias\t0", "line 2: no intent, feature or bias, and weight"),
            ("view\ten target\nfeature\tx\t0\t0\t0", "line 3: \"x\" is not a feature"),
        ];
        for (text, want) in rows {
            let text = if text.len() < 2 { text.to_owned() } else { format!("{head}{text}") };
            assert_eq!(Model::parse(&text).expect_err("an error").to_string(), want);
        }
    }
}
