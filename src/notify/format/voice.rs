//! How does this reader write numbers, spans and times? In their language and zone.

use jiff::Timestamp;
use jiff::Zoned;

use crate::chart::{ENGLISH, GERMAN};
use crate::config::{Language, Reader};
use crate::time::EventTime;

const MONTHS_EN: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTHS_DE: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

/// Singular and plural of a unit in English and German; German as after "in".
const UNITS: [(u64, [&str; 4]); 4] = [
    (86_400, ["day", "days", "Tag", "Tagen"]),
    (3_600, ["hour", "hours", "Stunde", "Stunden"]),
    (60, ["minute", "minutes", "Minute", "Minuten"]),
    (1, ["second", "seconds", "Sekunde", "Sekunden"]),
];

/// A reader's way to write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice<'r>(pub(super) &'r Reader);

impl Voice<'_> {
    /// The one that is in the reader's language.
    pub(super) fn either<T>(&self, english: T, german: T) -> T {
        match self.0.language {
            Language::En => english,
            Language::De => german,
        }
    }

    /// How bad an alert is.
    pub(super) fn severity<'t>(&self, name: &'t str) -> &'t str {
        match name {
            "critical" => self.either(name, "kritisch"),
            "warning" => self.either(name, "Warnung"),
            other => other,
        }
    }

    /// A whole number, in groups of three digits.
    pub(super) fn count(&self, number: u64) -> String {
        let digits = number.to_string();
        let mut out = String::with_capacity(digits.len() + 6);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                out.push(self.either(',', '.'));
            }
            out.push(digit);
        }
        out
    }

    /// What is usual: a standard deviation to both sides of the mean, rounded outwards, as "0 to
    /// 1"; and whether that is more than one.
    pub(super) fn usual(&self, mean: f64, dispersion: f64) -> (String, bool) {
        let spread = (mean.max(0.0) * dispersion.max(1.0)).sqrt();
        let top = mean + spread;
        let step = if top < 50.0 { 1.0 } else { 10_f64.powf((top.log10().floor() - 1.0).max(0.0)) };
        let low = ((mean - spread).max(0.0) / step).floor() * step;
        let high = (top / step).ceil() * step;
        let (low, high) = (whole(low), whole(high));
        if low == high {
            return (self.count(low), low != 1);
        }
        (format!("{} {} {}", self.count(low), self.either("to", "bis"), self.count(high)), true)
    }

    /// How long a window is, as after "in": "10 minutes", "einer Stunde".
    pub(super) fn span(&self, seconds: u64) -> String {
        let (number, [one, many, eins, viele]) = units(seconds);
        match number {
            1 => self.either(format!("1 {one}"), format!("{} {eins}", a(eins))),
            _ => format!("{} {}", self.count(number), self.either(many, viele)),
        }
    }

    /// The window just before one, as after "in".
    pub(super) fn span_before(&self, seconds: u64) -> String {
        let (number, [one, many, eins, viele]) = units(seconds);
        match number {
            1 => self.either(format!("the {one} before"), format!("{} {eins} davor", the(eins))),
            _ => {
                let number = self.count(number);
                self.either(
                    format!("the {number} {many} before"),
                    format!("den {number} {viele} davor"),
                )
            }
        }
    }

    /// The window up to now, as after "of".
    pub(super) fn span_last(&self, seconds: u64) -> String {
        let (number, [one, many, eins, viele]) = units(seconds);
        match number {
            1 => self.either(format!("the last {one}"), format!("{} letzten {eins}", the(eins))),
            _ => {
                let number = self.count(number);
                self.either(
                    format!("the last {number} {many}"),
                    format!("den letzten {number} {viele}"),
                )
            }
        }
    }

    /// A time of day with its zone, and the day if that is not the day of `beside`.
    pub(super) fn moment(&self, at: EventTime, beside: EventTime) -> String {
        let (Some(at), Some(beside)) = (self.zoned(at), self.zoned(beside)) else {
            return at.to_string();
        };
        let time = format!("{} {}", clock(&at), self.zone(&at));
        if at.date() == beside.date() { time } else { format!("{}, {time}", self.day(&at)) }
    }

    /// From when to when, as after nothing: "14:06 to 14:34 CET".
    pub(super) fn stretch(&self, from: EventTime, to: EventTime) -> String {
        let (Some(begun), Some(ended)) = (self.zoned(from), self.zoned(to)) else {
            return format!("{from} – {to}");
        };
        let word = self.either("to", "bis");
        let (until, same) = (self.moment(to, from), self.zone(&begun) == self.zone(&ended));
        if begun.date() == ended.date() && same {
            return format!("{} {word} {until}", clock(&begun));
        }
        format!("{} {word} {until}", self.moment(from, to))
    }

    /// A day with its year, and the time of day with its zone.
    pub(super) fn date(&self, at: EventTime) -> String {
        match self.zoned(at) {
            Some(at) => {
                format!("{} {}, {} {}", self.day(&at), at.year(), clock(&at), self.zone(&at))
            }
            None => at.to_string(),
        }
    }

    fn zoned(&self, at: EventTime) -> Option<Zoned> {
        Some(Timestamp::from_microsecond(at.0).ok()?.to_zoned(self.0.zone.clone()))
    }

    fn day(&self, at: &Zoned) -> String {
        let month = usize::try_from(at.month() - 1).unwrap_or(0);
        let names = self.either(MONTHS_EN, MONTHS_DE);
        let name = names.get(month).copied().unwrap_or_default();
        self.either(format!("{} {name}", at.day()), format!("{}. {name}", at.day()))
    }

    /// The zone's short name.
    fn zone(&self, at: &Zoned) -> String {
        self.either(&ENGLISH, &GERMAN).zone(at)
    }
}

/// The nearest whole number from 0 on.
pub(super) fn whole(number: f64) -> u64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast stops at 0 and at the largest number"
    )]
    let whole = number.round() as u64;
    whole
}

fn clock(at: &Zoned) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// A span in its largest unit; a single day is 24 hours.
fn units(seconds: u64) -> (u64, [&'static str; 4]) {
    let fits = |&&(unit, _): &&(u64, [&str; 4])| {
        seconds >= unit && seconds.is_multiple_of(unit) && (unit, seconds) != (86_400, 86_400)
    };
    let found = UNITS.iter().find(fits).or(UNITS.last());
    found.map_or((seconds, [""; 4]), |(unit, names)| (seconds / unit, *names))
}

/// The German article after "in", by gender.
fn a(noun: &str) -> &'static str {
    if noun == "Tag" { "einem" } else { "einer" }
}

fn the(noun: &str) -> &'static str {
    if noun == "Tag" { "dem" } else { "der" }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn what_is_usual_is_a_range_that_people_would_name() {
        let reader = Reader::default();
        for (mean, dispersion, wanted) in [
            (0.0, 1.0, "0"),
            (0.3, 1.0, "0 to 1"),
            (4.0, 1.5, "1 to 7"),
            (12.4, 1.0, "8 to 16"),
            (310.4, 1.0, "290 to 330"),
            (12_345.0, 4.0, "12,000 to 13,000"),
        ] {
            assert_eq!(Voice(&reader).usual(mean, dispersion).0, wanted, "{mean}");
        }
    }

    #[test]
    fn times_stand_in_the_zone_by_its_short_name_and_with_another_day() {
        let at = |text: &str| EventTime::parse(text).expect("a time");
        let noon = at("2026-07-04T12:00:00Z");
        for (zone, language, earlier, wanted) in [
            ("UTC", Language::En, "2026-07-04T08:05:00Z", "08:05 to 12:00 UTC"),
            ("Europe/Berlin", Language::De, "2026-07-04T08:05:00Z", "10:05 bis 14:00 MESZ"),
            (
                "Europe/Berlin",
                Language::En,
                "2026-07-03T21:59:00Z",
                "3 Jul, 23:59 CEST to 4 Jul, 14:00 CEST",
            ),
            ("Europe/Berlin", Language::De, "2026-07-03T22:00:00Z", "00:00 bis 14:00 MESZ"),
            ("Asia/Dubai", Language::En, "2026-07-04T08:05:00Z", "12:05 to 16:00 UTC+04"),
        ] {
            let zone = TimeZone::get(zone).expect("a zone");
            let reader = Reader { language, zone, base_url: None };
            assert_eq!(Voice(&reader).stretch(at(earlier), noon), wanted);
        }
    }

    #[test]
    fn spans_are_in_their_largest_unit() {
        let german = Reader { language: Language::De, ..Reader::default() };
        let (english, german) = (Reader::default(), german);
        for (seconds, en, de) in [
            (60, "1 minute", "einer Minute"),
            (5_400, "90 minutes", "90 Minuten"),
            (3_600, "1 hour", "einer Stunde"),
            (86_400, "24 hours", "24 Stunden"),
            (604_800, "7 days", "7 Tagen"),
        ] {
            assert_eq!(
                (Voice(&english).span(seconds), Voice(&german).span(seconds)),
                (en.to_owned(), de.to_owned())
            );
        }
    }
}
