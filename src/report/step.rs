//! How long are the buckets of a span?

use serde::{Serialize, Serializer};

use super::error::ReportError;
use crate::time::{MINUTE_US, format_span, parse_span};

/// How long buckets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many minutes, counted from the reader's midnight; no bucket crosses it.
    Minutes(i64),
    /// From midnight to midnight: 23, 24 or 25 hours.
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first to the first.
    Month,
}

impl Step {
    /// Reads `15m`, `1h`, `day` or `1d`, `week`, `month`.
    ///
    /// # Errors
    /// For anything else, and for what is not a whole number of minutes up to a day.
    pub fn parse(text: &str) -> Result<Self, ReportError> {
        let wrong =
            |why: String| ReportError::wrong("step", why, "write 15m, 1h, day, week or month");
        match text {
            "day" | "1d" => return Ok(Self::Day),
            "week" | "7d" => return Ok(Self::Week),
            "month" => return Ok(Self::Month),
            _ => {}
        }
        let span = parse_span(text).map_err(|error| wrong(error.to_string()))?;
        match span / MINUTE_US {
            minutes @ 1..1_440 if span % MINUTE_US == 0 => Ok(Self::Minutes(minutes)),
            1_440 => Ok(Self::Day),
            _ => Err(wrong(format!("{text} is not a whole number of minutes of one day at most"))),
        }
    }

    /// The step that shows a span of so many minutes in some dozens of buckets.
    #[must_use]
    pub fn fitting(minutes: i64) -> Self {
        match minutes {
            ..=180 => Self::Minutes(5),
            181..=720 => Self::Minutes(15),
            721..=4_320 => Self::Minutes(60),
            4_321..=11_520 => Self::Minutes(240),
            11_521..=144_000 => Self::Day,
            144_001..=1_051_200 => Self::Week,
            _ => Self::Month,
        }
    }
}

impl Step {
    /// The same for a table that people read: days from two days on.
    #[must_use]
    pub fn readable(minutes: i64) -> Self {
        match Self::fitting(minutes) {
            Self::Minutes(_) if minutes >= 2 * 1_380 => Self::Day,
            step => step,
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Minutes(minutes) => f.write_str(&format_span(minutes * MINUTE_US)),
            Self::Day => f.write_str("day"),
            Self::Week => f.write_str("week"),
            Self::Month => f.write_str("month"),
        }
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_and_written_alike() {
        for step in ["", "0m", "30s", "25h", "90s", "fortnight"] {
            assert!(Step::parse(step).is_err(), "{step}");
        }
        for step in ["15m", "1h", "day", "week", "month"] {
            assert_eq!(Step::parse(step).expect(step).to_string(), step);
        }
    }
}
