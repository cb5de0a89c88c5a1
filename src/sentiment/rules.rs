//! What does a text say about a target? The `resonanz` rules, the same for both languages.
//!
//! Weights and the mapping to -1..1 are VADER's, so that scores stay comparable. What differs:
//! mentions and handles carry no opinion, a negation reaches to the end of its clause rather than
//! three words, in German also backwards, "but" splits a sentence rather than a text, and the
//! target's own clause is asked first.

use crate::post::{Lang, Span};

use super::clauses::{Layout, Word};
use super::explain::{Rule, Scope};
use super::trace::{Hit, Shares, Trace, emphasis, index, normalize};
use super::vader::{CAPITALS, NEGATED};
use super::vocabulary::{Role, Sense, Tongue, Vocabulary};

/// How many words a negation reaches ahead.
const NEGATION_REACH: usize = 8;
/// How many words a near negation ("no", "kein") reaches ahead.
const NEAR_REACH: usize = 3;
/// How many words "nicht" reaches back.
const BACK_REACH: usize = 7;
/// How many words a degree word reaches ahead, and how much of it arrives.
const BOOST_FADES: [f64; 3] = [1.0, 0.95, 0.9];

/// The working memory of one text.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) layout: Layout,
    pub(super) hits: Vec<Hit>,
}

/// The outcome for one text and target.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    /// -1 to 1.
    pub(super) document: f64,
    /// -1 to 1.
    pub(super) target: f64,
    /// What decided on the target.
    pub(super) scope: Scope,
    /// Opinion words within that scope.
    pub(super) target_hits: usize,
    /// Positive, neutral, negative share of the document.
    pub(super) shares: Shares,
    /// What punctuation added.
    pub(super) emphasis: f64,
}

/// Weighs the opinions of `text` and decides which count for the mentions at `spans`.
pub(super) fn judge(
    vocabulary: &Vocabulary,
    (text, lang): (&str, Lang),
    spans: &[Span],
    work: &mut Work,
    trace: &mut Trace,
) -> Outcome {
    let declared = match lang {
        Lang::EN => Some(Tongue::English),
        Lang::DE => Some(Tongue::German),
        _ => None,
    };
    work.layout.split(text, vocabulary, declared);
    work.layout.hold(spans);
    work.hits.clear();
    let words = work.layout.words.as_slice();
    let tongue = declared.unwrap_or_else(|| guess(words));
    let capitals = words.iter().filter(|word| word.upper).count();
    let caps_differ = 0 < capitals && capitals < words.len();
    let view = View { layout: &work.layout, tongue, caps_differ };
    for i in 0..words.len() {
        if view.is_opinion(i) {
            let hit = view.weigh(i, trace);
            work.hits.push(hit);
        }
    }
    conclude(work, emphasis(text.as_bytes()))
}

/// The language whose common words are more frequent; English when neither shows.
fn guess(words: &[Word]) -> Tongue {
    let count = |tongue| words.iter().filter(|w| w.senses.of(tongue).role != Role::Plain).count();
    let polar = |tongue| words.iter().filter(|w| w.senses.of(tongue).is_polar()).count();
    let evidence = |tongue| (count(tongue), polar(tongue));
    if evidence(Tongue::German) > evidence(Tongue::English) {
        Tongue::German
    } else {
        Tongue::English
    }
}

/// Sums up the document and the narrowest scope around the mentions that holds an opinion.
fn conclude(work: &Work, emphasis: f64) -> Outcome {
    let total = |scope| {
        let inside = work.hits.iter().filter(|hit| counts(&work.layout, hit, scope));
        inside.fold((0.0, 0), |(sum, count), hit| (sum + hit.weight, count + 1))
    };
    let scopes = [Scope::Clause, Scope::Sentence, Scope::Document];
    let narrowest = scopes.into_iter().map(|scope| (scope, total(scope)));
    let found = narrowest.clone().find(|&(_, (_, count))| count > 0);
    let (scope, (sum, target_hits)) = found.unwrap_or((Scope::Document, (0.0, 0)));
    let squash = |sum: f64| match sum {
        0.0 => 0.0,
        _ => normalize(sum + emphasis.copysign(sum)),
    };
    Outcome {
        document: squash(total(Scope::Document).0),
        target: squash(sum),
        scope,
        target_hits,
        shares: Shares::sift(&work.hits, work.layout.words.len(), emphasis),
        emphasis,
    }
}

/// Whether an opinion lies within the scope around the mentions.
pub(super) fn counts(layout: &Layout, hit: &Hit, scope: Scope) -> bool {
    let Some(word) = layout.words.get(hit.word as usize) else { return false };
    let Some(clause) = layout.clauses.get(word.clause as usize) else { return false };
    match scope {
        Scope::Document => true,
        Scope::Clause => clause.held,
        Scope::Sentence => {
            layout.sentences.get(clause.sentence as usize).is_some_and(|sentence| sentence.held)
        }
    }
}

/// A text's words, as the rules look at them.
struct View<'a> {
    layout: &'a Layout,
    tongue: Tongue,
    /// Some words are capitals and some are not.
    caps_differ: bool,
}

impl View<'_> {
    fn word(&self, i: usize) -> &Word {
        &self.layout.words[i]
    }

    fn sense(&self, i: usize) -> Sense {
        self.word(i).senses.of(self.tongue)
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
        if let Some(j) = self.negation(i) {
            now = change(Rule::Negation, Some(j), now * NEGATED);
        }
        let factor = self.contrast(i);
        let weight = change(Rule::Contrast, None, now * factor);
        Hit { word: index(i), lexicon, weight }
    }

    /// The word that negates `i`.
    fn negation(&self, i: usize) -> Option<usize> {
        if self.word(i).sign {
            return None;
        }
        let ahead = self.before(i, NEGATION_REACH).find(|&j| match self.sense(j).role {
            Role::Negation => !self.is_not_only(j),
            Role::NearNegation => i - j <= NEAR_REACH,
            _ => false,
        });
        if ahead.is_some() || self.tongue == Tongue::English {
            return ahead;
        }
        self.after(i, BACK_REACH).find(|&j| {
            self.sense(j).role == Role::Negation
                && !self.is_not_only(j)
                && !self.after(j, NEGATION_REACH).any(|k| self.is_opinion(k) && !self.word(k).sign)
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
}
