//! When is something done again and again? Days and a time of day, on the clock of a zone.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::time::EventTime;

/// Days that are looked back for the last time: a month and a day at most lie between two.
const DAYS_MAX: u32 = 32;
/// Last day of a month that every month has.
const DAY_MAX: i8 = 28;
/// Names of days, in English and German, from Monday; two letters or more of a name are enough.
const DAYS: [[&str; 2]; 7] = [
    ["monday", "montag"],
    ["tuesday", "dienstag"],
    ["wednesday", "mittwoch"],
    ["thursday", "donnerstag"],
    ["friday", "freitag"],
    ["saturday", "samstag"],
    ["sunday", "sonntag"],
];

/// When something is done again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    days: Days,
    time: Time,
    zone: TimeZone,
}

/// On which days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Days {
    Every,
    Week(Weekday),
    /// Of each month, from 1 to 28.
    Month(i8),
}

impl Timetable {
    /// Reads `07:00` (every day), `Mon 07:00` or `Mo 07:00`, `1 07:00` (of each month).
    #[must_use]
    pub fn parse(text: &str, zone: TimeZone) -> Option<Self> {
        // People write a date's comma, and the point of an ordinal number.
        let text = text.trim();
        let (day, time) = match text.rsplit_once(' ') {
            Some((day, time)) => (Some(day.trim_end_matches([' ', ',', '.'])), time),
            None => (None, text),
        };
        let (hour, minute) = time.split_once(':')?;
        let digits = |text: &str| (1..=2).contains(&text.len()).then(|| text.parse::<i8>().ok());
        let time = Time::new(digits(hour)??, digits(minute)??, 0, 0).ok()?;
        let days = match day {
            None => Days::Every,
            Some(day) => match day.parse::<i8>() {
                Ok(number) if (1..=DAY_MAX).contains(&number) => Days::Month(number),
                Ok(_) => return None,
                Err(_) => Days::Week(weekday(day)?),
            },
        };
        Some(Self { days, time, zone })
    }

    /// The last time at or before an instant. A time that a change of clocks leaves out is an hour
    /// later on that day; one that comes twice is the first.
    #[must_use]
    pub fn last(&self, now: EventTime) -> Option<EventTime> {
        let today = Timestamp::from_microsecond(now.0).ok()?.to_zoned(self.zone.clone()).date();
        (0..=DAYS_MAX).find_map(|back| {
            let date = today.checked_sub(i64::from(back).days()).ok()?;
            let at = self.on(date)?;
            (at <= now).then_some(at)
        })
    }

    /// The instant of a day, if it is one of the days.
    fn on(&self, date: Date) -> Option<EventTime> {
        let is_day = match self.days {
            Days::Every => true,
            Days::Week(day) => date.weekday() == day,
            Days::Month(day) => date.day() == day,
        };
        let at = is_day.then(|| date.to_datetime(self.time).to_zoned(self.zone.clone()).ok());
        Some(EventTime(at??.timestamp().as_microsecond()))
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    let name = name.to_lowercase();
    let is_meant = |full: &&str| name.chars().count() >= 2 && full.starts_with(name.as_str());
    let place = DAYS.iter().position(|names| names.iter().any(&is_meant))?;
    Weekday::from_monday_zero_offset(i8::try_from(place).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(text: &str, now: &str) -> String {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let table = Timetable::parse(text, zone).expect(text);
        let now = EventTime::parse(now).expect(now);
        table.last(now).expect("there is one").to_string()
    }

    #[test]
    fn the_last_time_is_that_of_the_readers_clock() {
        for (text, now, wanted) in [
            ("Mo 07:00", "2026-03-04T12:00:00Z", "2026-03-02T06:00:00Z"),
            ("mon 7:00", "2026-03-02T06:00:00Z", "2026-03-02T06:00:00Z"),
            ("Montag 07:00", "2026-03-02T05:59:59Z", "2026-02-23T06:00:00Z"),
            ("Montag, 07:00", "2026-03-02T05:59:59Z", "2026-02-23T06:00:00Z"),
            // Summer time began the day before.
            ("Mo 07:00", "2026-03-30T05:00:00Z", "2026-03-30T05:00:00Z"),
            // 02:30 is not there on 29 March, and there twice on 25 October.
            ("02:30", "2026-03-29T12:00:00Z", "2026-03-29T01:30:00Z"),
            ("02:30", "2026-10-25T12:00:00Z", "2026-10-25T00:30:00Z"),
            ("1. 06:15", "2026-03-31T12:00:00Z", "2026-03-01T05:15:00Z"),
            ("28 00:00", "2026-03-27T22:00:00Z", "2026-02-27T23:00:00Z"),
        ] {
            assert_eq!(last(text, now), wanted, "{text} at {now}");
        }
        for wrong in
            ["", "7", "Mo", "M 07:00", "29 07:00", "0 07:00", "24:00", "Mo 7:60", "x 07:00"]
        {
            assert_eq!(Timetable::parse(wrong, TimeZone::UTC), None, "{wrong}");
        }
    }
}
