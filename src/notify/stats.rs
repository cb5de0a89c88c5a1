//! How do deliveries go? Counts of each receiver, for the summary and for monitoring.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How deliveries go, over all receivers. Counted since the process started.
#[derive(Debug, Default)]
pub struct CourierStats {
    receivers: BTreeMap<String, Arc<ReceiverStats>>,
}

/// How deliveries to one receiver go.
#[derive(Debug, Default)]
pub struct ReceiverStats {
    pub(super) delivered: AtomicU64,
    pub(super) attempts_failed: AtomicU64,
    pub(super) given_up: AtomicU64,
    pub(super) diverted: AtomicU64,
    pub(super) pending: AtomicU64,
    pub(super) disabled: AtomicBool,
}

impl CourierStats {
    /// No deliveries yet.
    #[must_use]
    pub fn new(receivers: impl IntoIterator<Item = String>) -> Self {
        Self::default().renewed(receivers)
    }

    /// Those of these receivers, going on with what was counted of those that were there before.
    #[must_use]
    pub fn renewed(&self, receivers: impl IntoIterator<Item = String>) -> Self {
        let known = |name: &String| self.receivers.get(name).cloned().unwrap_or_default();
        let receivers = receivers.into_iter().map(|name| (name.clone(), known(&name)));
        Self { receivers: receivers.collect() }
    }

    /// Each receiver, by name.
    pub fn receivers(&self) -> impl Iterator<Item = (&str, &ReceiverStats)> {
        self.receivers.iter().map(|(name, stats)| (name.as_str(), &**stats))
    }

    /// One receiver.
    pub(super) fn receiver(&self, name: &str) -> Option<&ReceiverStats> {
        self.receivers.get(name).map(Arc::as_ref)
    }

    /// Messages that arrived.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.receivers.values().map(|stats| stats.delivered()).sum()
    }

    /// Attempts that failed.
    #[must_use]
    pub fn attempts_failed(&self) -> u64 {
        self.receivers.values().map(|stats| stats.attempts_failed()).sum()
    }

    /// How often anything changed with a message.
    pub(super) fn changes(&self) -> u64 {
        let diverted = |stats: &Arc<ReceiverStats>| stats.diverted.load(Ordering::Relaxed);
        let diverted: u64 = self.receivers.values().map(diverted).sum();
        self.delivered() + self.attempts_failed() + self.given_up() + diverted
    }

    /// Messages that will not arrive.
    #[must_use]
    pub fn given_up(&self) -> u64 {
        self.receivers.values().map(|stats| stats.given_up()).sum()
    }
}

impl ReceiverStats {
    /// Messages that arrived.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Attempts that failed.
    #[must_use]
    pub fn attempts_failed(&self) -> u64 {
        self.attempts_failed.load(Ordering::Relaxed)
    }

    /// Messages that will not arrive.
    #[must_use]
    pub fn given_up(&self) -> u64 {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Messages on their way.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }

    /// Whether it is not called any more.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.disabled.load(Ordering::Relaxed)
    }
}
