//! Was an id rounded by a spreadsheet? They keep fifteen digits of a number, so that posts of networks whose ids are
//! longer seem to be one.

/// Digits that spreadsheets keep.
const DIGITS: usize = 15;
/// The shortest and the longest id whose zeros at its end are looked at.
const PADDED: std::ops::RangeInclusive<usize> = 17..=20;
/// Digits before its zeros that no rounding leaves to most ids: fifteen, of which one in ten ends in a zero, or as few
/// as a cell shows.
const DESIGNED: std::ops::RangeInclusive<usize> = 7..=13;

/// Whether an id is written as only programs write numbers that are too long for them: `1.86E+18`, `1,86E+18`.
pub(super) fn is_rounded(id: &str) -> bool {
    let id = id.trim();
    let Some((mantissa, exponent)) = id.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    // Without its sign, it could be an id in hexadecimal digits.
    whole.len() == 1
        && digits(whole)
        && digits(fraction)
        && exponent.strip_prefix('+').is_some_and(digits)
}

/// Whether an id has nothing but zeros behind its first fifteen digits. One in a hundred and less does so by chance:
/// only where most ids do, they were rounded.
#[must_use]
pub fn is_padded(id: &[u8]) -> bool {
    let id = id.trim_ascii();
    let zeros = id.get(DIGITS..).unwrap_or_default();
    is_long(id) && zeros.iter().all(|byte| *byte == b'0')
}

/// Whether most of the long ids were rounded: they are padded, and not by design, as times in nanoseconds are that
/// were taken in milliseconds.
#[must_use]
pub fn are_rounded<'i>(ids: impl Iterator<Item = &'i [u8]>) -> bool {
    let (mut long, mut padded, mut designed) = (0_usize, 0_usize, 0_usize);
    for id in ids.map(<[u8]>::trim_ascii).filter(|id| is_long(id)) {
        long += 1;
        if is_padded(id) {
            padded += 1;
            let zeros = id.iter().rev().take_while(|byte| **byte == b'0').count();
            designed += usize::from(DESIGNED.contains(&(id.len() - zeros)));
        }
    }
    padded > 1 && padded * 2 > long && designed * 2 < padded
}

fn is_long(id: &[u8]) -> bool {
    PADDED.contains(&id.len()) && id.iter().all(u8::is_ascii_digit)
}

/// Why a post with a rounded id is refused, and what to do.
#[must_use]
pub fn rounded(id: &str) -> String {
    let id: String = id.trim().chars().take(24).collect();
    format!(
        "the id {id} was rounded, as spreadsheets do beyond fifteen digits, so different posts may share it; take the CSV \
         that the network exported, or make the column text before it is filled; --map id= makes ids of the content"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_ids_are_told_from_those_that_only_look_so() {
        for id in ["1.86E+18", "1,86E+18", " 1.8612345678901e+18", "2E+18", "1.86E+018"] {
            assert!(is_rounded(id), "{id}");
        }
        for id in ["1e18", "12E+18", "1.86E-18", "aE+18", "1861234567890123456", "E+18", "1.E+18"] {
            assert!(!is_rounded(id), "{id}");
        }
        assert!(is_padded(b"1861234567890120000") && is_padded(b"1860000000000000000"));
        assert!(!is_padded(b"1861234567890123400") && !is_padded(b"1860000000000000"));
        let are = |ids: &[&[u8]]| are_rounded(ids.iter().copied());
        assert!(are(&[b"1861234567890120000", b"1861234567890350000", b"1861234567890200000"]));
        assert!(are(&[b"1860000000000000000", b" 1860000000000000000"]));
        assert!(!are(&[b"1861234567890120000", b"1861234567890123400", b"186123456789012340a"]));
        // In nanoseconds, taken in milliseconds.
        assert!(!are(&[b"1700000000123000000", b"1700000000456000000", b"1700000000700000000"]));
    }
}
