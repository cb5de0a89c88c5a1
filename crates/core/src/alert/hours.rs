//! Which hour is it for the people who are told? Hours of a time zone, for rules and rhythms.
//!
//! The zone database is the one compiled in, so that replays agree on every machine.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::time::EventTime;

/// When a rule may call people: weekdays and a stretch of the day, in the rule's time zone.
///
/// Outside, an alert neither fires nor escalates; one that fires still resolves. A condition that
/// holds when the hours begin fires then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveHours {
    /// First minute of the day, from 0.
    pub from_minute: u16,
    /// One past the last minute, up to 1,440. Below `from_minute` the stretch spans midnight, and
    /// belongs to the weekday on which it began.
    pub to_minute: u16,
    /// Which weekdays, Monday first.
    pub weekdays: [bool; 7],
}

impl ActiveHours {
    /// Whether this local time lies within.
    pub(super) fn hold(&self, local: LocalTime) -> bool {
        let today = self.weekdays.get(usize::from(local.weekday)).copied().unwrap_or(false);
        let before = self.weekdays.get((usize::from(local.weekday) + 6) % 7);
        let yesterday = before.copied().unwrap_or(false);
        if self.from_minute <= self.to_minute {
            today && (self.from_minute..self.to_minute).contains(&local.minute)
        } else {
            (today && local.minute >= self.from_minute)
                || (yesterday && local.minute < self.to_minute)
        }
    }
}

/// A weekday and a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LocalTime {
    /// From 0, Monday.
    pub(super) weekday: u8,
    /// Minute of the day from 0.
    pub(super) minute: u16,
}

impl LocalTime {
    /// The local time in a zone; an instant beyond the calendar counts as Monday midnight.
    pub(super) fn of(at: EventTime, zone: &TimeZone) -> Self {
        let Ok(stamp) = Timestamp::from_microsecond(at.0) else {
            return Self { weekday: 0, minute: 0 };
        };
        let local = zone.to_datetime(stamp);
        let weekday = local.weekday().to_monday_zero_offset().unsigned_abs();
        let minute =
            u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        Self { weekday, minute }
    }

    /// Hour of the day from 0.
    pub(super) fn hour(self) -> usize {
        usize::from(self.minute / 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_follow_the_zone_over_the_change_of_clocks() {
        let zone = TimeZone::get("Europe/Berlin").expect("compiled in");
        let office = ActiveHours { from_minute: 480, to_minute: 1_080, weekdays: [true; 7] };
        let night = ActiveHours {
            from_minute: 1_320,
            to_minute: 360,
            weekdays: [false, false, false, false, true, false, false],
        };
        let rows = [
            ("2026-03-27T07:00:00Z", true, false),
            ("2026-03-27T06:59:00Z", false, false),
            ("2026-03-30T06:00:00Z", true, false),
            ("2026-03-27T21:30:00Z", false, true),
            ("2026-03-28T04:59:00Z", false, true),
            ("2026-03-28T21:30:00Z", false, false),
        ];
        for (at, in_office, in_night) in rows {
            let local = LocalTime::of(EventTime::parse(at).expect(at), &zone);
            assert_eq!((office.hold(local), night.hold(local)), (in_office, in_night), "{at}");
        }
    }
}
