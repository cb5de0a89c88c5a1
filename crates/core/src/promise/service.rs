//! When are people there who answer, and by when is an answer due?

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::holidays::holidays;
use super::region::Region;
use crate::alert::ActiveHours;
use crate::time::{DAY_US, EventTime};

/// Days that are looked through for service hours, about ten years; beyond, nothing is due.
const DAYS_MAX: usize = 3_660;

/// A day on which nobody answers, of one year or of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Its year; `None` is each.
    pub year: Option<i16>,
    /// From 1, January.
    pub month: i8,
    /// From 1.
    pub day: i8,
}

impl Closed {
    /// Reads `2026-12-24`, or `12-24` for each year.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(date) = text.parse::<Date>() {
            let (month, day) = (date.month(), date.day());
            return (text.len() == 10).then_some(Self { year: Some(date.year()), month, day });
        }
        // Read in a leap year, so that the 29th of February can be named.
        let date: Date = format!("2000-{text}").parse().ok()?;
        (text.len() == 5).then_some(Self { year: None, month: date.month(), day: date.day() })
    }

    fn is(self, date: Date) -> bool {
        self.year.is_none_or(|year| year == date.year())
            && (self.month, self.day) == (date.month(), date.day())
    }
}

/// What is promised to people who wait for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// How long an answer may take, in microseconds of service time.
    pub promise_us: i64,
    /// When somebody is there; empty is around the clock.
    pub hours: Vec<ActiveHours>,
    /// Whose clock the hours are on.
    pub zone: TimeZone,
    /// Whose public holidays are free.
    pub holidays: Option<Region>,
    /// Further free days.
    pub closed: Vec<Closed>,
}

impl Default for Service {
    /// A day, around the clock, in UTC.
    fn default() -> Self {
        Self {
            promise_us: DAY_US,
            hours: Vec::new(),
            zone: TimeZone::UTC,
            holidays: None,
            closed: Vec::new(),
        }
    }
}

impl Service {
    /// When the promise for a post of this time ends: after so much service time. `None` where no
    /// service hours come in about ten years. Linear in the days until then.
    ///
    /// # Example
    /// ```
    /// use resonanz_core::promise::{Region, Service};
    /// use resonanz_core::time::EventTime;
    ///
    /// let service = Service { holidays: Region::parse("DE"), ..Service::default() };
    /// let posted = EventTime::parse("2026-04-30T20:00:00Z").expect("a time");
    /// // The first of May does not count.
    /// let due = service.due(posted).map(|due| due.to_string());
    /// assert_eq!(due.as_deref(), Some("2026-05-02T20:00:00Z"));
    /// ```
    #[must_use]
    pub fn due(&self, posted_at: EventTime) -> Option<EventTime> {
        self.after(posted_at, self.promise_us)
    }

    /// When so much service time has passed since an instant.
    #[must_use]
    pub fn after(&self, since: EventTime, length_us: i64) -> Option<EventTime> {
        let mut left = length_us;
        self.each_stretch(since, |begin, end| {
            let length = end.since(begin).max(0);
            if length >= left && length > 0 {
                return Some(begin.shift(left));
            }
            left -= length;
            None
        })
    }

    /// How much service time there is between two instants, in microseconds. Linear in the days
    /// between them.
    #[must_use]
    pub fn passed(&self, since: EventTime, until: EventTime) -> i64 {
        let mut passed = 0;
        self.each_stretch(since, |begin, end| {
            passed += end.min(until).since(begin).max(0);
            (end >= until).then_some(())
        });
        passed
    }

    /// Shows the stretches of service from an instant on, in order, until one has an answer.
    fn each_stretch<T>(
        &self,
        since: EventTime,
        mut show: impl FnMut(EventTime, EventTime) -> Option<T>,
    ) -> Option<T> {
        if self.hours.is_empty() && self.holidays.is_none() && self.closed.is_empty() {
            return show(since, EventTime(i64::MAX));
        }
        let local = self.zone.to_datetime(Timestamp::from_microsecond(since.0).ok()?);
        // Hours that span midnight may have begun the day before.
        let mut date = local.date().yesterday().ok()?;
        let mut from = since;
        let mut free: Option<(i16, Vec<Date>)> = None;
        for _ in 0..DAYS_MAX {
            if !self.is_free(date, &mut free) {
                for (begin, end) in self.stretches(date) {
                    // Stretches that overlap count once.
                    if let Some(found) = show(begin.max(from), end) {
                        return Some(found);
                    }
                    from = from.max(end);
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// Whether nobody is there on a date; `known` keeps the holidays of its year.
    fn is_free(&self, date: Date, known: &mut Option<(i16, Vec<Date>)>) -> bool {
        let Some(region) = self.holidays else { return self.is_closed(date) };
        if known.as_ref().is_none_or(|(year, _)| *year != date.year()) {
            *known = Some((date.year(), holidays(region, date.year())));
        }
        let is_holiday = known.as_ref().is_some_and(|(_, days)| days.contains(&date));
        is_holiday || self.is_closed(date)
    }

    fn is_closed(&self, date: Date) -> bool {
        self.closed.iter().any(|closed| closed.is(date))
    }

    /// The stretches of service that begin on a date, in order.
    fn stretches(&self, date: Date) -> Vec<(EventTime, EventTime)> {
        let whole = ActiveHours { from_minute: 0, to_minute: 1_440, weekdays: [true; 7] };
        let hours = if self.hours.is_empty() {
            std::slice::from_ref(&whole)
        } else {
            self.hours.as_slice()
        };
        let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        let today = hours.iter().filter(|hours| hours.weekdays.get(weekday) == Some(&true));
        let mut found: Vec<(EventTime, EventTime)> = today
            .filter_map(|hours| {
                let begin = self.instant(date, hours.from_minute)?;
                let over = hours.to_minute <= hours.from_minute;
                let last = if over { date.tomorrow().ok()? } else { date };
                Some((begin, self.instant(last, hours.to_minute)?))
            })
            .collect();
        found.sort_unstable();
        found
    }

    /// A minute of a local day, also its last, as an instant.
    fn instant(&self, date: Date, minute: u16) -> Option<EventTime> {
        let date = if minute >= 1_440 { date.tomorrow().ok()? } else { date };
        let minute = minute % 1_440;
        let time = Time::midnight().checked_add(i64::from(minute).minutes()).ok()?;
        let zoned = DateTime::from_parts(date, time).to_zoned(self.zone.clone()).ok()?;
        Some(EventTime(zoned.timestamp().as_microsecond()))
    }
}
