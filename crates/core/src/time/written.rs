//! Which instant does a time mean that others wrote? The one place that admits times of posts.
//!
//! Exports write times in many ways. What means one instant only is read; what could mean two, or
//! lies outside the years that lakes and their readers hold, is refused with a hint.

use std::fmt;

use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::{rfc2822, strtime};
use jiff::tz::TimeZone;

use super::months::with_month;
use super::spelling::plain;
use super::{EventTime, SECOND_US, stamp};

/// The first instant of a supported year, 1900: before it, readers of tables go astray.
const FIRST_US: i64 = -2_208_988_800 * SECOND_US;
/// The first instant of the first year that is not supported any more, 2200.
const END_US: i64 = 7_258_118_400 * SECOND_US;
/// Numbers are read from this year on, 1980: from there to the end no number can be seconds and
/// milliseconds at once.
const NUMBERS_FROM_US: i64 = 315_532_800 * SECOND_US;
/// Microseconds of a number's possible units: seconds, milliseconds, microseconds.
const UNITS_US: [i64; 3] = [SECOND_US, 1_000, 1];
/// Nanoseconds of a microsecond.
const NANOS: i128 = 1_000;
/// How people write dates whose parts cannot be mistaken.
const CIVIL: [&str; 13] = [
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y, %H:%M:%S",
    "%d.%m.%Y, %H:%M",
    "%d.%m.%Y",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y/%m/%d %I:%M:%S %p",
    "%Y-%m-%d, %H:%M:%S",
    "%Y-%m-%d, %H:%M",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d %I:%M %p",
];
/// The same with a zone: Twitter's first API, and what programs print.
const ZONED: [&str; 3] =
    ["%a %b %d %H:%M:%S %z %Y", "%Y/%m/%d %H:%M:%S %z", "%Y/%m/%d %I:%M:%S %p%:z"];

/// What must be said of a file's times where they do not say it themselves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TimeStyle {
    /// The zone of times that name none; without it they are refused.
    pub zone: Option<TimeZone>,
    /// How times are written, with the directives of `strptime`; what does not suit it is read as
    /// if it were not given.
    pub format: Option<String>,
}

impl TimeStyle {
    /// A style whose times are UTC where they name no zone.
    #[must_use]
    pub fn utc() -> Self {
        Self { zone: Some(TimeZone::UTC), format: None }
    }

    /// The instant that a text means: RFC 3339, RFC 2822, a number as for [`EventTime::of_int`],
    /// or another form that means one instant only.
    ///
    /// # Errors
    /// For a text that means none, lies outside the supported years, or lacks a zone.
    pub fn read(&self, text: &str) -> Result<EventTime, WrittenError> {
        let text = text.trim();
        // Nearly all times of posts are written so.
        if self.format.is_none()
            && let Some(time) = stamp::utc(text.as_bytes()).filter(|time| time.is_supported())
        {
            return Ok(time);
        }
        let time = match self.formatted(text) {
            Some(time) => time?,
            None => match number(text) {
                Some(time) => return time,
                None => self.unformatted(text)?,
            },
        };
        if time.is_supported() { Ok(time) } else { Err(WrittenError::new(text, Fault::Year)) }
    }

    fn formatted(&self, text: &str) -> Option<Result<EventTime, WrittenError>> {
        let parts = strtime::parse(self.format.as_ref()?, text).ok()?;
        if let Ok(time) = parts.to_timestamp() {
            return Some(Ok(EventTime(time.as_microsecond())));
        }
        Some(self.local(text, local_of(&parts)?))
    }

    fn unformatted(&self, text: &str) -> Result<EventTime, WrittenError> {
        let plain = plain(text);
        if let Some(time) = zoned(text).or_else(|| zoned(&plain)) {
            return Ok(time);
        }
        let bare = |byte: u8| byte.is_ascii_digit() || b"-: Tt.,".contains(&byte);
        let iso = plain.bytes().all(bare).then(|| plain.parse::<DateTime>().ok()).flatten();
        let known = || {
            // A year of two digits could be of any century: how it is meant must be said.
            let parts = |form| {
                let local = strtime::parse(form, &plain).ok().and_then(|one| local_of(&one));
                local.filter(|local| local.year() >= 100)
            };
            CIVIL.into_iter().find_map(parts)
        };
        match iso.or_else(known).or_else(|| with_month(&plain)) {
            Some(local) => self.local(text, local),
            None if has_far_year(&plain) => Err(WrittenError::new(text, Fault::Year)),
            None if has_slashes(&plain) => Err(WrittenError::new(text, Fault::Order)),
            None => Err(WrittenError::new(text, Fault::Form)),
        }
    }

    fn local(&self, text: &str, local: DateTime) -> Result<EventTime, WrittenError> {
        let zone = self.zone.clone().ok_or_else(|| WrittenError::new(text, Fault::Zone))?;
        let zoned = local.to_zoned(zone).map_err(|_| WrittenError::new(text, Fault::Year))?;
        Ok(EventTime(zoned.timestamp().as_microsecond()))
    }
}

impl EventTime {
    /// Whether lakes and their readers hold it: the years 1900 to 2199.
    #[must_use]
    pub fn is_supported(self) -> bool {
        (FIRST_US..END_US).contains(&self.0)
    }

    /// The instant that a whole number means. Its size tells whether it counts seconds,
    /// milliseconds, microseconds or nanoseconds since the Unix epoch: within the years 1980 to
    /// 2199 no number can mean two of them.
    ///
    /// # Errors
    /// For a number that means no instant of these years.
    pub fn of_int(number: impl Into<i128>) -> Result<Self, WrittenError> {
        let number = number.into();
        let units = UNITS_US.map(|unit| number.saturating_mul(i128::from(unit)));
        let mut readings = units.into_iter().chain([number / NANOS]);
        let admitted = readings.find_map(|us| {
            let us = i64::try_from(us).ok()?;
            (NUMBERS_FROM_US..END_US).contains(&us).then_some(Self(us))
        });
        admitted.ok_or_else(|| WrittenError::new(&number.to_string(), Fault::Number))
    }

    /// The same for a number with a fraction, to the microsecond.
    ///
    /// # Errors
    /// For a number that means no instant of these years.
    pub fn of_float(number: f64) -> Result<Self, WrittenError> {
        let mut readings = UNITS_US.into_iter().map(|unit| unit as f64).chain([0.001]);
        let admitted = readings.find_map(|unit| {
            let us = (number * unit).round();
            let known = us >= NUMBERS_FROM_US as f64 && us < END_US as f64;
            #[allow(clippy::cast_possible_truncation, reason = "just seen to be in range")]
            known.then_some(Self(us as i64))
        });
        admitted.ok_or_else(|| WrittenError::new(&number.to_string(), Fault::Number))
    }
}

/// The instant of a text that is a number; `None` for any other.
fn number(text: &str) -> Option<Result<EventTime, WrittenError>> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
        return None;
    }
    match text.parse::<i128>() {
        Ok(whole) => Some(EventTime::of_int(whole)),
        Err(_) => text.parse::<f64>().ok().map(EventTime::of_float),
    }
}

fn zoned(text: &str) -> Option<EventTime> {
    let us = |stamp: jiff::Timestamp| EventTime(stamp.as_microsecond());
    let other = || {
        let mail = || rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
        let form = |form| strtime::parse(form, text).ok()?.to_timestamp().ok();
        ZONED.into_iter().find_map(form).or_else(mail)
    };
    text.parse::<jiff::Timestamp>().ok().or_else(other).map(us)
}

fn local_of(parts: &BrokenDownTime) -> Option<DateTime> {
    let date = parts.to_date().ok()?;
    Some(date.to_datetime(parts.to_time().unwrap_or_default()))
}

/// Whether it begins with a year that no date of a post has.
fn has_far_year(text: &str) -> bool {
    let signed = text.trim_start_matches(['+', '-']);
    let year = signed.split('-').next().unwrap_or_default();
    let is_year = year.len() >= 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    is_year && signed.len() > year.len() && !matches!(year.parse(), Ok(1_900..=2_199))
}

/// Whether it could be a date whose day and month cannot be told apart.
fn has_slashes(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b'/').count() == 2
}

/// A time that is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{found}\" {fault}")]
pub struct WrittenError {
    found: String,
    fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Form,
    Zone,
    Order,
    Year,
    Number,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => {
                "is not a timestamp; write RFC 3339 with an offset, as 2026-03-01T12:00:00Z, or say how \
                 it is written with --time-format, as '%d.%m.%y %H:%M'"
            }
            Self::Zone => {
                "is a time without a zone; write it with an offset, as 2026-03-01T12:00:00Z, or \
                 name the zone of the file with --zone"
            }
            Self::Order => {
                "does not say which number is the day; say how it is written with --time-format, \
                 as '%m/%d/%Y %H:%M'"
            }
            Self::Year => "lies outside the years 1900 to 2199, which are supported",
            Self::Number => {
                "is not a time of the years 1980 to 2199 in seconds, milliseconds, microseconds or \
                 nanoseconds since 1970; write RFC 3339, as 2026-03-01T12:00:00Z"
            }
        })
    }
}

impl WrittenError {
    fn new(found: &str, fault: Fault) -> Self {
        Self { found: found.chars().take(40).collect(), fault }
    }

    /// Whether the time only lacks a zone.
    #[must_use]
    pub fn lacks_zone(&self) -> bool {
        self.fault == Fault::Zone
    }

    /// Whether the time is clear, and lies outside the supported years.
    #[must_use]
    pub fn is_beyond(&self) -> bool {
        self.fault == Fault::Year
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Zone;

    const US: i64 = 1_539_202_764_000_000;

    #[test]
    fn what_means_one_instant_is_read() {
        let rows = [
            ("2018-10-10T20:19:24Z", US),
            (" 2018-10-10T20:19:24Z ", US),
            ("2018-10-10T22:19:24+02:00[Europe/Berlin]", US),
            ("2018-10-10 20:19:24 UTC", US),
            ("2018-10-10 20:19:24 +0000", US),
            ("2018-10-10 22:19:24 +02:00", US),
            ("2018-10-10 15:19:24 -0500", US),
            ("2018-10-10T20:19:24.1234567891234Z", US + 123_456),
            ("2018-10-10T20:19:24,5Z", US + 500_000),
            ("Wed Oct 10 20:19:24 +0000 2018", US),
            ("Wed, 10 Oct 2018 20:19:24 GMT", US),
            ("2018/10/10 10:19:24 PM MESZ", US),
            ("2018/10/10 9:19:24 nachm. MEZ", US),
            ("2018/10/10 8:19:24\u{202f}PM GMT+0", US),
            ("2018/10/10 10:19:24 PM GMT+2", US),
            ("2018-10-10 22:19:24 CEST", US),
            ("1539202764", US),
            ("1539202764.5", US + 500_000),
            ("1539202764000", US),
            ("1539202764000000", US),
            ("1539202764000000000", US),
            ("1.539202764e9", US),
        ];
        for (text, us) in rows {
            assert_eq!(TimeStyle::default().read(text), Ok(EventTime(us)), "{text}");
        }
    }

    #[test]
    fn the_zone_of_a_file_is_that_of_times_without_one() {
        let zone = "Europe/Berlin".parse::<Zone>().expect("compiled in").0;
        let style = TimeStyle { zone: Some(zone), format: None };
        let rows = ["10.10.2018 22:19:24", "2018-10-10T22:19:24", "2018/10/10 22:19:24"];
        for text in rows {
            assert_eq!(style.read(text), Ok(EventTime(US)), "{text}");
            let refused = TimeStyle::default().read(text).expect_err(text).to_string();
            assert!(refused.contains("--zone"), "{refused}");
        }
        assert_eq!(style.read("28.11.2026 14:05"), EventTime::of_int(1_795_871_100));
        assert_eq!(style.read("28. November 2026 um 14:05 Uhr"), EventTime::of_int(1_795_871_100));
        let american = TimeStyle { format: Some("%m/%d/%Y %I:%M %p".to_owned()), ..style };
        assert_eq!(american.read("11/28/2026 2:05 PM"), EventTime::of_int(1_795_871_100));
        assert_eq!("+05:30".parse::<Zone>().map(|_| ()), Ok(()));
        assert!("Mars/Olympus".parse::<Zone>().is_err());
    }

    #[test]
    fn what_could_mean_two_instants_or_none_is_refused_with_what_to_do() {
        let rows = [
            ("yesterday", "RFC 3339"),
            ("03/04/2026 12:00", "--time-format"),
            ("2026-03-01", "--zone"),
            ("0000-05-05T00:00:00Z", "1900 to 2199"),
            ("9998-12-31T00:00:00Z", "1900 to 2199"),
            ("9999-12-31T23:59:59Z", "1900 to 2199"),
            ("10000-01-01T00:00:00Z", "1900 to 2199"),
            ("9223372036854775807", "milliseconds"),
            ("-9223372036854775808", "milliseconds"),
            ("99999999999999999999999999999999999999999999", "milliseconds"),
            ("0", "milliseconds"),
            ("25", "milliseconds"),
            ("NaN", "RFC 3339"),
            ("", "RFC 3339"),
        ];
        for (text, hint) in rows {
            let refused = TimeStyle::default().read(text).expect_err(text).to_string();
            assert!(refused.contains(hint), "{text}: {refused}");
        }
    }

    #[test]
    fn units_never_overlap() {
        let ends = [NUMBERS_FROM_US, END_US - SECOND_US];
        for us in ends {
            for number in [us / SECOND_US, us / 1_000, us, us.saturating_mul(1_000)] {
                if number < i64::MAX {
                    assert_eq!(EventTime::of_int(number), Ok(EventTime(us)), "{number}");
                }
            }
            let seconds = EventTime::of_float(us as f64 / 1e6);
            assert_eq!(seconds, Ok(EventTime(us)));
        }
    }
}
