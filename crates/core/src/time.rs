//! Which instant is meant? Event time as microseconds since the Unix epoch, UTC.
//!
//! Nothing here reads a clock: the pure stages receive time as a value.

use std::fmt;

use serde::{Deserialize, Serialize};

mod months;
mod spelling;
mod stamp;
mod written;
mod zone;

pub use written::{TimeStyle, WrittenError};
pub use zone::Zone;

/// Microseconds in one second.
pub const SECOND_US: i64 = 1_000_000;
/// Microseconds in one minute, the width of a pane.
pub const MINUTE_US: i64 = 60 * SECOND_US;
/// Microseconds in a day of 24 hours.
pub const DAY_US: i64 = 24 * 60 * MINUTE_US;

/// An instant in microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(
    Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct EventTime(pub i64);

impl EventTime {
    /// The earliest instant: before every post.
    pub const MIN: Self = Self(i64::MIN);

    /// Parses an RFC 3339 timestamp with any offset.
    ///
    /// Digits beyond the microsecond are truncated.
    ///
    /// # Errors
    /// Says what was found and what is expected, for a text that is not such a timestamp.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let any = || text.parse::<jiff::Timestamp>().map(|stamp| Self(stamp.as_microsecond()));
        let plain = stamp::utc(text.as_bytes());
        plain.map_or_else(any, Ok).map_err(|_| TimeError { found: text.chars().take(40).collect() })
    }

    /// The start of the `width_us` wide interval that holds this instant.
    ///
    /// `width_us` must be positive. Intervals are aligned to the epoch.
    #[must_use]
    pub fn floor(self, width_us: i64) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(width_us)))
    }

    /// This instant moved by `delta_us`, which may be negative; stops at the ends of the range.
    #[must_use]
    pub fn shift(self, delta_us: i64) -> Self {
        Self(self.0.saturating_add(delta_us))
    }

    /// Microseconds from `earlier` to this instant; negative when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Days since 1970-01-01 in UTC, the lake's partition.
    #[must_use]
    pub fn day(self) -> i32 {
        let day = self.0.div_euclid(86_400 * SECOND_US);
        i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX })
    }
}

impl fmt::Display for EventTime {
    /// RFC 3339 in UTC; an instant outside the years -9999 to 9999 prints as its microseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(stamp) => write!(f, "{stamp}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

/// A text that should have been a timestamp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{found}\" is not a timestamp; write RFC 3339 with an offset, as 2026-03-01T12:00:00Z")]
pub struct TimeError {
    found: String,
}

/// For serde: an instant as RFC 3339 text, where people read what is stored.
pub mod rfc3339 {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::EventTime;

    /// Writes the text.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(time: &EventTime, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(time)
    }

    /// Reads the text.
    ///
    /// # Errors
    /// For a text that is not a timestamp.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<EventTime, D::Error> {
        let text = String::deserialize(from)?;
        EventTime::parse(&text).map_err(D::Error::custom)
    }
}

/// Parses a span such as `500ms`, `10s`, `15m`, `24h` or `7d` into microseconds.
///
/// # Errors
/// For a text without a number or a known unit, or beyond 3,650 days.
pub fn parse_span(text: &str) -> Result<i64, SpanError> {
    let error = || SpanError { found: text.chars().take(40).collect() };
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
    let (number, unit) = text.split_at(digits);
    let number: i64 = number.parse().map_err(|_| error())?;
    let unit_us = match unit {
        "ms" => 1_000,
        "s" => SECOND_US,
        "m" => MINUTE_US,
        "h" => 60 * MINUTE_US,
        "d" => 24 * 60 * MINUTE_US,
        _ => return Err(error()),
    };
    let span_us = number.checked_mul(unit_us).ok_or_else(error)?;
    if span_us > 3_650 * 24 * 60 * MINUTE_US { Err(error()) } else { Ok(span_us) }
}

/// Writes a span in the largest unit that divides it: the inverse of [`parse_span`].
#[must_use]
pub fn format_span(span_us: i64) -> String {
    let units =
        [(24 * 60 * MINUTE_US, "d"), (60 * MINUTE_US, "h"), (MINUTE_US, "m"), (SECOND_US, "s")];
    for (unit_us, unit) in units {
        if span_us >= unit_us && span_us % unit_us == 0 {
            return format!("{}{unit}", span_us / unit_us);
        }
    }
    format!("{}ms", span_us / 1_000)
}

/// A text that should have been a span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{found}\" is not a span of time; write a whole number with ms, s, m, h or d, as 15m")]
pub struct SpanError {
    found: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_round_trip() {
        let rows = [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-07-04T14:38:06.240Z", 1_783_175_886_240_000),
            ("2026-07-04T16:38:06.240+02:00", 1_783_175_886_240_000),
            ("1969-12-31T23:59:59.999999Z", -1),
        ];
        for (text, us) in rows {
            assert_eq!(EventTime::parse(text), Ok(EventTime(us)), "{text}");
            assert_eq!(EventTime::parse(&EventTime(us).to_string()), Ok(EventTime(us)), "{text}");
        }
        for bad in ["", "yesterday", "2026-07-04", "2026-13-01T00:00:00Z"] {
            assert!(EventTime::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn floor_goes_down_before_the_epoch_too() {
        assert_eq!(EventTime(61_000_000).floor(MINUTE_US), EventTime(60_000_000));
        assert_eq!(EventTime(-1).floor(MINUTE_US), EventTime(-MINUTE_US));
        assert_eq!(EventTime(-1).day(), -1);
    }

    #[test]
    fn spans_round_trip() {
        for text in ["500ms", "10s", "15m", "24h", "7d"] {
            let us = parse_span(text).expect(text);
            assert_eq!(parse_span(&format_span(us)), Ok(us));
        }
        for bad in ["", "15", "m", "1.5h", "15 m", "-1s", "99999999999d", "4000d"] {
            assert!(parse_span(bad).is_err(), "{bad}");
        }
    }
}
