//! Which word turns an opinion around, and which only seems to?
//!
//! A negation reaches far to praise ("I don't think the service is any good") and near to blame
//! ("not bad"): whoever complains negates on the way ("they never answered and the app is broken"),
//! and a complaint taken for praise is the dearest mistake. With a comparative or a "so" behind it,
//! a "never" raises what it stands before: "never been so disappointed", "nothing better".

use super::clauses::Sort;
use super::rules::View;
use super::sense::Role;
use super::table::keys;

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

/// Words by which the rules know what a word is; made once.
#[derive(Debug, Clone)]
pub(super) struct Words {
    /// Negations that leave no room: with a comparative, nothing is more so.
    utter: Vec<u64>,
    /// Those of them that stand for a thing or person.
    nobody: Vec<u64>,
    /// "can't" and its kin, which "enough" turns into praise.
    unable: Vec<u64>,
    /// "can't find a better one".
    finders: Vec<u64>,
    never: Vec<u64>,
    so: Vec<u64>,
    such: Vec<u64>,
    more: Vec<u64>,
    enough: Vec<u64>,
    no: Vec<u64>,
    /// Verbs with a negation in them, which may open a question.
    auxiliaries: Vec<u64>,
    /// Who or what a question is asked about.
    asked: Vec<u64>,
    why: Vec<u64>,
    /// German verbs that open a question.
    openers: Vec<u64>,
    comparatives: Vec<u64>,
    articles: Vec<u64>,
    raisers: Vec<u64>,
    light: Vec<u64>,
    nor: Vec<u64>,
    neither: Vec<u64>,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            utter: keys(
                "never no none nothing nobody noone nowhere couldn't couldnt couldn't nor nie niemals
                 nirgends nirgendwo nichts nix niemand niemanden niemandem kein keine keinen keinem
                 keiner keines",
            ),
            nobody: keys("nothing nobody noone no none niemand nichts nix keiner"),
            unable: keys("can't cant cannot couldn't couldnt can not kann nicht"),
            finders: keys("find get ask imagine think wish finden bekommen"),
            never: keys("never nie niemals nirgends nirgendwo nobody noone niemand haven't havent hasn't"),
            so: keys("so derart dermaßen derartig"),
            such: keys("such solch solche solchen solcher solches so ein eine einen"),
            more: keys("more less any mehr weniger"),
            enough: keys("enough genug genügend"),
            no: keys("no nope nah nein nö nee noo nooo"),
            auxiliaries: keys(
                "isn't isnt aren't arent wasn't wasnt weren't werent don't dont doesn't doesnt didn't
                 didnt can't cant couldn't couldnt won't wont wouldn't wouldnt shouldn't shouldnt
                 haven't havent hasn't hasnt hadn't hadnt ain't aint",
            ),
            asked: keys(
                "i you he she it we they this that these those anyone anybody everyone ich du er sie es
                 wir ihr das dies man jemand the a",
            ),
            why: keys("why how warum wieso weshalb and und"),
            openers: keys(
                "ist sind war waren findet findest finden findste hat habt haben hast wird werden kann
                 könnt können könnte",
            ),
            comparatives: keys(
                "better worse happier easier faster nicer friendlier cheaper greater stronger smoother
                 finer sadder angrier slower ruder uglier dumber prouder simpler cleaner tastier
                 lovelier safer smarter fresher quicker dirtier lazier poorer weaker louder
                 besser bessere besseren besserer besseres bessers schlimmer schlimmere schlimmeren
                 schlimmeres lieber angenehmer",
            ),
            articles: keys(
                "the a an is are was were my your our their his her der die das den dem ein eine einen
                 mein meine unser unsere ist sind war waren hat haben wird there",
            ),
            nor: keys("noch"),
            neither: keys("weder"),
            light: keys("a an the single one ein eine einen einem einer einziger einzige einziges"),
            raisers: keys(
                "think believe find feel consider expect guess suppose seem sound look glaube
                 glauben finde finden denke denken meine halte scheint",
            ),
        }
    }
}

impl View<'_> {
    /// The word that negates `i`, and what it does to it.
    pub(super) fn negation(&self, i: usize) -> Option<(usize, Effect)> {
        if self.word(i).sort == Sort::Sign || self.negates_itself(i) {
            return None;
        }
        let found = self.negation_ahead(i).or_else(|| self.negation_behind(i))?;
        let effect = if self.raises(found, i) { Effect::Raises } else { Effect::Turns };
        let blame = self.sense(i).weight() < 0.0;
        let near = match found < i {
            true if self.after(found, 2).any(|k| self.is(k, &self.lists.negation.raisers)) => REACH,
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
            word.spent || word.sense.role == Role::Degree || self.is(k, &self.lists.negation.light)
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
            let never = self.is(j, &self.lists.negation.never);
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
        let lists = &self.lists.negation;
        self.is(j, &lists.nor) && !self.before(j, REACH).any(|k| self.is(k, &lists.neither))
    }

    /// "not only" and "nicht nur" add, they do not negate.
    fn is_not_only(&self, j: usize) -> bool {
        self.after(j, 1).any(|k| self.sense(k).role == Role::Only)
    }

    /// "Isn't this terrible?", "Ist das nicht schrecklich?": the question expects a yes.
    fn asks(&self, j: usize) -> bool {
        let opens = |j: usize| {
            self.is_first(j) || self.before(j, 1).any(|k| self.is(k, &self.lists.negation.why))
        };
        if opens(j) && self.is(j, &self.lists.negation.auxiliaries) {
            let asked = |k| self.is(k, &self.lists.negation.asked) || self.word(k).held;
            return j + 1 < self.layout.words.len() && self.after(j, 1).any(asked);
        }
        let Some(first) = self.before(j, 4).last() else { return false };
        let opener = self.is_first(first) && self.is(first, &self.lists.negation.openers);
        opener && first + 1 < j && self.is(first + 1, &self.lists.negation.asked)
    }

    /// "No, this is terrible" and "nooo I hate it".
    fn exclaims(&self, j: usize) -> bool {
        self.is(j, &self.lists.negation.no)
            && self.is_first(j)
            && self.after(j, 1).all(|k| {
                self.is(k, &self.lists.negation.asked) || self.sense(k).role == Role::Subject
            })
    }

    /// Whether a negation raises the opinion instead of turning it.
    fn raises(&self, j: usize, i: usize) -> bool {
        let lists = &self.lists.negation;
        let (from, to) = (j.min(i), j.max(i));
        let between = |words: &[u64]| (from + 1..to).any(|k| self.is(k, words));
        let just_before = |words: &[u64]| i.checked_sub(1).is_some_and(|k| self.is(k, words));
        let utter =
            self.is(j, &lists.utter) || self.is(j, &lists.unable) && between(&lists.finders);
        let comparative = self.is(i, &lists.comparatives)
            || just_before(&lists.more)
            || self.backwards && self.word(i).comparative && self.is(j, &lists.nobody);
        // "no better than before" only turns.
        let than = self.after(i, 1).any(|k| self.sense(k).role == Role::Than);
        if utter
            && comparative
            && !(than && j + 1 == i && j < i && !self.is(j, &lists.never) && self.is(j, &lists.no))
        {
            return true;
        }
        // "Nothing beats it".
        if self.sense(i).role == Role::Beats && j < i && self.is(j, &lists.nobody) {
            return true;
        }
        let never = self.is(j, &lists.never);
        let so = between(&lists.so) || just_before(&lists.so);
        if never && so
            || j < i && between(&lists.such) && self.sense(i).weight() < 0.0 && !self.backwards
        {
            return true;
        }
        let enough = self.after(i, ENOUGH_REACH).any(|k| self.is(k, &lists.enough))
            || self.backwards && between(&lists.enough);
        self.is(j, &lists.unable) && enough && self.sense(i).weight() > 0.0
    }

    /// Whether a word says to which degree, as "so" does.
    pub(super) fn is_so(&self, i: usize) -> bool {
        self.is(i, &self.lists.negation.so)
    }

    /// Whether a new statement begins between a negation and the opinion.
    fn is_parted(&self, j: usize, i: usize, blame: bool) -> bool {
        let (from, to) = (j.min(i), j.max(i));
        let raiser = (from + 1..to).take(3).find(|&k| self.is(k, &self.lists.negation.raisers));
        let begin = raiser.map_or(from + 1, |raiser| (raiser + 3).min(to));
        (begin..to).any(|k| match self.sense(k).role {
            Role::Link => true,
            Role::Subject => true,
            Role::Joint => blame || self.is(k + 1, &self.lists.negation.articles),
            _ => false,
        })
    }
}
