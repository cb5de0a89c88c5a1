//! Under which form are two spellings the same? Case, width, umlauts, spaces, invisible characters.
//!
//! Folding maps a text to the form in which patterns are compared: Unicode NFKC and lowercase,
//! final sigma as sigma, curly apostrophes as straight ones, runs of white space and control characters as one space;
//! zero-width and other default-ignorable characters vanish, except those that join emoji. In the
//! form for searching, ä ö ü ß become ae oe ue ss as well. Look-alikes of other scripts (Cyrillic
//! а for Latin a) stay apart: telling a trick from a name needs the whole word's script.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::boundary::{JOINER, is_emoji, is_flag_tag, is_ignorable};
use super::folded::{Folded, Form};

/// Folds a term without spreading umlauts or marking words, and trims it: ä stays ä.
///
/// Folding the outcome again changes nothing.
#[must_use]
pub fn fold_letters(term: &str) -> String {
    let mut folded = Folded::new(Form::Letters);
    let mut text = term.to_owned();
    // A few rounds are enough: what one leaves uncomposed, the next composes.
    for _ in 0..4 {
        folded.fold(&text);
        let next = String::from_utf8_lossy(folded.as_bytes()).trim().to_owned();
        if next == text {
            break;
        }
        text = next;
    }
    text
}

/// Writes ä ö ü ß as ae oe ue ss in a term that [`fold_letters`] gave.
#[must_use]
pub fn spread_umlauts(term: &str) -> String {
    let mut spread = String::with_capacity(term.len());
    for c in term.chars() {
        match spread_of(c) {
            Some(pair) => spread.push_str(pair),
            None => spread.push(c),
        }
    }
    spread
}

pub(super) fn spread_of(c: char) -> Option<&'static str> {
    match c {
        'ä' => Some("ae"),
        'ö' => Some("oe"),
        'ü' => Some("ue"),
        'ß' => Some("ss"),
        _ => None,
    }
}

/// Takes the rest of the cluster that `first` begins: its marks, and what is invisible between.
/// Whether anything that counts was there; it is appended to `cluster`.
pub(super) fn take_cluster(
    first: char,
    chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
    cluster: &mut String,
) -> bool {
    let picture = is_emoji(first) || is_joint(first);
    let mut marks = false;
    while let Some((_, next)) = chars.next_if(|&(_, next)| goes_on(picture, next)) {
        if !is_ignorable(next) {
            cluster.push(next);
            marks = true;
        }
    }
    marks
}

/// End in bytes of the cluster that begins at `at`, without invisible characters that trail it.
pub(super) fn cluster_end(text: &str, at: usize) -> usize {
    let mut chars = text.get(at..).unwrap_or_default().chars();
    let Some(first) = chars.next() else { return text.len() };
    let picture = is_emoji(first) || is_joint(first);
    let mut end = at + first.len_utf8();
    let mut place = end;
    for next in chars.take_while(|&next| goes_on(picture, next)) {
        place += next.len_utf8();
        if is_combining_mark(next) {
            end = place;
        }
    }
    end
}

/// Whether a character belongs to the cluster before it, which is a picture or not.
fn goes_on(picture: bool, next: char) -> bool {
    !next.is_ascii()
        && (is_combining_mark(next) || is_ignorable(next))
        && !(picture && is_joint(next))
}

/// Joiners and tags are part of the picture they follow, with a place of their own.
pub(super) fn is_joint(c: char) -> bool {
    c == JOINER || is_flag_tag(c)
}

/// What a letter without marks folds to, if that is known without tables; most letters of Western
/// texts, typographic quotes and emoji are. NFKC takes tens of nanoseconds for each character.
pub(super) fn fold_simple(c: char) -> Option<char> {
    match u32::from(c) {
        0x00C0..=0x00D6 | 0x00D8..=0x00DE => char::from_u32(u32::from(c) + 32),
        0x00DF..=0x00FF | 0x2010 | 0x2012..=0x2015 | 0x201C..=0x201E | 0x20AC => Some(c),
        0x2018 | 0x2019 => Some('\''),
        0x0430..=0x045F | 0x03B1..=0x03C1 | 0x03C3..=0x03C9 => Some(c),
        0x0410..=0x042F => char::from_u32(u32::from(c) + 32),
        0x4E00..=0x9FFF | 0x3041..=0x3096 | 0x30A1..=0x30FA => Some(c),
        _ if is_emoji(c) => Some(c),
        _ => None,
    }
}

/// Folds a cluster by the tables of Unicode.
pub(super) fn fold_cluster(cluster: &str, mut push: impl FnMut(char)) {
    for normal in cluster.nfkc().flat_map(char::to_lowercase).nfc() {
        match normal {
            '‘' | '’' => push('\''),
            'ς' => push('σ'),
            c if is_ignorable(c) => {}
            c => push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_fold_together() {
        let rows = [
            ("Straße", "strasse"),
            ("STRASSE", "strasse"),
            ("Müller", "mueller"),
            ("Mu\u{308}ller", "mueller"),
            ("Mu\u{200B}\u{308}ller", "mueller"),
            ("Ａｃｍｅ", "acme"),
            ("ac\u{200B}me", "acme"),
            ("ac\u{200D}me", "acme"),
            ("a  b\n\tc ", "a b c"),
            ("don’t", "don't"),
            ("É", "é"),
            ("ΟΔΟΣ", "οδοσ"),
            ("❤\u{FE0F}", "❤"),
            ("👨‍👩‍👧", "👨‍👩‍👧"),
        ];
        for (text, want) in rows {
            assert_eq!(spread_umlauts(&fold_letters(text)), want, "{text}");
        }
    }

    #[test]
    fn the_short_way_agrees_with_the_tables() {
        for c in (0x80..=0x1FFFF).filter_map(char::from_u32) {
            let mut by_table = String::new();
            fold_cluster(&c.to_string(), |c| by_table.push(c));
            if let Some(simple) = fold_simple(c) {
                assert_eq!(by_table, simple.to_string(), "{:x}", u32::from(c));
            }
        }
    }
}
