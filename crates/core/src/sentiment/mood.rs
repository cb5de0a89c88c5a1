//! Is an opinion meant as one? Questions that seek, and what only might be.

use super::clauses::Layout;
use super::lists::Lists;
use super::sense::Role;
use super::view::View;

/// How many words what is wished or past reaches ahead.
const UNREAL_REACH: usize = 8;
/// How many words a "despite" reaches ahead.
const DESPITE_REACH: usize = 4;
/// How much of an opinion behind a "despite" is left.
const DESPITE: f64 = 0.3;

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
