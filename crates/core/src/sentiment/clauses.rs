//! Which words belong together? The words, clauses and sentences of a text, and which hold a mention.
//!
//! Handles are kept as words that never carry an opinion; emoticons and emoji are words that belong
//! to the clause before them. [`super::split`] fills a layout.

use std::ops::Range;

use crate::post::Span;
use crate::text::{Address, Plain};

use super::explain::Scope;
use super::sense::{Entry, Sense};
use super::trace::index;
use super::words::Folding;

/// What sort of word it is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// A word.
    #[default]
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

/// The keys of a ">" and a "<" between words.
pub(super) const ABOVE: u64 = 2;
pub(super) const BELOW: u64 = 3;

/// A word, emoticon or emoji.
#[derive(Debug, Default, Clone, Copy)]
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
    /// An opinion beside the mentions that judges something else.
    pub(super) aside: bool,
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
    /// Its first word.
    pub(super) first: u32,
    /// Whether it ends in a question mark.
    pub(super) asks: bool,
    /// Whether it ends in an exclamation mark.
    pub(super) exclaims: bool,
    /// Whether it asks for what its words describe.
    pub(super) seeks: bool,
    /// First and last word of mentions in it.
    pub(super) mentions: Option<(u32, u32)>,
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
    /// Words with ä, ö, ü or ß.
    pub(super) umlauts: u32,
    /// Words with other letters beyond ASCII.
    pub(super) strange: u32,
    /// Words of digits.
    pub(super) numbers: u32,
    /// Signs between words that may set one above the other: ">".
    pub(super) compared: u32,
    /// One more than the words before the quotation mark that is open; 0 for none.
    pub(super) quote: u32,
    /// One more than the place of the first of few words in quotes, where it is small; 0 for none.
    pub(super) mocked: u32,
    /// It speaks of stars, as ratings do.
    pub(super) stars: bool,
    /// The text says that it means the opposite: "/s".
    pub(super) irony: bool,
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
    /// The last word lets a "but" behind it except, not oppose: "anything but", "nothing but".
    pub(super) excepts: bool,
    /// The word at hand.
    pub(super) folding: Folding,
    /// The mentions' clause only says that what another clause says is not so.
    pub(super) elliptic: bool,
    /// Stretches of words that a comparison sets against the rest: from, to.
    pub(super) unlike: Vec<(u32, u32)>,
    /// Where one thing is left for another: the word that leads to the other, and the end of both.
    pub(super) left: Option<(u32, u32)>,
    /// Words to the nearest mention, of each word; empty without mentions.
    pub(super) gaps: Vec<u32>,
    /// Links, hosts and e-mail addresses.
    pub(super) addresses: Vec<Address>,
    /// The text as plainly typed.
    pub(super) plain: Plain,
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
            sort: Sort::Sign,
            ..Word::default()
        });
    }

    /// Begins a clause if a break is pending.
    #[inline]
    pub(super) fn open(&mut self, start: usize, contrast: bool) {
        if self.pending != Break::None {
            self.begin(index(start), contrast);
        }
    }

    fn begin(&mut self, start: u32, contrast: bool) {
        let (Some(last), true) = (self.clauses.last(), self.pending < Break::Sentence) else {
            let sentence = index(self.sentences.len());
            let first = index(self.words.len());
            self.sentences.push(Sentence { first, ..Sentence::default() });
            self.clauses.push(Clause { start, sentence, outweighs: false, held: false });
            self.pending = Break::None;
            return;
        };
        let (sentence, outweighs) = (last.sentence, last.outweighs || contrast);
        self.clauses.push(Clause { start, sentence, outweighs, held: false });
        if outweighs && let Some(sentence) = self.sentences.last_mut() {
            sentence.contrasts = true;
        }
        self.pending = Break::None;
    }

    /// The number of the sentence that a word is in.
    pub(super) fn sentence_of(&self, word: usize) -> Option<u32> {
        let word = self.words.get(word)?;
        Some(self.clauses.get(word.clause as usize)?.sentence)
    }

    /// The words of a sentence; none beyond the last.
    pub(super) fn words_of(&self, sentence: usize) -> Range<usize> {
        let begin = |at: usize| {
            let first = self.sentences.get(at).map(|sentence| sentence.first as usize);
            first.unwrap_or(self.words.len()).min(self.words.len())
        };
        begin(sentence)..begin(sentence + 1).max(begin(sentence))
    }

    /// Leads places back to the text as it was written.
    pub(super) fn restore(&mut self) {
        if !self.plain.is_used() {
            return;
        }
        for word in &mut self.words {
            word.start = self.plain.original(word.start);
            word.end = self.plain.original(word.end);
        }
        for clause in &mut self.clauses {
            clause.start = self.plain.original(clause.start);
        }
    }

    /// The clause that a word is in.
    pub(super) fn clause_of(&self, word: u32) -> Option<u32> {
        self.words.get(word as usize).map(|word| word.clause)
    }

    /// Marks the words that mentions touch and the clauses that hold them.
    pub(super) fn hold(&mut self, spans: &[Span]) {
        self.gaps.clear();
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
                self.hold_clause(clause, Some(index(i)));
            }
            if !touched {
                let after = self.clauses.partition_point(|clause| clause.start <= span.start);
                self.hold_clause(after.saturating_sub(1), None);
            }
        }
        if !spans.is_empty() {
            self.measure_gaps();
        }
    }

    /// Counts the words to the nearest mention, once forth and once back.
    fn measure_gaps(&mut self) {
        let far = u32::MAX - 1;
        self.gaps.resize(self.words.len(), far);
        let Self { words, gaps, .. } = self;
        let mut gap = far;
        for (word, near) in words.iter().zip(gaps.iter_mut()) {
            gap = if word.held { 0 } else { gap.saturating_add(1).min(far) };
            *near = gap;
        }
        for (word, near) in words.iter().zip(gaps.iter_mut()).rev() {
            gap = if word.held { 0 } else { gap.saturating_add(1).min(far) };
            *near = gap.min(*near);
        }
    }

    /// Where the clauses of a scope around the mentions stand; neighbours are one passage.
    pub(super) fn passages(&self, scope: Scope, text: &str) -> Vec<Span> {
        let inside = |clause: &Clause| match scope {
            Scope::Clause => clause.held,
            Scope::Sentence => {
                self.sentences.get(clause.sentence as usize).is_some_and(|sentence| sentence.held)
            }
            Scope::Document => true,
        };
        let ends = self.clauses.iter().skip(1).map(|next| next.start);
        let ends = ends.chain([index(text.len())]);
        let mut passages: Vec<Span> = Vec::new();
        for (clause, end) in self.clauses.iter().zip(ends).filter(|(clause, _)| inside(clause)) {
            match passages.last_mut() {
                Some(last) if last.end == clause.start => last.end = end,
                _ => passages.push(Span { start: clause.start, end }),
            }
        }
        for passage in &mut passages {
            let said = text.get(passage.start as usize..passage.end as usize).unwrap_or_default();
            let said = said.trim_end_matches(|c: char| c.is_whitespace() || c == ',');
            passage.end = passage.start.saturating_add(index(said.len()));
        }
        passages
    }

    fn hold_clause(&mut self, clause: usize, word: Option<u32>) {
        let Some(clause) = self.clauses.get_mut(clause) else { return };
        clause.held = true;
        if let Some(sentence) = self.sentences.get_mut(clause.sentence as usize) {
            sentence.held = true;
            if let Some(at) = word {
                let (first, last) = sentence.mentions.unwrap_or((at, at));
                sentence.mentions = Some((first.min(at), last.max(at)));
            }
        }
    }
}
