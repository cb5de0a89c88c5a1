//! What time is it? The wall clock, for retries and signatures.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::time::EventTime;

/// Milliseconds since the Unix epoch.
pub(super) fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The present instant.
pub(super) fn now() -> EventTime {
    EventTime(unix_ms().saturating_mul(1_000))
}
