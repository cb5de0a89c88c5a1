//! Which words does a model weigh? Those of a text, and which stand together: side by side, with one
//! between them, at the ends of sentences, and beside the mentions.
//!
//! A sentence is read as a row of tokens. Mentions and handles, numbers, pauses and ends are tokens,
//! too, since "for # days" and "thanks for nothing ." say more than their words. What a phrase accounts
//! for is left out, and nothing is said to stand beside it.

use super::clauses::{Layout, Sort, Word};
use super::explain::Scope;
use super::table::{key, mark_key, pair_key};

/// What stands for something in a row of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Sign {
    /// A mention or a handle.
    Target = b'_',
    /// Digits.
    Number = b'#',
    /// Where a sentence begins.
    Begin = b'^',
    /// Where a clause ends within one.
    Pause = b',',
    /// Where a sentence ends, asks or shouts.
    End = b'.',
    Asked = b'?',
    Shouted = b'!',
}

impl Sign {
    const ALL: [Self; 7] = [
        Self::Target,
        Self::Number,
        Self::Begin,
        Self::Pause,
        Self::End,
        Self::Asked,
        Self::Shouted,
    ];
}

/// Stands for the one word between two.
pub(super) const ANY: &str = "*";
/// A mention or a handle.
const TARGET: Token = Token::Sign(Sign::Target);
/// Sets the key of two words with one between them apart from that of neighbours.
const APART: u64 = 0x5851_F42D_4C95_7F2D;
/// How many words on either side of the mentions stand beside them.
const BESIDE: usize = 3;

/// One token of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// A word, by its place.
    Word(usize),
    /// What stands for something.
    Sign(Sign),
}

/// What a model may weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gram {
    One(Token),
    Pair(Token, Token),
    /// Two with one between them.
    Apart(Token, Token),
}

impl Token {
    fn key(self, layout: &Layout) -> u64 {
        match self {
            Self::Word(at) => layout.words.get(at).map_or(0, |word| word.key),
            Self::Sign(sign) => mark_key(sign as u8),
        }
    }
}

impl Gram {
    /// Its key, as [`key_of`] its spelling.
    pub(super) fn key(self, layout: &Layout) -> u64 {
        match self {
            Self::One(token) => token.key(layout),
            Self::Pair(first, second) => pair_key(first.key(layout), second.key(layout)),
            Self::Apart(first, second) => pair_key(first.key(layout) ^ APART, second.key(layout)),
        }
    }

    /// Whether a mention is part of it.
    pub(super) fn has_target(self) -> bool {
        let (Self::One(first) | Self::Pair(first, _) | Self::Apart(first, _)) = self;
        let (Self::One(last) | Self::Pair(_, last) | Self::Apart(_, last)) = self;
        [first, last].contains(&TARGET)
    }

    /// As model files spell it, where each word is spelled.
    pub(super) fn spelled(self, spell: impl Fn(usize) -> Option<String>) -> Option<String> {
        let spell = |token| match token {
            Token::Word(at) => spell(at),
            Token::Sign(sign) => Some(char::from(sign as u8).to_string()),
        };
        Some(match self {
            Self::One(token) => spell(token)?,
            Self::Pair(first, second) => format!("{} {}", spell(first)?, spell(second)?),
            Self::Apart(first, second) => format!("{} {ANY} {}", spell(first)?, spell(second)?),
        })
    }
}

/// The key of a word, or of several as a model file spells them.
pub(super) fn key_of(spelled: &str) -> u64 {
    let key = |word: &str| key(word.as_bytes());
    match spelled.split(' ').collect::<Vec<_>>()[..] {
        [first, second] => pair_key(key(first), key(second)),
        [first, ANY, second] => pair_key(key(first) ^ APART, key(second)),
        _ => key(spelled),
    }
}

/// Whether this is no word but stands for something.
pub(super) fn is_sign(spelled: &str) -> bool {
    let is = |sign: &Sign| spelled.as_bytes() == [*sign as u8];
    spelled == ANY || Sign::ALL.iter().any(is)
}

/// Calls `take` with all that stands in a text, and with the word it ends at.
#[inline]
pub(super) fn each(layout: &Layout, mut take: impl FnMut(Gram, &Word)) {
    let (mut last, mut before) = (None, None);
    let mut place: Option<(&Word, u32)> = None;
    for (at, word) in layout.words.iter().enumerate() {
        let sentence = match place {
            Some((ended, sentence)) if ended.clause == word.clause => sentence,
            _ => layout.sentence_of(at).unwrap_or_default(),
        };
        match place {
            Some((ended, of)) if of != sentence => {
                close(layout, of, last, ended, &mut take);
                (before, last) = (None, Some(Token::Sign(Sign::Begin)));
            }
            None => last = Some(Token::Sign(Sign::Begin)),
            Some((ended, _)) if ended.clause != word.clause => {
                let pause = Token::Sign(Sign::Pause);
                if let Some(last) = last {
                    take(Gram::Pair(last, pause), ended);
                }
                (before, last) = (last, Some(pause));
            }
            Some(_) => {}
        }
        place = Some((word, sentence));
        let token = match word.sort {
            _ if word.masked => TARGET,
            Sort::Number => Token::Sign(Sign::Number),
            _ if word.spent || word.phrase_end > 0 => {
                (before, last) = (None, None);
                continue;
            }
            _ => Token::Word(at),
        };
        if token == TARGET && last == Some(TARGET) {
            continue;
        }
        if token != TARGET {
            take(Gram::One(token), word);
        }
        if let Some(last) = last {
            take(Gram::Pair(last, token), word);
        }
        if let Some(before) = before {
            take(Gram::Apart(before, token), word);
        }
        (before, last) = (last, Some(token));
    }
    if let Some((ended, sentence)) = place {
        close(layout, sentence, last, ended, &mut take);
    }
}

/// The last token of a sentence, and how it ends.
fn close(
    layout: &Layout,
    sentence: u32,
    last: Option<Token>,
    ended: &Word,
    take: &mut impl FnMut(Gram, &Word),
) {
    let Some(last) = last else { return };
    let end = match layout.sentences.get(sentence as usize) {
        Some(sentence) if sentence.asks => Sign::Asked,
        Some(sentence) if sentence.exclaims => Sign::Shouted,
        _ => Sign::End,
    };
    take(Gram::Pair(last, Token::Sign(end)), ended);
}

/// What stands beside the mentions: the words before the first and behind the last.
pub(super) fn beside(layout: &Layout) -> impl Iterator<Item = Gram> {
    let words = layout.words.as_slice();
    let first = words.iter().position(|word| word.held).unwrap_or_default();
    let behind = words.iter().rposition(|word| word.held).map_or(words.len(), |last| last + 1);
    let is_word = move |at: &usize| !words[*at].masked && words[*at].sort != Sort::Number;
    let before = (first.saturating_sub(BESIDE)..first).filter(is_word);
    let before = before.map(|at| Gram::Pair(Token::Word(at), TARGET));
    let behind = (behind..words.len()).take(BESIDE).filter(is_word);
    before.chain(behind.map(|at| Gram::Pair(TARGET, Token::Word(at))))
}

/// Whether a clause lies within the scope around the mentions.
pub(super) fn inside(layout: &Layout, clause: u32, scope: Scope) -> bool {
    let Some(clause) = layout.clauses.get(clause as usize) else { return false };
    match scope {
        Scope::Clause => clause.held,
        Scope::Sentence => {
            layout.sentences.get(clause.sentence as usize).is_some_and(|sentence| sentence.held)
        }
        Scope::Document => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::Span;
    use crate::sentiment::vocabulary::Vocabulary;

    #[test]
    fn what_stands_together_is_told_with_mentions_numbers_and_ends() {
        let text = "acme took 12 days, why? Never again!";
        let mut layout = Layout::default();
        layout.split(text, &Vocabulary::new(&[]));
        layout.hold(&[Span { start: 0, end: 4 }]);
        let spell = |at: usize| {
            let word = layout.words.get(at)?;
            Some(text.get(word.start as usize..word.end as usize)?.to_lowercase())
        };
        let mut found = Vec::new();
        each(&layout, |gram, _| {
            let spelled = gram.spelled(spell).expect("it is spelled");
            assert_eq!(gram.key(&layout), key_of(&spelled), "{spelled}");
            found.push(spelled);
        });
        let wanted = "^ _|took|_ took|^ * took|#|took #|_ * #|days|# days|took * days|days ,|why|, why|days * why|\
                      why ?|never|^ never|again|never again|^ * again|again !";
        assert_eq!(found.join("|"), wanted);
        let beside: Vec<_> = beside(&layout).filter_map(|gram| gram.spelled(spell)).collect();
        assert_eq!(beside, ["_ took", "_ days"]);
    }
}
