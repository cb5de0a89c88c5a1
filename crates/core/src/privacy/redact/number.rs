//! Which long numbers are those of cards and telephones?

use super::written::{Written, next, written};
use super::{Personal, Piece, card, phone};

/// Fewest digits of anything personal.
pub(super) const DIGITS_MIN: usize = 8;
/// Longest look back for the beginning of a link, in bytes.
const LINK_BYTES: usize = 256;

/// Appends numbers of cards and telephones, where `wanted`.
pub(super) fn find(text: &str, [cards, phones]: [bool; 2], found: &mut Vec<Piece>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(first) = next(bytes, at) {
        let Some(written) = written(text, first) else {
            at = first + 1;
            continue;
        };
        // A number that is part of a word or of a longer number is none of these.
        let end = written.end();
        if written.digits_len() < DIGITS_MIN || is_inner(bytes, &written) {
            at = end;
            continue;
        }
        // Dates in front of it are another matter.
        let mut written = Some(written);
        while let Some(dated) = &written
            && phone::is_dated(dated)
        {
            written = dated.without(phone::DATE_GROUPS);
        }
        let known = written.filter(|written| !is_in_link(written));
        let piece = known.and_then(|written| {
            written.beginnings().find_map(|written| {
                let kind = if cards && card::is_card(&written) {
                    Personal::Card
                } else if phones && phone::is_phone(&written) {
                    Personal::Phone
                } else {
                    return None;
                };
                Some(Piece { start: written.start, end: written.end(), kind })
            })
        });
        at = piece.map_or(end, |piece| piece.end);
        found.extend(piece);
    }
}

/// Numbers in links are names of things.
fn is_in_link(written: &Written<'_>) -> bool {
    let from = written.text.floor_char_boundary(written.start.saturating_sub(LINK_BYTES));
    let before = written.text.get(from..written.start).unwrap_or_default();
    let chunk = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let mut hosts = chunk.split('/').rev().skip(1);
    let is_host = |part: &str| {
        part.rsplit_once('.').is_some_and(|(_, top)| {
            top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic())
        })
    };
    chunk.contains("://") || chunk.contains("www.") || hosts.any(is_host)
}

/// Whether a number is part of something longer: a word, an amount, a decimal, a name of a thing.
fn is_inner(bytes: &[u8], written: &Written<'_>) -> bool {
    let at = |place: usize| bytes.get(place).copied().unwrap_or(b' ');
    let before = written.start.checked_sub(1).map_or(b' ', at);
    let second = written.start.checked_sub(2).map_or(b' ', at);
    let (behind, next) = (at(written.end()), at(written.end() + 1));
    let is_amount = matches!(behind, b'.' | b',' | b':') && next.is_ascii_digit();
    let glued = match before {
        b',' | b'.' | b':' => second.is_ascii_digit(),
        b'-' => second.is_ascii_alphanumeric(),
        b'#' | b'_' | b'=' | b'$' | b'+' | b'%' | b'&' => true,
        _ => before.is_ascii_alphanumeric(),
    };
    glued || is_amount || behind.is_ascii_alphabetic() || matches!(behind, b'%' | b'_' | b'$')
}
