//! How much work may a text make, and how much did it? Counted steps, and their limits.
//!
//! People write texts and queries, and some write them to do harm. Steps are counted, not timed, so
//! that what is found depends on text and query alone. Honest ones stay far below each limit.

use super::hit::Hit;

/// Steps that the wildcards, endings and raw terms of one query may take in one text.
pub(super) const QUERY_STEPS_MAX: usize = 1 << 22;
/// Steps that each term may take at least, however many its query has.
const TERM_STEPS_MIN: usize = 1 << 10;
/// Places of all operands of NEAR, and of words of phrases with slop, that a query may look at.
pub(super) const QUERY_PLACES_MAX: usize = 1 << 18;
/// Places of one operand that it may look at, however many its query has.
const OPERAND_PLACES_MIN: usize = 1 << 5;
/// Places of one term in one text that count: its first ones.
const TERM_HITS_MAX: u32 = 500;
/// Hits of a text that are kept before any are counted by term: counting costs a look far away.
const HITS_UNCOUNTED_MAX: usize = 4_096;
/// Terms whose literals may be seen for each byte of a text, on average; 100,000 topics make less than
/// one.
const REPORTS_PER_BYTE_MAX: usize = 16;
/// Longest word that wildcards look into, in folded bytes; longer ones are data, not language.
pub(super) const WORD_BYTES_MAX: usize = 256;

/// Keeps the first places of each term, of hits in the order of terms and places.
pub(super) fn keep_first(hits: &mut Vec<Hit>) {
    if hits.len() <= TERM_HITS_MAX as usize {
        return;
    }
    let (mut term, mut count) = (u32::MAX, 0);
    hits.retain(|hit| {
        count = if hit.atom == term { count + 1 } else { 0 };
        term = hit.atom;
        count < TERM_HITS_MAX
    });
}

/// The share of a limit that each of `parts` has.
fn share(all: usize, parts: usize, min: usize) -> u32 {
    u32::try_from((all / parts.max(1)).max(min)).unwrap_or(u32::MAX)
}

/// Steps for each of the terms of a query that are more than a literal.
pub(super) fn term_steps_max(terms: usize) -> u32 {
    share(QUERY_STEPS_MAX, terms, TERM_STEPS_MIN)
}

/// Places for each of the operands of a query.
pub(super) fn operand_places_max(operands: usize) -> u32 {
    share(QUERY_PLACES_MAX, operands, OPERAND_PLACES_MIN)
}

/// What a text has cost so far; reusable between texts.
#[derive(Debug, Default)]
pub(super) struct Effort {
    /// Number of the text, from 1: what was noted under another is of another text.
    turn: u32,
    /// By term.
    terms: Vec<Spent>,
    /// By surroundings: the word looked into last, and in which text.
    words: Vec<(u32, u32)>,
    /// All steps of this text.
    steps: u64,
    /// Bytes of this text.
    bytes: usize,
    /// Terms whose literals were seen.
    reports: usize,
    /// Number of the list that hits are being collected in.
    list: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    turn: u32,
    steps: u32,
    hits: u32,
    /// The list that the term's hits were put in last.
    list: u32,
}

impl Effort {
    /// Forgets the last text; its number.
    pub(super) fn begin(&mut self) -> u32 {
        self.steps = 0;
        self.list = 0;
        self.reports = 0;
        self.turn = match self.turn.checked_add(1) {
            Some(turn) if turn < u32::MAX >> 1 => turn,
            _ => {
                self.terms.clear();
                self.words.clear();
                1
            }
        };
        self.turn
    }

    /// All steps of this text.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// Counts steps that no term has a limit for.
    pub(super) fn count(&mut self, steps: usize) {
        self.steps += steps as u64;
    }

    /// Begins the scan of a text.
    pub(super) fn scan(&mut self, bytes: usize) {
        self.count(bytes);
        self.bytes = bytes;
    }

    /// Counts terms whose literal was seen; whether that is not too many yet.
    pub(super) fn see(&mut self, terms: usize) -> bool {
        self.count(terms);
        self.reports += terms;
        self.reports <= self.bytes.saturating_add(4_096).saturating_mul(REPORTS_PER_BYTE_MAX)
    }

    /// Counts steps of a term; whether it has any left of `steps_max`.
    pub(super) fn spend(&mut self, term: u32, steps: usize, steps_max: u32) -> bool {
        self.count(steps);
        let spent = self.spent(term);
        spent.steps = spent.steps.saturating_add(u32::try_from(steps).unwrap_or(u32::MAX));
        spent.steps < steps_max
    }

    /// Whether a term has steps and places left.
    pub(super) fn may_look(&mut self, term: u32, steps_max: u32) -> bool {
        let spent = self.spent(term);
        spent.steps < steps_max && spent.hits < TERM_HITS_MAX
    }

    /// Whether no further place of a term counts; asked only where so many literals overlap that
    /// this is quicker than a look at the place.
    pub(super) fn is_full(&mut self, term: u32) -> bool {
        self.reports > self.bytes && self.spent(term).hits >= TERM_HITS_MAX
    }

    /// Counts a place of a term; whether it may be one of the first, which count. `known` are the
    /// places of all terms so far.
    pub(super) fn hit(&mut self, term: u32, known: usize) -> bool {
        self.steps += 1;
        if known < HITS_UNCOUNTED_MAX {
            return true;
        }
        let spent = self.spent(term);
        let counts = spent.hits < TERM_HITS_MAX;
        spent.hits += u32::from(counts);
        counts
    }

    /// Begins a list of hits.
    pub(super) fn begin_list(&mut self) {
        self.list += 1;
    }

    /// Whether a term's hits may not yet be in the list of so many; they are from now on.
    pub(super) fn is_unlisted(&mut self, term: u32, known: usize) -> bool {
        if known < HITS_UNCOUNTED_MAX {
            return true;
        }
        let list = self.list;
        std::mem::replace(&mut self.spent(term).list, list) != list
    }

    /// Whether surroundings were not yet looked for in the word that begins at `word`; they are
    /// from now on.
    pub(super) fn is_new(&mut self, around: u32, word: usize) -> bool {
        let word = u32::try_from(word).unwrap_or(u32::MAX);
        let now = (self.turn, word);
        let last = slot(&mut self.words, around);
        std::mem::replace(last, now) != now
    }

    fn spent(&mut self, term: u32) -> &mut Spent {
        let turn = self.turn;
        let spent = slot(&mut self.terms, term);
        if spent.turn != turn {
            *spent = Spent { turn, ..Spent::default() };
        }
        spent
    }
}

/// The entry of a number, made if there is none.
fn slot<T: Clone + Default>(list: &mut Vec<T>, number: u32) -> &mut T {
    let place = number as usize;
    if place >= list.len() {
        list.resize(place + 1, T::default());
    }
    &mut list[place]
}
