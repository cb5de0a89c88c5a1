//! How are numbers and times written on a screen? By language, in tabular form.
//!
//! Zones come with the caller; nothing here reads a clock.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::time::EventTime;

/// A language's way to write numbers and dates.
#[derive(Debug, PartialEq, Eq)]
pub struct Locale {
    /// Its tag, as in `lang` of HTML.
    pub tag: &'static str,
    thousands: char,
    decimal: char,
    months: [&'static str; 12],
    weekdays: [&'static str; 7],
    day_end: &'static str,
    /// What stands before a percent sign.
    percent: &'static str,
}

/// English, with the day before the month.
pub const ENGLISH: Locale = Locale {
    tag: "en",
    thousands: ',',
    decimal: '.',
    months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    day_end: "",
    percent: "",
};

/// German.
pub const GERMAN: Locale = Locale {
    tag: "de",
    thousands: '.',
    decimal: ',',
    months: [
        "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.",
        "Dez.",
    ],
    weekdays: ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"],
    day_end: ".",
    percent: "\u{a0}",
};

impl Locale {
    /// A number with at most so many places after the point; whole ones without any.
    #[must_use]
    pub fn number(&self, value: f64, places: usize) -> String {
        let text = format!("{:.places$}", value.abs());
        let (whole, rest) = text.split_once('.').unwrap_or((text.as_str(), ""));
        let rest = rest.trim_end_matches('0');
        let mut out = String::with_capacity(text.len() + 4);
        if value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
            out.push('\u{2212}');
        }
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                out.push(self.thousands);
            }
            out.push(digit);
        }
        if !rest.is_empty() {
            out.push(self.decimal);
            out.push_str(rest);
        }
        out
    }

    /// A whole number.
    #[must_use]
    pub fn count(&self, value: f64) -> String {
        self.number(value, 0)
    }

    /// A number with exactly two places and its sign, as of net sentiment; -1 to 1.
    #[must_use]
    pub fn signed(&self, value: f64) -> String {
        let text = format!("{:.2}", value.abs()).replace('.', &self.decimal.to_string());
        match text.as_str() {
            zero if zero.starts_with('0') && zero.ends_with("00") => text,
            _ if value < 0.0 => format!("\u{2212}{text}"),
            _ => format!("+{text}"),
        }
    }

    /// A share of 1 in percent, to one place below ten.
    #[must_use]
    pub fn share(&self, share: f64) -> String {
        let percent = share * 100.0;
        let places = usize::from(percent.abs() < 9.95);
        format!("{}{}%", self.number(percent, places), self.percent)
    }

    /// A day without its year, as "4 Mar".
    #[must_use]
    pub fn day(&self, at: &Zoned) -> String {
        let month = usize::try_from(at.month() - 1).ok().and_then(|place| self.months.get(place));
        format!("{}{} {}", at.day(), self.day_end, month.copied().unwrap_or_default())
    }

    /// A month and its year.
    #[must_use]
    pub fn month(&self, at: &Zoned) -> String {
        let month = usize::try_from(at.month() - 1).ok().and_then(|place| self.months.get(place));
        format!("{} {}", month.copied().unwrap_or_default(), at.year())
    }

    /// A day with weekday and year.
    #[must_use]
    pub fn date(&self, at: &Zoned) -> String {
        let place = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or_default();
        let weekday = self.weekdays.get(place).copied().unwrap_or_default();
        format!("{weekday}, {} {}", self.day(at), at.year())
    }

    /// A day with its year, and the time of day.
    #[must_use]
    pub fn instant(&self, at: &Zoned) -> String {
        format!("{} {}, {}", self.day(at), at.year(), clock(at))
    }

    /// The short name of a time's zone, as its readers call it.
    #[must_use]
    pub fn zone(&self, at: &Zoned) -> String {
        let name = at.strftime("%Z").to_string();
        match (self.tag, name.as_str()) {
            ("de", "CET") => "MEZ".to_owned(),
            ("de", "CEST") => "MESZ".to_owned(),
            _ if name.starts_with(['+', '-']) => format!("UTC{name}"),
            _ => name,
        }
    }

    /// A day and the time of day, without a year.
    #[must_use]
    pub fn moment(&self, at: &Zoned) -> String {
        format!("{}, {}", self.day(at), clock(at))
    }
}

/// The time of day in hours and minutes.
#[must_use]
pub fn clock(at: &Zoned) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// A time in a zone; times beyond the calendar stand at its end.
#[must_use]
pub fn zoned(at: EventTime, zone: &TimeZone) -> Zoned {
    let (least, most) = (Timestamp::MIN.as_microsecond(), Timestamp::MAX.as_microsecond());
    let at = Timestamp::from_microsecond(at.0.clamp(least, most)).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(zone.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_as_each_language_writes_them() {
        for (value, places, english, german) in [
            (0.0, 0, "0", "0"),
            (1_234_567.0, 0, "1,234,567", "1.234.567"),
            (-1_234.5, 1, "−1,234.5", "−1.234,5"),
            (0.25, 2, "0.25", "0,25"),
            (-0.001, 2, "0", "0"),
            (2.0, 1, "2", "2"),
        ] {
            assert_eq!(ENGLISH.number(value, places), english);
            assert_eq!(GERMAN.number(value, places), german);
        }
        assert_eq!(ENGLISH.signed(0.1), "+0.10");
        assert_eq!(GERMAN.signed(-0.256), "−0,26");
        assert_eq!(ENGLISH.signed(-0.001), "0.00");
        assert_eq!(ENGLISH.share(0.0416), "4.2%");
        assert_eq!(GERMAN.share(0.416), "42\u{a0}%");
    }
}
