//! Where does a word begin? Splits a text into the words, clauses and sentences of a layout.
//!
//! Addresses are passed over. Bytes decide as long as they are ASCII.

use super::clauses::{ABOVE, BELOW, Break, Layout, Marks, Sort, Word};
use super::sense::{Entry, Role};
use super::signs::LETTER_EMOTICON_BYTES_MAX;
use super::table::{key, run_key};
use super::trace::index;
use super::vocabulary::{COMPOUND_BYTES_MIN, Vocabulary};
use super::words::{self, Shape, Spelling, folded};
use crate::text::{Address, AddressForm, Run, addresses};

impl Layout {
    /// Splits a text.
    pub(super) fn split(&mut self, text: &str, vocabulary: &Vocabulary) {
        let mut plain = std::mem::take(&mut self.plain);
        self.split_plain(plain.read(text), vocabulary);
        self.plain = plain;
        self.restore();
    }

    fn split_plain(&mut self, text: &str, vocabulary: &Vocabulary) {
        self.words.clear();
        self.clauses.clear();
        self.sentences.clear();
        self.marks = Marks::default();
        self.pending = Break::Sentence;
        self.addresses.clear();
        addresses(text, &mut self.addresses);
        let found = std::mem::take(&mut self.addresses);
        let mut at = 0;
        for address in &found {
            self.stretch(text, at, address.start, vocabulary);
            self.address(text, address);
            at = address.end;
        }
        self.addresses = found;
        self.stretch(text, at, text.len(), vocabulary);
        self.rate(text);
    }

    /// Splits a stretch without addresses.
    fn stretch(&mut self, text: &str, from: usize, to: usize, vocabulary: &Vocabulary) {
        let bytes = text.as_bytes();
        let mut at = from;
        while at < to {
            let run = Run::at(bytes, at, to);
            let mut end = at + run.len();
            let parted = end == to || KINDS[usize::from(bytes[end])] == SPACE;
            if parted {
                if run.len() > 0 {
                    self.run(text, run, at, vocabulary);
                }
            } else {
                end = self.long_chunk(text, at, to, vocabulary);
            }
            if end < to && bytes[end] == b'\n' {
                self.pending = Break::Sentence;
            }
            at = end + 1;
        }
    }

    /// Splits a short chunk of ASCII: most are a word, or a word with a mark behind it.
    #[inline(always)]
    fn run(&mut self, text: &str, run: Run, at: usize, vocabulary: &Vocabulary) {
        let end = at + run.len();
        if run.is_alphanumeric(run.len()) {
            return self.short_word(text, run, at, vocabulary);
        }
        let last = text.as_bytes()[end - 1];
        // With fewer letters it may be an emoticon.
        if run.len() > LETTER_EMOTICON_BYTES_MAX
            && matches!(last, b'.' | b',' | b'!' | b'?' | b':')
            && run.is_alphanumeric(run.len() - 1)
        {
            self.short_word(text, run.shortened(run.len() - 1), at, vocabulary);
            self.mark(text, [at, end - 1, end], vocabulary);
        } else if !self.whole(text, at, end, vocabulary) {
            self.chunk(text, at, end, vocabulary);
        }
    }

    /// Splits the chunk at `at`, and returns where it ends.
    fn long_chunk(&mut self, text: &str, at: usize, to: usize, vocabulary: &Vocabulary) -> usize {
        let (mut end, mut kinds) = (at, 0);
        for &byte in text.as_bytes().get(at..to).unwrap_or_default() {
            let kind = KINDS[usize::from(byte)];
            if kind == SPACE {
                break;
            }
            kinds |= kind;
            end += 1;
        }
        if kinds & !(SMALL | CAPITAL | DIGIT) != 0 {
            if kinds & MARK == 0 || !self.whole(text, at, end, vocabulary) {
                self.chunk(text, at, end, vocabulary);
            }
        } else if kinds != 0 {
            self.plain_word(text, [at, end], kinds, vocabulary);
        }
        end
    }

    /// Passes over an address, which says nothing; a host that may be a name stays a word.
    fn address(&mut self, text: &str, address: &Address) {
        self.marks.links += u32::from(address.form != AddressForm::Name);
        if address.form != AddressForm::Name {
            return;
        }
        self.open(address.start, false);
        let key =
            text.get(address.start..address.end).and_then(folded).map_or(0, |name| key(&name));
        self.words.push(Word {
            start: index(address.start),
            end: index(address.end),
            clause: index(self.clauses.len().saturating_sub(1)),
            key,
            sort: Sort::Handle,
            masked: true,
            ..Word::default()
        });
    }

    /// Takes a whole chunk with marks in it for an emoticon or a mark of irony, if it is one.
    fn whole(&mut self, text: &str, at: usize, end: usize, vocabulary: &Vocabulary) -> bool {
        let chunk = text.get(at..end).unwrap_or_default();
        if is_irony(chunk) {
            self.marks.irony = true;
            return true;
        }
        self.whole_emoticon(text, [at, end], vocabulary)
    }

    /// Splits what stands between white space.
    fn chunk(&mut self, text: &str, from: usize, to: usize, vocabulary: &Vocabulary) {
        let bytes = text.as_bytes();
        let mut at = from;
        while at < to {
            let byte = bytes[at];
            if byte.is_ascii_alphanumeric() {
                at = self.word(text, at, Sort::Word, vocabulary);
            } else if byte.is_ascii() {
                at = self.mark(text, [from, at, to], vocabulary);
            } else {
                let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { return };
                if c.is_alphanumeric() {
                    at = self.word(text, at, Sort::Word, vocabulary);
                } else {
                    at = self.symbol(text, at, c, vocabulary);
                }
            }
        }
    }

    /// Reads an ASCII mark of the chunk `from..to`, or the handle, hashtag or emoticon it begins.
    fn mark(&mut self, text: &str, [from, at, to]: [usize; 3], vocabulary: &Vocabulary) -> usize {
        let bytes = text.as_bytes();
        let next = bytes.get(at + 1).copied().filter(|_| at + 1 < to);
        match bytes[at] {
            b'@' if words::begins_word(text, at + 1) => {
                return self.word(text, at + 1, Sort::Handle, vocabulary);
            }
            b'#' if words::begins_word(text, at + 1) => {
                return self.word(text, at + 1, Sort::Hashtag, vocabulary);
            }
            b'!' => {
                self.marks.exclamations += 1;
                self.pending = Break::Sentence;
                if let Some(sentence) = self.sentences.last_mut() {
                    sentence.exclaims = true;
                }
            }
            b'?' => {
                self.marks.questions += 1;
                self.pending = Break::Sentence;
                if let Some(sentence) = self.sentences.last_mut() {
                    sentence.asks = true;
                }
            }
            b'.' if !words::begins_word(text, at + 1) => self.pending = Break::Sentence,
            b':' | b';' | b'=' | b'<' | b'(' | b'^'
                if at > from && next.is_some() && !bytes[at - 1].is_ascii_digit() =>
            {
                for length in [4, 3, 2].into_iter().filter(|length| at + length <= to) {
                    if self.tail_emoticon(text, [at, at + length], vocabulary) {
                        return at + length;
                    }
                }
                self.pending = self.pending.max(Break::Clause);
            }
            // Inches: a 27" screen.
            b'"' if self.marks.quote == 0
                && at
                    .checked_sub(1)
                    .is_some_and(|at| bytes.get(at).is_some_and(u8::is_ascii_digit)) =>
            {
                self.pending = self.pending.max(Break::Clause);
            }
            b'"' => self.quote(),
            b',' | b';' | b':' | b'(' | b')' | b'|' => {
                self.pending = self.pending.max(Break::Clause);
            }
            sign @ (b'>' | b'<')
                if at == from
                    && to - from <= COMPARE_BYTES_MAX
                    && self.pending == Break::None
                    && bytes
                        .get(from..to)
                        .is_some_and(|run| run.iter().all(|&byte| byte == sign)) =>
            {
                self.marks.compared += 1;
                let key = if sign == b'>' { ABOVE } else { BELOW };
                self.sign([from, to], key, Entry::default());
                return to;
            }
            b'-' if to - from == 1 => self.pending = self.pending.max(Break::Clause),
            _ => {}
        }
        at + 1
    }

    /// Takes a short chunk of letters and digits of ASCII for a word.
    fn short_word(&mut self, text: &str, run: Run, at: usize, vocabulary: &Vocabulary) {
        let end = at + run.len();
        let shape = Shape {
            end,
            upper: run.shouts(),
            small: run.register() & 0xFF >= u64::from(b'a'),
            number: run.is_number(),
            ..Shape::default()
        };
        let lower = run.lower();
        let key = run_key(lower);
        let found = match vocabulary.get(key) {
            Some(entry) => (key, entry),
            // Nothing can be guessed of it.
            None if run.len() < COMPOUND_BYTES_MIN && !lower.is_stretched() => {
                (key, Entry::default())
            }
            None => {
                self.folding.set(text.as_bytes().get(at..end).unwrap_or_default());
                vocabulary.guess(&self.folding, key)
            }
        };
        self.put([at, end], Sort::Word, shape, found, Spelling::of_run(lower));
    }

    /// Takes a chunk of letters and digits of ASCII, of these kinds, for a word.
    fn plain_word(
        &mut self,
        text: &str,
        [at, end]: [usize; 2],
        kinds: u8,
        vocabulary: &Vocabulary,
    ) {
        let chunk = text.as_bytes().get(at..end).unwrap_or_default();
        let capitals = || chunk.iter().filter(|byte| byte.is_ascii_uppercase()).count();
        let shape = Shape {
            end,
            upper: kinds & (SMALL | CAPITAL) == CAPITAL && capitals() > 1,
            small: chunk.first().is_some_and(u8::is_ascii_lowercase),
            number: kinds == DIGIT,
            ..Shape::default()
        };
        self.folding.set(chunk);
        self.take(text, at, Sort::Word, shape, vocabulary);
    }

    /// Reads a word and returns where it ends.
    fn word(&mut self, text: &str, at: usize, sort: Sort, vocabulary: &Vocabulary) -> usize {
        let shape = words::read(text, at, sort == Sort::Handle, &mut self.folding);
        self.take(text, at, sort, shape, vocabulary)
    }

    /// Takes the word at hand, and returns where it ends.
    fn take(
        &mut self,
        text: &str,
        at: usize,
        sort: Sort,
        shape: Shape,
        vocabulary: &Vocabulary,
    ) -> usize {
        let (mut key_found, mut entry) = (0, Entry::default());
        if sort != Sort::Handle
            && let Some(folded) = self.folding.bytes()
        {
            key_found = key(folded);
            match vocabulary.get(key_found) {
                Some(found) => entry = found,
                None => (key_found, entry) = vocabulary.guess(&self.folding, key_found),
            }
            if sort == Sort::Hashtag && entry.is_blank() {
                if shape.camel {
                    return self.humps(text, at, shape.end, vocabulary);
                }
                let lists = entry.lists;
                entry = vocabulary.tag(self.folding.bytes().unwrap_or_default());
                entry.lists = lists;
            }
        }
        let spelling = Spelling::of(self.folding.bytes().unwrap_or_default());
        self.put([at, shape.end], sort, shape, (key_found, entry), spelling);
        shape.end
    }

    /// Adds a word of which is known what it means.
    #[inline(always)]
    fn put(
        &mut self,
        [at, end]: [usize; 2],
        sort: Sort,
        shape: Shape,
        (key, entry): (u64, Entry),
        spelling: Spelling,
    ) {
        self.marks.umlauts += u32::from(shape.umlaut);
        self.marks.strange += u32::from(shape.strange);
        let roles = [entry.english.role, entry.german.role];
        let contrast = roles.contains(&Role::Contrast) && !self.excepts;
        self.marks.stars |= spelling.star;
        self.excepts = spelling.excepts;
        if contrast || roles.contains(&Role::Splitter) {
            self.pending = self.pending.max(Break::Clause);
        }
        self.open(at, contrast);
        let sort = if sort == Sort::Word && shape.number { Sort::Number } else { sort };
        self.marks.numbers += u32::from(sort == Sort::Number);
        let start = if sort == Sort::Handle { at - 1 } else { at };
        self.words.push(Word {
            start: index(start),
            end: index(end),
            clause: index(self.clauses.len().saturating_sub(1)),
            key,
            entry,
            sort,
            upper: shape.upper,
            small: shape.small,
            comparative: spelling.comparative,
            masked: sort == Sort::Handle,
            ..Word::default()
        });
    }

    /// Reads a hashtag in camel case as the words that it is made of.
    fn humps(&mut self, text: &str, from: usize, to: usize, vocabulary: &Vocabulary) -> usize {
        let tag = text.get(from..to).unwrap_or_default();
        let (mut at, mut small) = (from, false);
        for (place, c) in tag.char_indices() {
            if small && c.is_uppercase() {
                self.word(text.get(..from + place).unwrap_or(text), at, Sort::Hashtag, vocabulary);
                (at, small) = (from + place, false);
            }
            small |= c.is_lowercase();
        }
        // No part has a small letter before a capital, and so each is one word.
        self.word(text.get(..to).unwrap_or(text), at, Sort::Hashtag, vocabulary);
        to
    }
}

/// Says that the text means the opposite: "/s".
fn is_irony(chunk: &str) -> bool {
    let mark = chunk.strip_prefix('/').unwrap_or_default();
    ["s", "sarcasm", "sarcastic", "irony", "ironie", "sarkasmus"]
        .iter()
        .any(|word| mark.eq_ignore_ascii_case(word))
}

/// How many ">" at most set one thing above another.
const COMPARE_BYTES_MAX: usize = 3;

/// Kinds of bytes of ASCII, one bit each; all others are of one kind.
const SPACE: u8 = 1;
const MARK: u8 = 2;
const SMALL: u8 = 4;
const CAPITAL: u8 = 8;
const DIGIT: u8 = 16;
const OTHER: u8 = 32;
const KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte = 0;
    while byte < 128u8 {
        kinds[byte as usize] = match byte {
            b' ' | b'\t'..=b'\r' => SPACE,
            b'a'..=b'z' => SMALL,
            b'A'..=b'Z' => CAPITAL,
            b'0'..=b'9' => DIGIT,
            _ if byte.is_ascii_punctuation() => MARK,
            _ => OTHER,
        };
        byte += 1;
    }
    kinds
};
