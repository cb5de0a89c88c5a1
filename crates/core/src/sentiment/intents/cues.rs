//! Which words show what a writer wants? Patterns of words, found by their first two.
//!
//! They are written as phrases are, with two signs more: `<it>` is a word of the mention, and `^`
//! before a pattern lets it stand only where its sentence begins. They never change what a word
//! weighs: the verdict is made before they are looked for.

use crate::sentiment::clauses::{Layout, Sort};
use crate::sentiment::lexicon;
use crate::sentiment::phrases::{Classes, PATTERN_WORDS_MAX, class_name, gap_of};
use crate::sentiment::sense::{Role, Tongue};
use crate::sentiment::table::{Filed, Table, pair_key};
use crate::sentiment::trace::index;
use crate::sentiment::words::folded_key;

/// What patterns speak for: the intents in their order, then what helps to read them.
pub(super) const CUES: [&str; COUNT] = [
    "churn",
    "complaint",
    "question",
    "purchase",
    "recommendation",
    "praise",
    "accuse",
    "notice",
    "self",
    "you",
];
/// How many cues there are.
pub(super) const COUNT: usize = 10;
/// Cues up to here are intents.
const INTENT_CUES: usize = 6;

/// Stand for digits and for the mention where words are looked up.
const NUMBER: u64 = 1;
const MENTION: u64 = 2;
/// A negation so many words before a pattern, in its clause, takes it back.
const NEGATION_REACH: usize = 2;
/// Bits of the filter for each key in the index, at least.
const FILTER_BITS_PER_KEY: usize = 8;

/// A pattern found in a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    /// Index of its cue.
    pub(super) cue: usize,
    pub(super) weight: f64,
    /// Its first and last word.
    pub(super) first: usize,
    pub(super) last: usize,
}

/// One pattern.
#[derive(Debug, Clone)]
struct Pattern {
    cue: usize,
    weight: f64,
    tongue: Tongue,
    steps: Vec<Step>,
    /// Whether it stands only where a sentence begins.
    begins: bool,
}

/// A word of a pattern.
#[derive(Debug, Clone, Default)]
struct Step {
    /// How many words may stand before it.
    gap: usize,
    /// The words, and [`NUMBER`] and [`MENTION`].
    keys: Vec<u64>,
}

/// All patterns of both languages.
#[derive(Debug, Clone, Default)]
pub(in crate::sentiment) struct Cues {
    /// Those of most words first; of those as long, first what takes a reading back.
    list: Vec<Pattern>,
    /// Places in `list` by such first words: of one alone, or of two.
    filed: Filed,
    /// By first word: one more than the words behind it among which a second may be.
    reach: Table<u8>,
    /// One bit for every few first words: most words begin no pattern, and this is small.
    filter: Vec<u64>,
}

impl Step {
    fn takes(&self, layout: &Layout, i: usize) -> bool {
        let Some(word) = layout.words.get(i) else { return false };
        if word.held {
            return self.keys.contains(&MENTION);
        }
        self.keys.contains(&word.key) || word.sort == Sort::Number && self.keys.contains(&NUMBER)
    }
}

impl Pattern {
    /// Reads a line: language, cue, weight, pattern. None for comments and classes.
    fn read(line: &str, classes: &Classes) -> Option<Self> {
        let mut fields = lexicon::fields(line);
        let tongue = match fields.next()? {
            "en" => Tongue::English,
            "de" => Tongue::German,
            _ => return None,
        };
        let name = fields.next()?;
        let cue = CUES.iter().position(|cue| *cue == name)?;
        let weight = fields.next()?.parse().ok()?;
        let (mut steps, mut gap, mut begins) = (Vec::new(), 0, false);
        for part in fields.next()?.split_whitespace() {
            if part == "^" {
                begins = true;
            } else if let Some(words) = gap_of(part) {
                gap = words;
            } else {
                let mut step = Step { gap: std::mem::take(&mut gap), keys: Vec::new() };
                part.split('|').for_each(|each| step.learn(each, classes));
                steps.push(step);
            }
        }
        let fits = (1..=PATTERN_WORDS_MAX).contains(&steps.len());
        let whole = steps.iter().all(|step| !step.keys.is_empty());
        (fits && whole).then_some(Self { cue, weight, tongue, steps, begins })
    }

    /// The last word of the pattern, where it begins at word `first`; none without a match.
    fn find(&self, layout: &Layout, first: usize) -> Option<usize> {
        let sentence = layout.sentence_of(first);
        if self.begins && !begins_sentence(layout, first) {
            return None;
        }
        let mut next = first;
        for step in &self.steps {
            let mut within = next..=next + step.gap;
            let found = within.find(|&i| step.takes(layout, i))?;
            if layout.sentence_of(found) != sentence {
                return None;
            }
            next = found + 1;
            // A mention of several words is one.
            while layout.words.get(found).is_some_and(|word| word.held)
                && layout.words.get(next).is_some_and(|word| word.held)
            {
                next += 1;
            }
        }
        Some(next - 1)
    }
}

impl Step {
    /// Takes in one alternative: a word, a class, `<number>`, `<it>`.
    fn learn(&mut self, part: &str, classes: &Classes) {
        match class_name(part) {
            Some("it") => self.keys.push(MENTION),
            Some(name) => {
                if matches!(name, "number" | "zahl") {
                    self.keys.push(NUMBER);
                }
                self.keys.extend(classes.keys(name));
            }
            None => self.keys.extend(folded_key(part)),
        }
    }
}

impl Cues {
    /// Reads the files compiled in.
    pub(in crate::sentiment) fn built_in() -> Self {
        let mut classes = Classes::built_in();
        lexicon::INTENTS.into_iter().for_each(|file| classes.read(file));
        let lines = lexicon::INTENTS.into_iter().flat_map(lexicon::lines);
        Self::new(lines.filter_map(|line| Pattern::read(line, &classes)).collect())
    }

    fn new(mut list: Vec<Pattern>) -> Self {
        list.sort_by_key(|pattern| (usize::MAX - pattern.steps.len(), pattern.weight != 0.0));
        let mut cues = Self::default();
        let mut entries: Vec<(u64, u32)> = Vec::new();
        let mut firsts: Vec<u64> = Vec::new();
        for (place, pattern) in (0..).zip(&list) {
            let (first, second) = (pattern.steps.first(), pattern.steps.get(1));
            for &first in first.map_or(&[][..], |step| &step.keys) {
                firsts.push(first);
                let ahead = second.map_or(0, |second| second.gap + 1);
                let reach = cues.reach.entry(first);
                *reach = (*reach).max(u8::try_from(ahead + 1).unwrap_or(u8::MAX));
                match second {
                    None => entries.push((first, place)),
                    Some(second) => entries
                        .extend(second.keys.iter().map(|&second| (pair_key(first, second), place))),
                }
            }
        }
        let words = firsts.len() * FILTER_BITS_PER_KEY / u64::BITS as usize;
        cues.filter = vec![0; words.next_power_of_two()];
        for first in firsts {
            let (word, bit) = filter_place(first, cues.filter.len());
            cues.filter[word] |= bit;
        }
        cues.filed = Filed::of(&entries);
        cues.list = list;
        cues
    }

    /// How many patterns there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Calls `each` for the patterns of a text: of each cue the longest that begin at a word, none
    /// within another of its cue.
    pub(super) fn find(&self, layout: &Layout, tongues: &[Tongue], mut each: impl FnMut(Found)) {
        let mut until = [0; COUNT];
        for (first, word) in layout.words.iter().enumerate() {
            let key = if word.held { MENTION } else { word.key };
            let (at, bit) = filter_place(key, self.filter.len());
            if self.filter.get(at).is_none_or(|bits| bits & bit == 0) {
                continue;
            }
            let mut best = [None; COUNT];
            self.look_from(layout, (first, key), tongues, &mut best);
            for (cue, found) in best.into_iter().enumerate() {
                let Some((place, last)) = found else { continue };
                if first < until[cue] {
                    continue;
                }
                until[cue] = last + 1;
                let Some(pattern) = self.list.get(place as usize) else { continue };
                if pattern.weight != 0.0
                    && !(cue < INTENT_CUES && is_negated(layout, first, tongues))
                {
                    each(Found { cue, weight: pattern.weight, first, last });
                }
            }
        }
    }

    /// The best pattern of each cue that begins at a word of such a key: place and last word.
    fn look_from(
        &self,
        layout: &Layout,
        (first, own): (usize, u64),
        tongues: &[Tongue],
        best: &mut [Option<(u32, usize)>; COUNT],
    ) {
        let Some(reach) = self.reach.get(own).filter(|&reach| reach > 0) else { return };
        self.look(layout, first, own, tongues, best);
        // A mention of several words may stand in between.
        let more = if own == MENTION { MENTION_WORDS } else { 0 };
        for next in first + 1..first + usize::from(reach) + more {
            let Some(word) = layout.words.get(next) else { break };
            let second = if word.held { MENTION } else { word.key };
            self.look(layout, first, pair_key(own, second), tongues, best);
            if word.sort == Sort::Number && !word.held {
                self.look(layout, first, pair_key(own, NUMBER), tongues, best);
            }
        }
    }

    fn look(
        &self,
        layout: &Layout,
        first: usize,
        key: u64,
        tongues: &[Tongue],
        best: &mut [Option<(u32, usize)>; COUNT],
    ) {
        for &place in self.filed.under(key) {
            let Some(pattern) = self.list.get(place as usize) else { continue };
            let best = &mut best[pattern.cue];
            if best.is_some_and(|(before, _)| before <= place) || !tongues.contains(&pattern.tongue)
            {
                continue;
            }
            if let Some(last) = pattern.find(layout, first) {
                *best = Some((place, last));
            }
        }
    }
}

/// Words that a mention has at most, where a pattern begins with it.
const MENTION_WORDS: usize = 4;

/// The word of a filter of so many, a power of two, and the bit in it that stand for a key.
fn filter_place(key: u64, words: usize) -> (usize, u64) {
    #[allow(clippy::cast_possible_truncation, reason = "the mask keeps the low bits")]
    let word = (key >> 6) as usize & (words - 1);
    (word, 1 << (key & 63))
}

/// Whether only handles, signs, and mentions that are set apart stand before a word in its sentence.
fn begins_sentence(layout: &Layout, i: usize) -> bool {
    let clause = layout.clause_of(index(i));
    let sentence = layout.sentence_of(i).and_then(|at| layout.sentences.get(at as usize));
    let Some(sentence) = sentence else { return false };
    let before = layout.words.get(sentence.first as usize..i).unwrap_or_default();
    before.iter().all(|word| match word.sort {
        Sort::Handle | Sort::Sign => true,
        _ => word.held && Some(word.clause) != clause,
    })
}

/// Whether a negation stands closely before a word.
fn is_negated(layout: &Layout, i: usize, tongues: &[Tongue]) -> bool {
    let clause = layout.clause_of(index(i));
    let from = i.saturating_sub(NEGATION_REACH);
    let before = layout.words.get(from..i).unwrap_or_default();
    before.iter().any(|word| {
        let role = |tongue: &Tongue| word.entry.of(*tongue).role;
        Some(word.clause) == clause
            && tongues
                .iter()
                .any(|tongue| matches!(role(tongue), Role::Negation | Role::NearNegation))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_files_is_a_pattern() {
        let rows = |file: &&str| {
            let rows = file.lines().filter(|line| !line.starts_with('#'));
            rows.filter(|line| !line.starts_with("class\t")).count()
        };
        let lines: usize = lexicon::INTENTS.iter().map(rows).sum();
        assert_eq!(Cues::built_in().len(), lines);
        let mut classes = Classes::built_in();
        lexicon::INTENTS.into_iter().for_each(|file| classes.read(file));
        for line in lexicon::INTENTS.into_iter().flat_map(str::lines) {
            let parts = line.split(['\t', ' ', '|']).filter_map(class_name);
            for name in parts.filter(|name| !matches!(*name, "it" | "number" | "zahl")) {
                assert!(classes.knows(name) || line.starts_with('#'), "<{name}> in {line}");
            }
        }
    }
}
