//! What time is it? The wall clock, by which what comes in is received.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::time::EventTime;

/// The time of day.
#[must_use]
pub fn wall_clock() -> EventTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    EventTime(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
