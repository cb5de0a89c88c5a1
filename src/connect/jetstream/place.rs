//! Where does a Jetstream source go on, and what did it miss? A time, which means the same on every
//! server, unlike the sequence numbers that each counts for itself.

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
}
