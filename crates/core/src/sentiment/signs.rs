//! Which signs speak? Emoticons, emoji and stars.

use super::clauses::{Break, Layout};
use super::sense::{Entry, Sense};
use super::table::key;
use super::trace::index;
use super::vocabulary::Vocabulary;
use super::words;

/// Longest emoticon in bytes.
const EMOTICON_BYTES_MAX: usize = 8;
/// Longest emoticon that begins with a letter or digit, as "8-)".
pub(super) const LETTER_EMOTICON_BYTES_MAX: usize = 3;
/// Words in quotes up to which they are a term that somebody else uses.
const MOCKED_WORDS_MAX: u32 = 5;
/// Stars of a full rating.
const STARS: usize = 5;

impl Layout {
    /// Takes a chunk for an emoticon, if it is one.
    pub(super) fn whole_emoticon(
        &mut self,
        text: &str,
        [at, end]: [usize; 2],
        vocabulary: &Vocabulary,
    ) -> bool {
        let chunk = text.get(at..end).unwrap_or_default();
        let begins_with_letter = chunk.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        let longest =
            if begins_with_letter { LETTER_EMOTICON_BYTES_MAX } else { EMOTICON_BYTES_MAX };
        if !(2..=longest).contains(&chunk.len()) {
            return false;
        }
        // "8)" and "s:" number and head what follows; "D:" is a face where nothing does.
        let is_face = || {
            let capital = chunk.as_bytes().first().is_some_and(u8::is_ascii_uppercase);
            let line = text.get(end..).unwrap_or_default().split('\n').next();
            capital && line.is_none_or(|line| line.trim().is_empty())
        };
        if begins_with_letter && chunk.len() == 2 && !is_face() {
            return false;
        }
        self.emoticon(text, [at, end], vocabulary)
    }

    /// Takes a stretch behind a word for an emoticon, if it is one and no letter follows.
    pub(super) fn tail_emoticon(
        &mut self,
        text: &str,
        place: [usize; 2],
        vocabulary: &Vocabulary,
    ) -> bool {
        !words::begins_word(text, place[1]) && self.emoticon(text, place, vocabulary)
    }

    fn emoticon(&mut self, text: &str, place: [usize; 2], vocabulary: &Vocabulary) -> bool {
        let Some(stretch) = text.get(place[0]..place[1]) else { return false };
        self.folding.clear();
        stretch.chars().for_each(|c| self.folding.push_char(c));
        let Some(key) = self.folding.bytes().map(key) else { return false };
        let found = vocabulary.get(key).filter(|entry| entry.english.is_polar());
        found.inspect(|&entry| self.sign(place, key, entry)).is_some()
    }

    /// Reads a character beyond ASCII that is no letter, and returns where it ends.
    pub(super) fn symbol(
        &mut self,
        text: &str,
        at: usize,
        c: char,
        vocabulary: &Vocabulary,
    ) -> usize {
        let end = at + c.len_utf8();
        match c {
            '…' => {
                self.pending = Break::Sentence;
            }
            '–' | '—' => self.pending = self.pending.max(Break::Clause),
            '„' | '“' | '”' | '»' | '«' => self.quote(),
            '★' | '☆' | '⭐' => return self.stars(text, at, vocabulary),
            _ => {
                let mut utf8 = [0; 4];
                let key = key(c.encode_utf8(&mut utf8).as_bytes());
                if let Some(entry) = vocabulary.get(key) {
                    self.sign([at, end], key, entry);
                }
            }
        }
        end
    }

    /// Opens or closes a quotation.
    pub(super) fn quote(&mut self) {
        self.pending = self.pending.max(Break::Clause);
        let words = index(self.words.len());
        let Some(begin) = self.marks.quote.checked_sub(1) else {
            self.marks.quote = words + 1;
            return;
        };
        self.marks.quote = 0;
        let small = self.words.get(begin as usize).is_some_and(|word| word.small);
        if self.marks.mocked == 0 && small && words <= begin + MOCKED_WORDS_MAX {
            self.marks.mocked = begin + 1;
        }
    }

    /// Reads a row of stars: a rating where it has five places, or two full ones and more.
    fn stars(&mut self, text: &str, at: usize, vocabulary: &Vocabulary) -> usize {
        let (mut full, mut empty, mut end) = (0, 0, at);
        for c in text.get(at..).unwrap_or_default().chars() {
            match c {
                '★' | '⭐' => full += 1,
                '☆' => empty += 1,
                '\u{fe0f}' => {}
                _ => break,
            }
            end += c.len_utf8();
        }
        let weight = match full + empty {
            STARS => rating(full),
            2.. if empty == 0 => rating(full),
            _ => 0.0,
        };
        let mut utf8 = [0; 4];
        let key = key('⭐'.encode_utf8(&mut utf8).as_bytes());
        let single = || vocabulary.get(key).unwrap_or_default();
        let entry = if weight == 0.0 { single() } else { Entry::both(Sense::weighing(weight)) };
        if full > 0 || empty == STARS {
            self.sign([at, end], key, entry);
        }
        end
    }
}

/// What so many of five stars weigh: three are neither.
pub(super) fn rating(stars: usize) -> f64 {
    match stars {
        0 | 1 => -2.8,
        2 => -2.0,
        3 => 0.0,
        4 => 1.9,
        _ => 2.8,
    }
}
