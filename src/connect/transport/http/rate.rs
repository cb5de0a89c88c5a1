//! How often may a server be asked? What its headers say of limits and waits.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::validators::instant;
use crate::time::EventTime;

/// Seconds above which a reset is an instant rather than a wait: three years.
const INSTANT_FROM_S: u64 = 100_000_000;

/// What a server says of its limits. Three dialects of a reset are read: seconds since the Unix
/// epoch (X, GitHub), seconds left (Reddit, IETF) and ISO 8601 (Mastodon).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::connect) struct Rate {
    /// Requests that a window allows.
    pub(in crate::connect) limit: Option<u64>,
    /// Those that are left of it.
    pub(in crate::connect) remaining: Option<u64>,
    /// How long the window still lasts.
    pub(in crate::connect) reset: Option<Duration>,
}

impl Rate {
    /// What the headers of an answer that came at `now` say.
    pub(in crate::connect) fn of(headers: &HeaderMap, now: EventTime) -> Self {
        let text = |name: &str| {
            let names = [
                format!("x-ratelimit-{name}"),
                format!("x-rate-limit-{name}"),
                format!("ratelimit-{name}"),
            ];
            names.iter().find_map(|name| headers.get(name)?.to_str().ok())
        };
        // Reddit counts in fractions; IETF adds its policy behind the limit.
        let count = |name| {
            let digits = text(name)?.trim().split(['.', ',', ';']).next()?;
            digits.parse().ok()
        };
        let reset = text("reset").and_then(|reset| wait_until(reset, now));
        Self { limit: count("limit"), remaining: count("remaining"), reset }
    }

    /// How long nothing more may be asked, if the window is used up.
    pub(in crate::connect) fn exhausted(self) -> Option<Duration> {
        self.reset.filter(|_| self.remaining == Some(0))
    }
}

/// The wait that an answer asks for: by `Retry-After`, in seconds or as a date, or until the window
/// ends.
pub(in crate::connect) fn asked_wait(headers: &HeaderMap, now: EventTime) -> Option<Duration> {
    let asked = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    asked.and_then(|value| retry_after(value, now)).or_else(|| Rate::of(headers, now).reset)
}

/// The wait that a `Retry-After` asks for.
pub(in crate::connect) fn retry_after(value: &str, now: EventTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    Some(until(instant(value)?.0, now))
}

fn wait_until(reset: &str, now: EventTime) -> Option<Duration> {
    let reset = reset.trim();
    if let Ok(time) = EventTime::parse(reset) {
        return Some(until(time.0, now));
    }
    let seconds: u64 = reset.split('.').next()?.parse().ok()?;
    if seconds < INSTANT_FROM_S {
        return Some(Duration::from_secs(seconds));
    }
    Some(until(i64::try_from(seconds).ok()?.checked_mul(1_000_000)?, now))
}

fn until(at_us: i64, now: EventTime) -> Duration {
    Duration::from_micros(u64::try_from(at_us.saturating_sub(now.0)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    const NOW: EventTime = EventTime(1_772_366_400_000_000);

    fn headers(rows: &[(&'static str, &'static str)]) -> HeaderMap {
        rows.iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn waits_are_read_as_seconds_or_as_a_date() {
        let rows = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 01 Mar 2026 12:01:00 GMT", Some(60)),
            ("Sun, 01 Mar 2026 11:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
        ];
        for (value, seconds) in rows {
            assert_eq!(retry_after(value, NOW), seconds.map(Duration::from_secs), "{value}");
        }
    }

    #[test]
    fn resets_are_read_in_all_three_dialects() {
        let rows = [
            ("x-rate-limit-reset", "1772366460", 60),
            ("x-ratelimit-reset", "60", 60),
            ("x-ratelimit-reset", "60.0", 60),
            ("x-ratelimit-reset", "2026-03-01T12:01:00.000000Z", 60),
            ("ratelimit-reset", "60", 60),
            ("x-ratelimit-reset", "2026-03-01T11:00:00Z", 0),
        ];
        for (name, value, seconds) in rows {
            let headers = headers(&[(name, value), ("x-ratelimit-remaining", "0")]);
            let reset = Duration::from_secs(seconds);
            assert_eq!(Rate::of(&headers, NOW).exhausted(), Some(reset), "{name}: {value}");
            assert_eq!(asked_wait(&headers, NOW), Some(reset), "{name}: {value}");
        }
    }

    #[test]
    fn counts_are_read_as_each_server_writes_them() {
        let reddit = headers(&[("x-ratelimit-remaining", "99.0"), ("x-ratelimit-used", "1")]);
        assert_eq!(Rate::of(&reddit, NOW).remaining, Some(99));
        let ietf = headers(&[("ratelimit-limit", "10, 10;w=1")]);
        assert_eq!(Rate::of(&ietf, NOW), Rate { limit: Some(10), ..Rate::default() });
        assert_eq!(Rate::of(&HeaderMap::new(), NOW), Rate::default());
    }
}
