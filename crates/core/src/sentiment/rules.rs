//! How much does each opinion word weigh where it stands? The rules, the same for both languages.
//!
//! Weights and the mapping to -1..1 are VADER's, so that scores stay comparable. What differs:
//! mentions and handles carry no opinion, negations reach as [`super::negation`] says, "but" splits a
//! sentence rather than a text, phrases and comparisons ([`super::sides`]) are understood, and so are
//! questions that seek ([`super::mood`]) and irony that says so.

use super::clauses::{Layout, Sort, Word};
use super::explain::Rule;
use super::lists::Lists;
use super::mood;
use super::negation::Effect;
use super::sense::{Entry, Role, Roles, Sense, Tongue};
use super::sides;
use super::trace::{Hit, Trace, index};
use super::vader::{CAPITALS, NEGATED};
use super::view::View;

/// How many words a degree word reaches ahead, and how much of it arrives.
const BOOST_FADES: [f64; 3] = [1.0, 0.95, 0.9];

/// Shortest English word that counts in a German text, and the reverse.
const ENGLISH_LOAN_BYTES: u32 = 5;
const GERMAN_LOAN_BYTES: u32 = 6;
/// Smallest weight of a word that is borrowed.
const LOAN_WEIGHT: f64 = 1.2;
/// What a negation leaves of blame: "not bad" is faint praise, and most who negate blame complain.
const NEGATED_BLAME: f64 = -0.3;
/// What a comparison weighs at least: "faster than B" is a verdict, however weak the word.
const COMPARED_MIN: f64 = 1.2;
/// What a "never been" makes of the opinion that it raises.
const RAISED: f64 = 1.2;

/// Gives each word the sense it has in the languages of the text.
pub(super) fn resolve(layout: &mut Layout, tongues: &[Tongue]) {
    let words = layout.words.iter_mut();
    match tongues {
        [Tongue::English] => words.for_each(|word| {
            let Entry { english, german, .. } = word.entry;
            word.sense = sense_in(word, english, german, GERMAN_LOAN_BYTES);
        }),
        [Tongue::German] => words.for_each(|word| {
            let Entry { english, german, .. } = word.entry;
            word.sense = sense_in(word, german, english, ENGLISH_LOAN_BYTES);
        }),
        [] => words.for_each(|word| word.sense = sense_of_sign(word)),
        _ => words.for_each(|word| word.sense = sense_in_any(word)),
    }
    let capitals = layout.words.iter().any(|word| word.sort == Sort::Word && !word.small);
    for i in 0..layout.words.len() {
        if layout.words[i].sort == Sort::Hashtag {
            let next = layout.words.get(i + 1).map(|next| (next.sort, next.start));
            read_tag(&mut layout.words[i], next);
        }
        let word = &mut layout.words[i];
        // German names begin with a capital: a small word of a text that has capitals is none.
        let common = word.held && tongues == [Tongue::German] && word.small && capitals;
        if common && word.sort == Sort::Word {
            word.masked = false;
        }
    }
}

/// A sign means the same in all languages; of words nothing is known in others.
fn sense_of_sign(word: &Word) -> Sense {
    if word.sort == Sort::Sign { word.entry.english } else { Sense::default() }
}

/// The sense of a word in a text that may be of either language.
fn sense_in_any(word: &Word) -> Sense {
    let [english, german] = [word.entry.english, word.entry.german];
    if word.sort == Sort::Sign {
        return english;
    }
    let blank = !english.is_polar() && english.role == Role::Plain;
    let mut sense = if german.is_polar() && blank { german } else { english };
    sense.reach = english.reach.and(german.reach);
    sense
}

/// The sense of a word in a text of one language; an opinion that only the other knows is borrowed:
/// "total useless", "this Kundenservice is furchtbar".
#[inline(always)]
fn sense_in(word: &Word, own: Sense, other: Sense, bytes: u32) -> Sense {
    let known =
        own.is_polar() || own.role != Role::Plain || own.reach.is_some() || word.sort == Sort::Sign;
    if known || !other.is_polar() {
        return own;
    }
    let long = word.end.saturating_sub(word.start) >= bytes;
    let plays = !matches!(other.role, Role::Plain | Role::Degree);
    let borrows = long && !plays && other.weight().abs() >= LOAN_WEIGHT;
    if borrows && !word.entry.lists.meet(Lists::FALSE_FRIENDS) {
        return Sense::weighing(other.weight());
    }
    own
}

/// A tag stands for itself, unless more words of the same tag follow: "#NotHappy". "#not" at the
/// end says that nothing was meant.
fn read_tag(word: &mut Word, next: Option<(Sort, u32)>) {
    let glued = next.is_some_and(|(sort, start)| sort == Sort::Hashtag && start == word.end);
    let negates = matches!(word.sense.role, Role::Negation | Role::NearNegation);
    if !negates || glued {
        return;
    }
    let last = next.is_none_or(|(sort, _)| sort != Sort::Word);
    word.sense.role = match word.entry.lists.meet(Lists::NOT) {
        true if last => Role::Irony,
        true => word.sense.role,
        false => Role::Plain,
    };
}

/// Appends the opinion words of a text, weighed, in order.
pub(super) fn weigh(
    layout: &mut Layout,
    tongues: &[Tongue],
    hits: &mut Vec<Hit>,
    trace: &mut Trace,
) {
    let (mut capitals, mut boosts, mut roles) = (0, false, Roles::default());
    for word in &layout.words {
        capitals += usize::from(word.upper);
        boosts |= word.sense.boost_millis != 0;
        roles.add(word.sense.role);
    }
    let ironic = |word: &Word| word.sense.role == Role::Irony;
    let ironic = if roles.has(Role::Irony) { layout.words.iter().rposition(ironic) } else { None };
    if roles.has(Role::Seeks) || layout.marks.questions > 0 {
        mood::find_seeking(layout);
    }
    layout.unlike.clear();
    if roles.has(Role::Unlike) {
        layout.find_unlike();
    }
    let caps_differ = 0 < capitals && capitals < layout.words.len();
    let backwards = tongues != [Tongue::English];
    let irony = layout.marks.irony || ironic.is_some();
    let view = View { layout, backwards, roles, boosts, caps_differ, irony, ironic };
    for i in 0..view.layout.words.len() {
        if view.layout.words[i].sense.is_polar() && view.is_opinion(i) {
            hits.push(view.weigh(i, trace));
        }
    }
    let left = if roles.has(Role::Leaves) { sides::left(layout, hits) } else { None };
    layout.left = left;
    mood::find_mockery(layout, hits, trace);
    sides::part(layout, hits);
    for hit in hits.iter().filter(|hit| hit.aside) {
        layout.words[hit.word as usize].aside = true;
    }
}

impl View<'_> {
    /// Carries a weight, is not part of a mention, and does not only strengthen or negate.
    pub(super) fn is_opinion(&self, i: usize) -> bool {
        let (word, sense) = (self.word(i), self.sense(i));
        if word.masked || !sense.is_polar() {
            return false;
        }
        match sense.role {
            Role::Negation | Role::NearNegation => false,
            Role::Degree => !self.after(i, 1).any(|j| self.sense(j).is_polar()),
            _ => true,
        }
    }

    fn weigh(&self, i: usize, trace: &mut Trace) -> Hit {
        let lexicon = self.sense(i).weight();
        let mut now = lexicon;
        let mut change = |rule, by, after| {
            trace.note(i, rule, by, [now, after]);
            now = after;
            after
        };
        let mut weight = lexicon;
        if self.word(i).upper && self.caps_differ {
            weight = change(Rule::Capitals, None, weight + CAPITALS.copysign(weight));
        }
        let boosters = if self.boosts { BOOST_FADES.len() } else { 0 };
        for (j, fade) in self.before(i, boosters).zip(BOOST_FADES) {
            let boost = self.sense(j).boost() * fade;
            if boost != 0.0 && !self.word(j).masked {
                let rule = if boost > 0.0 { Rule::Booster } else { Rule::Dampener };
                weight = change(rule, Some(j), weight + boost * weight.signum());
            }
        }
        let negation = self.negation(i);
        let negated = negation.is_some_and(|(_, effect)| effect == Effect::Turns);
        if let Some((j, effect)) = negation {
            let (rule, factor) = match effect {
                Effect::Turns if weight < 0.0 => (Rule::Negation, NEGATED_BLAME),
                Effect::Turns => (Rule::Negation, NEGATED),
                Effect::Raises => (Rule::Booster, RAISED),
            };
            weight = change(rule, Some(j), weight * factor);
        }
        if weight > 0.0 {
            if self.irony {
                weight = change(Rule::Irony, self.ironic, weight * NEGATED);
            } else if let Some(j) = self.unreal(i) {
                weight = change(Rule::Unreal, Some(j), weight * NEGATED);
            }
        }
        if lexicon > 0.0 && self.seeks(i) {
            weight = change(Rule::Question, None, 0.0);
        }
        if let Some((j, share)) = self.despite(i) {
            weight = change(Rule::Contrast, Some(j), weight * share);
        }
        let weight = change(Rule::Contrast, None, weight * self.contrast(i));
        // What nothing surpasses has no other side.
        let raised = negation.is_some_and(|(_, effect)| effect == Effect::Raises);
        let pivot = if raised { None } else { self.pivot(i, negated).map(index) };
        let compared = pivot.is_some() && 0.0 < weight.abs() && weight.abs() < COMPARED_MIN;
        let weight = if compared { COMPARED_MIN.copysign(weight) } else { weight };
        Hit { word: index(i), lexicon, weight, pivot, negated, aside: false }
    }

    /// Half before a "but" of the sentence, half as much again after it.
    fn contrast(&self, i: usize) -> f64 {
        let Some(clause) = self.layout.clauses.get(self.word(i).clause as usize) else {
            return 1.0;
        };
        let sentence = self.layout.sentences.get(clause.sentence as usize);
        match clause.outweighs {
            true => 1.5,
            false if sentence.is_some_and(|sentence| sentence.contrasts) => 0.5,
            false => 1.0,
        }
    }
}
