//! From when to when, and whose days? Spans, steps and buckets in the reader's zone, over every
//! change of clocks. Weeks begin on Monday.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use serde::{Serialize, Serializer};

use super::error::ReportError;
use super::step::Step;
use crate::time::{EventTime, MINUTE_US, parse_span, rfc3339};

/// Most buckets of one answer.
pub const BUCKETS_MAX: usize = 2_000;
/// How spans are written.
const SPANS: &str = "write 24h, 7d, today, yesterday, week, month, this-week, this-month, 2026-03, 2026-W10, \
     2026-03-02 or FROM..TO with days or RFC 3339 times";

/// A span of event time, and the zone whose days and weeks are meant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Span {
    /// The first instant, in RFC 3339.
    #[serde(with = "rfc3339")]
    pub from: EventTime,
    /// The first instant behind it, in RFC 3339.
    #[serde(with = "rfc3339")]
    pub to: EventTime,
    /// Name of the zone, as Europe/Berlin.
    #[serde(serialize_with = "zone_name")]
    pub zone: TimeZone,
}

fn zone_name<S: Serializer>(zone: &TimeZone, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(zone.iana_name().unwrap_or("UTC"))
}

/// The zone of this name.
///
/// # Errors
/// For a name that the time zone database does not have.
pub fn zone(name: &str) -> Result<TimeZone, ReportError> {
    let hint = "write a name such as Europe/Berlin or UTC";
    TimeZone::get(name)
        .map_err(|_| ReportError::wrong("zone", format!("\"{name}\" is not a time zone"), hint))
}

impl Span {
    /// From when to when.
    ///
    /// # Errors
    /// For a span that does not end after it begins, or leaves the years that posts can have.
    pub fn new(from: EventTime, to: EventTime, zone: TimeZone) -> Result<Self, ReportError> {
        let span = Self { from, to, zone };
        if from >= to {
            return Err(wrong(format!("{from} to {to} does not end after it begins")));
        }
        let years = [from, to].map(|at| span.local(at).map_or(0, |at| at.year()));
        if years.iter().any(|year| !(1900..=2200).contains(year)) {
            return Err(wrong("it is outside the years 1900 to 2199"));
        }
        Ok(span)
    }

    /// Reads a span: `24h`, `7d` (up to now), `today`, `yesterday`, `week` and `month` (the last whole
    /// ones), `this-week`, `this-month`, `2026-03-02`, `2026-W10`, `2026-03`, `2026`, or two ends with
    /// `..` between them: days, of which the second belongs to the span, or RFC 3339 times, of which
    /// it does not.
    ///
    /// # Errors
    /// For any other text, and for a span that does not end after it begins.
    pub fn parse(text: &str, zone: &TimeZone, now: EventTime) -> Result<Self, ReportError> {
        if let Some((first, last)) = text.split_once("..") {
            let (from, to) = (end(first, zone, now)?.0, end(last, zone, now)?.1);
            if from >= to {
                let hint = "write the earlier end first";
                return Err(ReportError::wrong(
                    "period",
                    format!("{last} is not after {first}"),
                    hint,
                ));
            }
            return Self::new(from, to, zone.clone());
        }
        let (from, to) = match parse_span(text) {
            Ok(length) => (now.shift(-length), now),
            Err(_) => end(text, zone, now)?,
        };
        Self::new(from, to, zone.clone())
    }

    /// Its length in whole minutes.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        self.to.since(self.from) / MINUTE_US
    }

    /// An instant on the reader's clock; `None` outside the years that a clock knows.
    #[must_use]
    pub fn local(&self, at: EventTime) -> Option<Zoned> {
        Some(Timestamp::from_microsecond(at.0).ok()?.to_zoned(self.zone.clone()))
    }

    /// The span just before: as many days or months, if it consists of whole ones, else as long.
    #[must_use]
    pub fn before(&self) -> Self {
        let earlier = self.calendar_before();
        let from = earlier.unwrap_or_else(|| self.from.shift(-self.to.since(self.from)));
        Self { from, to: self.from, zone: self.zone.clone() }
    }

    fn calendar_before(&self) -> Option<EventTime> {
        let (from, to) = (self.local(self.from)?, self.local(self.to)?);
        let is_midnight = |at: &Zoned| at.start_of_day().is_ok_and(|start| start == *at);
        if !is_midnight(&from) || !is_midnight(&to) {
            return None;
        }
        let (first, end) = (from.date(), to.date());
        let earlier = if first.day() == 1 && end.day() == 1 {
            let months = (i32::from(end.year()) - i32::from(first.year())) * 12
                + i32::from(end.month())
                - i32::from(first.month());
            first.checked_sub(months.months())
        } else {
            first.checked_sub((end - first).get_days().days())
        };
        midnight(earlier.ok()?, &self.zone)
    }

    /// Buckets that cover the span, first and last cut to it.
    ///
    /// # Errors
    /// For more than [`BUCKETS_MAX`].
    pub fn buckets(&self, step: Step) -> Result<Vec<(EventTime, EventTime)>, ReportError> {
        self.cut(step, BUCKETS_MAX)
    }

    pub(super) fn cut(
        &self,
        step: Step,
        most: usize,
    ) -> Result<Vec<(EventTime, EventTime)>, ReportError> {
        let mut buckets = Vec::new();
        let mut from = self.from;
        while from < self.to {
            if buckets.len() >= most {
                let why = format!("{step} cuts the span into more than {most} buckets");
                return Err(ReportError::wrong(
                    "step",
                    why,
                    "take a longer step or a shorter span",
                ));
            }
            let to = self.next(from, step).unwrap_or(self.to).min(self.to);
            buckets.push((from, to));
            from = to;
        }
        Ok(buckets)
    }

    /// Where the bucket ends that holds an instant.
    fn next(&self, at: EventTime, step: Step) -> Option<EventTime> {
        let local = self.local(at)?;
        let today = local.date();
        let tomorrow = midnight(today.tomorrow().ok()?, &self.zone)?;
        let next = match step {
            Step::Day => tomorrow,
            Step::Week => midnight(monday(today)?.checked_add(1.week()).ok()?, &self.zone)?,
            Step::Month => {
                midnight(today.first_of_month().checked_add(1.month()).ok()?, &self.zone)?
            }
            Step::Minutes(minutes) => {
                let start = instant(&local.start_of_day().ok()?);
                let width = minutes * MINUTE_US;
                let begun = at.since(start).div_euclid(width);
                start.shift((begun + 1) * width).min(tomorrow)
            }
        };
        // A clock that jumps over midnight must not hold the loop up.
        (next > at).then_some(next)
    }
}

fn wrong(why: impl Into<String>) -> ReportError {
    ReportError::wrong("period", why, SPANS)
}

pub(super) fn instant(at: &Zoned) -> EventTime {
    EventTime(at.timestamp().as_microsecond())
}

fn midnight(date: Date, zone: &TimeZone) -> Option<EventTime> {
    Some(instant(&date.to_zoned(zone.clone()).ok()?.start_of_day().ok()?))
}

fn monday(date: Date) -> Option<Date> {
    date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok()
}

/// A day, a week, a month, a year or an instant, as where it begins and where it ends.
fn end(text: &str, zone: &TimeZone, now: EventTime) -> Result<(EventTime, EventTime), ReportError> {
    if let Ok(at) = EventTime::parse(text) {
        return Ok((at, at));
    }
    let named = || {
        let today = Timestamp::from_microsecond(now.0).ok()?.to_zoned(zone.clone()).date();
        let (first, next) = days(text, today)?;
        Some((midnight(first, zone)?, midnight(next, zone)?))
    };
    let (from, to) = named().ok_or_else(|| wrong(format!("\"{text}\" cannot be read")))?;
    let is_running = text.starts_with("this-") || text == "today";
    Ok((from, if is_running { now.max(from.shift(1)) } else { to }))
}

/// The first day of what is named, and the first day behind it.
fn days(text: &str, today: Date) -> Option<(Date, Date)> {
    let this_month = today.first_of_month();
    let day = |first: Date| Some((first, first.tomorrow().ok()?));
    let week = |first: Date| Some((first, first.checked_add(1.week()).ok()?));
    let month = |first: Date| Some((first, first.checked_add(1.month()).ok()?));
    match text {
        "today" => return day(today),
        "yesterday" => return day(today.yesterday().ok()?),
        "week" => return week(monday(today)?.checked_sub(1.week()).ok()?),
        "this-week" => return week(monday(today)?),
        "month" => return month(this_month.checked_sub(1.month()).ok()?),
        "this-month" => return month(this_month),
        _ => {}
    }
    let parts: Vec<&str> = text.split('-').collect();
    let year: i16 = parts.first().filter(|year| year.len() == 4)?.parse().ok()?;
    match *parts.as_slice() {
        [_] => Some((Date::new(year, 1, 1).ok()?, Date::new(year.checked_add(1)?, 1, 1).ok()?)),
        [_, number] if number.starts_with(['W', 'w']) => {
            let number = number.get(1..)?.parse().ok()?;
            week(jiff::civil::ISOWeekDate::new(year, number, Weekday::Monday).ok()?.date())
        }
        [_, number] => month(Date::new(year, number.parse().ok()?, 1).ok()?),
        [_, number, date] => day(Date::new(year, number.parse().ok()?, date.parse().ok()?).ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(from: EventTime, to: EventTime) -> f64 {
        jiff::SignedDuration::from_micros(to.since(from)).as_secs_f64() / 3_600.0
    }

    fn berlin() -> TimeZone {
        zone("Europe/Berlin").expect("a zone")
    }

    fn span(text: &str, now: &str) -> Span {
        Span::parse(text, &berlin(), EventTime::parse(now).expect("a time")).expect(text)
    }

    fn ends(span: &Span) -> (String, String) {
        (span.from.to_string(), span.to.to_string())
    }

    #[test]
    fn weeks_begin_on_monday_over_a_change_of_clocks() {
        // 29 March 2026 has 23 hours in Berlin, 25 October 25.
        for (text, now, from, to, hours_long) in [
            ("week", "2026-04-01T10:00:00Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z", 167.0),
            (
                "2026-W13",
                "2026-04-01T10:00:00Z",
                "2026-03-22T23:00:00Z",
                "2026-03-29T22:00:00Z",
                167.0,
            ),
            (
                "2026-03-29",
                "2026-04-01T10:00:00Z",
                "2026-03-28T23:00:00Z",
                "2026-03-29T22:00:00Z",
                23.0,
            ),
            (
                "2026-10-25",
                "2026-11-01T10:00:00Z",
                "2026-10-24T22:00:00Z",
                "2026-10-25T23:00:00Z",
                25.0,
            ),
            (
                "month",
                "2026-04-01T10:00:00Z",
                "2026-02-28T23:00:00Z",
                "2026-03-31T22:00:00Z",
                743.0,
            ),
            (
                "2026-03-28..2026-03-30",
                "2026-04-01T10:00:00Z",
                "2026-03-27T23:00:00Z",
                "2026-03-30T22:00:00Z",
                71.0,
            ),
            ("today", "2026-04-01T10:00:00Z", "2026-03-31T22:00:00Z", "2026-04-01T10:00:00Z", 12.0),
            (
                "this-week",
                "2026-04-01T10:00:00Z",
                "2026-03-29T22:00:00Z",
                "2026-04-01T10:00:00Z",
                60.0,
            ),
            ("24h", "2026-04-01T10:00:00Z", "2026-03-31T10:00:00Z", "2026-04-01T10:00:00Z", 24.0),
        ] {
            let span = span(text, now);
            assert_eq!(ends(&span), (from.to_owned(), to.to_owned()), "{text}");
            assert!((hours(span.from, span.to) - hours_long).abs() < 1e-9, "{text}");
        }
    }

    #[test]
    fn the_span_before_has_as_many_days_or_months() {
        for (text, from) in [
            ("2026-W14", "2026-03-22T23:00:00Z"),
            ("2026-03", "2026-01-31T23:00:00Z"),
            ("2026-03-30", "2026-03-28T23:00:00Z"),
            ("2026-03-30T00:00:00Z..2026-03-30T06:00:00Z", "2026-03-29T18:00:00Z"),
        ] {
            let span = span(text, "2026-05-01T00:00:00Z");
            assert_eq!(span.before().from.to_string(), from, "{text}");
            assert_eq!(span.before().to, span.from, "{text}");
        }
    }

    #[test]
    fn buckets_are_the_readers_days_and_never_cross_midnight() {
        let span = span("2026-03-28..2026-03-30", "2026-05-01T00:00:00Z");
        let lengths = |step| -> Vec<f64> {
            let buckets = span.buckets(step).expect("few");
            buckets.into_iter().map(|(from, to)| hours(from, to)).collect()
        };
        assert_eq!(lengths(Step::Day), [24.0, 23.0, 24.0]);
        assert_eq!(
            lengths(Step::Minutes(600)),
            [10.0, 10.0, 4.0, 10.0, 10.0, 3.0, 10.0, 10.0, 4.0]
        );
        assert_eq!(lengths(Step::Week), [47.0, 24.0]);
        assert_eq!(lengths(Step::Minutes(60)).len(), 71);
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_a_hint() {
        for text in
            ["", "soon", "2026-13", "2026-W60", "2026-03-05..2026-03-01", "..", "0h", "2026-3-40"]
        {
            let found = Span::parse(text, &berlin(), EventTime(0));
            assert!(found.is_err_and(|error| !error.hint().is_empty()), "{text}");
        }
    }
}
