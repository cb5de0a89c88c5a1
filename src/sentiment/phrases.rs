//! Which words mean something only together? Idioms, separable verbs, wishes, greetings.
//!
//! A pattern is a row of words; `a|b` are alternatives, `..` up to six words of the same sentence.
//! A phrase that is found speaks for all its words: the first carries the weight, the others none.

use super::clauses::Layout;
use super::lexicon;
use super::sense::{Entry, Sense, Tongue};
use super::table::{Table, key};
use super::vocabulary::Vocabulary;
use super::words::folded;

/// How many words a gap takes at most.
const GAP_WORDS_MAX: usize = 6;
/// How many words a pattern has at most, gaps not counted.
pub(super) const PATTERN_WORDS_MAX: usize = 8;

/// One phrase.
#[derive(Debug, Clone)]
pub(super) struct Phrase {
    steps: Vec<Step>,
    weight: f64,
    tongue: Option<Tongue>,
}

/// A word of a pattern.
#[derive(Debug, Clone)]
struct Step {
    /// How many words may stand before it.
    gap: usize,
    keys: Vec<u64>,
}

impl Phrase {
    /// Reads a pattern; none when it has no words or too many.
    pub(super) fn parse(pattern: &str, weight: f64, tongue: Option<Tongue>) -> Option<Self> {
        let (mut steps, mut gap) = (Vec::new(), 0);
        for part in pattern.split_whitespace() {
            if part == ".." {
                gap = GAP_WORDS_MAX;
                continue;
            }
            let keys: Vec<u64> =
                part.split('|').filter_map(folded).map(|word| key(&word)).collect();
            steps.push(Step { gap: std::mem::take(&mut gap), keys });
        }
        let fits = (1..=PATTERN_WORDS_MAX).contains(&steps.len());
        fits.then_some(Self { steps, weight, tongue })
    }

    /// The words of the pattern, where it begins at word `first`; none without a match.
    fn find(&self, layout: &Layout, first: usize, places: &mut [usize]) -> bool {
        let sentence = |i: usize| {
            let word = layout.words.get(i)?;
            Some(layout.clauses.get(word.clause as usize)?.sentence)
        };
        let mut next = first;
        for (step, place) in self.steps.iter().zip(places.iter_mut()) {
            let within = next..=next + step.gap;
            let found = within.into_iter().find(|&i| {
                layout.words.get(i).is_some_and(|word| {
                    step.keys.contains(&word.key) && !word.masked && !word.spent
                })
            });
            match found {
                Some(i) if sentence(i) == sentence(first) => (*place, next) = (i, i + 1),
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
        let own = lexicon::RESONANZ_PHRASES.lines().filter(|line| !line.starts_with("# "));
        let own = own.filter_map(|line| {
            let mut fields = line.split('\t');
            let tongue = match fields.next()? {
                "en" => Some(Tongue::English),
                "de" => Some(Tongue::German),
                _ => None,
            };
            let weight = fields.next()?.parse().ok()?;
            Phrase::parse(fields.next()?, weight, tongue)
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
            (head.sense, head.spent) = (Sense::weighing(phrase.weight), false);
            head.phrase_end = end.unwrap_or(head.end);
            return true;
        }
        false
    }
}
