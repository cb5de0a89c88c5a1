//! Which bytes of the original gave which bytes of the folded text?
//!
//! A [`Folded`] holds a folded text (see `fold.rs` for the rules) and, for each of its bytes, the
//! place it came from, so that a match is reported in bytes of the original.
//!
//! In [`Form::Search`] an ASCII letter that begins a word is a capital, all others are small: an
//! automaton over such texts leaves its start state at the beginnings of words only, whatever
//! the number of patterns, and a hit that begins with a capital needs no look to its left.

use super::boundary::{JOINER, continues_word, is_emoji, is_flag_letter, is_flag_tag};
use super::fold::{cluster_end, fold_cluster, fold_simple, is_joint, spread_of, take_cluster};
use super::is_word_char;
use crate::post::Span;

/// What a text is folded for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// To be searched: umlauts spread to ae oe ue ss, beginnings of words as capitals.
    #[default]
    Search,
    /// To be compared letter by letter: umlauts as they are, all letters small.
    Letters,
}

/// A folded text with its way back to the original; reusable between texts.
#[derive(Debug)]
pub struct Folded {
    form: Form,
    bytes: Vec<u8>,
    /// Start in the original of the cluster that gave each folded byte. Empty while the
    /// two coincide, which is the common case of ASCII without runs of spaces.
    starts: Vec<u32>,
    /// Length of the original in bytes.
    source_bytes: u32,
    /// The last character folded, in its small form; a space before the first.
    last: char,
    /// One cluster, reused.
    cluster: String,
}

impl Default for Folded {
    fn default() -> Self {
        Self::new(Form::Search)
    }
}

impl Folded {
    /// An empty folded text.
    #[must_use]
    pub fn new(form: Form) -> Self {
        Self {
            form,
            bytes: Vec::new(),
            starts: Vec::new(),
            source_bytes: 0,
            last: ' ',
            cluster: String::new(),
        }
    }

    /// Folds `text` into this buffer, replacing what was there. Linear in the text.
    pub fn fold(&mut self, text: &str) {
        self.bytes.clear();
        self.starts.clear();
        self.source_bytes = place(text.len());
        let plain = plain_bytes(text.as_bytes());
        fold_plain(text.as_bytes().get(..plain).unwrap_or_default(), self.form, &mut self.bytes);
        if plain < text.len() {
            self.starts.extend(0..place(plain));
            self.last =
                self.bytes.last().map_or(' ', |&byte| char::from(byte.to_ascii_lowercase()));
            self.fold_rest(text, plain);
        }
    }

    /// The folded bytes; valid UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of `text`, which was folded last, that gave the folded bytes `start..end`.
    ///
    /// A range that ends inside the expansion of one character (`s` of ß) covers all of it.
    #[must_use]
    pub fn original(&self, text: &str, start: usize, end: usize) -> Span {
        if self.starts.is_empty() {
            return Span { start: place(start), end: place(end) };
        }
        let first = self.starts.get(start).copied().unwrap_or(self.source_bytes);
        let last = end.checked_sub(1).and_then(|index| self.starts.get(index));
        Span { start: first, end: last.map_or(first, |&at| place(cluster_end(text, at as usize))) }
    }

    /// The folded bytes that came from the same cluster as the byte at `at`.
    #[must_use]
    pub fn unit(&self, at: usize) -> (usize, usize) {
        let Some(own) = self.starts.get(at) else { return (at, at + 1) };
        let same = |index: &usize| self.starts.get(*index) == Some(own);
        let start = (0..at).rev().take_while(same).last().unwrap_or(at);
        let end = (at..self.starts.len()).take_while(same).last().unwrap_or(at);
        (start, end + 1)
    }

    /// Whether a word, or an emoji, goes on across the folded byte offset `at`.
    #[must_use]
    pub fn is_inside_word(&self, at: usize) -> bool {
        let byte = |index: usize| self.bytes.get(index).copied();
        let (Some(left), Some(right)) = (at.checked_sub(1).and_then(byte), byte(at)) else {
            return false;
        };
        if left.is_ascii() && right.is_ascii() {
            let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            return word(left) && word(right);
        }
        match (self.char_before(at), self.char_at(at)) {
            (Some(left), Some(right)) if is_flag_letter(left) && is_flag_letter(right) => {
                self.flag_letters_before(at) % 2 == 1
            }
            (Some(left), Some(right)) => holds_together(left, right),
            _ => false,
        }
    }

    /// The folded character that begins at `at`.
    #[must_use]
    pub fn char_at(&self, at: usize) -> Option<char> {
        let bytes = self.bytes.get(at..)?;
        let first = *bytes.first()?;
        if first.is_ascii() {
            return Some(char::from(first));
        }
        let end = bytes.iter().skip(1).take(3).take_while(|&&b| b & 0xC0 == 0x80).count() + 1;
        std::str::from_utf8(bytes.get(..end)?).ok()?.chars().next()
    }

    /// The folded character that ends at `at`.
    #[must_use]
    pub fn char_before(&self, at: usize) -> Option<char> {
        let start = (0..at)
            .rev()
            .take(4)
            .find(|&index| self.bytes.get(index).is_some_and(|b| b & 0xC0 != 0x80))?;
        self.char_at(start)
    }

    /// Appends the folded offsets at which words begin, for counting the words between two places.
    ///
    /// A run of word characters is a word, and goes on across an apostrophe or a full stop inside
    /// (`don't`, `3.5`); an emoji is a word.
    pub fn word_starts(&self, starts: &mut Vec<u32>) {
        let mut at = 0;
        let (mut before, mut left) = (' ', ' ');
        while let Some(c) = self.char_at(at) {
            let counts = is_word_char(c) || (is_emoji(c) && !super::is_skin_tone(c));
            let joined = matches!(left, '\'' | '.') && continues_word(before, c);
            if counts && !joined && !self.is_inside_word(at) {
                starts.push(place(at));
            }
            (before, left) = (left, c);
            at += c.len_utf8();
        }
    }

    fn flag_letters_before(&self, mut at: usize) -> usize {
        let mut count = 0;
        while let Some(letter) = self.char_before(at).filter(|&c| is_flag_letter(c)) {
            count += 1;
            at -= letter.len_utf8();
        }
        count
    }

    fn fold_rest(&mut self, text: &str, from: usize) {
        let mut chars = text.get(from..).unwrap_or_default().char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            let start = place(from + offset);
            if chars.peek().is_none_or(|&(_, next)| next.is_ascii()) && c.is_ascii() {
                self.push(c.to_ascii_lowercase(), start);
                continue;
            }
            self.cluster.clear();
            self.cluster.push(c);
            let marks = take_cluster(c, &mut chars, &mut self.cluster);
            if is_joint(c) {
                let joins = chars.peek().is_some_and(|&(_, next)| is_emoji(next));
                self.push_joint(c, joins, start);
                self.cluster.remove(0);
            } else if !marks && let Some(folded) = simple(c) {
                self.push(folded, start);
                continue;
            }
            let cluster = std::mem::take(&mut self.cluster);
            fold_cluster(&cluster, |c| self.push(c, start));
            self.cluster = cluster;
        }
    }

    /// A joiner counts between two emoji, a tag after a black flag.
    fn push_joint(&mut self, c: char, joins: bool, start: u32) {
        let counts = if c == JOINER {
            joins && is_emoji(self.last)
        } else {
            self.last == '🏴' || is_flag_tag(self.last)
        };
        if counts {
            self.push(c, start);
        }
    }

    fn push(&mut self, c: char, start: u32) {
        if c.is_whitespace() || c < ' ' {
            if self.last == ' ' {
                return;
            }
            self.bytes.push(b' ');
            self.last = ' ';
        } else if c.is_ascii() {
            let begins = self.form == Form::Search && !continues_word(self.last, c);
            let byte = u8::try_from(c).unwrap_or(b' ');
            self.bytes.push(if begins { byte.to_ascii_uppercase() } else { byte });
            self.last = c;
        } else {
            let spread = if self.form == Form::Search { spread_of(c) } else { None };
            match spread {
                Some(pair) => pair.chars().for_each(|c| self.push(c, start)),
                None => {
                    let mut buffer = [0; 4];
                    self.bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
                    self.last = c;
                }
            }
        }
        self.starts.resize(self.bytes.len(), start);
    }
}

fn simple(c: char) -> Option<char> {
    if c.is_ascii() { Some(c.to_ascii_lowercase()) } else { fold_simple(c) }
}

/// Whether no boundary lies between two characters, flags aside.
fn holds_together(left: char, right: char) -> bool {
    continues_word(left, right)
        || left == JOINER
        || right == JOINER
        || is_flag_tag(right)
        || (!right.is_ascii() && unicode_normalization::char::is_combining_mark(right))
}

/// How many bytes at the start fold one to one: ASCII without runs of spaces. An ASCII character
/// before anything else is left out, since a mark may follow it.
fn plain_bytes(text: &[u8]) -> usize {
    let ascii = if text.is_ascii() {
        text.len()
    } else {
        text.iter().take_while(|byte| byte.is_ascii()).count().saturating_sub(1)
    };
    let text = text.get(..ascii).unwrap_or_default();
    if text.first().is_some_and(|&byte| is_space(byte)) {
        return 0;
    }
    let runs = |pair: &[u8]| is_space(pair[0]) & is_space(pair[1]);
    // First over all pairs without a branch, which the compiler turns into vector code.
    if !text.windows(2).fold(false, |any, pair| any | runs(pair)) {
        return ascii;
    }
    text.windows(2).position(runs).map_or(ascii, |at| at + 1)
}

/// Folds plain bytes; each depends on itself and its left neighbor only.
fn fold_plain(text: &[u8], form: Form, folded: &mut Vec<u8>) {
    let small = |byte: u8| if is_space(byte) { b' ' } else { byte.to_ascii_lowercase() };
    match form {
        Form::Letters => folded.extend(text.iter().map(|&byte| small(byte))),
        Form::Search => {
            let Some(&first) = text.first() else { return };
            folded.push(first.to_ascii_uppercase());
            folded.extend(text.windows(2).map(|pair| {
                let byte = small(pair[1]);
                let begins = byte.is_ascii_lowercase() & !is_word_byte(pair[0]);
                byte ^ (u8::from(begins) << 5)
            }));
        }
    }
}

/// White space; control characters part words as well.
fn is_space(byte: u8) -> bool {
    byte <= b' '
}

fn is_word_byte(byte: u8) -> bool {
    (byte | 0x20).wrapping_sub(b'a') < 26 || byte.wrapping_sub(b'0') < 10 || byte == b'_'
}

fn place(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_lead_back_to_the_original() {
        let rows = [
            ("So ein Größenwahn hier", "Groessenwahn", "Größenwahn"),
            ("plain ascii text", "Ascii", "ascii"),
            ("a   b  acme!", "Acme", "acme"),
            ("🙂 Mu\u{308}ller 🙂", "Mueller", "Mu\u{308}ller"),
            ("é acme\u{200B} x", "Acme", "acme"),
        ];
        for (text, pattern, want) in rows {
            let mut folded = Folded::default();
            folded.fold(text);
            let haystack =
                String::from_utf8(folded.as_bytes().to_vec()).expect("folded text is UTF-8");
            let start = haystack.find(pattern).expect(text);
            let span = folded.original(text, start, start + pattern.len());
            assert_eq!(text.get(span.start as usize..span.end as usize), Some(want));
        }
    }

    #[test]
    fn words_are_counted_as_readers_do() {
        let rows = [
            ("one two", 2),
            ("don't stop", 2),
            ("3.5 U.S. end. Next", 4),
            ("S-Bahn", 2),
            ("👍🏽 👨‍👩‍👧 🇩🇪🇫🇷", 4),
            ("東京 x", 3),
            ("!? #tag @you", 2),
        ];
        for (text, want) in rows {
            let (mut folded, mut starts) = (Folded::default(), Vec::new());
            folded.fold(text);
            folded.word_starts(&mut starts);
            assert_eq!(starts.len(), want, "{text}");
        }
    }
}
