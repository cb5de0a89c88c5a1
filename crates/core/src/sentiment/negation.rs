//! Which word turns an opinion around, and which only seems to?
//!
//! A negation reaches far to praise ("I don't think the service is any good") and near to blame
//! ("not bad"): whoever complains negates on the way ("they never answered and the app is broken"),
//! and a complaint taken for praise is the dearest mistake. With a comparative or a "so" behind it,
//! a "never" raises what it stands before: "never been so disappointed", "nothing better".

use super::clauses::Sort;
use super::lists::Lists;
use super::sense::Role;
use super::view::View;

/// How many words a negation reaches ahead to praise.
const REACH: usize = 8;
/// How many words it reaches ahead to blame, and a near one ("no", "kein") to anything.
const NEAR_REACH: usize = 3;
/// How many words "nicht" reaches back to praise.
const BACK_REACH: usize = 7;
/// How many words "nicht" reaches back to blame.
const NEAR_BACK_REACH: usize = 4;
/// How many words behind an opinion an "enough" stands.
const ENOUGH_REACH: usize = 5;

/// What a negation does to an opinion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Turns it around.
    Turns,
    /// Raises it: "never been better".
    Raises,
}

impl View<'_> {
    /// The word that negates `i`, and what it does to it.
    pub(super) fn negation(&self, i: usize) -> Option<(usize, Effect)> {
        let some = self.roles.has(Role::Negation) || self.roles.has(Role::NearNegation);
        if !some || self.word(i).sort == Sort::Sign || self.negates_itself(i) {
            return None;
        }
        let found = self.negation_ahead(i).or_else(|| self.negation_behind(i))?;
        let effect = if self.raises(found, i) { Effect::Raises } else { Effect::Turns };
        let blame = self.sense(i).weight() < 0.0;
        let near = match found < i {
            true if self.after(found, 2).any(|k| self.is(k, Lists::RAISERS)) => REACH,
            true => NEAR_REACH,
            false => NEAR_BACK_REACH,
        };
        let reached = !blame || effect == Effect::Raises || self.distance(found, i) <= near;
        (reached && (effect == Effect::Raises || !self.is_parted(found, i, blame)))
            .then_some((found, effect))
    }

    /// A complaint that is made of a negation: "still can't get" is not turned by another.
    fn negates_itself(&self, i: usize) -> bool {
        let word = self.word(i);
        let roles = [word.entry.english.role, word.entry.german.role];
        let negates = roles.iter().any(|role| matches!(role, Role::Negation | Role::NearNegation));
        word.phrase_end > 0 && negates && word.sense.weight() < 0.0
    }

    /// Words from a negation to the opinion; articles, what only grades and what a phrase before the
    /// opinion has swallowed do not count.
    fn distance(&self, from: usize, to: usize) -> usize {
        let (from, to) = (from.min(to), from.max(to));
        let light = |&k: &usize| {
            let word = self.word(k);
            word.spent || word.sense.role == Role::Degree || self.is(k, Lists::LIGHT)
        };
        to - from - (from + 1..to).filter(light).count()
    }

    fn negation_ahead(&self, i: usize) -> Option<usize> {
        self.before(i, REACH).find(|&j| {
            let near = match self.sense(j).role {
                Role::Negation => false,
                Role::NearNegation => true,
                _ => return false,
            };
            let reached = !near || self.distance(j, i) <= NEAR_REACH || self.raises(j, i);
            reached && self.negates(j)
        })
    }

    fn negation_behind(&self, i: usize) -> Option<usize> {
        if !self.backwards {
            return None;
        }
        // A noun is negated by "kein", before it: "die Störung ist nicht behoben" stays one.
        let noun = self.sense(i).weight() < 0.0 && self.is_noun(i);
        self.after(i, BACK_REACH).find(|&j| {
            let never = self.is(j, Lists::NEVER);
            self.sense(j).role == Role::Negation
                && self.negates(j)
                && (never || !noun)
                && !self
                    .after(j, REACH)
                    .any(|k| self.is_opinion(k) && self.word(k).sort != Sort::Sign)
        })
    }

    /// Begins with a capital where others do not, and not because a sentence begins.
    fn is_noun(&self, i: usize) -> bool {
        let word = self.word(i);
        !word.small && !word.upper && word.sort == Sort::Word && !self.is_first(i)
    }

    fn is_first(&self, i: usize) -> bool {
        let sentence =
            self.layout.sentence_of(i).and_then(|at| self.layout.sentences.get(at as usize));
        sentence.is_some_and(|sentence| {
            let first = sentence.first as usize;
            (first..i).all(|k| self.word(k).sort == Sort::Handle)
        })
    }

    /// Whether a negation means what it says where it stands.
    fn negates(&self, j: usize) -> bool {
        !self.word(j).masked
            && !self.is_not_only(j)
            && !self.asks(j)
            && !self.exclaims(j)
            && !self.is_yet(j)
    }

    /// "noch" negates behind a "weder" only.
    fn is_yet(&self, j: usize) -> bool {
        self.is(j, Lists::NOR) && !self.before(j, REACH).any(|k| self.is(k, Lists::NEITHER))
    }

    /// "not only" and "nicht nur" add, they do not negate.
    fn is_not_only(&self, j: usize) -> bool {
        self.after(j, 1).any(|k| self.sense(k).role == Role::Only)
    }

    /// "Isn't this terrible?", "Ist das nicht schrecklich?": the question expects a yes.
    fn asks(&self, j: usize) -> bool {
        let opens =
            |j: usize| self.is_first(j) || self.before(j, 1).any(|k| self.is(k, Lists::WHY));
        if opens(j) && self.is(j, Lists::AUXILIARIES) {
            let asked = |k| self.is(k, Lists::ASKED) || self.word(k).held;
            return j + 1 < self.layout.words.len() && self.after(j, 1).any(asked);
        }
        let Some(first) = self.before(j, 4).last() else { return false };
        let opener = self.is_first(first) && self.is(first, Lists::OPENERS);
        opener && first + 1 < j && self.is(first + 1, Lists::ASKED)
    }

    /// "No, this is terrible" and "nooo I hate it".
    fn exclaims(&self, j: usize) -> bool {
        self.is(j, Lists::NO)
            && self.is_first(j)
            && self
                .after(j, 1)
                .all(|k| self.is(k, Lists::ASKED) || self.sense(k).role == Role::Subject)
    }

    /// Whether a negation raises the opinion instead of turning it.
    fn raises(&self, j: usize, i: usize) -> bool {
        let (from, to) = (j.min(i), j.max(i));
        let between = |list: Lists| (from + 1..to).any(|k| self.is(k, list));
        let just_before = |list: Lists| i.checked_sub(1).is_some_and(|k| self.is(k, list));
        let utter =
            self.is(j, Lists::UTTER) || self.is(j, Lists::UNABLE) && between(Lists::FINDERS);
        let comparative = self.is(i, Lists::COMPARATIVES)
            || just_before(Lists::MORE)
            || self.backwards && self.word(i).comparative && self.is(j, Lists::NOBODY);
        // "no better than before" only turns.
        let than = self.after(i, 1).any(|k| self.sense(k).role == Role::Than);
        if utter
            && comparative
            && !(than && j + 1 == i && j < i && !self.is(j, Lists::NEVER) && self.is(j, Lists::NO))
        {
            return true;
        }
        // "Nothing beats it".
        if self.sense(i).role == Role::Beats && j < i && self.is(j, Lists::NOBODY) {
            return true;
        }
        let never = self.is(j, Lists::NEVER);
        // Behind the head of a phrase that holds both: "war noch nie so begeistert".
        let held = i < j && self.after(j, 1).any(|k| self.is(k, Lists::SO) && self.word(k).spent);
        let so = between(Lists::SO) || just_before(Lists::SO) || held;
        if never && so
            || j < i && between(Lists::SUCH) && self.sense(i).weight() < 0.0 && !self.backwards
        {
            return true;
        }
        let enough = self.after(i, ENOUGH_REACH).any(|k| self.is(k, Lists::ENOUGH))
            || self.backwards && between(Lists::ENOUGH);
        self.is(j, Lists::UNABLE) && enough && self.sense(i).weight() > 0.0
    }

    /// Whether a word says to which degree, as "so" does.
    pub(super) fn is_so(&self, i: usize) -> bool {
        self.is(i, Lists::SO)
    }

    /// Whether a new statement begins between a negation and the opinion.
    fn is_parted(&self, j: usize, i: usize, blame: bool) -> bool {
        let (from, to) = (j.min(i), j.max(i));
        let raiser = (from + 1..to).take(3).find(|&k| self.is(k, Lists::RAISERS));
        let begin = raiser.map_or(from + 1, |raiser| (raiser + 3).min(to));
        (begin..to).any(|k| match self.sense(k).role {
            Role::Link => true,
            Role::Subject => true,
            Role::Joint => blame || self.is(k + 1, Lists::ARTICLES),
            _ => false,
        })
    }
}
