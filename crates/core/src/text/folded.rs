//! Which bytes of the original gave which bytes of the folded text, and where do its words end?
//!
//! A [`Folded`] holds a folded text (see `fold.rs` for the rules, `folding.rs` for the way) and, for each of its bytes, the
//! place it came from, so that a match is reported in bytes of the original.
//!
//! In [`Form::Search`] an ASCII letter that begins a word is a capital, all others are small: an
//! automaton over such texts leaves its start state at the beginnings of words only, whatever
//! the number of patterns, and a hit that begins with a capital needs no look to its left.
//!
//! Underscores at an edge of a word, as in `_Acme_`, are folded to hyphens: they part words.

use super::boundary::{JOINER, continues_word, is_emoji, is_flag_letter, is_flag_tag};
use super::fold::cluster_end;
use super::folding::{Joint, is_word_byte};
use super::is_word_char;
use crate::post::Span;

/// Each regional indicator in UTF-8.
const FLAG_LETTER_BYTES: usize = 4;

/// What a text is folded for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// To be searched: umlauts spread to ae oe ue ss, beginnings of words as capitals.
    #[default]
    Search,
    /// To be compared letter by letter: umlauts as they are, all letters small.
    Letters,
    /// As a term of a query: accents as they are, too.
    Term,
}

/// A folded text with its way back to the original; reusable between texts.
#[derive(Debug)]
pub struct Folded {
    pub(super) form: Form,
    pub(super) bytes: Vec<u8>,
    /// Start in the original of the cluster that gave each folded byte. Empty while the
    /// two coincide, which is the common case of ASCII without runs of spaces.
    pub(super) starts: Vec<u32>,
    /// Length of the original in bytes.
    pub(super) source_bytes: u32,
    /// Where words may end although they go on: before the ² of Acme².
    pub(super) seams: Vec<u32>,
    /// Where runs of flag letters begin.
    pub(super) flag_runs: Vec<u32>,
    /// The last character folded, in its small form; a space before the first.
    pub(super) last: char,
    /// What stands between it and the next.
    pub(super) joint: Joint,
    /// One cluster, reused.
    pub(super) cluster: String,
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
            seams: Vec::new(),
            flag_runs: Vec::new(),
            last: ' ',
            joint: Joint::Nothing,
            cluster: String::new(),
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
            return is_word_byte(left) && is_word_byte(right) && !self.is_seam(at);
        }
        match (self.char_before(at), self.char_at(at)) {
            (Some(left), Some(right)) if is_flag_letter(left) && is_flag_letter(right) => {
                self.flag_letters_before(at) % 2 == 1
            }
            (Some(left), Some(right)) => holds_together(left, right) && !self.is_seam(at),
            _ => false,
        }
    }

    fn is_seam(&self, at: usize) -> bool {
        !self.seams.is_empty() && self.seams.binary_search(&place(at)).is_ok()
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

    fn flag_letters_before(&self, at: usize) -> usize {
        let run = self.flag_runs.partition_point(|&start| (start as usize) < at);
        let start = run.checked_sub(1).and_then(|run| self.flag_runs.get(run));
        start.map_or(0, |&start| (at - start as usize) / FLAG_LETTER_BYTES)
    }
}

/// Whether no boundary lies between two characters, flags aside.
fn holds_together(left: char, right: char) -> bool {
    continues_word(left, right)
        || left == JOINER
        || right == JOINER
        || is_flag_tag(right)
        || (!right.is_ascii() && unicode_normalization::char::is_combining_mark(right))
}

pub(super) fn place(offset: usize) -> u32 {
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
            ("bei AT&amp;T!", "At&T", "AT&amp;T"),
            ("M&uuml;ller", "Mueller", "M&uuml;ller"),
            ("Acme™ x", "Acme", "Acme™"),
            ("Acme® x", "Acme", "Acme"),
            ("in _Acme_ x", "-Acme-", "_Acme_"),
            ("x_a __b", "X_a --B", "x_a __b"),
            ("①acme", "Acme", "acme"),
            ("S–Bahn", "S-Bahn", "S–Bahn"),
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
