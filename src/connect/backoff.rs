//! How long to wait before trying again?

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Exponential back-off with full jitter: a random wait between zero and a doubling limit.
///
/// See Brooker, "Exponential Backoff And Jitter" (2015).
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    attempt: u32,
    random: RandomState,
}

impl Backoff {
    /// Waits up to `first`, then up to twice as long each time, never longer than `max`.
    #[must_use]
    pub fn new(first: Duration, max: Duration) -> Self {
        Self { first, max, attempt: 0, random: RandomState::new() }
    }

    /// The next wait.
    pub fn next_wait(&mut self) -> Duration {
        let limit = self.first.saturating_mul(1 << self.attempt.min(20)).min(self.max);
        self.attempt = self.attempt.saturating_add(1);
        let share = self.random.hash_one(self.attempt) % 1_000 + 1;
        limit.mul_f64(f64::from(u32::try_from(share).unwrap_or(1_000)) / 1_000.0)
    }

    /// Starts over after a success.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_bounded() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
        for attempt in 0..100 {
            let limit =
                Duration::from_millis(100 * (1 << attempt.min(6))).min(Duration::from_secs(5));
            let wait = backoff.next_wait();
            assert!(wait > Duration::ZERO && wait <= limit, "{attempt}: {wait:?}");
        }
    }
}
