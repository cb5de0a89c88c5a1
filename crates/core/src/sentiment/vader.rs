//! What would vaderSentiment 3.3.2 say? Its `polarity_scores`, to the last decimal.
//!
//! A port that keeps the original's order of operations, so that sums round alike, and its
//! quirks: only words two and three before an opinion word open its idiom rules, the "but" rule
//! finds the *first* word of equal weight, emoji names run into the text behind them. Do not
//! mend anything here; that is what the `resonanz` profile is for.
//!
//! Words without weight add nothing to any sum, so only opinion words ("hits") are stored.

use super::emoji::{Emoji, Spelled};
use super::english;
use super::explain::Rule;
use super::python;
use super::tokens::{Name, Token, Tokenizer};
use super::trace::{Hit, Shares, Trace, emphasis, index, normalize};

/// What a negation multiplies by.
pub(super) const NEGATED: f64 = -0.74;
/// What capitals add among words that are not capitals.
pub(super) const CAPITALS: f64 = 0.733;

/// Lexicon and rules.
#[derive(Debug)]
pub(super) struct Vader {
    tokenizer: Tokenizer,
    emoji: Emoji,
}

/// The working memory of one text.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) spelled: Spelled,
    pub(super) tokens: Vec<Token>,
    pub(super) hits: Vec<Hit>,
}

/// The outcome for one text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    /// Rounded to four decimals.
    pub(super) compound: f64,
    /// Positive, neutral, negative; rounded to three decimals.
    pub(super) parts: [f64; 3],
    /// What punctuation added.
    pub(super) emphasis: f64,
}

impl Vader {
    /// Reads the lexicon.
    pub(super) fn new() -> Self {
        Self { tokenizer: Tokenizer::new(), emoji: Emoji::new() }
    }

    /// Scores a text; tokens, hits and the spelled text stay in `work`.
    pub(super) fn score(&self, text: &str, work: &mut Work, trace: &mut Trace) -> Outcome {
        work.hits.clear();
        let spelled = self.emoji.spell(text, &mut work.spelled);
        let text = if spelled { work.spelled.text.as_bytes() } else { text.as_bytes() };
        self.tokenizer.split(text, &mut work.tokens);
        let (mut capitals, mut but) = (0, None);
        for (i, token) in work.tokens.iter().enumerate() {
            capitals += usize::from(token.upper);
            if token.entry.name == Name::But {
                but = but.or(Some(i));
            }
        }
        let caps_differ = 0 < capitals && capitals < work.tokens.len();
        let view = View { text, tokens: &work.tokens, caps_differ };
        for (i, token) in work.tokens.iter().enumerate() {
            if token.entry.scored
                && !(token.entry.name == Name::Kind && view.next(i, 1) == Name::Of)
            {
                let (lexicon, weight) = (token.entry.valence(), view.weigh(i, trace));
                let (word, pivot) = (index(i), None);
                work.hits.push(Hit { word, lexicon, weight, pivot, negated: false, aside: false });
            }
        }
        if let Some(but) = but {
            contrast(&mut work.hits, but, trace);
        }
        outcome(&work.hits, work.tokens.len(), emphasis(text))
    }
}

/// The "but" rule: half before, half as much again after, found by value as the original does.
///
/// Quadratic in the opinion words of texts with "but": 64 KiB of nothing else take about 0.1 s.
fn contrast(hits: &mut [Hit], but: usize, trace: &mut Trace) {
    for j in 0..hits.len() {
        let value = hits[j].weight;
        if value == 0.0 {
            continue;
        }
        let Some(hit) = hits.iter_mut().find(|hit| hit.weight == value) else { continue };
        let after = value * if (hit.word as usize) < but { 0.5 } else { 1.5 };
        hit.weight = after;
        trace.note(hit.word as usize, Rule::Contrast, Some(but), [value, after]);
    }
}

fn outcome(hits: &[Hit], words: usize, emphasis: f64) -> Outcome {
    let mut sum = hits.iter().fold(0.0, |sum, hit| sum + hit.weight);
    if sum > 0.0 {
        sum += emphasis;
    } else if sum < 0.0 {
        sum -= emphasis;
    }
    let parts = Shares::sift(hits, words, emphasis).parts.map(|share| python::round(share, 3));
    Outcome { compound: python::round(normalize(sum), 4), parts, emphasis }
}

/// A text's tokens, as the rules look at them.
struct View<'a> {
    text: &'a [u8],
    tokens: &'a [Token],
    /// Some tokens are capitals and some are not.
    caps_differ: bool,
}

impl View<'_> {
    /// The name of the token `back` before `i`.
    fn back(&self, i: usize, back: usize) -> Name {
        i.checked_sub(back).map_or(Name::Other, |i| self.tokens[i].entry.name)
    }

    /// The name of the token `ahead` after `i`.
    fn next(&self, i: usize, ahead: usize) -> Name {
        self.tokens.get(i + ahead).map_or(Name::Other, |token| token.entry.name)
    }

    /// `sentiment_valence`: the weight of the lexicon word `i` among its neighbors.
    fn weigh(&self, i: usize, trace: &mut Trace) -> f64 {
        let token = &self.tokens[i];
        let lexicon = token.entry.valence();
        let mut valence = lexicon;
        let before_scored = self.tokens.get(i + 1).is_some_and(|next| next.entry.scored);
        if token.entry.name == Name::No && before_scored {
            valence = 0.0;
            trace.note(i, Rule::Negation, Some(i + 1), [lexicon, valence]);
        }
        let no = (1..=3).find(|&back| {
            self.back(i, back) == Name::No
                && (back < 3 || matches!(self.back(i, 1), Name::Or | Name::Nor))
        });
        if let Some(back) = no {
            trace.note(i, Rule::Negation, Some(i - back), [valence, lexicon * NEGATED]);
            valence = lexicon * NEGATED;
        }
        if token.upper && self.caps_differ {
            let after = if valence > 0.0 { valence + CAPITALS } else { valence - CAPITALS };
            trace.note(i, Rule::Capitals, None, [valence, after]);
            valence = after;
        }
        for back in 1..=3.min(i) {
            if self.tokens[i - back].entry.scored {
                continue;
            }
            let after = valence + self.boost(i - back, back, valence);
            let rule = if after.abs() < valence.abs() { Rule::Dampener } else { Rule::Booster };
            trace.note(i, rule, Some(i - back), [valence, after]);
            valence = after * self.negation(i, back);
            trace.note(i, Rule::Negation, Some(i - back), [after, valence]);
            if back == 3 {
                let after = self.idiom(i, valence);
                trace.note(i, Rule::Idiom, None, [valence, after]);
                valence = after;
            }
        }
        let after = self.least(i, valence);
        trace.note(i, Rule::Negation, i.checked_sub(1), [valence, after]);
        after
    }

    /// `scalar_inc_dec`: what the token `by`, `back` words before, adds to `valence`.
    fn boost(&self, by: usize, back: usize, valence: f64) -> f64 {
        let token = &self.tokens[by];
        let mut scalar = token.entry.boost();
        if scalar == 0.0 {
            return 0.0;
        }
        if valence < 0.0 {
            scalar = -scalar;
        }
        if token.upper && self.caps_differ {
            scalar += if valence > 0.0 { CAPITALS } else { -CAPITALS };
        }
        match back {
            1 => scalar,
            2 => scalar * 0.95,
            _ => scalar * 0.9,
        }
    }

    /// `_negation_check`: what the token `back` words before `i` multiplies by.
    fn negation(&self, i: usize, back: usize) -> f64 {
        let name = self.back(i, back);
        let is_so = |back| matches!(self.back(i, back), Name::So | Name::This);
        let is_doubt = |back| self.back(i, back) == Name::Doubt;
        let (never, without) = (name == Name::Never, name == Name::Without);
        match back {
            2 if never && is_so(1) => 1.25,
            2 if without && is_doubt(1) => 1.0,
            3 if never && is_so(2) || is_so(1) => 1.25,
            3 if without && (is_doubt(2) || is_doubt(1)) => 1.0,
            _ if self.negates(i - back) => NEGATED,
            _ => 1.0,
        }
    }

    fn negates(&self, i: usize) -> bool {
        let token = &self.tokens[i];
        let word = &self.text[token.start as usize..token.end as usize];
        let quotes = || word.contains(&b'\'');
        let ends_so = || word.windows(3).any(|three| three.eq_ignore_ascii_case(b"n't"));
        token.entry.negates || quotes() && ends_so()
    }

    /// `_special_idioms_check`.
    fn idiom(&self, i: usize, mut valence: f64) -> f64 {
        let [w3, w2, w1, w0] = [3, 2, 1, 0].map(|back| self.back(i, back));
        let (n1, n2) = (self.next(i, 1), self.next(i, 2));
        let behind = pair(w1, w0)
            .or_else(|| triple(w2, w1, w0))
            .or_else(|| pair(w2, w1))
            .or_else(|| triple(w3, w2, w1))
            .or_else(|| pair(w3, w2));
        for found in [behind, pair(w0, n1), triple(w0, n1, n2)].into_iter().flatten() {
            valence = found;
        }
        for (first, second) in [(w3, w2), (w2, w1)] {
            let dampens = matches!(
                (first, second),
                (Name::Kind | Name::Sort, Name::Of) | (Name::Just, Name::Enough)
            );
            if dampens {
                valence -= english::BOOST;
            }
        }
        valence
    }

    /// `_least_check`.
    fn least(&self, i: usize, valence: f64) -> f64 {
        let spared = i > 1 && matches!(self.back(i, 2), Name::At | Name::Very);
        if self.back(i, 1) == Name::Least && !spared { valence * NEGATED } else { valence }
    }
}

fn pair(first: Name, second: Name) -> Option<f64> {
    match (first, second) {
        (Name::The, Name::Shit | Name::Bomb) => Some(3.0),
        (Name::Bad, Name::Ass) => Some(1.5),
        (Name::Bus, Name::Stop) => Some(0.0),
        (Name::Yeah, Name::Right) => Some(-2.0),
        (Name::Beating, Name::Heart) => Some(3.5),
        _ => None,
    }
}

fn triple(first: Name, second: Name, third: Name) -> Option<f64> {
    match (first, second, third) {
        (Name::Kiss, Name::Of, Name::Death) => Some(-1.5),
        (Name::To, Name::Die, Name::For) => Some(3.0),
        _ => None,
    }
}
