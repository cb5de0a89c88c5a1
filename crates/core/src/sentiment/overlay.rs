//! Which words do users weigh themselves? Lexicons from files, over those that are compiled in.
//!
//! One line a word: `word<TAB>weight` and, in any order, a language (`en`, `de`; both without one)
//! and an inflection class (`a` adjective, `n` noun, `v` verb; only the word itself without one).
//! Weights go from -4 to 4; 0 takes the opinion out of a word. Words with spaces are phrases, in
//! which `..` stands for up to six words, `.2` for up to two, `//` lets what follows stand in the next
//! sentence, `<time>` is a class of words, and `|` separates alternatives. `# ` begins a comment.

use super::english;
use super::german::{self, Class};
use super::phrases::{Classes, Phrase, Phrases, class_name};
use super::sense::{Entry, Sense, Tongue};
use super::table::{Table, key};
use super::vocabulary::Vocabulary;
use super::words::folded;

/// Words with weights of the user's own, parsed but not yet compiled.
///
/// # Example
/// ```
/// use resonanz_core::sentiment::Lexicon;
///
/// let lexicon = Lexicon::parse("schubladenprodukt\t-2\tde\tn\nsick\t2.5\ten\n").unwrap();
/// assert_eq!(lexicon.len(), 2);
/// let error = Lexicon::parse("gut\tviel").unwrap_err();
/// assert_eq!(error.to_string(), "line 1: weight \"viel\" is not a number from -4 to 4");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Lexicon {
    rows: Vec<Row>,
    hash: blake3::Hash,
}

#[derive(Debug, Clone, PartialEq)]
struct Row {
    word: Box<str>,
    weight: f64,
    tongue: Option<Tongue>,
    class: Option<Class>,
}

/// A line of a lexicon that says nothing usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct LexiconError {
    /// The line, from 1.
    pub line: usize,
    reason: String,
}

impl Lexicon {
    /// Reads a lexicon.
    ///
    /// # Errors
    /// When a line lacks a weight, has one outside -4 to 4, has a field of no meaning, or names a class
    /// of words that does not exist.
    pub fn parse(text: &str) -> Result<Self, LexiconError> {
        let (mut rows, mut classes) = (Vec::new(), None);
        for (line, content) in (1..).zip(text.lines()) {
            let content = content.trim_end();
            if !content.is_empty() && content != "#" && !content.starts_with("# ") {
                let at_line = |reason| LexiconError { line, reason };
                let row = Row::parse(content).map_err(at_line)?;
                if row.word.contains('<') {
                    let classes = classes.get_or_insert_with(Classes::built_in);
                    row.check_classes(classes).map_err(at_line)?;
                }
                rows.push(row);
            }
        }
        Ok(Self { rows, hash: blake3::hash(text.as_bytes()) })
    }

    /// How many words and phrases it weighs, forms not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it weighs nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The hash of its text, which goes into the scorer's version.
    pub(super) fn hash(&self) -> &blake3::Hash {
        &self.hash
    }

    /// Sets the weights of its words and their forms.
    pub(super) fn apply(&self, table: &mut Table<Entry>) {
        self.each_form(|form, tongue, weight| {
            let entry = table.entry(key(form));
            for each in [Tongue::English, Tongue::German] {
                if tongue.is_none_or(|tongue| tongue == each) {
                    entry.of_mut(each).weigh(weight);
                }
            }
        });
    }

    /// Its phrases.
    pub(super) fn phrases(&self) -> impl Iterator<Item = Phrase> + '_ {
        let rows = self.rows.iter().filter(|row| row.word.contains(' '));
        let classes = Classes::built_in();
        rows.filter_map(move |row| {
            Phrase::parse(&row.word, Sense::weighing(row.weight), row.tongue, &classes)
        })
    }

    /// Calls `each` for forms first and listed words last, so that these win.
    fn each_form(&self, mut each: impl FnMut(&[u8], Option<Tongue>, f64)) {
        let words = || self.rows.iter().filter(|row| !row.word.contains(' '));
        for row in words() {
            let (Some(class), Some(lemma)) = (row.class, folded(&row.word)) else { continue };
            let lemma = String::from_utf8_lossy(&lemma);
            if row.tongue != Some(Tongue::English) {
                let tongue = Some(Tongue::German);
                german::forms(&lemma, class, |form| each(form.as_bytes(), tongue, row.weight));
            }
            if row.tongue != Some(Tongue::German) {
                let (tongue, mark) = (Some(Tongue::English), class.mark());
                english::forms(&lemma, mark, |form| each(form.as_bytes(), tongue, row.weight));
            }
        }
        for row in words() {
            if let Some(word) = folded(&row.word) {
                each(&word, row.tongue, row.weight);
            }
        }
    }
}

impl Row {
    fn parse(line: &str) -> Result<Self, String> {
        let mut fields = line.split('\t').map(str::trim);
        let word = fields.next().filter(|word| !word.is_empty()).ok_or("no word")?;
        let mut words = word.split_whitespace().flat_map(|part| part.split('|'));
        if let Some(long) = words.find(|word| !word.is_empty() && folded(word).is_none()) {
            return Err(format!("a word of {} bytes, at most 64 are looked up", long.len()));
        }
        let found = fields.next().ok_or("no tab and weight behind the word")?;
        let weight = found.parse::<f64>().ok().filter(|weight| (-4.0..=4.0).contains(weight));
        let Some(weight) = weight else {
            return Err(format!("weight \"{found}\" is not a number from -4 to 4"));
        };
        let mut row = Self { word: word.into(), weight, tongue: None, class: None };
        for field in fields.filter(|field| !field.is_empty()) {
            match field {
                "en" => row.tongue = Some(Tongue::English),
                "de" => row.tongue = Some(Tongue::German),
                "und" => row.tongue = None,
                _ => {
                    let class = Class::parse(field).ok_or_else(|| {
                        format!("\"{field}\" is neither a language (en, de) nor a class (a, n, v)")
                    })?;
                    row.class = Some(class);
                }
            }
        }
        Ok(row)
    }

    /// Whether every class that the pattern names is known.
    fn check_classes(&self, classes: &Classes) -> Result<(), String> {
        for part in self.word.split_whitespace() {
            for each in part.split('|') {
                // "<(^_^)>" is an emoticon.
                let is_name = |name: &&str| {
                    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '-')
                };
                let Some(name) = class_name(each).filter(is_name) else { continue };
                if !classes.knows(name) {
                    return Err(format!(
                        "no class of words is named <{name}>; write <number>, <time>, <zahl>, \
                         <zeit>, or the words themselves with | between"
                    ));
                }
                if each != part || !self.word.contains(' ') {
                    return Err(format!(
                        "<{name}> stands in a pattern of several words, alone between spaces"
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Lexicons of one topic, ready to be laid over a scorer's own; see [`super::Scorer::overlay`].
///
/// Costs one look-up more a word, for the posts it is used on.
#[derive(Debug, Clone)]
pub struct Overlay {
    version: String,
    table: Table<Entry>,
    phrases: Phrases,
}

impl Overlay {
    /// Compiles lexicons over a vocabulary.
    pub(super) fn new(lexicons: &[Lexicon], vocabulary: &Vocabulary) -> Self {
        let mut table = Table::default();
        for lexicon in lexicons {
            lexicon.each_form(|form, _, _| {
                let key = key(form);
                *table.entry(key) = vocabulary.get(key).unwrap_or_default();
            });
        }
        lexicons.iter().for_each(|lexicon| lexicon.apply(&mut table));
        let phrases = Phrases::new(lexicons.iter().flat_map(Lexicon::phrases));
        let mut hasher = blake3::Hasher::new();
        lexicons.iter().for_each(|lexicon| {
            hasher.update(lexicon.hash.as_bytes());
        });
        let hash = hasher.finalize().to_hex();
        Self { version: hash.get(..8).unwrap_or_default().to_owned(), table, phrases }
    }

    /// A hash of its lexicons, of eight hexadecimal digits.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What the topic knows of a word.
    pub(super) fn get(&self, key: u64) -> Option<Entry> {
        self.table.get(key)
    }

    /// The topic's phrases.
    pub(super) fn phrases(&self) -> &Phrases {
        &self.phrases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_line_and_field() {
        let rows = [
            ("gut\t1\n\nx", "line 3: no tab and weight behind the word"),
            ("gut\t5", "line 1: weight \"5\" is not a number from -4 to 4"),
            ("gut\tNaN", "line 1: weight \"NaN\" is not a number from -4 to 4"),
            ("# \n\t1", "line 2: no word"),
            (
                "seit <tag> kaputt\t-2",
                "line 1: no class of words is named <tag>; write <number>, <time>, <zahl>, <zeit>, \
                 or the words themselves with | between",
            ),
            (
                "gut\t1\nseit <zeit>|immer kaputt\t-2",
                "line 2: <zeit> stands in a pattern of several words, alone between spaces",
            ),
            ("gut\t1\tfr", "line 1: \"fr\" is neither a language (en, de) nor a class (a, n, v)"),
        ];
        for (text, want) in rows {
            assert_eq!(Lexicon::parse(text).expect_err(text).to_string(), want);
        }
    }
}
