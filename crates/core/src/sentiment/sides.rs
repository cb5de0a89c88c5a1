//! Whom does an opinion judge, where more than one thing is named? Comparisons, and two opinions in
//! one clause.

use super::clauses::{ABOVE, BELOW, Layout, Sort, Word};
use super::lists::Lists;
use super::phrases::BEATS;
use super::sense::{Role, Sense};
use super::trace::{Hit, index};
use super::view::View;

/// What a comparison's opinion is multiplied by for what stands on its other side: to be named
/// there is to be judged, whatever the word.
const OTHER_SIDE: f64 = -1.6;
/// What an opinion becomes for what is said to be otherwise: "A is great, B isn't".
const ELLIPSIS: f64 = -0.74;
/// How many words before "than" a comparative stands.
const THAN_REACH: usize = 4;
/// How many words behind "left" or "prefer" the other thing is named.
const OBJECT_REACH: usize = 5;
/// How many words "unlike" names where no comma ends it.
const UNLIKE_REACH: usize = 4;
/// How many words a clause has at most that only says that something is otherwise.
const ELLIPTIC_WORDS: usize = 6;

/// How many words a sentence has at most before the sign: "honestly, Acme > Globex" compares, "go to
/// Settings > Acme" leads there.
const COMPARED_WORDS: usize = 2;

impl View<'_> {
    /// Where a comparison turns: what stands behind is on the other side of it.
    pub(super) fn pivot(&self, i: usize, negated: bool) -> Option<usize> {
        match self.sense(i).role {
            Role::Beats => return Some(i),
            Role::Leaves => {
                let ahead = self.after(i, OBJECT_REACH).find(|&j| self.is(j, Lists::TO));
                return ahead
                    .or_else(|| self.before(i, OBJECT_REACH).find(|&j| self.is(j, Lists::TO)));
            }
            _ => {}
        }
        // "als" also means "as" and "when".
        let compares = self.roles.has(Role::Than) && (!self.backwards || self.word(i).comparative);
        let than =
            self.after(i, THAN_REACH).find(|&j| compares && self.sense(j).role == Role::Than);
        // "not as good as": equals have no other side.
        than.or_else(|| {
            let so = self.before(i, 2).any(|k| self.is(k, Lists::LIKE) || self.is_so(k));
            (negated && so).then(|| self.after(i, THAN_REACH).find(|&j| self.is(j, Lists::LIKE)))?
        })
    }
}

impl Layout {
    /// Gives a lone ">" between a mention and another name its meaning. Several are a trail of menus.
    pub(super) fn weigh_sign(&mut self) {
        let is_sign = |word: &Word| word.sort == Sort::Sign && matches!(word.key, ABOVE | BELOW);
        let Some(at) = self.words.iter().position(is_sign) else { return };
        let sentence = self.sentence_of(at);
        let first = sentence.and_then(|at| self.sentences.get(at as usize));
        let first = first.map_or(0, |sentence| sentence.first as usize);
        let named = |at: usize| {
            let word = self.words.get(at).filter(|_| self.sentence_of(at) == sentence);
            word.filter(|word| matches!(word.sort, Sort::Word | Sort::Handle | Sort::Hashtag))
        };
        let (Some(left), Some(right)) = (at.checked_sub(1).and_then(named), named(at + 1)) else {
            return;
        };
        if self.marks.compared == 1 && at <= first + COMPARED_WORDS && (left.held || right.held) {
            let weight = if self.words[at].key == ABOVE { BEATS } else { -BEATS };
            self.words[at].sense = Sense::weighing(weight).with(Role::Beats);
        }
    }

    /// Finds what "unlike" names: words that the sentence sets against the rest.
    pub(super) fn find_unlike(&mut self) {
        for i in 0..self.words.len() {
            if self.words[i].sense.role != Role::Unlike {
                continue;
            }
            let clause = self.words[i].clause;
            let rest = self.words.iter().enumerate().skip(i + 1);
            let named = rest.take(UNLIKE_REACH).take_while(|(_, word)| {
                word.clause == clause && !word.entry.lists.meet(Lists::VERBS)
            });
            let end = named.last().map_or(i + 1, |(at, _)| at + 1);
            self.unlike.push((index(i), index(end)));
        }
    }

    /// Below 0 when the only mentions of the sentence stand on the other side of a comparison.
    pub(super) fn side(&self, hit: &Hit) -> f64 {
        if self.elliptic {
            return ELLIPSIS;
        }
        let at = hit.word;
        let Some(sentence) =
            self.sentence_of(at as usize).and_then(|at| self.sentences.get(at as usize))
        else {
            return 1.0;
        };
        let Some((first, last)) = sentence.mentions else { return 1.0 };
        let within = |&(from, to): &(u32, u32), at: u32| from <= at && at < to;
        let set_apart = self
            .unlike
            .iter()
            .any(|range| within(range, first) && within(range, last) && !within(range, at));
        let behind = hit.pivot.is_some_and(|pivot| first >= pivot);
        // "Left A for B and happy": with B.
        let with_other =
            hit.weight > 0.0 && self.left.is_some_and(|(to, end)| last < to && to < at && end < at);
        if set_apart || behind || with_other { OTHER_SIDE } else { 1.0 }
    }

    /// Whether the clause of the mentions only says that what another clause says is not so:
    /// "A is great, B not so much".
    pub(super) fn is_elliptic(&self, hits: &[Hit]) -> bool {
        if hits.is_empty() {
            return false;
        }
        let held =
            |word: &Word| self.clauses.get(word.clause as usize).is_some_and(|clause| clause.held);
        if hits.iter().any(|hit| self.words.get(hit.word as usize).is_some_and(held)) {
            return false;
        }
        let mut words = self.words.iter().filter(|word| held(word));
        let few = words.clone().nth(ELLIPTIC_WORDS).is_none();
        few && words.any(|word| {
            matches!(word.sense.role, Role::Negation | Role::NearNegation) && !word.masked
        })
    }
}

/// Where a text leaves one thing for another: the word that leads to the other, and the last of that
/// word and of the verb.
pub(super) fn left(layout: &Layout, hits: &[Hit]) -> Option<(u32, u32)> {
    let leaves = |hit: &&Hit| {
        let word = layout.words.get(hit.word as usize);
        hit.weight < 0.0 && word.is_some_and(|word| word.sense.role == Role::Leaves)
    };
    let hit = hits.iter().find(leaves)?;
    hit.pivot.map(|to| (to, to.max(hit.word)))
}

/// Sets aside the opinions that count for another thing, where a clause with a mention holds praise
/// and blame.
///
/// A joint between them parts them ("love A and hate B"). Without one, what follows the name goes
/// before what precedes it ("A good B bad").
pub(super) fn part(layout: &Layout, hits: &mut [Hit]) {
    let mut from = 0;
    while let Some(clause) = hits.get(from).and_then(|hit| layout.clause_of(hit.word)) {
        let same = |hit: &&Hit| layout.clause_of(hit.word) == Some(clause);
        let count = hits.get(from..).unwrap_or_default().iter().take_while(same).count();
        let own = hits.get_mut(from..from + count).unwrap_or_default();
        let some = |sign: f64| own.iter().any(|hit| hit.weight * sign > 0.0);
        let held = layout.clauses.get(clause as usize).is_some_and(|clause| clause.held);
        if held && some(1.0) && some(-1.0) {
            part_clause(layout, clause, own);
        }
        from += count;
    }
}

fn part_clause(layout: &Layout, clause: u32, hits: &mut [Hit]) {
    let begin = layout.words.partition_point(|word| word.clause < clause);
    let end = layout.words.partition_point(|word| word.clause <= clause);
    let (Some(first), Some(last)) = (hits.first(), hits.last()) else { return };
    let (first, last) = (first.word as usize, last.word as usize);
    let joins = |&at: &usize| layout.words[at].sense.role == Role::Joint && first < at && at < last;
    let joints: Vec<usize> = (begin..end).filter(joins).collect();
    let stretch = |at: usize| joints.partition_point(|&joint| joint <= at);
    let mentions: Vec<usize> = (begin..end).filter(|&at| layout.words[at].held).collect();
    let Some(&name) = mentions.last() else { return };
    let keeps: Vec<bool> = if joints.is_empty() {
        let next = hits.partition_point(|hit| (hit.word as usize) < name);
        let (before, behind) = hits.split_at(next);
        let run = |hit: Option<&Hit>| hit.map_or(0.0, |hit| hit.weight.signum());
        let (near, ahead) = (run(behind.first()), run(before.last()));
        let behind_run = behind.iter().take_while(|hit| hit.weight.signum() == near).count();
        let before_run = before.iter().rev().take_while(|hit| hit.weight.signum() == ahead).count();
        let kept = if near == 0.0 { next - before_run..next } else { next..next + behind_run };
        (0..hits.len()).map(|at| kept.contains(&at)).collect()
    } else {
        let own: Vec<usize> = mentions.iter().map(|&at| stretch(at)).collect();
        hits.iter().map(|hit| own.contains(&stretch(hit.word as usize))).collect()
    };
    if keeps.contains(&true) {
        hits.iter_mut().zip(keeps).for_each(|(hit, keep)| hit.aside = !keep);
    }
}
