//! How many posts were read this month, and how many more may be? X bills every one.

use serde::{Deserialize, Serialize};

use crate::time::{DAY_US, EventTime};

/// The posts read in a month of the calendar, in UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ledger {
    /// As `2026-11`.
    #[serde(default)]
    month: String,
    #[serde(default)]
    read: u64,
}

impl Ledger {
    /// Counts posts that were read.
    pub(super) fn count(&mut self, posts: usize, now: EventTime) {
        let month = month_of(now);
        if self.month != month {
            (self.month, self.read) = (month, 0);
        }
        self.read = self.read.saturating_add(u64::try_from(posts).unwrap_or(u64::MAX));
    }

    /// How many were read this month.
    pub(super) fn read(&self, now: EventTime) -> u64 {
        if self.month == month_of(now) { self.read } else { 0 }
    }

    /// How many may still be read under a ceiling. A hundredth of it stays back for posts that are
    /// on their way when the stream is closed.
    pub(super) fn left(&self, ceiling: u64, now: EventTime) -> u64 {
        let back = (ceiling / 100).clamp(1, 100);
        ceiling.saturating_sub(back).saturating_sub(self.read(now))
    }
}

/// A time's month, as `2026-11`.
fn month_of(time: EventTime) -> String {
    time.to_string().chars().take(7).collect()
}

/// When the next month begins.
pub(super) fn next_month(now: EventTime) -> EventTime {
    let month = month_of(now);
    // The 28th is in every month, and four days later in the next one.
    let inside = EventTime::parse(&format!("{month}-28T00:00:00Z")).unwrap_or(now);
    let next = month_of(EventTime(inside.0 + 4 * DAY_US));
    EventTime::parse(&format!("{next}-01T00:00:00Z")).unwrap_or(EventTime(now.0 + DAY_US))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_counted_for_itself_and_stops_before_its_ceiling() {
        let time = |text| EventTime::parse(text).expect("a time");
        let (november, december) = (time("2026-11-29T12:00:00Z"), time("2026-12-01T00:00:01Z"));
        let mut ledger = Ledger::default();
        ledger.count(90, november);
        ledger.count(5, november);
        assert_eq!((ledger.read(november), ledger.left(100, november)), (95, 4));
        assert_eq!((ledger.read(december), ledger.left(100, december)), (0, 99));
        ledger.count(1, december);
        assert_eq!(ledger.read(december), 1);
        assert_eq!(next_month(november), time("2026-12-01T00:00:00Z"));
        assert_eq!(next_month(december), time("2027-01-01T00:00:00Z"));
        assert_eq!(next_month(time("2027-02-28T23:59:59Z")), time("2027-03-01T00:00:00Z"));
    }
}
