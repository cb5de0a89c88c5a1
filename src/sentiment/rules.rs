//! How much does each opinion word weigh where it stands? The rules, the same for both languages.
//!
//! Weights and the mapping to -1..1 are VADER's, so that scores stay comparable. What differs:
//! mentions and handles carry no opinion, a negation reaches to the end of its clause rather than
//! three words, in German also backwards, "but" splits a sentence rather than a text, phrases and
//! comparisons are understood, and irony that says so is.

use super::clauses::{Layout, Sort, Word};
use super::explain::Rule;
use super::sense::{Role, Sense, Tongue};
use super::table::key;
use super::trace::{Hit, Trace, index};
use super::vader::{CAPITALS, NEGATED};

/// How many words a negation reaches ahead.
const NEGATION_REACH: usize = 8;
/// How many words a near negation ("no", "kein") reaches ahead.
const NEAR_REACH: usize = 3;
/// How many words "nicht" reaches back.
const BACK_REACH: usize = 7;
/// How many words before "than" a comparative stands.
const THAN_REACH: usize = 4;
/// How many words a degree word reaches ahead, and how much of it arrives.
const BOOST_FADES: [f64; 3] = [1.0, 0.95, 0.9];

/// Gives each word the sense it has in the languages of the text.
pub(super) fn resolve(layout: &mut Layout, tongues: &[Tongue]) {
    let (capitals, words) = layout.words.iter().fold((false, 0), |(any, count), word| {
        (any || word.sort == Sort::Word && !word.small, count + 1)
    });
    let not = key(b"not");
    for word in &mut layout.words {
        word.sense = match tongues {
            [tongue] => word.entry.of(*tongue),
            _ if word.sort == Sort::Sign => word.entry.english,
            [] => Sense::default(),
            _ => {
                let [english, german] = [word.entry.english, word.entry.german];
                if german.is_polar() && !english.is_polar() { german } else { english }
            }
        };
        if word.sort == Sort::Hashtag {
            let negates = matches!(word.sense.role, Role::Negation | Role::NearNegation);
            if word.key == not && words > 2 {
                word.sense.role = Role::Irony;
            } else if negates {
                word.sense.role = Role::Plain;
            }
        }
        // German names begin with a capital: a small word of a text that has capitals is none.
        let common = word.held && tongues == [Tongue::German] && word.small && capitals;
        if common && word.sort == Sort::Word {
            word.masked = false;
        }
    }
}

/// Appends the opinion words of a text, weighed, in order.
pub(super) fn weigh(layout: &Layout, tongues: &[Tongue], hits: &mut Vec<Hit>, trace: &mut Trace) {
    let (mut capitals, mut ironic) = (0, None);
    for (i, word) in layout.words.iter().enumerate() {
        capitals += usize::from(word.upper);
        if word.sense.role == Role::Irony && word.sort == Sort::Hashtag {
            ironic = Some(i);
        }
    }
    let caps_differ = 0 < capitals && capitals < layout.words.len();
    let backwards = tongues != [Tongue::English];
    let view = View { layout, backwards, caps_differ, ironic };
    for i in 0..layout.words.len() {
        if layout.words[i].sense.is_polar() && view.is_opinion(i) {
            hits.push(view.weigh(i, trace));
        }
    }
}

/// A text's words, as the rules look at them.
struct View<'a> {
    layout: &'a Layout,
    /// Negations also reach back.
    backwards: bool,
    /// Some words are capitals and some are not.
    caps_differ: bool,
    /// A word that says that nothing is meant.
    ironic: Option<usize>,
}

impl View<'_> {
    fn word(&self, i: usize) -> &Word {
        &self.layout.words[i]
    }

    fn sense(&self, i: usize) -> Sense {
        self.word(i).sense
    }

    /// Words of the same clause before `i`, nearest first.
    fn before(&self, i: usize, reach: usize) -> impl Iterator<Item = usize> + '_ {
        let clause = self.word(i).clause;
        (0..i).rev().take(reach).take_while(move |&j| self.word(j).clause == clause)
    }

    /// Words of the same clause after `i`, nearest first.
    fn after(&self, i: usize, reach: usize) -> impl Iterator<Item = usize> + '_ {
        let clause = self.word(i).clause;
        (i + 1..self.layout.words.len())
            .take(reach)
            .take_while(move |&j| self.word(j).clause == clause)
    }

    /// Carries a weight, is not part of a mention, and does not only strengthen or negate.
    fn is_opinion(&self, i: usize) -> bool {
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
        let mut weight = lexicon;
        let mut change = |rule, by, after| {
            trace.note(i, rule, by, [weight, after]);
            weight = after;
            after
        };
        let mut now = lexicon;
        if self.word(i).upper && self.caps_differ {
            now = change(Rule::Capitals, None, now + CAPITALS.copysign(now));
        }
        for (j, fade) in self.before(i, BOOST_FADES.len()).zip(BOOST_FADES) {
            let boost = self.sense(j).boost() * fade;
            if boost != 0.0 && !self.word(j).masked {
                let rule = if boost > 0.0 { Rule::Booster } else { Rule::Dampener };
                now = change(rule, Some(j), now + boost * now.signum());
            }
        }
        let negation = self.negation(i);
        if let Some(j) = negation {
            now = change(Rule::Negation, Some(j), now * NEGATED);
        }
        if self.ironic.is_some() && now > 0.0 {
            now = change(Rule::Irony, self.ironic, now * NEGATED);
        }
        let factor = self.contrast(i);
        let weight = change(Rule::Contrast, None, now * factor);
        let pivot = self.pivot(i).map(index);
        Hit { word: index(i), lexicon, weight, pivot, negated: negation.is_some() }
    }

    /// The word that negates `i`.
    fn negation(&self, i: usize) -> Option<usize> {
        if self.word(i).sort == Sort::Sign {
            return None;
        }
        let ahead = self.before(i, NEGATION_REACH).find(|&j| match self.sense(j).role {
            _ if self.word(j).masked => false,
            Role::Negation => !self.is_not_only(j),
            Role::NearNegation => i - j <= NEAR_REACH,
            _ => false,
        });
        if ahead.is_some() || !self.backwards {
            return ahead;
        }
        self.after(i, BACK_REACH).find(|&j| {
            self.sense(j).role == Role::Negation
                && !self.word(j).masked
                && !self.is_not_only(j)
                && !self
                    .after(j, NEGATION_REACH)
                    .any(|k| self.is_opinion(k) && self.word(k).sort != Sort::Sign)
        })
    }

    /// "not only" and "nicht nur" add, they do not negate.
    fn is_not_only(&self, i: usize) -> bool {
        self.after(i, 1).any(|j| self.sense(j).role == Role::Only)
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

    /// Where a comparison turns: what stands behind is on the other side of it.
    fn pivot(&self, i: usize) -> Option<usize> {
        if self.sense(i).role == Role::Beats {
            return Some(i);
        }
        // "als" also means "as" and "when".
        let compares = !self.backwards || self.word(i).comparative;
        self.after(i, THAN_REACH).find(|&j| compares && self.sense(j).role == Role::Than)
    }
}
