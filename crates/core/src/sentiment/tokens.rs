//! What are the tokens of a text to vaderSentiment, and what does it know of them?
//!
//! Python's white space parts them, and punctuation around them goes where more than two characters
//! are left. Each is looked up once, lexicon and word lists in one table.

use super::english;
use super::lexicon;
use super::python::{self, CLASS, HIGH, LOWER, PUNCTUATION, SPACE, UPPER};
use super::table::{Table, key, run_key};
use super::trace::index;
use crate::text::Run;

/// Longest word of the lexicon and the word lists.
const WORD_BYTES_MAX: usize = 24;

/// The words that rules ask for by name.
#[rustfmt::skip]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Name {
    #[default] Other,
    Ass, At, Bad, Beating, Bomb, Bus, But, Death, Die, Doubt, Enough, For, Heart, Just, Kind,
    Kiss, Least, Never, No, Nor, Of, Or, Right, Shit, So, Sort, Stop, The, This, To, Very,
    Without, Yeah,
}

/// Each name's spelling.
#[rustfmt::skip]
const NAMES: [(&str, Name); 33] = {
    use Name::*;
    [
        ("ass", Ass), ("at", At), ("bad", Bad), ("beating", Beating), ("bomb", Bomb), ("bus", Bus),
        ("but", But), ("death", Death), ("die", Die), ("doubt", Doubt), ("enough", Enough),
        ("for", For), ("heart", Heart), ("just", Just), ("kind", Kind), ("kiss", Kiss),
        ("least", Least), ("never", Never), ("no", No), ("nor", Nor), ("of", Of), ("or", Or),
        ("right", Right), ("shit", Shit), ("so", So), ("sort", Sort), ("stop", Stop), ("the", The),
        ("this", This), ("to", To), ("very", Very), ("without", Without), ("yeah", Yeah),
    ]
};

/// What is known of a word.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entry {
    /// The mean of ten ratings, in tenths.
    valence_tenths: i8,
    /// 1 for what raises the next opinion, -1 for what lowers it.
    boosts: i8,
    /// In the lexicon.
    pub(super) scored: bool,
    pub(super) negates: bool,
    pub(super) name: Name,
}

impl Entry {
    /// The mean of ten ratings.
    pub(super) fn valence(self) -> f64 {
        f64::from(self.valence_tenths) / 10.0
    }

    /// What it adds to the next opinion.
    pub(super) fn boost(self) -> f64 {
        f64::from(self.boosts) * english::BOOST
    }
}

/// A word of the text: what white space separates, without the punctuation around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) upper: bool,
    pub(super) entry: Entry,
}

/// Lexicon and word lists in one table.
#[derive(Debug)]
pub(super) struct Tokenizer {
    table: Table<Entry>,
    /// By first and last byte, bit n: some word has n bytes. Spares most words the look-up.
    lengths: [u32; 1024],
}

impl Tokenizer {
    /// Reads the lexicon.
    pub(super) fn new() -> Self {
        let (mut table, mut lengths) = (Table::<Entry>::default(), [0; 1024]);
        let mut change = |word: &str, change: &dyn Fn(&mut Entry)| {
            lengths[ends(word.as_bytes())] |= 1 << word.len().min(31);
            change(table.entry(key(word.as_bytes())));
        };
        // A token that is not its own lower case or holds a space is never found in Python either.
        let reachable = |word: &str| word == word.to_lowercase() && !word.contains(' ');
        for (word, valence) in lexicon::weights(lexicon::VADER_EN).filter(|row| reachable(row.0)) {
            #[allow(clippy::cast_possible_truncation, reason = "ratings are from -4 to 4")]
            let valence_tenths = (valence * 10.0).round() as i8;
            change(word, &|entry| (entry.valence_tenths, entry.scored) = (valence_tenths, true));
        }
        for word in english::NEGATIONS.split_whitespace() {
            change(word, &|entry| entry.negates = true);
        }
        for (words, boosts) in [(english::BOOSTERS, 1), (english::DAMPENERS, -1)] {
            for word in words.split_whitespace() {
                change(word, &|entry| entry.boosts = boosts);
            }
        }
        for (word, name) in NAMES {
            change(word, &|entry| entry.name = name);
        }
        Self { table, lengths }
    }

    /// Splits as `str.split()` and strips punctuation of words longer than two characters.
    pub(super) fn split(&self, text: &[u8], tokens: &mut Vec<Token>) {
        tokens.clear();
        let mut at = 0;
        while at < text.len() {
            // Short words of ASCII with one space behind them, which most are, need no look at
            // each byte.
            let run = Run::at(text, at, text.len());
            let end = at + run.len();
            let parted = text.get(end).is_none_or(|&byte| CLASS[usize::from(byte)] & SPACE != 0);
            if parted && run.len() > 0 {
                tokens.push(self.short_token(text, run, at));
                at = end + 1;
            } else {
                at = self.split_slowly(text, at, tokens);
            }
        }
    }

    /// Passes over the white space at `at`, or takes the token that begins there; where it ends.
    fn split_slowly(&self, text: &[u8], mut at: usize, tokens: &mut Vec<Token>) -> usize {
        let Some(&byte) = text.get(at) else { return at };
        let class = CLASS[usize::from(byte)];
        if class & (SPACE | HIGH) != 0 {
            let space = python::space_bytes(&text[at..]);
            if space > 0 {
                return at + space;
            }
        }
        let start = at;
        let mut seen = class;
        at += 1;
        while let Some(&byte) = text.get(at) {
            let class = CLASS[usize::from(byte)];
            if class & (SPACE | HIGH) != 0 && python::space_bytes(&text[at..]) > 0 {
                break;
            }
            seen |= class;
            at += 1;
        }
        tokens.push(self.token(text, start, at, seen));
        at
    }

    /// The token of a short run of ASCII.
    #[inline(always)]
    fn short_token(&self, text: &[u8], mut run: Run, mut start: usize) -> Token {
        let mut end = start + run.len();
        let edges = CLASS[usize::from(text[start])] | CLASS[usize::from(text[end - 1])];
        if edges & PUNCTUATION != 0 {
            (start, end) = stripped(text, start, end);
            run = Run::at(text, start, end);
        }
        let (word, lower) = (&text[start..end], run.lower());
        let upper = lower != run && !run.has_small();
        let entry = if self.may_know(word) { self.table.get(run_key(lower)) } else { None };
        Token { start: index(start), end: index(end), upper, entry: entry.unwrap_or_default() }
    }

    /// The token at `start..end`, whose bytes together have the classes `seen`.
    fn token(&self, text: &[u8], start: usize, end: usize, seen: u8) -> Token {
        let (start, end) = stripped(text, start, end);
        let word = &text[start..end];
        let upper = match seen & HIGH {
            0 => seen & (UPPER | LOWER) == UPPER,
            _ => python::is_upper(word),
        };
        Token { start: index(start), end: index(end), upper, entry: self.find(word, seen) }
    }

    /// Whether a word of ASCII has beginning, end and length of one in the table.
    #[inline]
    fn may_know(&self, word: &[u8]) -> bool {
        (self.lengths[ends(word)] >> word.len().min(31)) & 1 == 1
    }

    fn find(&self, word: &[u8], seen: u8) -> Entry {
        if seen & HIGH == 0 && !self.may_know(word) {
            return Entry::default();
        }
        let mut buffer = [0; WORD_BYTES_MAX];
        let found = python::lower(word, &mut buffer).and_then(|lower| self.table.get(key(lower)));
        found.unwrap_or_default()
    }
}

/// Where a token begins and ends without punctuation around it, if more than two characters are
/// left.
fn stripped(text: &[u8], start: usize, end: usize) -> (usize, usize) {
    let whole = &text[start..end];
    let lead = whole.iter().take_while(|byte| byte.is_ascii_punctuation()).count();
    let trail = whole.iter().rev().take_while(|byte| byte.is_ascii_punctuation()).count();
    if (1..whole.len()).contains(&(lead + trail))
        && python::char_count(&whole[lead..whole.len() - trail]) > 2
    {
        (start + lead, end - trail)
    } else {
        (start, end)
    }
}

/// First and last byte in ten bits, small letters and capitals alike.
fn ends(word: &[u8]) -> usize {
    let low = |byte: Option<&u8>| usize::from(byte.map_or(0, |byte| byte & 31));
    (low(word.first()) << 5) | low(word.last())
}
