//! What would Python say? Its notions of white space, punctuation and case, on bytes.
//!
//! `vaderSentiment` inherits them from `str`, so exactness begins here. Python 3.11 knows
//! Unicode 14, the standard library here a newer one; letters added since may differ in case.

/// White space of one byte, as `str.split()` sees it.
pub(super) const SPACE: u8 = 1;
/// An ASCII capital.
pub(super) const UPPER: u8 = 2;
/// An ASCII small letter.
pub(super) const LOWER: u8 = 4;
/// A byte of a longer character.
pub(super) const HIGH: u8 = 8;
/// ASCII punctuation, as in `string.punctuation`.
pub(super) const PUNCTUATION: u8 = 16;

/// What each byte is, as a set of the bits above.
pub(super) const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            9..=13 | 28..=32 => SPACE,
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' => LOWER,
            0x80.. => HIGH,
            byte if byte.is_ascii_punctuation() => PUNCTUATION,
            _ => 0,
        };
        byte += 1;
    }
    class
};

/// Bytes of the white space that `rest` begins with, 0 for anything else.
pub(super) fn space_bytes(rest: &[u8]) -> usize {
    match rest {
        [9..=13 | 28..=32, ..] => 1,
        [0xC2, 0x85 | 0xA0, ..] => 2,
        [0xE1, 0x9A, 0x80, ..]
        | [0xE2, 0x80, 0x80..=0x8A | 0xA8 | 0xA9 | 0xAF, ..]
        | [0xE2, 0x81, 0x9F, ..]
        | [0xE3, 0x80, 0x80, ..] => 3,
        _ => 0,
    }
}

/// `str.isupper()`: a capital, and no small or title-case letter.
pub(super) fn is_upper(token: &[u8]) -> bool {
    let mut capital = false;
    for c in std::str::from_utf8(token).unwrap_or_default().chars() {
        if c.is_lowercase() || is_title(c) {
            return false;
        }
        capital |= c.is_uppercase();
    }
    capital
}

/// The Unicode category Lt, which `char` has no question for.
fn is_title(c: char) -> bool {
    matches!(u32::from(c),
        0x01C5 | 0x01C8 | 0x01CB | 0x01F2 | 0x1F88..=0x1F8F | 0x1F98..=0x1F9F | 0x1FA8..=0x1FAF
        | 0x1FBC | 0x1FCC | 0x1FFC)
}

/// `len()`: characters, not bytes.
pub(super) fn char_count(token: &[u8]) -> usize {
    token.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

/// `lower()` into `into`, for a token that could equal an ASCII word; none for any other.
///
/// Only one character beyond ASCII has an ASCII small letter: the Kelvin sign.
pub(super) fn lower<'a>(token: &[u8], into: &'a mut [u8]) -> Option<&'a [u8]> {
    let mut length = 0;
    let mut rest = token;
    while let [first, tail @ ..] = rest {
        let byte = match (first, tail) {
            (0..0x80, _) => first.to_ascii_lowercase(),
            (0xE2, [0x84, 0xAA, ..]) => {
                rest = tail.get(2..)?;
                *into.get_mut(length)? = b'k';
                length += 1;
                continue;
            }
            _ => return None,
        };
        *into.get_mut(length)? = byte;
        length += 1;
        rest = tail;
    }
    into.get(..length)
}

/// Rounds as `round(value, digits)`: to the nearest decimal, ties of the exact value to even.
///
/// Away from a tie multiplication decides alike; near one the exact decimal expansion does.
pub(super) fn round(value: f64, digits: usize) -> f64 {
    let scale = if digits == 4 { 10_000.0 } else { 1_000.0 };
    let scaled = f64::abs(value * scale);
    #[allow(clippy::cast_possible_truncation, reason = "what is rounded is at most 1")]
    let whole = f64::from(scaled as i32);
    let rest = scaled - whole - 0.5;
    if rest.abs() > 1e-6 {
        let rounded = if rest > 0.0 { whole + 1.0 } else { whole };
        return rounded.copysign(value) / scale;
    }
    format!("{value:.digits$}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_space_are_pythons() {
        for (text, want) in [("A1!", true), ("Aa", false), ("ǅ", false), ("ÄÖ", true), ("1", false)]
        {
            assert_eq!(is_upper(text.as_bytes()), want, "{text}");
        }
        for (text, want) in [("\u{1c}", 1), ("\u{a0}x", 2), ("\u{3000}", 3), ("\u{200b}", 0)] {
            assert_eq!(space_bytes(text.as_bytes()), want, "{text:?}");
        }
        let mut buffer = [0; 4];
        assert_eq!(lower("\u{212a}iN".as_bytes(), &mut buffer), Some(b"kin".as_slice()));
        assert_eq!(lower("äb".as_bytes(), &mut buffer), None);
        assert_eq!(lower(b"toolong", &mut buffer), None);
    }

    #[test]
    fn rounding_is_pythons() {
        for (value, want) in [(0.0005, 0.001), (0.0625, 0.062), (0.1875, 0.188), (2.0 / 3.0, 0.667)]
        {
            assert_eq!(round(value, 3), want, "{value}");
        }
        assert_eq!(round(0.00005, 4), 0.0001);
        assert_eq!(round(-0.12345, 4), -0.1235);
    }
}
