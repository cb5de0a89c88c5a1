//! Which words mean something only together? Idioms, separable verbs, wishes, greetings.
//!
//! A pattern is a row of words: `a|b` are alternatives, `<time>` any word of a class, `.2` stands for
//! up to two words, `..` for up to six, all of the same sentence. A phrase that is found speaks for
//! all its words: the first carries the weight or the role, the others nothing.

use std::collections::HashMap;

use super::clauses::{Layout, Sort};
use super::lexicon;
use super::sense::{Entry, Role, Sense, Tongue};
use super::table::{Table, key};
use super::vocabulary::Vocabulary;
use super::words::folded;

/// How many words a gap takes at most.
const GAP_WORDS_MAX: usize = 6;
/// What leaving one thing for another weighs for the one that is left.
const LEFT: f64 = -1.4;
/// How many words a pattern has at most, gaps not counted.
pub(super) const PATTERN_WORDS_MAX: usize = 8;

/// One phrase.
#[derive(Debug, Clone)]
pub(super) struct Phrase {
    steps: Vec<Step>,
    /// What its first word means instead.
    sense: Sense,
    tongue: Option<Tongue>,
}

/// A word of a pattern.
#[derive(Debug, Clone)]
struct Step {
    /// How many words may stand before it.
    gap: usize,
    keys: Vec<u64>,
    /// Whether any digits will do.
    number: bool,
}

/// Classes of words that patterns name, as `<time>`.
#[derive(Debug, Clone, Default)]
pub(super) struct Classes(HashMap<&'static str, &'static str>);

impl Classes {
    /// Reads the lines `class NAME a|b|c` of a file.
    fn read(&mut self, file: &'static str) {
        for line in file.lines() {
            let mut fields = line.split('\t');
            if fields.next() == Some("class")
                && let (Some(name), Some(words)) = (fields.next(), fields.next())
            {
                self.0.insert(name, words);
            }
        }
    }

    /// Those of the files compiled in.
    pub(super) fn built_in() -> Self {
        let mut classes = Self::default();
        lexicon::PHRASES.into_iter().for_each(|file| classes.read(file));
        classes
    }

    fn of<'a>(&self, part: &'a str) -> (bool, &'a str)
    where
        'static: 'a,
    {
        let name = part.strip_prefix('<').and_then(|part| part.strip_suffix('>'));
        match name {
            Some(name) => {
                (matches!(name, "number" | "zahl"), self.0.get(name).copied().unwrap_or_default())
            }
            None => (false, part),
        }
    }
}

impl Phrase {
    /// Reads a pattern; none when it has no words or too many.
    pub(super) fn parse(
        pattern: &str,
        sense: Sense,
        tongue: Option<Tongue>,
        classes: &Classes,
    ) -> Option<Self> {
        let (mut steps, mut gap) = (Vec::new(), 0);
        for part in pattern.split_whitespace() {
            if let Some(words) = gap_of(part) {
                gap = words;
                continue;
            }
            let (number, words) = classes.of(part);
            let keys: Vec<u64> =
                words.split('|').filter_map(folded).map(|word| key(&word)).collect();
            steps.push(Step { gap: std::mem::take(&mut gap), keys, number });
        }
        let fits = (1..=PATTERN_WORDS_MAX).contains(&steps.len());
        fits.then_some(Self { steps, sense, tongue })
    }

    /// The words of the pattern, where it begins at word `first`; none without a match.
    fn find(&self, layout: &Layout, first: usize, places: &mut [usize]) -> bool {
        let sentence = layout.sentence_of(first);
        let mut next = first;
        for (step, place) in self.steps.iter().zip(places.iter_mut()) {
            let within = next..=next + step.gap;
            let found = within.into_iter().find(|&i| {
                layout.words.get(i).is_some_and(|word| {
                    let named =
                        step.keys.contains(&word.key) || step.number && word.sort == Sort::Number;
                    named && !word.masked && !word.spent
                })
            });
            match found {
                Some(i) if layout.sentence_of(i) == sentence => (*place, next) = (i, i + 1),
                _ => return false,
            }
        }
        true
    }
}

/// Phrases by the first word.
#[derive(Debug, Clone, Default)]
pub(super) struct Phrases {
    index: Table<(u32, u32)>,
    list: Vec<(u64, Phrase)>,
}

impl Phrases {
    /// Orders phrases by first word; of those that begin alike the longer comes first.
    pub(super) fn new(phrases: impl Iterator<Item = Phrase>) -> Self {
        let mut list: Vec<(u64, Phrase)> = phrases
            .flat_map(|phrase| {
                let keys = phrase.steps.first().map_or(Vec::new(), |step| step.keys.clone());
                keys.into_iter().map(move |key| (key, phrase.clone()))
            })
            .collect();
        list.sort_by_key(|(key, phrase)| (*key, usize::MAX - phrase.steps.len()));
        let mut index: Table<(u32, u32)> = Table::default();
        for (place, (key, _)) in (0..).zip(&list) {
            let range = index.entry(*key);
            if range.1 == 0 {
                range.0 = place;
            }
            range.1 += 1;
        }
        Self { index, list }
    }

    /// The phrases compiled in and those of `more`, marked in the vocabulary.
    pub(super) fn built_in(
        more: impl Iterator<Item = Phrase>,
        vocabulary: &mut Vocabulary,
    ) -> Self {
        let classes = Classes::built_in();
        let own = lexicon::PHRASES.into_iter().flat_map(str::lines).filter_map(|line| {
            let mut fields = line.split('\t');
            let tongue = match fields.next()? {
                "en" => Some(Tongue::English),
                "de" => Some(Tongue::German),
                "und" => None,
                _ => return None,
            };
            let sense = sense_of(fields.next()?)?;
            Phrase::parse(fields.next()?, sense, tongue, &classes)
        });
        // What the user says comes before what is compiled in.
        let phrases = Self::new(more.chain(own));
        for (key, phrase) in &phrases.list {
            let entry: &mut Entry = vocabulary.entry(*key);
            for tongue in [Tongue::English, Tongue::German] {
                if phrase.tongue.is_none_or(|own| own == tongue) {
                    entry.of_mut(tongue).begins_phrase = true;
                }
            }
        }
        phrases
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Lets the phrase that begins at word `i` speak, if one does.
    pub(super) fn apply(&self, layout: &mut Layout, i: usize, tongues: &[Tongue]) -> bool {
        let Some(word) = layout.words.get(i) else { return false };
        let Some((place, count)) = self.index.get(word.key) else { return false };
        let range = place as usize..(place + count) as usize;
        for (_, phrase) in self.list.get(range).unwrap_or_default() {
            let mut places = [0; PATTERN_WORDS_MAX];
            let heard = phrase.tongue.is_none_or(|tongue| tongues.contains(&tongue));
            if !heard || !phrase.find(layout, i, &mut places) {
                continue;
            }
            let places = places.get(..phrase.steps.len()).unwrap_or_default();
            let end = places.last().and_then(|&last| layout.words.get(last)).map(|word| word.end);
            for &place in places {
                let word = &mut layout.words[place];
                (word.sense, word.spent) = (Sense::default(), true);
            }
            let head = &mut layout.words[i];
            (head.sense, head.spent) = (phrase.sense, false);
            head.phrase_end = end.unwrap_or(head.end);
            return true;
        }
        false
    }
}

/// How many words a gap stands for: `..` for six, `.2` for two.
fn gap_of(part: &str) -> Option<usize> {
    match part.strip_prefix('.')? {
        "." => Some(GAP_WORDS_MAX),
        digits => digits.parse().ok().filter(|&words| words <= GAP_WORDS_MAX),
    }
}

/// A weight, or the role that the phrase plays.
fn sense_of(field: &str) -> Option<Sense> {
    let role = match field {
        "negation" => Role::NearNegation,
        "unreal" => Role::Unreal,
        "unlike" => Role::Unlike,
        "leaves" => return Some(Sense::weighing(LEFT).with(Role::Leaves)),
        "irony" => Role::Irony,
        "seeks" => Role::Seeks,
        _ => return field.parse().ok().map(Sense::weighing),
    };
    Some(Sense::playing(role))
}
