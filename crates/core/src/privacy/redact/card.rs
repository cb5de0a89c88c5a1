//! Is a number that of a card? A known beginning, its length, the usual groups, and Luhn's checksum.

use super::written::Written;

/// Whether it is.
pub(super) fn is_card(written: &Written<'_>) -> bool {
    is_grouped(written) && is_issued(written) && is_luhn(written)
}

/// In one piece, or in the groups in which cards show it, parted by the same sign.
fn is_grouped(written: &Written<'_>) -> bool {
    let lengths: Vec<usize> = written.groups.iter().map(|group| group.len()).collect();
    let known = matches!(
        lengths.as_slice(),
        [14..=19] | [4, 4, 4, 4] | [4, 6, 5] | [4, 6, 4] | [4, 4, 4, 4, 1..=3]
    );
    let sign = written.between(0);
    known && written.is_even() && matches!(sign, "" | " " | "-" | "\u{a0}" | "\u{202f}" | ".")
}

/// Whether numbers that begin so are given out, in this length.
fn is_issued(written: &Written<'_>) -> bool {
    let first = written.digits().take(4).fold(0, |number, digit| number * 10 + u32::from(digit));
    matches!(
        (written.digits_len(), first),
        (16 | 19, 4_000..=4_999)
            | (16, 5_100..=5_599 | 2_221..=2_720 | 6_011 | 6_440..=6_599 | 3_528..=3_589)
            | (15, 3_400..=3_499 | 3_700..=3_799)
            | (14, 3_000..=3_059 | 3_600..=3_699 | 3_800..=3_999)
            | (
                16..=19,
                5_018 | 5_020 | 5_038 | 5_893 | 6_304 | 6_759 | 6_761..=6_763 | 6_200..=6_299
            )
    )
}

fn is_luhn(written: &Written<'_>) -> bool {
    let sum: u32 = (0..)
        .zip(written.digits().rev())
        .map(|(place, digit)| match (place % 2, u32::from(digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => 2 * digit - 9,
            (_, digit) => 2 * digit,
        })
        .sum();
    sum.is_multiple_of(10)
}
