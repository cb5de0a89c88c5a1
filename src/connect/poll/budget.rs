//! What may still be asked for today? A platform's budget of units, which begins anew at midnight
//! where it has its seat.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::manners::Budget;
use crate::time::EventTime;

/// What was asked for on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Spent {
    /// The date there, as 2026-11-29.
    day: String,
    pub(super) units: u32,
}

/// How much a day allows, and when it ends.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    pub(super) per_day: u32,
    zone: TimeZone,
}

impl Ledger {
    /// The ledger of a budget, or of what the user allows of it.
    ///
    /// # Errors
    /// In words, for a zone that is not known.
    pub(super) fn new(budget: &Budget, own: Option<u32>) -> Result<Self, String> {
        let zone = TimeZone::get(&budget.zone)
            .map_err(|_| format!("the zone \"{}\" is not known", budget.zone))?;
        Ok(Self { per_day: own.unwrap_or(budget.per_day), zone })
    }

    /// Takes units of the day's budget.
    ///
    /// # Errors
    /// When the next day begins, if there are too few left.
    pub(super) fn take(
        &self,
        spent: &mut Option<Spent>,
        units: u32,
        now: EventTime,
    ) -> Result<(), EventTime> {
        let used = self.used(spent.as_ref(), now);
        if used.saturating_add(units) > self.per_day {
            return Err(self.next(now));
        }
        *spent = Some(Spent { day: self.day(now).to_string(), units: used.saturating_add(units) });
        Ok(())
    }

    /// Takes note that the platform says nothing is left; when the next day begins.
    pub(super) fn drain(&self, spent: &mut Option<Spent>, now: EventTime) -> EventTime {
        *spent = Some(Spent { day: self.day(now).to_string(), units: self.per_day });
        self.next(now)
    }

    /// Units left today.
    pub(super) fn left(&self, spent: Option<&Spent>, now: EventTime) -> u32 {
        self.per_day.saturating_sub(self.used(spent, now))
    }

    /// How long to wait so that looks of `cost` units last until the day ends, in microseconds.
    pub(super) fn pace_us(&self, spent: Option<&Spent>, cost: u32, now: EventTime) -> i64 {
        let looks = i64::from(self.left(spent, now) / cost.max(1));
        self.next(now).since(now) / looks.max(1)
    }

    fn used(&self, spent: Option<&Spent>, now: EventTime) -> u32 {
        spent.filter(|spent| spent.day == self.day(now).to_string()).map_or(0, |spent| spent.units)
    }

    fn day(&self, now: EventTime) -> Date {
        let now = Timestamp::from_microsecond(now.0).unwrap_or_default();
        now.to_zoned(self.zone.clone()).date()
    }

    fn next(&self, now: EventTime) -> EventTime {
        let next = self.day(now).checked_add(1.day()).ok();
        let next = next.and_then(|date| date.to_zoned(self.zone.clone()).ok());
        next.map_or(now.shift(crate::time::DAY_US), |next| {
            EventTime(next.timestamp().as_microsecond())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MINUTE_US;

    fn at(text: &str) -> EventTime {
        EventTime::parse(text).expect(text)
    }

    #[test]
    fn a_budget_begins_anew_at_midnight_of_its_zone_also_when_clocks_change() {
        let budget = Budget { per_day: 100, zone: "America/Los_Angeles".to_owned() };
        let ledger = Ledger::new(&budget, None).expect("a zone");
        let mut spent = None;
        let evening = at("2026-11-29T07:00:00Z");
        assert_eq!(ledger.take(&mut spent, 99, evening), Ok(()));
        assert_eq!(ledger.take(&mut spent, 2, evening), Err(at("2026-11-29T08:00:00Z")));
        assert_eq!(ledger.take(&mut spent, 2, at("2026-11-29T08:00:00Z")), Ok(()));
        assert_eq!(spent.map(|spent| spent.units), Some(2));
        // On the eighth of March the day has 23 hours.
        assert_eq!(ledger.drain(&mut None, at("2026-03-08T09:00:00Z")), at("2026-03-09T07:00:00Z"));
    }

    #[test]
    fn looks_are_spread_over_what_is_left_of_the_day() {
        let budget = Budget { per_day: 100, zone: "UTC".to_owned() };
        let ledger = Ledger::new(&budget, Some(10)).expect("a zone");
        let mut spent = None;
        let now = at("2026-11-29T23:00:00Z");
        assert_eq!(ledger.take(&mut spent, 4, now), Ok(()));
        assert_eq!(ledger.pace_us(spent.as_ref(), 2, now), 20 * MINUTE_US);
    }
}
