//! Where does a Jetstream source go on, and what did it miss? A time, which means the same on every
//! server, unlike the sequence numbers that each counts for itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::connect::health::Gap;
use crate::time::{EventTime, MINUTE_US, SECOND_US};

/// How far before the last frame to go on after a reconnection.
const REWIND_US: i64 = 5 * SECOND_US;
/// For how long servers keep what they sent, at least.
const KEPT_US: i64 = 24 * 60 * MINUTE_US;
/// The earliest time that a server takes for one: smaller numbers are sequence numbers.
pub(super) const OLDEST_US: i64 = 1_000_000_000_000_000;

/// Where to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// When the server saw the latest frame, in microseconds since the Unix epoch.
    pub(super) time_us: i64,
}

/// Connections in a row that come to a place and no further, until it is stepped over.
const TRIES: u32 = 5;
/// The first step over it, four times as long with each further one, and the longest.
const STEP_US: i64 = 50_000;
const STEP_US_MAX: i64 = MINUTE_US;
/// The wait after the first such connection, twice as long after each, and the longest.
const WAIT: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(30);

/// How often connections ended where the one before did. What comes there cannot be read, or ends the
/// server: asked for again, it comes again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stuck {
    times: u32,
}

impl Stuck {
    /// Notes how far a connection came that was to go on from a place.
    pub(super) fn note(&mut self, place: Option<Place>, came_us: Option<i64>) {
        let before = place.map(|place| place.time_us);
        if came_us > before {
            self.times = 0;
        } else if before.is_some() && (came_us == before || self.is_stepping()) {
            self.times = self.times.saturating_add(1);
        }
    }

    fn is_stepping(self) -> bool {
        self.times >= TRIES
    }

    /// How long to leave the server alone.
    pub(super) fn wait(self) -> Option<Duration> {
        let doubled = WAIT.saturating_mul(1 << self.times.saturating_sub(1).min(10));
        (self.times > 0).then(|| doubled.min(WAIT_MAX))
    }

    /// What to ask for, and what is missed by it.
    pub(super) fn cursor(self, place: Place, now_us: i64) -> (i64, Option<Gap>) {
        let over_us = STEP_US.saturating_mul(1 << (2 * (self.times.saturating_sub(TRIES)).min(10)));
        let to_us = place.time_us.saturating_add(over_us.min(STEP_US_MAX)).min(now_us);
        if !self.is_stepping() || to_us <= place.time_us {
            return (place.cursor(), None);
        }
        let gap = Gap {
            from: EventTime(place.time_us).to_string(),
            to: EventTime(to_us).to_string(),
            reason: "each connection ended there: it is stepped over".to_owned(),
        };
        (to_us, Some(gap))
    }
}

/// What a cursor holds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(flatten)]
    pub(super) place: Place,
    /// The mentions that are followed, sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) followed: Option<String>,
}

impl Place {
    /// What to ask for: a few seconds are asked for again.
    pub(super) fn cursor(self) -> i64 {
        self.time_us.saturating_sub(REWIND_US).max(0)
    }

    /// What is missing between it and a time, since the server does not have it any more.
    pub(super) fn gap_to(self, to: EventTime) -> Gap {
        Gap {
            from: EventTime(self.time_us).to_string(),
            to: to.to_string(),
            reason: "the server does not keep what it sent before".to_owned(),
        }
    }
}

/// Whether a server began later than it was asked to, since it does not keep as much.
///
/// A server that is played back from an archive says times of long ago and is not meant.
pub(super) fn is_cut_off(asked_us: i64, first_us: i64, now_us: i64) -> bool {
    now_us - asked_us > KEPT_US
        && first_us - asked_us > MINUTE_US
        && now_us - first_us < 2 * KEPT_US
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_keeps_less_than_was_missed_leaves_a_gap() {
        let hour = 60 * MINUTE_US;
        let now = 1_772_366_400_000_000;
        let rows = [
            (now - 60 * hour, now - 36 * hour, true),
            (now - 60 * hour, now - 60 * hour, false),
            (now - 2 * hour, now - hour, false),
            (now - 9_000 * hour, now - 8_000 * hour, false),
        ];
        for (asked, first, gap) in rows {
            assert_eq!(is_cut_off(asked, first, now), gap);
        }
    }

    #[test]
    fn a_place_behind_which_nothing_comes_is_left_alone_and_stepped_over_at_last() {
        let (place, now) = (Place { time_us: 1_772_366_400_000_000 }, 1_772_370_000_000_000);
        let (mut stuck, at) = (Stuck::default(), Some(place.time_us));
        let (mut asked, mut waited) = (Vec::new(), Duration::ZERO);
        for _ in 0..12 {
            let (cursor, gap) = stuck.cursor(place, now);
            assert_eq!(gap.is_some(), cursor > place.time_us);
            asked.push((cursor - place.time_us) / 1_000);
            stuck.note(Some(place), at.filter(|_| gap.is_none()));
            waited += stuck.wait().expect("a wait");
        }
        let steps = [50, 200, 800, 3_200, 12_800, 51_200, 60_000];
        assert_eq!(asked, [[-5_000; 5].as_slice(), &steps].concat());
        assert!(waited < Duration::from_secs(300));
        // Further is well; less says nothing; and of a server that never gave anything nothing is known.
        stuck.note(Some(place), Some(place.time_us + 1));
        assert_eq!((stuck.wait(), stuck.cursor(place, now).0), (None, place.cursor()));
        stuck.note(Some(place), Some(place.time_us - 1));
        stuck.note(Some(place), None);
        stuck.note(None, None);
        assert_eq!(stuck.wait(), None);
    }
}
