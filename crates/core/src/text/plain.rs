//! How would the writer have typed it on a plain keyboard? Entities, fancy letters and invisible
//! signs undone, with the way back to the original.
//!
//! For scoring only: the matcher folds further ([`super::Folded`]). Texts that hold nothing of the
//! kind, which most are, are handed on as they are, without a copy.

use unicode_normalization::UnicodeNormalization;

use super::boundary::is_ignorable;
use super::entity::entity;

/// How many bytes are looked at together.
const CHUNK_BYTES: usize = 32;

/// A text as plainly typed; reusable between texts.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    text: String,
    /// Where in the original each byte of the plain text comes from, and the original's length;
    /// empty while the two are the same.
    starts: Vec<u32>,
}

impl Plain {
    /// The plain form of `text`: `text` itself where nothing has to be undone. Linear.
    pub(crate) fn read<'a>(&'a mut self, text: &'a str) -> &'a str {
        self.text.clear();
        self.starts.clear();
        if is_plain(text) {
            return text;
        }
        let (mut at, mut before) = (0, ' ');
        while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
            let ahead = text.as_bytes().get(at..).unwrap_or_default();
            let run = ahead.iter().take_while(|&&byte| is_plain_byte(byte)).count();
            if let Some(&last) = run.checked_sub(1).and_then(|last| ahead.get(last)) {
                self.text.push_str(text.get(at..at + run).unwrap_or_default());
                self.starts.extend((at..at + run).map(narrow));
                (before, at) = (char::from(last), at + run);
                continue;
            }
            let (c, length) = match c {
                '&' => text.as_bytes().get(at..).and_then(entity).unwrap_or((c, 1)),
                _ => (c, c.len_utf8()),
            };
            let after = text.get(at + length..).and_then(|rest| rest.chars().next());
            self.push(c, [before, after.unwrap_or(' ')], at);
            if !is_ignorable(c) {
                before = c;
            }
            at += length;
        }
        self.starts.push(narrow(text.len()));
        &self.text
    }

    /// Where in the original a place in the plain text is.
    pub(crate) fn original(&self, at: u32) -> u32 {
        let last = self.starts.last().copied();
        self.starts.get(at as usize).copied().or(last).unwrap_or(at)
    }

    /// Whether the last text had anything to undo.
    pub(crate) fn is_used(&self) -> bool {
        !self.starts.is_empty()
    }

    fn push(&mut self, c: char, [before, after]: [char; 2], at: usize) {
        let inside = before.is_alphanumeric() && (after.is_alphanumeric() || is_ignorable(after));
        match c {
            _ if c.is_ascii() && c != '`' => self.text.push(c),
            _ if is_apostrophe(c) && inside => self.text.push('\''),
            // A joiner holds an emoji together; between letters it is invisible.
            '\u{200d}' if !before.is_alphabetic() => self.text.push(c),
            '\u{fe0f}' | '\u{fe0e}' => self.text.push(c),
            _ if is_ignorable(c) => {}
            _ if c.is_whitespace() => self.text.push(' '),
            '\u{2010}'..='\u{2012}' | '\u{2212}' => self.text.push('-'),
            _ if is_fancy(c) => self.text.extend(std::iter::once(c).nfkc()),
            _ => self.text.push(c),
        }
        self.starts.resize(self.text.len(), narrow(at));
    }
}

/// Whether a text can be handed on as it is.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    if memchr::memchr2(b'&', b'`', bytes).is_some() {
        return false;
    }
    // A chunk at a time, for most hold nothing of the kind.
    bytes.is_ascii()
        || !bytes.chunks(CHUNK_BYTES).zip(0..).any(|(chunk, number)| {
            chunk.iter().fold(false, |any, &byte| any | may_be_odd(byte))
                && (number * CHUNK_BYTES..).zip(chunk).any(|(at, &byte)| {
                    may_be_odd(byte)
                        && text.get(at..).and_then(|rest| rest.chars().next()).is_some_and(is_odd)
                })
        })
}

/// Whether a byte stands for itself, whatever stands beside it.
fn is_plain_byte(byte: u8) -> bool {
    byte.is_ascii() && byte != b'&' && byte != b'`'
}

/// Whether an odd character may begin with a byte. Those that go on a character are lower, and
/// those that begin one between À and ɿ are left out.
fn may_be_odd(byte: u8) -> bool {
    byte == 0xC2 || byte >= 0xCA
}

/// Whether a character is written otherwise on a plain keyboard. ’ is not odd: words know it.
fn is_odd(c: char) -> bool {
    match c {
        '\0'..='\u{9f}' | 'À'..='ʯ' | '’' | '\u{1f000}'..='\u{1faff}' => false,
        _ => {
            is_apostrophe(c)
                || is_ignorable(c) && c != '\u{fe0f}'
                || c.is_whitespace()
                || matches!(c, '\u{2010}'..='\u{2012}' | '\u{2212}')
                || is_fancy(c)
        }
    }
}

/// What people type for an apostrophe.
fn is_apostrophe(c: char) -> bool {
    matches!(c, '`' | '´' | 'ʹ' | 'ʻ' | 'ʼ' | 'ʽ' | 'ˈ' | '‘' | '‛' | '′' | '＇')
}

/// Letters and digits drawn in another style: full width, ligatures, bold and italic mathematics.
fn is_fancy(c: char) -> bool {
    matches!(c, '\u{fb00}'..='\u{fb06}' | '\u{ff01}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}')
}

fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_becomes_plain() {
        let rows = [
            ("I don&#39;t", "I don't"),
            ("don´t, can`t, isn＇t", "don't, can't, isn't"),
            ("un\u{ad}freund\u{ad}lich", "unfreundlich"),
            ("diﬃcult 𝘄𝗼𝗿𝘀𝘁 ＷＯＷ", "difficult worst WOW"),
            ("a\u{a0}b", "a b"),
            ("👨‍👩‍👧 für", "👨‍👩‍👧 für"),
            ("R&amp;D", "R&D"),
        ];
        for (text, want) in rows {
            assert_eq!(Plain::default().read(text), want);
        }
    }

    #[test]
    fn places_lead_back_to_the_original() {
        let mut plain = Plain::default();
        assert_eq!(plain.read("x &lt;3 ﬁne"), "x <3 fine");
        assert_eq!([2, 4, 5, 7, 9].map(|at| plain.original(at)), [2, 7, 8, 11, 13]);
    }
}
