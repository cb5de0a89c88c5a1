//! Where does a word begin? Splits a text into the words, clauses and sentences of a layout.
//!
//! Links are passed over. Bytes decide as long as they are ASCII.

use super::clauses::{Break, Layout, Marks, Sort, Word};
use super::sense::{Entry, Role, Sense};
use super::table::key;
use super::trace::index;
use super::vocabulary::Vocabulary;
use super::words;

/// Longest emoticon in bytes.
const EMOTICON_BYTES_MAX: usize = 8;
/// Longest emoticon that begins with a letter or digit, as "8-)".
const LETTER_EMOTICON_BYTES_MAX: usize = 3;

impl Layout {
    /// Splits a text.
    pub(super) fn split(&mut self, text: &str, vocabulary: &Vocabulary) {
        self.words.clear();
        self.clauses.clear();
        self.sentences.clear();
        self.marks = Marks::default();
        self.pending = Break::Sentence;
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let (mut end, mut odd) = (at, false);
            while end < bytes.len() && !is_space(bytes[end]) {
                odd |= bytes[end].is_ascii_punctuation();
                end += 1;
            }
            if end > at && !(odd && self.whole(text, at, end, vocabulary)) {
                self.chunk(text, at, end, vocabulary);
            }
            if bytes.get(end) == Some(&b'\n') {
                self.pending = Break::Sentence;
            }
            at = end + 1;
        }
    }

    /// Takes a whole chunk with marks in it for a link or an emoticon, if it is one.
    fn whole(&mut self, text: &str, at: usize, end: usize, vocabulary: &Vocabulary) -> bool {
        let chunk = text.get(at..end).unwrap_or_default();
        let bytes = chunk.as_bytes();
        if is_link(bytes) {
            self.marks.links += 1;
            return true;
        }
        let longest = if bytes[0].is_ascii_alphanumeric() {
            LETTER_EMOTICON_BYTES_MAX
        } else {
            EMOTICON_BYTES_MAX
        };
        if !(2..=longest).contains(&bytes.len()) {
            return false;
        }
        self.folding.clear();
        chunk.chars().for_each(|c| self.folding.push_char(c));
        let Some(key) = self.folding.bytes().map(key) else { return false };
        match vocabulary.get(key) {
            Some(entry) if entry.english.is_polar() => {
                self.sign([at, end], key, entry);
                true
            }
            _ => false,
        }
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
                    self.symbol([at, at + c.len_utf8()], c, vocabulary);
                    at += c.len_utf8();
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
            }
            b'?' => {
                self.marks.questions += 1;
                self.pending = Break::Sentence;
            }
            b'.' => {
                self.marks.ellipses += u32::from(next == Some(b'.'));
                if !words::begins_word(text, at + 1) {
                    self.pending = Break::Sentence;
                }
            }
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
            b',' | b';' | b':' | b'(' | b')' | b'|' => {
                self.pending = self.pending.max(Break::Clause);
            }
            b'"' => {
                self.marks.quotes += 1;
                self.pending = self.pending.max(Break::Clause);
            }
            b'-' if to - from == 1 => self.pending = self.pending.max(Break::Clause),
            _ => {}
        }
        at + 1
    }

    /// Takes a stretch behind a word for an emoticon, if it is one.
    fn tail_emoticon(&mut self, text: &str, place: [usize; 2], vocabulary: &Vocabulary) -> bool {
        let Some(stretch) = text.get(place[0]..place[1]) else { return false };
        self.folding.clear();
        stretch.chars().for_each(|c| self.folding.push_char(c));
        let Some(key) = self.folding.bytes().map(key) else { return false };
        let found = vocabulary.get(key).filter(|entry| entry.english.is_polar());
        found.inspect(|&entry| self.sign(place, key, entry)).is_some()
    }

    /// Reads a character beyond ASCII that is no letter.
    fn symbol(&mut self, place: [usize; 2], c: char, vocabulary: &Vocabulary) {
        match c {
            '…' => {
                self.marks.ellipses += 1;
                self.pending = Break::Sentence;
            }
            '–' | '—' | '„' | '“' | '”' | '»' | '«' => {
                self.marks.quotes += u32::from(!matches!(c, '–' | '—'));
                self.pending = self.pending.max(Break::Clause);
            }
            _ => {
                let mut utf8 = [0; 4];
                let key = key(c.encode_utf8(&mut utf8).as_bytes());
                if let Some(entry) = vocabulary.get(key) {
                    self.sign(place, key, entry);
                }
            }
        }
    }

    /// Reads a word and returns where it ends.
    fn word(&mut self, text: &str, at: usize, sort: Sort, vocabulary: &Vocabulary) -> usize {
        let shape = words::read(text, at, sort == Sort::Handle, &mut self.folding);
        let (mut key_found, mut entry) = (0, Entry::default());
        if sort != Sort::Handle
            && let Some(folded) = self.folding.bytes()
        {
            key_found = key(folded);
            match vocabulary.get(key_found) {
                Some(found) => entry = found,
                None => (key_found, entry) = vocabulary.guess(&self.folding, key_found),
            }
            if sort == Sort::Hashtag && shape.camel && entry.is_blank() {
                return self.hump(text, at, vocabulary);
            }
        }
        self.marks.umlauts += u32::from(shape.umlaut);
        self.marks.strange += u32::from(shape.strange);
        let roles = [entry.english.role, entry.german.role];
        let contrast = roles.contains(&Role::Contrast);
        if contrast || roles.contains(&Role::Splitter) {
            self.pending = self.pending.max(Break::Clause);
        }
        self.open(at, contrast);
        let sort = if sort == Sort::Word && shape.number { Sort::Number } else { sort };
        let start = if sort == Sort::Handle { at - 1 } else { at };
        self.words.push(Word {
            start: index(start),
            end: index(shape.end),
            clause: index(self.clauses.len().saturating_sub(1)),
            key: key_found,
            entry,
            sense: Sense::default(),
            sort,
            upper: shape.upper,
            small: shape.small,
            comparative: self.folding.bytes().is_some_and(is_comparative),
            held: false,
            masked: sort == Sort::Handle,
            spent: false,
            phrase_end: 0,
        });
        shape.end
    }

    /// Reads one part of a hashtag in camel case as a word; the rest follows.
    fn hump(&mut self, text: &str, at: usize, vocabulary: &Vocabulary) -> usize {
        let rest = text.get(at..).unwrap_or_default();
        let mut small = false;
        let ends = rest.char_indices().find(|&(_, c)| {
            let found = small && c.is_uppercase();
            small = c.is_lowercase();
            found
        });
        // Without such a place ("a1B") the whole is one word.
        let (end, sort) =
            ends.map_or((text.len(), Sort::Word), |(length, _)| (at + length, Sort::Hashtag));
        self.word(text.get(..end).unwrap_or(text), at, sort, vocabulary)
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Ends as "schlechter" and "besseren" do.
fn is_comparative(folded: &[u8]) -> bool {
    let ends: [&[u8]; 4] = [b"er", b"ere", b"eren", b"eres"];
    ends.iter().any(|end| folded.ends_with(end))
}

/// Is or holds a web address, which says nothing.
fn is_link(chunk: &[u8]) -> bool {
    let begins = matches!(chunk[0], b'h' | b'w')
        && (chunk.starts_with(b"http") || chunk.starts_with(b"www."));
    begins || chunk.len() > 6 && chunk.windows(3).any(|three| three == b"://")
}
