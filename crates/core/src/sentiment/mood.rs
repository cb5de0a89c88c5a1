//! Is an opinion meant as one? Questions that seek, and what only might be.

use super::clauses::{Layout, Sort, Word};
use super::explain::Rule;
use super::lists::Lists;
use super::sense::Role;
use super::trace::{Hit, Trace};
use super::vader::NEGATED;
use super::view::View;

/// How many words what is wished or past reaches ahead.
const UNREAL_REACH: usize = 8;
/// How many words a "despite" reaches ahead.
const DESPITE_REACH: usize = 4;
/// How much of an opinion behind a "despite" is left.
const DESPITE: f64 = 0.3;
/// How many words praise has at most that opens a complaint, and what this weighs at least.
const MOCKING_WORDS: usize = 2;
const MOCKING_MAX: f64 = -1.4;

/// Finds the sentences that ask for what their words describe.
pub(super) fn find_seeking(layout: &mut Layout) {
    let Layout { sentences, words: list, clauses, .. } = layout;
    for (i, word) in list.iter().enumerate() {
        let clause = clauses.get(word.clause as usize);
        let Some(sentence) = clause.and_then(|clause| sentences.get_mut(clause.sentence as usize))
        else {
            continue;
        };
        if word.sense.role == Role::Seeks {
            sentence.seeks = true;
        }
        // Few sentences ask: only their words are looked up.
        if !sentence.asks || sentence.seeks || !word.entry.lists.meet(Lists::ASKERS) {
            continue;
        }
        let next = list.get(i + 1).is_some_and(|next| next.entry.lists.meet(Lists::EXCLAIMED));
        let before = list.get(sentence.first as usize..i).unwrap_or_default();
        sentence.seeks = !next && before.iter().all(|word| word.masked);
    }
}

/// Turns praise that only opens a complaint, and is no part of it: "Great, my parcel is lost".
pub(super) fn find_mockery(layout: &Layout, hits: &mut [Hit], trace: &mut Trace) {
    let Some((opener, rest)) = hits.split_first_mut() else { return };
    let complains =
        rest.iter().all(|hit| hit.weight < 0.0) && rest.iter().any(|hit| hit.weight <= MOCKING_MAX);
    if opener.weight <= 0.0 || !complains {
        return;
    }
    let clause = layout.clause_of(opener.word);
    // "Great", "oh brilliant"; in "great service" the praise is not the last word.
    let speaks = |word: &Word| word.sort != Sort::Handle && !word.spent;
    let begin = layout.words.iter().position(speaks).unwrap_or(0);
    let own = layout.words.iter().skip(begin).take_while(|word| Some(word.clause) == clause);
    let own = own.filter(|word| speaks(word)).count();
    let alone = begin + own == opener.word as usize + 1;
    let answered = clause.and_then(|at| layout.clauses.get(at as usize + 1));
    let opposed = answered.is_none_or(|next| next.outweighs);
    if alone && own <= MOCKING_WORDS && !opposed {
        let before = opener.weight;
        opener.weight *= NEGATED;
        trace.note(opener.word as usize, Rule::Irony, None, [before, opener.weight]);
    }
}

impl View<'_> {
    /// Whether the sentence of `i` asks for what its words describe.
    pub(super) fn seeks(&self, i: usize) -> bool {
        let at = self.layout.sentence_of(i).map(|at| at as usize);
        at.and_then(|at| self.layout.sentences.get(at)).is_some_and(|sentence| sentence.seeks)
    }

    /// The word that says that praise is past, promised or wished for.
    pub(super) fn unreal(&self, i: usize) -> Option<usize> {
        if !self.roles.has(Role::Unreal) {
            return None;
        }
        let sentence = self.layout.sentence_of(i);
        (0..i)
            .rev()
            .take(UNREAL_REACH)
            .take_while(|&j| self.layout.sentence_of(j) == sentence)
            .find(|&j| self.sense(j).role == Role::Unreal)
    }

    /// How much of an opinion counts: little in the phrase behind a "despite".
    pub(super) fn despite(&self, i: usize) -> Option<(usize, f64)> {
        if !self.roles.has(Role::Despite) {
            return None;
        }
        let found = self.before(i, DESPITE_REACH).find(|&j| self.sense(j).role == Role::Despite)?;
        let parted = (found + 2..i).any(|k| {
            matches!(self.sense(k).role, Role::Subject | Role::Link) || self.is(k, Lists::STARTERS)
        });
        (!parted).then_some((found, DESPITE))
    }
}
