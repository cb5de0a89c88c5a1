//! Which local time does a text name whose month is a word? `28. November 2026 14:05`, `Nov 28, 2026 at 2:05 PM`: no
//! number can be taken for another one there.

use jiff::civil::{Date, DateTime, Time};

/// How months begin, in English and German.
const MONTHS: [(&str, i8); 18] = [
    ("jan", 1),
    ("jän", 1),
    ("feb", 2),
    ("mar", 3),
    ("mär", 3),
    ("mae", 3),
    ("apr", 4),
    ("may", 5),
    ("mai", 5),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("sep", 9),
    ("okt", 10),
    ("oct", 10),
    ("nov", 11),
    ("dec", 12),
    ("dez", 12),
];
/// Their names, which may be cut short, as `Sept` is.
const NAMES: [&str; 22] = [
    "january",
    "januar",
    "jänner",
    "february",
    "februar",
    "march",
    "märz",
    "maerz",
    "april",
    "may",
    "mai",
    "june",
    "juni",
    "july",
    "juli",
    "august",
    "september",
    "october",
    "oktober",
    "november",
    "december",
    "dezember",
];
/// Words that say nothing more.
const IDLE: [&str; 11] = ["at", "um", "uhr", "the", "der", "den", "of", "st", "nd", "rd", "th"];
/// Days of the week, in full or cut to two or three letters.
const WEEK: [&str; 14] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
];

/// What was found so far.
#[derive(Default)]
struct Found {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    clock: Vec<i8>,
    /// Whether what was read last belongs to it.
    behind_clock: bool,
    /// Whether it is after noon, where the clock has twelve hours.
    is_late: Option<bool>,
}

/// The local time that a text names; `None` where the month is no word, or anything else is said.
pub(super) fn with_month(text: &str) -> Option<DateTime> {
    let mut found = Found::default();
    let (mut rest, mut before) = (text.trim(), ' ');
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let is_alike = |char: char| match is_digit {
            true => char.is_ascii_digit(),
            false => char.is_alphabetic(),
        };
        let end = rest.find(|char| !is_alike(char)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(if end == 0 { first.len_utf8() } else { end });
        if is_digit {
            found.number(piece, before == ':' || after.starts_with(':'))?;
        } else if end > 0 {
            found.word(&piece.to_lowercase())?;
        } else if !" .,-/:".contains(first) {
            return None;
        }
        (rest, before) = (after, first);
    }
    found.time()
}

impl Found {
    fn number(&mut self, digits: &str, is_clock: bool) -> Option<()> {
        let number = digits.parse::<i16>().ok()?;
        let small = i8::try_from(number).ok();
        self.behind_clock = is_clock;
        match digits.len() {
            ..=2 if is_clock && self.clock.len() < 3 => self.clock.push(small?),
            ..=2 if !is_clock && self.day.is_none() => self.day = small,
            4 if !is_clock && self.year.is_none() => self.year = Some(number),
            _ => return None,
        }
        Some(())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let behind_clock = std::mem::take(&mut self.behind_clock);
        let begins = |whole: &&str| whole.starts_with(word) && word.chars().count() >= 3;
        let of_week = |day: &&str| day.starts_with(word) && word.len() >= 2;
        if NAMES.iter().any(begins) {
            if self.month.is_some() {
                return None;
            }
            let known = MONTHS.iter().find(|(beginning, _)| word.starts_with(beginning));
            self.month = known.map(|(_, month)| *month);
        } else if word == "am" && !behind_clock {
            // As Germans name a day: am 28. November.
        } else if matches!(word, "am" | "vorm" | "pm" | "nachm") {
            self.is_late = Some(matches!(word, "pm" | "nachm"));
        } else if !IDLE.contains(&word) && !WEEK.iter().any(of_week) {
            return None;
        }
        Some(())
    }

    fn time(&self) -> Option<DateTime> {
        let (hour, minute) = match (self.clock.as_slice(), self.is_late) {
            ([], None) => (0, 0),
            ([hour, minute, ..], None) => (*hour, *minute),
            ([hour @ 1..=12, minute, ..], Some(is_late)) => {
                (hour % 12 + if is_late { 12 } else { 0 }, *minute)
            }
            _ => return None,
        };
        let second = self.clock.get(2).copied().unwrap_or(0);
        let day = Date::new(self.year?, self.month?, self.day?).ok()?;
        let clock = Time::new(hour, minute, second, 0).ok()?;
        Some(day.to_datetime(clock))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_month_that_is_a_word_leaves_nothing_to_guess() {
        let afternoon = Some(date(2026, 11, 28).at(14, 5, 0, 0));
        let rows = [
            ("28. November 2026 14:05", afternoon),
            ("Samstag, 28. November 2026 um 14:05 Uhr", afternoon),
            ("Nov 28, 2026 at 2:05 PM", afternoon),
            ("28-Nov-2026 02:05PM", afternoon),
            ("Saturday, November 28th, 2026, 2:05:00 pm", afternoon),
            ("3. März 2026", Some(date(2026, 3, 3).at(0, 0, 0, 0))),
            ("1 Dez. 2026 00:30", Some(date(2026, 12, 1).at(0, 30, 0, 0))),
            ("12:30 AM, 5 Jänner 2026", Some(date(2026, 1, 5).at(0, 30, 0, 0))),
            ("Am 28. November 2026 um 14:05 Uhr", afternoon),
            ("um 14:05 Uhr am 28. November 2026", afternoon),
            ("Am 28. November 2026 um 12:05 Uhr", Some(date(2026, 11, 28).at(12, 5, 0, 0))),
            ("November 2026", None),
            ("28.11.2026 14:05", None),
            ("28 November 26", None),
            ("31. Februar 2026", None),
            ("28. November 2026 14:05 MEZ", None),
            ("acme in November 2026 and 28", None),
            ("28. November 2026 15:05 PM", None),
            ("", None),
        ];
        for (text, time) in rows {
            assert_eq!(with_month(text), time, "{text}");
        }
    }
}
