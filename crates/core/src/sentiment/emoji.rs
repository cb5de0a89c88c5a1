//! What does an emoji say? Replaces emoji by their names, as vaderSentiment does before it scores.
//!
//! Only emoji of one code point are ever replaced there, and a name is set apart from the
//! character before it, not from the one after. Both are kept.

use crate::post::Span;

use super::lexicon;

/// Emoji of one code point, sorted, with their names.
#[derive(Debug)]
pub(super) struct Emoji(Vec<(char, &'static str)>);

impl Emoji {
    /// Reads the emoji list.
    pub(super) fn new() -> Self {
        let mut names: Vec<_> = lexicon::pairs(lexicon::VADER_EMOJI)
            .filter_map(|(sign, name)| {
                let mut chars = sign.chars();
                Some((chars.next()?, name)).filter(|_| chars.next().is_none())
            })
            .collect();
        names.sort_unstable();
        Self(names)
    }

    /// The name of an emoji.
    pub(super) fn name(&self, c: char) -> Option<&'static str> {
        // The gaps between the blocks are where letters are: no search for those.
        if !matches!(u32::from(c), 0xA9 | 0xAE | 0x2000..0x3300 | 0x1F000..0x20000) {
            return None;
        }
        let found = self.0.binary_search_by_key(&c, |&(sign, _)| sign).ok()?;
        self.0.get(found).map(|&(_, name)| name)
    }

    /// All emoji with their names.
    pub(super) fn iter(&self) -> impl Iterator<Item = (char, &'static str)> {
        self.0.iter().copied()
    }

    /// Writes `text` with names for emoji into `spelled`; false, and nothing written, without any.
    pub(super) fn spell(&self, text: &str, spelled: &mut Spelled) -> bool {
        spelled.text.clear();
        spelled.pieces.clear();
        // Letters of most of Europe lie below the first byte of any emoji but two.
        let possible = |bytes: &[u8]| {
            !bytes.is_ascii() && bytes.iter().any(|&byte| byte >= 0xE2 || byte == 0xC2)
        };
        if !possible(text.as_bytes()) || !text.chars().any(|c| self.name(c).is_some()) {
            return false;
        }
        let (mut space_before, mut kept_from) = (true, 0);
        for (at, c) in text.char_indices() {
            let Some(name) = self.name(c) else {
                space_before = c == ' ';
                continue;
            };
            spelled.keep(text, kept_from, at);
            kept_from = at + c.len_utf8();
            spelled.pieces.push(Piece { at: spelled.text.len(), from: at, name_of: c.len_utf8() });
            if !space_before {
                spelled.text.push(' ');
            }
            spelled.text.push_str(name);
            space_before = false;
        }
        spelled.keep(text, kept_from, text.len());
        true
    }
}

/// A text with names for emoji, and the way back to the original.
#[derive(Debug, Default)]
pub(super) struct Spelled {
    /// The text.
    pub(super) text: String,
    pieces: Vec<Piece>,
}

/// A stretch of spelled text: copied, or the name of one emoji.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Where it begins in the spelled text.
    at: usize,
    /// Where it begins in the original.
    from: usize,
    /// Bytes of the emoji it names; 0 for a copied stretch.
    name_of: usize,
}

impl Spelled {
    /// Whether the last text had any emoji to name.
    pub(super) fn is_used(&self) -> bool {
        !self.pieces.is_empty()
    }

    fn keep(&mut self, text: &str, from: usize, to: usize) {
        if from < to {
            self.pieces.push(Piece { at: self.text.len(), from, name_of: 0 });
            self.text.push_str(text.get(from..to).unwrap_or_default());
        }
    }

    /// Where the bytes `start..end` of the spelled text were in the original.
    pub(super) fn original(&self, start: u32, end: u32) -> Span {
        if self.pieces.is_empty() {
            return Span { start, end };
        }
        let (first, offset) = self.piece(start as usize);
        let from = if first.name_of == 0 { first.from + offset } else { first.from };
        let (last, offset) = self.piece(end.saturating_sub(1) as usize);
        let to = last.from + if last.name_of == 0 { offset + 1 } else { last.name_of };
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { start: narrow(from), end: narrow(to) }
    }

    /// The piece that holds byte `at`, and how far in it is.
    fn piece(&self, at: usize) -> (Piece, usize) {
        let next = self.pieces.partition_point(|piece| piece.at <= at);
        let none = Piece { at: 0, from: 0, name_of: 0 };
        let piece = self.pieces.get(next.saturating_sub(1)).copied().unwrap_or(none);
        (piece, at.saturating_sub(piece.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_set_apart_before_not_after() {
        let (emoji, mut spelled) = (Emoji::new(), Spelled::default());
        assert!(emoji.spell("ä💋💋x", &mut spelled));
        assert_eq!(spelled.text, "ä kiss mark kiss markx");
        assert_eq!(spelled.original(3, 12), Span { start: 2, end: 6 });
        assert_eq!(spelled.original(18, 23), Span { start: 6, end: 11 });
        assert!(!emoji.spell("für", &mut spelled));
    }
}
