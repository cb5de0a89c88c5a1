//! How often may a server be asked? What its headers say of limits and waits.

use std::time::Duration;

use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::validators::instant;
use crate::time::EventTime;

/// Seconds above which a reset is an instant rather than a wait: three years.
const INSTANT_FROM_S: u64 = 100_000_000;

/// Longest wait that a server can ask for: one that asks for a year is asked again after a day.
pub(in crate::connect) const ASKED_MAX: Duration = Duration::from_secs(24 * 3_600);
/// What HTTP had before its present form of a date, and servers still write; in UTC.
const OLD_DATES: [&str; 2] = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

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

/// The wait that an answer asks for: by `Retry-After`, or until the window ends.
pub(in crate::connect) fn asked_wait(headers: &HeaderMap, now: EventTime) -> Option<Duration> {
    retry_after(headers, now).or_else(|| Rate::of(headers, now).reset)
}

/// The wait that a `Retry-After` asks for, in seconds or as a date, which goes by the server's own
/// clock if it tells that. At most a day.
pub(crate) fn retry_after(headers: &HeaderMap, now: EventTime) -> Option<Duration> {
    let text = |name| Some(headers.get(name)?.to_str().ok()?.trim());
    let asked = text(RETRY_AFTER)?;
    if asked.starts_with(|first: char| first.is_ascii_digit())
        && let Ok(seconds) = asked.parse::<f64>()
    {
        let wait = Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(ASKED_MAX);
        return Some(wait.min(ASKED_MAX));
    }
    Some(until(dated(asked)?.0, text(DATE).and_then(dated).unwrap_or(now)))
}

/// The instant that a date in a header means.
fn dated(text: &str) -> Option<EventTime> {
    let utc =
        |form| strtime::parse(form, text).ok()?.to_datetime().ok()?.to_zoned(TimeZone::UTC).ok();
    let old = || OLD_DATES.into_iter().find_map(utc);
    let old = || Some(EventTime(old()?.timestamp().as_microsecond()));
    instant(text).or_else(old).or_else(|| EventTime::parse(text).ok())
}

fn wait_until(reset: &str, now: EventTime) -> Option<Duration> {
    let reset = reset.trim();
    if let Ok(time) = EventTime::parse(reset) {
        return Some(until(time.0, now));
    }
    let seconds: u64 = reset.split('.').next()?.parse().ok()?;
    if seconds < INSTANT_FROM_S {
        return Some(Duration::from_secs(seconds).min(ASKED_MAX));
    }
    Some(until(i64::try_from(seconds).ok()?.checked_mul(1_000_000)?, now))
}

fn until(at_us: i64, now: EventTime) -> Duration {
    Duration::from_micros(u64::try_from(at_us.saturating_sub(now.0)).unwrap_or(0)).min(ASKED_MAX)
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
        const DAY: u64 = 86_400;
        let rows = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("1.5", Some(2)),
            ("31536000", Some(DAY)),
            ("18446744073709551615", Some(DAY)),
            ("99999999999999999999999", Some(DAY)),
            ("1e400", Some(DAY)),
            ("Sun, 01 Mar 2026 12:01:00 GMT", Some(60)),
            ("Sunday, 01-Mar-26 12:01:00 GMT", Some(60)),
            ("Sun Mar  1 12:01:00 2026", Some(60)),
            ("2026-03-01T12:01:00Z", Some(60)),
            ("Sun, 01 Mar 2026 11:00:00 GMT", Some(0)),
            ("Tue, 01 Jan 2199 00:00:00 GMT", Some(DAY)),
            ("soon", None),
            ("", None),
            ("-5", None),
            ("1, 2", None),
            ("inf", None),
        ];
        for (value, seconds) in rows {
            let wait = retry_after(&headers(&[("retry-after", value)]), NOW);
            assert_eq!(wait, seconds.map(Duration::from_secs), "{value}");
        }
        // By a clock of its own, an hour ahead of ours.
        let date = ("date", "Sun, 01 Mar 2026 13:00:00 GMT");
        let asked = headers(&[("retry-after", "Sun, 01 Mar 2026 13:00:30 GMT"), date]);
        assert_eq!(asked_wait(&asked, NOW), Some(Duration::from_secs(30)));
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
            ("x-ratelimit-reset", "99999999", 86_400),
            ("x-ratelimit-reset", "4102444800", 86_400),
            ("x-ratelimit-reset", "2199-01-01T00:00:00Z", 86_400),
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
