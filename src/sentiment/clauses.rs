//! Which words belong together? The words, clauses and sentences of a text, and which hold a mention.
//!
//! Handles are kept as words that never carry an opinion; emoticons and emoji are words that belong
//! to the clause before them. [`super::split`] fills a layout.

use crate::post::Span;

use super::sense::{Entry, Sense};
use super::trace::index;
use super::words::Folding;

/// What sort of word it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// A word.
    Word,
    /// A word behind a `#`.
    Hashtag,
    /// `@somebody`: never an opinion.
    Handle,
    /// An emoticon or emoji: a "not" before it does not mean it.
    Sign,
    /// Digits.
    Number,
}

/// A word, emoticon or emoji.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) start: u32,
    pub(super) end: u32,
    /// Index of its clause.
    pub(super) clause: u32,
    /// The hash of its folded form.
    pub(super) key: u64,
    /// What it means in each language.
    pub(super) entry: Entry,
    /// What it means in the language of the text, once that is known.
    pub(super) sense: Sense,
    pub(super) sort: Sort,
    /// Two or more letters, all of them capitals.
    pub(super) upper: bool,
    /// Begins with a small letter.
    pub(super) small: bool,
    /// Ends as comparatives do.
    pub(super) comparative: bool,
    /// Part of a mention.
    pub(super) held: bool,
    /// Part of a mention or a handle: never an opinion.
    pub(super) masked: bool,
    /// Where the phrase ends that it speaks for; 0 for none.
    pub(super) phrase_end: u32,
    /// Covered by a phrase that says it all, or negated: the model is not asked about it.
    pub(super) spent: bool,
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

/// What a text has besides words.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Marks {
    /// Web addresses.
    pub(super) links: u32,
    /// Exclamation marks.
    pub(super) exclamations: u32,
    /// Question marks.
    pub(super) questions: u32,
    /// Ellipses.
    pub(super) ellipses: u32,
    /// Quotation marks.
    pub(super) quotes: u32,
    /// Words with ä, ö, ü or ß.
    pub(super) umlauts: u32,
    /// Words with other letters beyond ASCII.
    pub(super) strange: u32,
}

/// How strongly the next word is set apart from the last.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Break {
    /// Not at all.
    None,
    /// By a comma or conjunction.
    Clause,
    /// By a full stop.
    #[default]
    Sentence,
}

/// The words and clauses of one text.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) words: Vec<Word>,
    pub(super) clauses: Vec<Clause>,
    pub(super) sentences: Vec<Sentence>,
    pub(super) marks: Marks,
    /// What the next word begins.
    pub(super) pending: Break,
    /// The word at hand.
    pub(super) folding: Folding,
}

impl Layout {
    /// Adds an emoticon or emoji to the clause before it.
    pub(super) fn sign(&mut self, [start, end]: [usize; 2], key: u64, entry: Entry) {
        if self.clauses.is_empty() {
            self.open(start, false);
        }
        self.words.push(Word {
            start: index(start),
            end: index(end),
            clause: index(self.clauses.len().saturating_sub(1)),
            key,
            entry,
            sense: Sense::default(),
            sort: Sort::Sign,
            upper: false,
            small: false,
            comparative: false,
            held: false,
            masked: false,
            spent: false,
            phrase_end: 0,
        });
    }

    /// Begins a clause if a break is pending.
    pub(super) fn open(&mut self, start: usize, contrast: bool) {
        let start = index(start);
        let (Some(last), true) = (self.clauses.last(), self.pending < Break::Sentence) else {
            let sentence = index(self.sentences.len());
            self.sentences.push(Sentence::default());
            self.clauses.push(Clause { start, sentence, outweighs: false, held: false });
            self.pending = Break::None;
            return;
        };
        if self.pending == Break::None {
            return;
        }
        let (sentence, outweighs) = (last.sentence, last.outweighs || contrast);
        self.clauses.push(Clause { start, sentence, outweighs, held: false });
        if outweighs && let Some(sentence) = self.sentences.last_mut() {
            sentence.contrasts = true;
        }
        self.pending = Break::None;
    }

    /// Marks the words that mentions touch and the clauses that hold them.
    pub(super) fn hold(&mut self, spans: &[Span]) {
        for span in spans {
            let first = self.words.partition_point(|word| word.end <= span.start);
            let mut touched = false;
            for i in first..self.words.len() {
                let word = &mut self.words[i];
                if word.start >= span.end {
                    break;
                }
                (touched, word.held, word.masked) = (true, true, true);
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
