//! Is a receiver still worth calling? How long it has failed, and why it is no longer called.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::message::Message;
use super::receiver::Receiver;
use crate::system::{unix_ms, wall_clock};

/// How a receiver is; kept over restarts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Health {
    /// Hash of the address that this is about: with another address, all is forgotten.
    pub(super) address: String,
    /// Since when nothing arrived that was tried, in milliseconds since the Unix epoch.
    pub(super) failing_since_ms: Option<i64>,
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

    /// Notes a failure; says since when it fails.
    pub(super) fn failed(&mut self) -> Duration {
        let since = *self.failing_since_ms.get_or_insert_with(unix_ms);
        Duration::from_millis(u64::try_from(unix_ms() - since).unwrap_or(0))
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
