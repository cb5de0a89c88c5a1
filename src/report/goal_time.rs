//! Which time does a goal mean, and how much of it was heard? In blocks of a day.

use jiff::{ToSpan, Zoned};

use super::error::ReportError;
use super::goal_state::Sampled;
use super::heard::{Coverage, Heard};
use super::interval::float;
use super::span::{Span, instant};
use crate::config::{Goal, GoalSpan};
use crate::system::wall_clock;
use crate::time::{DAY_US, EventTime};

/// The time of a goal.
#[derive(Debug)]
pub(super) struct GoalTime {
    /// All of it, what is still to come included.
    pub(super) span: Span,
    /// What can be counted.
    pub(super) so_far: Span,
    /// How many days it has.
    pub(super) days: f64,
    /// How many of them are still to come, or were not heard.
    pub(super) missing: f64,
    /// Places of the blocks that were heard as a whole, from 0.
    pub(super) whole: Vec<i64>,
    /// What the days stand for.
    pub(super) sampled: Sampled,
}

impl GoalTime {
    /// The time that a goal means at an instant, at the latest where posts were heard.
    pub(super) fn of(goal: &Goal, heard: &Heard, at: EventTime) -> Result<Self, ReportError> {
        let until = heard.until.unwrap_or_else(wall_clock);
        let now = at.min(until);
        let (from, to, sampled) = match goal.span {
            GoalSpan::Days(days) => (now.shift(-days * DAY_US), now, Sampled::Level),
            running => {
                // A period that ends at this instant is told as a whole.
                let local = crate::chart::zoned(now.shift(-1), &goal.zone);
                let period = period(running, &local).unwrap_or((now.shift(-DAY_US), now));
                (period.0, period.1, Sampled::Themselves)
            }
        };
        let first = heard.first.unwrap_or(to);
        let (mut missing_us, mut whole) = (0, Vec::new());
        let (mut begin, mut block) = (from, 0);
        while begin < to {
            let end = begin.shift(DAY_US).min(to);
            let length = end.since(begin);
            missing_us += length - now.min(end).since(first.max(begin)).clamp(0, length);
            let is_over = end <= now && length == DAY_US;
            if is_over && heard.of(begin, end) == Coverage::Whole {
                whole.push(block);
            }
            (begin, block) = (end, block + 1);
        }
        let days = |us: i64| float(us.unsigned_abs()) / float(DAY_US.unsigned_abs());
        Ok(Self {
            span: Span::new(from, to, goal.zone.clone())?,
            so_far: Span::new(from, now.max(from.shift(1)), goal.zone.clone())?,
            days: days(to.since(from)),
            missing: days(missing_us),
            whole,
            sampled,
        })
    }
}

/// The period that runs at a time of day.
fn period(span: GoalSpan, now: &Zoned) -> Option<(EventTime, EventTime)> {
    let today = now.date();
    let month = today.first_of_month();
    let year = today.first_of_year();
    let (first, next) = match span {
        GoalSpan::Week => {
            let monday = i64::from(today.weekday().to_monday_zero_offset());
            let monday = today.checked_sub(monday.days()).ok()?;
            (monday, monday.checked_add(1.week()).ok()?)
        }
        GoalSpan::Month | GoalSpan::Days(_) => (month, month.checked_add(1.month()).ok()?),
        GoalSpan::Quarter => {
            let into = i64::from((today.month() - 1) % 3);
            let first = month.checked_sub(into.months()).ok()?;
            (first, first.checked_add(3.months()).ok()?)
        }
        GoalSpan::Year => (year, year.checked_add(1.year()).ok()?),
    };
    let begin = |date: jiff::civil::Date| {
        Some(instant(&date.to_zoned(now.time_zone().clone()).ok()?.start_of_day().ok()?))
    };
    Some((begin(first)?, begin(next)?))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::config::{GoalMeasure, Side};

    #[test]
    fn what_is_not_over_yet_or_was_not_heard_is_missing() {
        let at = |text: &str| EventTime::parse(text).expect("a time");
        let heard = Heard {
            first: Some(at("2026-05-18T12:00:00Z")),
            until: Some(at("2026-05-22T06:00:00Z")),
            ..Heard::default()
        };
        let goal = |span| Goal {
            name: String::new(),
            measure: GoalMeasure::Mentions,
            topics: Vec::new(),
            voice: None,
            target: 1.0,
            side: Side::AtLeast,
            span,
            zone: TimeZone::UTC,
            sites: Vec::new(),
            severity: String::new(),
            labels: Vec::new(),
            receivers: Vec::new(),
            escalate: Vec::new(),
            policy: None,
        };
        // Monday from noon on, three whole days, and a quarter of Friday.
        let week =
            GoalTime::of(&goal(GoalSpan::Week), &heard, EventTime(i64::MAX)).expect("a span");
        assert_eq!((week.whole.as_slice(), week.days, week.missing), (&[1, 2, 3][..], 7.0, 3.25));
        // As it was on Thursday morning.
        let week = GoalTime::of(&goal(GoalSpan::Week), &heard, at("2026-05-21T06:00:00Z"))
            .expect("a span");
        assert_eq!((week.whole.as_slice(), week.missing), (&[1, 2][..], 4.25));
        let days =
            GoalTime::of(&goal(GoalSpan::Days(5)), &heard, EventTime(i64::MAX)).expect("a span");
        assert_eq!((days.whole.as_slice(), days.missing), (&[2, 3, 4][..], 1.25));
    }

    #[test]
    fn periods_begin_and_end_at_midnights_of_their_zone() {
        let zone = super::super::span::zone("Europe/Berlin").expect("a zone");
        let now = EventTime::parse("2026-05-20T10:00:00Z").expect("a time");
        let now = crate::chart::zoned(now, &zone);
        for (span, from, to) in [
            (GoalSpan::Week, "2026-05-17T22:00:00Z", "2026-05-24T22:00:00Z"),
            (GoalSpan::Month, "2026-04-30T22:00:00Z", "2026-05-31T22:00:00Z"),
            (GoalSpan::Quarter, "2026-03-31T22:00:00Z", "2026-06-30T22:00:00Z"),
            (GoalSpan::Year, "2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z"),
        ] {
            let (begin, end) = period(span, &now).expect("a period");
            assert_eq!((begin.to_string().as_str(), end.to_string().as_str()), (from, to));
        }
    }
}
