//! How do rules look at a text? Its words, what they do to others, and which stand near one.

use super::clauses::{Layout, Word};
use super::lists::Lists;
use super::sense::{Roles, Sense};

/// A text's words, as the rules look at them.
pub(super) struct View<'a> {
    pub(super) layout: &'a Layout,
    /// Negations also reach back.
    pub(super) backwards: bool,
    /// What words do to others: most texts have few who do, and rules need not look for the rest.
    pub(super) roles: Roles,
    /// Some words raise or lower others.
    pub(super) boosts: bool,
    /// Some words are capitals and some are not.
    pub(super) caps_differ: bool,
    /// The text says that nothing is meant.
    pub(super) irony: bool,
    /// The word that says so, where it is one.
    pub(super) ironic: Option<usize>,
}

impl View<'_> {
    #[inline]
    pub(super) fn word(&self, i: usize) -> &Word {
        &self.layout.words[i]
    }

    #[inline]
    pub(super) fn sense(&self, i: usize) -> Sense {
        self.word(i).sense
    }

    /// Whether a word is on a list; none is beyond the end.
    #[inline]
    pub(super) fn is(&self, i: usize, list: Lists) -> bool {
        self.layout.words.get(i).is_some_and(|word| word.entry.lists.meet(list))
    }

    /// Words of the same clause before `i`, nearest first.
    #[inline]
    pub(super) fn before(&self, i: usize, reach: usize) -> impl Iterator<Item = usize> + '_ {
        let clause = self.word(i).clause;
        (0..i).rev().take(reach).take_while(move |&j| self.word(j).clause == clause)
    }

    /// Words of the same clause after `i`, nearest first.
    #[inline]
    pub(super) fn after(&self, i: usize, reach: usize) -> impl Iterator<Item = usize> + '_ {
        let clause = self.word(i).clause;
        (i + 1..self.layout.words.len())
            .take(reach)
            .take_while(move |&j| self.word(j).clause == clause)
    }
}
