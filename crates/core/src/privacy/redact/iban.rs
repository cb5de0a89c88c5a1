//! Where do account numbers stand? ISO 13616: two letters, two digits, a length by country, and a
//! checksum that every one must meet.

use super::{Personal, Piece};

/// Lengths by country.
const LENGTHS: [(&[u8; 2], usize); 60] = [
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BR", 29),
    (b"CH", 21),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MT", 31),
    (b"NL", 18),
    (b"NO", 15),
    (b"PK", 24),
    (b"PL", 28),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"SA", 24),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"TR", 26),
    (b"UA", 29),
];
/// Longest stretch of an account number with what stands between, in bytes.
const STRETCH_BYTES_MAX: usize = 80;

/// Appends account numbers.
pub(super) fn find(text: &str, found: &mut Vec<Piece>) {
    let bytes = text.as_bytes();
    let mut at = 2;
    while let Some(digit) =
        bytes.get(at..).and_then(|rest| rest.iter().position(u8::is_ascii_digit))
    {
        let first = at + digit;
        match account(bytes, first - 2) {
            Some(end) => {
                found.push(Piece { start: first - 2, end, kind: Personal::Iban });
                at = end + 2;
            }
            None => at = first + 1,
        }
    }
}

/// The end of the account number that begins at a place.
fn account(bytes: &[u8], start: usize) -> Option<usize> {
    let is_word = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|byte| byte.is_ascii_alphanumeric())
    };
    let country = bytes.get(start..start + 2)?.to_ascii_uppercase();
    let known = LENGTHS.iter().find(|(code, _)| code.as_slice() == country);
    let (_, length) = known.filter(|_| !is_word(start.checked_sub(1)))?;
    let (mut remainder, mut first, mut taken, mut at) = (0u32, [0u8; 4], 0, start);
    let stretch = bytes.get(start..bytes.len().min(start + STRETCH_BYTES_MAX))?;
    while taken < *length {
        let byte = *stretch.get(at - start)?;
        at += 1;
        if !byte.is_ascii_alphanumeric() {
            let is_gap = matches!(byte, b' ' | b'-' | b'.') || byte == 0xC2 || byte == 0xA0;
            if is_gap && taken >= 2 { continue } else { return None }
        }
        if taken < 4 {
            first[taken] = byte;
        } else {
            remainder = pushed(remainder, byte);
        }
        taken += 1;
    }
    if !first[2..].iter().all(u8::is_ascii_digit) || is_word(Some(at)) {
        return None;
    }
    let remainder = first.iter().fold(remainder, |remainder, byte| pushed(remainder, *byte));
    (remainder == 1).then_some(at)
}

/// The remainder by 97 of a number to which another sign is added; letters count from 10.
fn pushed(remainder: u32, byte: u8) -> u32 {
    match byte.to_ascii_uppercase() {
        digit @ b'0'..=b'9' => (remainder * 10 + u32::from(digit - b'0')) % 97,
        letter => (remainder * 100 + u32::from(letter) - u32::from(b'A') + 10) % 97,
    }
}
