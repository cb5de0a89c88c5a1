//! Which words mean something only together? Idioms, separable verbs, wishes, greetings.
//!
//! A pattern is a row of words: `a|b` are alternatives, `<time>` any word of a class, `.2` stands for
//! up to two words, `..` for up to six, all of the same sentence unless a `//` stands between. A phrase
//! that is found speaks for all its words: the first carries the weight or the role, the others nothing.

use std::collections::HashMap;

use super::clauses::{Layout, Sort};
use super::lexicon;
use super::sense::{Entry, Reach, Role, Sense, Tongue};
use super::table::{Filed, Filter, pair_key};
use super::vocabulary::Vocabulary;
use super::words::folded_key;

/// How many words a gap takes at most.
const GAP_WORDS_MAX: usize = 6;
/// The reach of phrases whose first words are not marked.
pub(super) const REACH_MAX: Reach = Reach { words: GAP_WORDS_MAX as u8 + 1, alone: true };
/// The bits of phrases whose second words are not marked.
pub(super) const ANY_SECOND: u64 = u64::MAX;
/// What leaving one thing for another weighs for the one that is left.
const LEFT: f64 = -1.4;
/// What a phrase weighs that sets one thing above another, or, turned, below.
pub(super) const BEATS: f64 = 1.5;
/// What lets the words behind it stand in the next sentence.
const CROSSING: &str = "//";
/// How many words are tried for the places of one pattern at most.
const TRIES_MAX: u32 = 24;
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
    /// Whether it may stand in the sentence that follows.
    crosses: bool,
    keys: Vec<u64>,
    /// Whether any digits will do.
    number: bool,
}

/// Classes of words that patterns name, as `<time>`, with the keys of their words.
#[derive(Debug, Clone, Default)]
pub(super) struct Classes(HashMap<&'static str, Vec<u64>>);

impl Classes {
    /// Reads the lines `class NAME a|b|c` of a file.
    pub(super) fn read(&mut self, file: &'static str) {
        for line in lexicon::lines(file).filter(|line| line.starts_with("class\t")) {
            if let [_, name, words] = *lexicon::fields(line).take(3).collect::<Vec<_>>() {
                self.0.insert(name, keys(words).collect());
            }
        }
    }

    /// Those of the files compiled in.
    pub(super) fn built_in() -> Self {
        let mut classes = Self::default();
        lexicon::PHRASES.into_iter().for_each(|file| classes.read(file));
        classes
    }

    /// Whether there is a class of this name.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The keys of the words of a class.
    pub(super) fn keys(&self, name: &str) -> &[u64] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// The keys of a part of a pattern, and whether any digits will do.
    fn of(&self, part: &str) -> (bool, Vec<u64>) {
        match class_name(part) {
            Some(name) => (matches!(name, "number" | "zahl"), self.keys(name).to_vec()),
            None => (false, keys(part).collect()),
        }
    }
}

/// The keys of words with `|` between.
fn keys(words: &str) -> impl Iterator<Item = u64> + '_ {
    lexicon::parts(words, b'|').filter_map(folded_key)
}

impl Phrase {
    /// Reads a pattern; none when it has no words or too many.
    pub(super) fn parse(
        pattern: &str,
        sense: Sense,
        tongue: Option<Tongue>,
        classes: &Classes,
    ) -> Option<Self> {
        let (mut steps, mut gap, mut crosses) = (Vec::new(), 0, false);
        for part in pattern.split_whitespace() {
            if part == CROSSING {
                crosses = true;
                continue;
            }
            if let Some(words) = gap_of(part) {
                gap = words;
                continue;
            }
            let (number, keys) = classes.of(part);
            let (gap, crosses) = (std::mem::take(&mut gap), std::mem::take(&mut crosses));
            steps.push(Step { gap, crosses, keys, number });
        }
        let fits = (1..=PATTERN_WORDS_MAX).contains(&steps.len());
        fits.then_some(Self { steps, sense, tongue })
    }

    /// The words that it may begin with.
    fn firsts(&self) -> impl Iterator<Item = u64> + '_ {
        self.steps.first().into_iter().flat_map(|step| step.keys.iter().copied())
    }

    /// The bits of the words that may be its second.
    fn seconds(&self) -> u64 {
        match self.steps.get(1) {
            Some(second) if second.number => ANY_SECOND,
            Some(second) => second.keys.iter().fold(0, |bits, &key| bits | second_bit(key)),
            None => 0,
        }
    }

    /// Where its second word may be.
    fn reach(&self) -> Reach {
        match self.steps.get(1) {
            Some(second) => {
                let words = u8::try_from(second.gap + 1).unwrap_or(REACH_MAX.words);
                Reach { words, alone: false }
            }
            None => Reach { words: 0, alone: true },
        }
    }

    /// The words of the pattern, where it begins at word `first`; none without a match.
    fn find(&self, layout: &Layout, first: usize, places: &mut [usize]) -> bool {
        let mut search = Search { layout, tries: TRIES_MAX };
        layout.sentence_of(first).is_some_and(|at| search.find(&self.steps, first, at, places))
    }
}

/// A look for the steps of one pattern in a sentence.
struct Search<'a> {
    layout: &'a Layout,
    /// How many words may still be taken for a step.
    tries: u32,
}

impl Search<'_> {
    /// Finds words for the steps from word `next` on: in "asked for a cot three times" the number is
    /// the one before "times", not the article before it.
    fn find(&mut self, steps: &[Step], next: usize, sentence: u32, places: &mut [usize]) -> bool {
        let (Some((step, steps)), Some((place, places))) =
            (steps.split_first(), places.split_first_mut())
        else {
            return steps.is_empty();
        };
        for i in next..=next + step.gap {
            let Some(word) = self.layout.words.get(i) else { return false };
            let named = step.keys.contains(&word.key) || step.number && word.sort == Sort::Number;
            if !named || word.masked || word.spent {
                continue;
            }
            let own = self.layout.sentence_of(i).unwrap_or(u32::MAX);
            if self.tries == 0 || own > sentence + u32::from(step.crosses) {
                return false;
            }
            self.tries -= 1;
            *place = i;
            if self.find(steps, i + 1, own, places) {
                return true;
            }
        }
        false
    }
}

/// Phrases, found by their first two words.
#[derive(Debug, Clone, Default)]
pub(super) struct Phrases {
    /// The longest first; of those as long, in the order given.
    list: Vec<Phrase>,
    /// Places in `list` by such first words: of one alone, or of two.
    filed: Filed,
    /// Most words that may begin a phrase begin none.
    filter: Filter,
}

/// Stands for any digits where the second word of a phrase is looked up.
const ANY_NUMBER: u64 = 1;

impl Phrases {
    /// Orders phrases and indexes them by their first two words.
    pub(super) fn new(phrases: impl Iterator<Item = Phrase>) -> Self {
        let mut list: Vec<Phrase> = phrases.collect();
        list.sort_by_key(|phrase| usize::MAX - phrase.steps.len());
        let mut entries: Vec<(u64, u32)> = Vec::new();
        for (place, phrase) in (0..).zip(&list) {
            for first in phrase.firsts() {
                let Some(second) = phrase.steps.get(1) else {
                    entries.push((first, place));
                    continue;
                };
                let any = second.number.then_some(ANY_NUMBER);
                let seconds = second.keys.iter().copied().chain(any);
                entries.extend(seconds.map(|second| (pair_key(first, second), place)));
            }
        }
        let filter = Filter::of(entries.iter().map(|&(key, _)| key));
        Self { list, filed: Filed::of(&entries), filter }
    }

    /// The phrases compiled in and those of `more`.
    pub(super) fn built_in(more: impl Iterator<Item = Phrase>) -> Self {
        let classes = Classes::built_in();
        let own = lexicon::PHRASES.into_iter().flat_map(lexicon::lines).filter_map(|line| {
            let mut fields = lexicon::fields(line);
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
        Self::new(more.chain(own))
    }

    /// Lets the vocabulary know which words begin them.
    pub(super) fn mark(&self, vocabulary: &mut Vocabulary) {
        for phrase in &self.list {
            let (seconds, reach) = (phrase.seconds(), phrase.reach());
            for first in phrase.firsts() {
                let entry: &mut Entry = vocabulary.entry(first);
                entry.seconds |= seconds;
                for tongue in [Tongue::English, Tongue::German] {
                    if phrase.tongue.is_none_or(|own| own == tongue) {
                        let sense = entry.of_mut(tongue);
                        sense.reach = sense.reach.and(reach);
                    }
                }
            }
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Lets the phrase that begins at word `i` speak, if one does: the longest. `reach` and the bits
    /// of `seconds` are those of its word, or [`REACH_MAX`] and [`ANY_SECOND`].
    pub(super) fn apply(
        &self,
        layout: &mut Layout,
        i: usize,
        (reach, seconds): (Reach, u64),
        tongues: &[Tongue],
    ) -> bool {
        let Some(first) = layout.words.get(i).map(|word| word.key) else { return false };
        let mut found = None;
        let mut look = |key| {
            if self.filter.passes(key) {
                self.look(layout, i, tongues, self.filed.under(key), &mut found);
            }
        };
        if reach.alone {
            look(first);
        }
        let end = layout.words.len().min(i + 1 + usize::from(reach.words));
        for word in layout.words.get(i + 1..end).unwrap_or_default() {
            // Few of the words behind it make a phrase with it.
            if seconds & second_bit(word.key) == 0 {
                continue;
            }
            look(pair_key(first, word.key));
            if word.sort == Sort::Number {
                look(pair_key(first, ANY_NUMBER));
            }
        }
        let Some((_, phrase, places)) = found else { return false };
        let places = places.get(..phrase.steps.len()).unwrap_or_default();
        let end = places.last().and_then(|&last| layout.words.get(last)).map(|word| word.end);
        for &place in places {
            let word = &mut layout.words[place];
            (word.sense, word.spent) = (Sense::default(), true);
        }
        let head = &mut layout.words[i];
        (head.sense, head.spent) = (phrase.sense, false);
        head.phrase_end = end.unwrap_or(head.end);
        true
    }

    /// Takes the first phrase of some that fits at word `i`, if it comes before the one found.
    fn look<'a>(
        &'a self,
        layout: &Layout,
        i: usize,
        tongues: &[Tongue],
        some: &[u32],
        found: &mut Option<(u32, &'a Phrase, [usize; PATTERN_WORDS_MAX])>,
    ) {
        for &place in some {
            if found.as_ref().is_some_and(|&(before, ..)| before <= place) {
                return;
            }
            let Some(phrase) = self.list.get(place as usize) else { return };
            let mut places = [0; PATTERN_WORDS_MAX];
            let heard = phrase.tongue.is_none_or(|tongue| tongues.contains(&tongue));
            if heard && phrase.find(layout, i, &mut places) {
                *found = Some((place, phrase, places));
                return;
            }
        }
    }
}

/// The bit among [`Entry::seconds`] that stands for a key.
#[inline]
fn second_bit(key: u64) -> u64 {
    1 << (key & 63)
}

/// The name of the class that stands in a place of a pattern, as in `<time>`.
pub(super) fn class_name(part: &str) -> Option<&str> {
    part.strip_prefix('<').and_then(|part| part.strip_suffix('>'))
}

/// How many words a gap stands for: `..` for six, `.2` for two.
pub(super) fn gap_of(part: &str) -> Option<usize> {
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
        "beats" => return Some(Sense::weighing(BEATS).with(Role::Beats)),
        "loses" => return Some(Sense::weighing(-BEATS).with(Role::Beats)),
        "prefers" => return Some(Sense::weighing(BEATS).with(Role::Leaves)),
        "irony" => Role::Irony,
        "seeks" => Role::Seeks,
        _ => return field.parse().ok().map(Sense::weighing),
    };
    Some(Sense::playing(role))
}
