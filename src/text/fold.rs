//! Under which form are two spellings the same? Case, width, umlauts, spaces, invisible characters.
//!
//! Folding maps a text to the form in which patterns are compared, and keeps for each folded byte
//! the place it came from, so that a match is reported in bytes of the original. Unicode NFKC and
//! lowercase, then ä ö ü ß as ae oe ue ss; runs of white space become one space; zero-width and
//! other default-ignorable characters vanish.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::post::Span;

/// A folded text with its way back to the original; reusable between texts.
#[derive(Debug, Default)]
pub struct Folded {
    bytes: Vec<u8>,
    /// Start in the original of the characters that gave each folded byte. Empty while the
    /// two coincide, which is the common case of ASCII without runs of spaces.
    starts: Vec<u32>,
    /// Length of the original in bytes.
    source_bytes: u32,
    /// The normalized form of one cluster, reused.
    cluster: String,
}

impl Folded {
    /// An empty folded text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Folds `text` into this buffer, replacing what was there. Linear in the text.
    pub fn fold(&mut self, text: &str) {
        self.bytes.clear();
        self.starts.clear();
        self.source_bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let plain = fold_ascii_prefix(text.as_bytes(), &mut self.bytes);
        if plain < text.len() {
            self.starts.extend(0..u32::try_from(plain).unwrap_or(u32::MAX));
            self.fold_rest(text, plain);
        }
    }

    /// The folded bytes; valid UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The original bytes that gave the folded bytes `start..end`.
    ///
    /// A range that ends inside the expansion of one character (`s` of ß) covers all of it.
    #[must_use]
    pub fn original(&self, start: usize, end: usize) -> Span {
        let at = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        if self.starts.is_empty() {
            return Span { start: at(start), end: at(end) };
        }
        let first = self.starts.get(start).copied().unwrap_or(self.source_bytes);
        let last = end.checked_sub(1).and_then(|index| self.starts.get(index)).copied();
        let tail = self.starts.get(end..).unwrap_or_default();
        let next = tail.iter().copied().find(|&place| Some(place) != last);
        Span { start: first, end: next.unwrap_or(self.source_bytes) }
    }

    /// Whether a word goes on across the folded byte offset `at`.
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
        let (before, after) = self.bytes.split_at(at);
        match (last_char(before), first_char(after)) {
            (Some(left), Some(right)) => super::continues_word(left, right),
            _ => false,
        }
    }

    fn fold_rest(&mut self, text: &str, from: usize) {
        let mut chars = text.get(from..).unwrap_or_default().char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            let start = u32::try_from(from + offset).unwrap_or(u32::MAX);
            let mut marks = false;
            self.cluster.clear();
            self.cluster.push(c);
            while let Some((_, mark)) =
                chars.next_if(|&(_, next)| !next.is_ascii() && is_combining_mark(next))
            {
                self.cluster.push(mark);
                marks = true;
            }
            self.push_cluster(c, marks, start);
        }
    }

    fn push_cluster(&mut self, first: char, marks: bool, start: u32) {
        if first.is_ascii() && !marks {
            if first.is_ascii_whitespace() {
                self.push_space(start);
            } else {
                self.push(first.to_ascii_lowercase(), start);
            }
            return;
        }
        let cluster = std::mem::take(&mut self.cluster);
        for normal in cluster.nfkc().flat_map(char::to_lowercase).nfc() {
            match normal {
                'ä' => self.push_str("ae", start),
                'ö' => self.push_str("oe", start),
                'ü' => self.push_str("ue", start),
                'ß' => self.push_str("ss", start),
                '’' => self.push('\'', start),
                c if is_ignorable(c) => {}
                c if c.is_whitespace() => self.push_space(start),
                c => self.push(c, start),
            }
        }
        self.cluster = cluster;
    }

    fn push(&mut self, c: char, start: u32) {
        let mut buffer = [0; 4];
        let encoded = c.encode_utf8(&mut buffer);
        self.push_str(encoded, start);
    }

    fn push_str(&mut self, folded: &str, start: u32) {
        self.bytes.extend_from_slice(folded.as_bytes());
        self.starts.resize(self.bytes.len(), start);
    }

    fn push_space(&mut self, start: u32) {
        if self.bytes.last().is_some_and(|&last| last != b' ') {
            self.push(' ', start);
        }
    }
}

/// Folds a pattern as texts are folded, without surrounding space.
#[must_use]
pub fn fold_pattern(pattern: &str) -> String {
    let mut folded = Folded::new();
    folded.fold(pattern);
    String::from_utf8_lossy(folded.as_bytes()).trim().to_owned()
}

/// Folds while bytes map one to one; returns how many did.
fn fold_ascii_prefix(text: &[u8], folded: &mut Vec<u8>) -> usize {
    let mut last = b' ';
    for (index, &byte) in text.iter().enumerate() {
        let space = byte.is_ascii_whitespace();
        // A mark may follow an ASCII letter: leave the letter to the slow path as well.
        if !byte.is_ascii() {
            let plain = index.saturating_sub(1);
            folded.truncate(plain);
            return plain;
        }
        if space && last == b' ' {
            return index;
        }
        last = if space { b' ' } else { byte.to_ascii_lowercase() };
        folded.push(last);
    }
    text.len()
}

fn is_ignorable(c: char) -> bool {
    matches!(u32::from(c),
        0x00AD | 0x034F | 0x061C | 0x180B..=0x180F | 0x200B..=0x200F | 0x202A..=0x202E
        | 0x2060..=0x206F | 0xFE00..=0xFE0F | 0xFEFF | 0xE0000..=0xE0FFF)
}

fn last_char(bytes: &[u8]) -> Option<char> {
    let start =
        (0..bytes.len()).rev().take(4).find(|&i| bytes.get(i).is_some_and(|b| b & 0xC0 != 0x80))?;
    std::str::from_utf8(bytes.get(start..)?).ok()?.chars().next()
}

fn first_char(bytes: &[u8]) -> Option<char> {
    let end = bytes.iter().skip(1).take(3).take_while(|&&b| b & 0xC0 == 0x80).count() + 1;
    std::str::from_utf8(bytes.get(..end)?).ok()?.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_fold_together() {
        let rows = [
            ("Straße", "strasse"),
            ("STRASSE", "strasse"),
            ("Müller", "mueller"),
            ("Mu\u{308}ller", "mueller"),
            ("Ａｃｍｅ", "acme"),
            ("ac\u{200B}me", "acme"),
            ("a  b\n\tc ", "a b c"),
            ("don’t", "don't"),
            ("É", "é"),
        ];
        for (text, want) in rows {
            assert_eq!(fold_pattern(text), want, "{text}");
        }
    }

    #[test]
    fn spans_lead_back_to_the_original() {
        let rows = [
            ("So ein Größenwahn hier", "groessenwahn", "Größenwahn"),
            ("plain ascii text", "ascii", "ascii"),
            ("a   b  acme!", "acme", "acme"),
            ("🙂 Mu\u{308}ller 🙂", "mueller", "Mu\u{308}ller"),
        ];
        for (text, pattern, want) in rows {
            let mut folded = Folded::new();
            folded.fold(text);
            let haystack =
                String::from_utf8(folded.as_bytes().to_vec()).expect("folded text is UTF-8");
            let start = haystack.find(pattern).expect(text);
            let span = folded.original(start, start + pattern.len());
            assert_eq!(text.get(span.start as usize..span.end as usize), Some(want));
        }
    }
}
