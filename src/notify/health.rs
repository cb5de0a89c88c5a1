//! Is a receiver still worth calling? How long it has failed, and why it is no longer called.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::message::Message;
use super::receiver::Receiver;
use crate::system::wall_clock;

/// Longer than any wait for the next attempt, in milliseconds.
pub(super) const LONGEST_MS: i64 = 36 * 3_600 * 1_000;

/// How a receiver is; kept over restarts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Health {
    /// Hash of the address that this is about: with another address, all is forgotten.
    pub(super) address: String,
    /// Since when nothing arrived that was tried, in milliseconds since the Unix epoch.
    pub(super) failing_since_ms: Option<i64>,
    /// When the last attempt failed, and how long nothing had arrived by then.
    #[serde(default)]
    pub(super) failed_at_ms: Option<i64>,
    #[serde(default)]
    pub(super) failing_ms: i64,
    /// Why it is not called any more.
    pub(super) disabled: Option<String>,
}

impl Health {
    /// The same receiver, called again.
    pub(super) fn enabled(&self) -> Self {
        Self { address: self.address.clone(), ..Self::default() }
    }

    /// What still holds for this receiver, whose address may have changed.
    pub(super) fn of(self, receiver: &Receiver) -> Self {
        let address = blake3::hash(receiver.url.0.as_str().as_bytes()).to_hex();
        let address: String = address.chars().take(16).collect();
        if self.address == address { self } else { Self { address, ..Self::default() } }
    }

    /// Notes a failure at `now_ms`; says for how long nothing has arrived.
    ///
    /// It is the sum of what lies between attempts: a clock that is set leaves a step backwards, or
    /// one that no wait is as long as, which says nothing of the receiver.
    pub(super) fn failed(&mut self, now_ms: i64) -> Duration {
        let since = *self.failing_since_ms.get_or_insert(now_ms);
        let step_ms = now_ms.saturating_sub(self.failed_at_ms.unwrap_or(since));
        if (0..=LONGEST_MS).contains(&step_ms) {
            self.failing_ms = self.failing_ms.saturating_add(step_ms);
        }
        self.failed_at_ms = Some(now_ms);
        Duration::from_millis(u64::try_from(self.failing_ms).unwrap_or(0))
    }

    /// Notes that something arrived; says whether that is news.
    pub(super) fn arrived(&mut self) -> bool {
        let address = std::mem::take(&mut self.address);
        let was_failing = self.failing_since_ms.is_some();
        *self = Self { address, disabled: self.disabled.take(), ..Self::default() };
        was_failing
    }
}

/// Tells a receiver that it takes over.
pub(super) fn takeover(receiver: &Receiver, fallback: &str, why: &str) -> Message {
    let at = wall_clock();
    let mark: String = blake3::hash(receiver.name.as_bytes()).to_hex().chars().take(24).collect();
    let body = json!({
        "type": "receiver.disabled",
        "timestamp": at.to_string(),
        "data": {
            "receiver": receiver.name,
            "severity": "critical",
            "why": why,
            "told_instead": fallback,
        },
    });
    Message {
        id: format!("rcv_{mark}.disabled.{}", at.0),
        receiver: fallback.to_owned(),
        // Before every message that is taken over.
        at_us: i64::MIN,
        body: body.to_string(),
        subject: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_makes_no_receiver_fail_for_long() {
        const HOUR_MS: i64 = 3_600_000;
        let now = 1_780_000_000_000;
        let hours = |attempts: &[i64]| {
            let (mut health, mut hours) = (Health::default(), 0);
            for at in attempts {
                hours = health.failed(*at).as_secs() / 3_600;
            }
            hours
        };
        assert_eq!(hours(&[now, now + 5 * HOUR_MS, now + 29 * HOUR_MS]), 29);
        // Begun before the clock was set, or while it was wrong.
        assert_eq!(hours(&[0, now, now + 2 * HOUR_MS]), 2);
        assert_eq!(hours(&[now, 2 * now, now + HOUR_MS, now + 2 * HOUR_MS]), 1);
        assert_eq!(hours(&[i64::MIN, i64::MAX, now]), 0);
        // As an older version kept it.
        let old = r#"{"address":"a","failing_since_ms":1780000000000,"disabled":null}"#;
        let mut health: Health = serde_json::from_str(old).expect("JSON");
        assert_eq!(health.failed(now + HOUR_MS).as_secs(), 3_600);
        assert!(health.arrived() && !health.arrived());
        assert_eq!(health.failed(now + 9 * HOUR_MS).as_secs(), 0);
    }
}
