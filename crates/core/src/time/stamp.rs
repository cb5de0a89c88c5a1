//! Which instant does a timestamp in UTC mean, in the one form that programs write?
//!
//! `2026-03-01T12:00:00Z`, with up to six digits behind the second: a handful of instructions, where
//! a reader of all that RFC 3339 permits takes hundreds. Anything else is left to that one.

use super::{DAY_US, EventTime, SECOND_US};

/// Days from 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_EPOCH: i64 = 719_468;
/// The last year of which every day is read the same everywhere.
const YEAR_MAX: i64 = 9_998;
/// Days of 400 years.
const ERA_DAYS: i64 = 146_097;
const MONTH_DAYS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// The instant; none for what is written in any other way, or is no time.
pub(super) fn utc(text: &[u8]) -> Option<EventTime> {
    let (seconds, fraction) = text.strip_suffix(b"Z")?.split_at_checked(19)?;
    let marks = [seconds[4], seconds[7], seconds[10], seconds[13], seconds[16]];
    if marks != *b"--T::" {
        return None;
    }
    let part = |from: usize, digits: usize| number(&seconds[from..from + digits]);
    let (year, month, day) = (part(0, 4)?, part(5, 2)?, part(8, 2)?);
    let (hour, minute, second) = (part(11, 2)?, part(14, 2)?, part(17, 2)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = MONTH_DAYS.get(usize::try_from(month - 1).ok()?)?;
    let days = days + i64::from(is_leap && month == 2);
    if year > YEAR_MAX || !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let time_s = (hour * 60 + minute) * 60 + second;
    let micros = micros(fraction)?;
    Some(EventTime(days_since_epoch(year, month, day) * DAY_US + time_s * SECOND_US + micros))
}

/// Days since 1970-01-01, by Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in
/// March, so that the leap day ends them.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA_DAYS + day_of_era - DAYS_BEFORE_EPOCH
}

/// What up to six digits behind a full stop mean in microseconds; nothing means 0.
fn micros(fraction: &[u8]) -> Option<i64> {
    let Some((mark, digits)) = fraction.split_first() else { return Some(0) };
    if *mark != b'.' || !(1..=6).contains(&digits.len()) {
        return None;
    }
    let shift = (digits.len()..6).fold(1, |shift, _| shift * 10);
    Some(number(digits)? * shift)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| {
        let value = digit.wrapping_sub(b'0');
        (value < 10).then_some(number * 10 + i64::from(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_here_means_what_the_standard_says() {
        let days = (0..=3_652_058).step_by(89);
        for (number, day) in (0i64..).zip(days) {
            let second = number * 7_919 % 86_400;
            let stamp = jiff::Timestamp::from_second((day - 719_528) * 86_400 + second);
            let stamp = stamp.expect("within the years 0 to 9999");
            let micros = number * 104_729 % 1_000_000;
            for (text, micros) in [
                (stamp.to_string(), 0),
                (stamp.to_string().replace('Z', &format!(".{micros:06}Z")), micros),
                (
                    stamp.to_string().replace('Z', &format!(".{:03}Z", micros % 1_000)),
                    micros % 1_000 * 1_000,
                ),
            ] {
                let want = EventTime(stamp.as_microsecond() + micros);
                assert_eq!(utc(text.as_bytes()), Some(want), "{text}");
                let standard = text.parse::<jiff::Timestamp>().map(|stamp| stamp.as_microsecond());
                assert_eq!(standard.ok(), Some(want.0), "{text}");
            }
        }
    }

    #[test]
    fn other_forms_and_no_times_are_left_to_others() {
        for text in [
            "",
            "Z",
            "2026-03-01T12:00:00",
            "2026-03-01T12:00:00+00:00",
            "2026-03-01 12:00:00Z",
            "2026-03-01t12:00:00Z",
            "2026-03-01T12:00:60Z",
            "2026-02-29T12:00:00Z",
            "2026-13-01T12:00:00Z",
            "2026-00-01T12:00:00Z",
            "2026-03-00T12:00:00Z",
            "2026-03-01T24:00:00Z",
            "2026-03-01T12:00:00.Z",
            "2026-03-01T12:00:00.1234567Z",
            "2026-03-01T12:00:00.12x4Z",
            "9999-12-31T12:00:00Z",
            "20x6-03-01T12:00:00Z",
            "äää6-03-01T12:00:00Z",
        ] {
            assert_eq!(utc(text.as_bytes()), None, "{text}");
        }
        assert!(utc(b"2024-02-29T23:59:59Z").is_some());
    }
}
