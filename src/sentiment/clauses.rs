//! Which words belong together? Splits a text into words, clauses and sentences.
//!
//! Links are passed over, handles are kept as words that never carry an opinion, emoticons and
//! emoji are words that belong to the clause before them.

use crate::post::Span;

use super::trace::index;
use super::vocabulary::{FOLDED_BYTES_MAX, Role, Senses, Tongue, Vocabulary, fold};

/// A word, emoticon or emoji.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) start: u32,
    pub(super) end: u32,
    /// Index of its clause.
    pub(super) clause: u32,
    pub(super) senses: Senses,
    /// Two or more letters, all of them capitals.
    pub(super) upper: bool,
    /// Part of a mention or a handle: never an opinion.
    pub(super) masked: bool,
    /// An emoticon or emoji: a "not" before it does not mean it.
    pub(super) sign: bool,
}

/// A stretch between commas, conjunctions and full stops.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clause {
    /// Its first byte.
    start: u32,
    /// Number of its sentence.
    pub(super) sentence: u32,
    /// Whether it or a clause before it in the sentence begins with a "but".
    pub(super) outweighs: bool,
    /// Whether it holds a mention.
    pub(super) held: bool,
}

/// What is known of a sentence.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Sentence {
    /// Whether a clause of it begins with a "but".
    pub(super) contrasts: bool,
    /// Whether it holds a mention.
    pub(super) held: bool,
}

/// How strongly the next word is set apart from the last.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Break {
    None,
    Clause,
    #[default]
    Sentence,
}

/// The words and clauses of one text.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) words: Vec<Word>,
    pub(super) clauses: Vec<Clause>,
    pub(super) sentences: Vec<Sentence>,
    pending: Break,
}

impl Layout {
    /// Splits a text.
    pub(super) fn split(&mut self, text: &str, vocabulary: &Vocabulary, tongue: Option<Tongue>) {
        self.words.clear();
        self.clauses.clear();
        self.sentences.clear();
        self.pending = Break::Sentence;
        let mut at = 0;
        for piece in text.split_inclusive(char::is_whitespace) {
            let chunk = piece.trim_end();
            if !chunk.is_empty() && !is_link(chunk) && !self.emoticon(chunk, at, vocabulary) {
                self.chunk(chunk, at, vocabulary, tongue);
            }
            if piece.ends_with('\n') {
                self.pending = Break::Sentence;
            }
            at += piece.len();
        }
    }

    /// Takes a whole chunk for an emoticon, if it is one.
    fn emoticon(&mut self, chunk: &str, at: usize, vocabulary: &Vocabulary) -> bool {
        let possible =
            (2..=8).contains(&chunk.len()) && chunk.bytes().any(|byte| byte.is_ascii_punctuation());
        if !possible {
            return false;
        }
        let mut buffer = [0; FOLDED_BYTES_MAX];
        let senses = fold(chunk, &mut buffer).and_then(|folded| vocabulary.find(folded));
        match senses {
            Some(senses) if senses.of(Tongue::English).is_polar() => {
                self.sign(at, at + chunk.len(), senses);
                true
            }
            _ => false,
        }
    }

    /// Splits what stands between white space.
    fn chunk(&mut self, chunk: &str, at: usize, vocabulary: &Vocabulary, tongue: Option<Tongue>) {
        let mut chars = chunk.char_indices().peekable();
        while let Some((start, c)) = chars.next() {
            let next = chars.peek().map(|&(_, next)| next);
            let handle = c == '@' && next.is_some_and(char::is_alphanumeric);
            if handle || c.is_alphanumeric() {
                let mut end = start + c.len_utf8();
                while let Some(&(from, c)) = chars.peek() {
                    let after = || chunk.get(from + c.len_utf8()..).and_then(|s| s.chars().next());
                    let inner =
                        matches!(c, '\'' | '’') && after().is_some_and(char::is_alphanumeric);
                    if !(c.is_alphanumeric() || inner || is_mark(c) || handle && c == '_') {
                        break;
                    }
                    end = from + c.len_utf8();
                    chars.next();
                }
                let word = chunk.get(start..end).unwrap_or_default();
                self.word(word, at + start, handle, vocabulary, tongue);
                continue;
            }
            match c {
                '!' | '?' | '…' => self.pending = Break::Sentence,
                '.' if !next.is_some_and(char::is_alphanumeric) => self.pending = Break::Sentence,
                ',' | ';' | ':' | '(' | ')' | '"' | '–' | '—' | '|' | '„' | '“' | '”' => {
                    self.pending = self.pending.max(Break::Clause);
                }
                '-' if chunk.len() == 1 => self.pending = self.pending.max(Break::Clause),
                _ if c.is_ascii() => {}
                _ => {
                    let mut utf8 = [0; 4];
                    if let Some(senses) = vocabulary.find(c.encode_utf8(&mut utf8).as_bytes()) {
                        self.sign(at + start, at + start + c.len_utf8(), senses);
                    }
                }
            }
        }
    }

    fn word(
        &mut self,
        word: &str,
        start: usize,
        handle: bool,
        vocabulary: &Vocabulary,
        tongue: Option<Tongue>,
    ) {
        let mut buffer = [0; FOLDED_BYTES_MAX];
        let mut senses = Senses::default();
        if !handle && let Some(folded) = fold(word, &mut buffer) {
            let compound = folded.len() > 8 && tongue != Some(Tongue::English);
            let found = vocabulary.find(folded);
            senses = found
                .or_else(|| if compound { vocabulary.compound(folded) } else { None })
                .unwrap_or_default();
        }
        let opens =
            |role| [Tongue::English, Tongue::German].iter().any(|&t| senses.of(t).role == role);
        let contrast = opens(Role::Contrast);
        if contrast || opens(Role::Splitter) {
            self.pending = self.pending.max(Break::Clause);
        }
        self.open(start, contrast);
        let letters = || word.chars().filter(|c| c.is_alphabetic());
        let upper = !word.chars().any(char::is_lowercase) && letters().nth(1).is_some();
        let (start, end) = (index(start), index(start + word.len()));
        let clause = self.current_clause();
        self.words.push(Word { start, end, clause, senses, upper, masked: handle, sign: false });
    }

    /// Adds an emoticon or emoji to the clause before it.
    fn sign(&mut self, start: usize, end: usize, senses: Senses) {
        if self.clauses.is_empty() {
            self.open(start, false);
        }
        let (start, end, clause) = (index(start), index(end), self.current_clause());
        self.words.push(Word {
            start,
            end,
            clause,
            senses,
            upper: false,
            masked: false,
            sign: true,
        });
    }

    fn current_clause(&self) -> u32 {
        index(self.clauses.len().saturating_sub(1))
    }

    /// Begins a clause if a break is pending.
    fn open(&mut self, start: usize, contrast: bool) {
        let (Some(last), true) = (self.clauses.last(), self.pending < Break::Sentence) else {
            let sentence = index(self.sentences.len());
            self.sentences.push(Sentence::default());
            self.clauses.push(Clause {
                start: index(start),
                sentence,
                outweighs: false,
                held: false,
            });
            self.pending = Break::None;
            return;
        };
        if self.pending == Break::None {
            return;
        }
        let (sentence, outweighs) = (last.sentence, last.outweighs || contrast);
        self.clauses.push(Clause { start: index(start), sentence, outweighs, held: false });
        if outweighs && let Some(sentence) = self.sentences.last_mut() {
            sentence.contrasts = true;
        }
        self.pending = Break::None;
    }

    /// Masks the words that mentions touch and marks the clauses that hold them.
    pub(super) fn hold(&mut self, spans: &[Span]) {
        for span in spans {
            let first = self.words.partition_point(|word| word.end <= span.start);
            let mut touched = false;
            for i in first..self.words.len() {
                let word = &mut self.words[i];
                if word.start >= span.end {
                    break;
                }
                (touched, word.masked) = (true, true);
                let clause = word.clause as usize;
                self.hold_clause(clause);
            }
            if !touched {
                let after = self.clauses.partition_point(|clause| clause.start <= span.start);
                self.hold_clause(after.saturating_sub(1));
            }
        }
    }

    fn hold_clause(&mut self, clause: usize) {
        let Some(clause) = self.clauses.get_mut(clause) else { return };
        clause.held = true;
        if let Some(sentence) = self.sentences.get_mut(clause.sentence as usize) {
            sentence.held = true;
        }
    }
}

/// A web address, which says nothing.
fn is_link(chunk: &str) -> bool {
    chunk.starts_with("http") || chunk.starts_with("www.") || chunk.contains("://")
}

/// A combining mark, part of the letter before.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}
