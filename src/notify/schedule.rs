//! When is a message tried again? Our own schedule is a floor, whatever the endpoint asks for.

use std::time::Duration;

use super::outbox::{Pending, is_over};
use crate::system::unix_ms;

/// Waits after each failed attempt, as Standard Webhooks recommends: about three days in all.
pub const RETRY_SCHEDULE: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3_600),
    Duration::from_secs(5 * 3_600),
    Duration::from_secs(10 * 3_600),
    Duration::from_secs(14 * 3_600),
    Duration::from_secs(20 * 3_600),
    Duration::from_secs(24 * 3_600),
];

impl Pending {
    /// The message after one more attempt that failed; `None` when it was the last.
    ///
    /// What the endpoint asks for only makes a step longer. An attempt before the step is over, as
    /// when an endpoint is back, does not count: so however often an endpoint comes and goes, a
    /// message is given up after the whole schedule and not before.
    pub(super) fn failed(&self, schedule: &[Duration], asked: Duration) -> Option<Self> {
        let (attempts, step_ends_ms) = if is_over(self.step_ends_ms, unix_ms()) {
            let wait = schedule.get(self.attempts as usize)?;
            (self.attempts + 1, after(jittered(*wait).max(asked)))
        } else {
            (self.attempts, self.step_ends_ms.max(after(asked)))
        };
        let message = self.message.clone();
        Some(Self { message, attempts, due_unix_ms: step_ends_ms, step_ends_ms })
    }
}

/// The instant after a wait, in milliseconds since the Unix epoch.
pub(super) fn after(wait: Duration) -> i64 {
    unix_ms().saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

/// The wait, up to a fifth longer, so that many messages do not come back at once.
pub(super) fn jittered(wait: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let share = u32::try_from(RandomState::new().hash_one(wait) % 200).unwrap_or(0);
    wait + wait.mul_f64(f64::from(share) / 1_000.0)
}
