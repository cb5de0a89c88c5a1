//! What does only the operating system know? The time of day, and chance.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::time::EventTime;

/// The time of day.
#[must_use]
pub fn wall_clock() -> EventTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    EventTime(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// The time of day in milliseconds since the Unix epoch.
#[must_use]
pub fn unix_ms() -> i64 {
    wall_clock().0 / 1_000
}

/// Bytes that nobody can guess.
///
/// # Errors
/// When the operating system has none to give.
pub fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// A new identity of 80 bits, such as `sil_3f0c…`.
///
/// # Errors
/// When the operating system has no randomness to give.
pub fn fresh_id(prefix: &str) -> io::Result<String> {
    Ok(format!("{prefix}_{}", hex(&random::<10>()?)))
}

/// Bytes as two digits each.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
