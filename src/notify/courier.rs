//! When is each message tried? One courier per receiver, so that a dead endpoint delays no other.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::dns::Resolve;
use tokio::sync::{Notify, watch};

use super::attempt::{Attempt, Failure, Fault};
use super::enclosure::Press;
use super::endpoint::Endpoint;
use super::guard::SystemResolver;
use super::health::{Health, takeover};
use super::message::Message;
use super::outbox::{Next, Outbox, OutboxError, Pending, is_over};
use super::receiver::Receiver;
use super::schedule::{after, jittered};
use super::stats::{CourierStats, ReceiverStats};
use crate::alert::Transition;
use crate::system::{crash_point, unix_ms};

/// Longest rest of an endpoint: a dead one is left alone, but a new alert is not late for one that
/// is back.
const REST_MAX: Duration = Duration::from_secs(60);

/// How couriers go about it.
#[derive(Clone)]
pub struct Manner {
    /// Waits after each failed attempt; a message is given up after the last.
    pub schedule: &'static [Duration],
    /// How long an endpoint rests after a failure of its own; doubled with each, up to a minute.
    pub rest: Duration,
    /// How long an attempt may take.
    pub timeout: Duration,
    /// How often firing alerts are told again to those who forget.
    pub repeat: Duration,
    /// Who knows the addresses of hosts.
    pub resolver: Arc<dyn Resolve>,
    /// Who makes the reports that mail carries.
    pub press: Option<Press>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            schedule: &super::schedule::RETRY_SCHEDULE,
            rest: Duration::from_secs(5),
            timeout: Duration::from_secs(15),
            repeat: Duration::from_secs(60),
            resolver: Arc::new(SystemResolver),
            press: None,
        }
    }
}

impl std::fmt::Debug for Manner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Manner").field("schedule", &self.schedule).finish_non_exhaustive()
    }
}

/// Delivers one receiver's messages.
#[derive(Debug)]
pub struct Courier {
    endpoint: Endpoint,
    outbox: Arc<Outbox>,
    bell: Arc<Notify>,
    stats: Arc<CourierStats>,
    manner: Manner,
    health: Health,
    /// Failures in a row that were the endpoint's.
    failures: u32,
    /// Not before this instant, in milliseconds since the Unix epoch.
    rests_until_ms: i64,
    /// Says `true` when nothing further is to be begun.
    ends: watch::Receiver<bool>,
    /// A message that arrived, and of which the outbox does not know it yet.
    arrived: Option<Message>,
    /// When firing alerts are told again, and those that are left of this round.
    repeats_at_ms: i64,
    repeats: Vec<Message>,
}

impl Courier {
    /// A courier who takes messages from `outbox` and looks for new ones when `bell` is rung.
    ///
    /// # Errors
    /// When the outbox refuses, or no connection could ever be made.
    pub fn new(
        receiver: Receiver,
        outbox: Arc<Outbox>,
        bell: Arc<Notify>,
        stats: Arc<CourierStats>,
        manner: Manner,
    ) -> anyhow::Result<Self> {
        let health = outbox.health(&receiver.name)?.of(&receiver);
        let failures = u32::from(health.failing_since_ms.is_some());
        let (resolver, press) = (Arc::clone(&manner.resolver), manner.press.clone());
        let endpoint = Endpoint::new(receiver, resolver, manner.timeout, press)?;
        let (rests_until_ms, repeats_at_ms, repeats) = (0, 0, Vec::new());
        let (_, ends) = watch::channel(false);
        Ok(Self {
            ends,
            endpoint,
            outbox,
            bell,
            stats,
            manner,
            health,
            failures,
            rests_until_ms,
            arrived: None,
            repeats_at_ms,
            repeats,
        })
    }

    /// The same, beginning no attempt once `ends` says `true`.
    #[must_use]
    pub fn until(self, ends: watch::Receiver<bool>) -> Self {
        Self { ends, ..self }
    }

    /// Delivers until it is to end, or the task is aborted.
    ///
    /// # Errors
    /// When the outbox refuses. It can be called again: what arrived is not sent once more.
    pub async fn run(&mut self) -> Result<(), OutboxError> {
        let bell = Arc::clone(&self.bell);
        let name = self.endpoint.receiver.name.clone();
        if let Some(why) = &self.health.disabled {
            tracing::error!(receiver = name, why, "receiver is disabled");
        }
        if let Some(message) = self.arrived.take() {
            self.arrived(message)?;
        }
        let mut ends = self.ends.clone();
        while !*ends.borrow_and_update() {
            let rung = bell.notified();
            let disabled = self.health.disabled.is_some();
            self.count(|stats| stats.disabled.store(disabled, Ordering::Relaxed));
            let pending = self.outbox.pending_for(&name)?;
            self.count(|stats| stats.pending.store(pending, Ordering::Relaxed));
            let due_ms = match self.outbox.next(&name, unix_ms())? {
                Next::Due(entry) if disabled => {
                    self.divert(&entry.message)?;
                    continue;
                }
                Next::Due(entry) if is_over(self.rests_until_ms, unix_ms()) => {
                    self.deliver(*entry).await?;
                    continue;
                }
                Next::Due(_) => self.rests_until_ms,
                Next::At(due_ms) if is_over(self.rests_until_ms, unix_ms()) => due_ms,
                Next::At(due_ms) => due_ms.max(self.rests_until_ms),
                Next::Nothing => i64::MAX,
            };
            let repeats = self.endpoint.receiver.style.repeats() && !disabled;
            if repeats && self.repeat(&name).await? {
                continue;
            }
            let wake_ms = if repeats { due_ms.min(self.repeats_at_ms) } else { due_ms };
            let wait = Duration::from_millis(u64::try_from(wake_ms - unix_ms()).unwrap_or(0));
            tokio::select! {
                () = rung => {}
                () = tokio::time::sleep(wait) => {}
                // Without anybody who could say so it never ends.
                Ok(()) = ends.changed() => {}
            }
        }
        Ok(())
    }

    fn count(&self, change: impl FnOnce(&ReceiverStats)) {
        if let Some(stats) = self.stats.receiver(&self.endpoint.receiver.name) {
            change(stats);
        }
    }

    async fn deliver(&mut self, entry: Pending) -> Result<(), OutboxError> {
        let message = &entry.message;
        if message.transition() == Some(Transition::Resolved) && !self.outbox.was_told(message)? {
            return self.divert(message);
        }
        match self.endpoint.post(message).await {
            Attempt::Arrived => {
                crash_point("deliver.sent");
                self.arrived(message.clone())
            }
            Attempt::Gone => self.disable("it answered 410 gone"),
            Attempt::Refused(why) => self.refused(message, &why),
            Attempt::Failed(failure) => {
                self.failed(&entry, &failure)?;
                // Counted once the outbox knows: whoever sees the count finds the rest there.
                self.count(|stats| {
                    stats.attempts_failed.fetch_add(1, Ordering::Relaxed);
                });
                Ok(())
            }
        }
    }

    fn arrived(&mut self, message: Message) -> Result<(), OutboxError> {
        if let Err(error) = self.outbox.delivered(&message) {
            self.arrived = Some(message);
            return Err(error);
        }
        crash_point("deliver.noted");
        self.count(|stats| {
            stats.delivered.fetch_add(1, Ordering::Relaxed);
        });
        tracing::info!(
            receiver = self.endpoint.receiver.name,
            id = message.id,
            "message delivered"
        );
        if message.transition() == Some(Transition::Resolved) {
            self.repeats.retain(|firing| firing.alert() != message.alert());
        }
        // Killed in between, the next start wakes them again.
        if std::mem::take(&mut self.failures) > 0 {
            tracing::info!(receiver = self.endpoint.receiver.name, "receiver is back");
            self.outbox.wake(&self.endpoint.receiver.name)?;
        }
        if self.health.arrived() {
            self.remember()?;
        }
        Ok(())
    }

    fn failed(&mut self, entry: &Pending, failure: &Failure) -> Result<(), OutboxError> {
        let (why, receiver) = (&failure.why, &self.endpoint.receiver);
        let for_long = self.health.failed(unix_ms());
        self.remember()?;
        if for_long >= receiver.disable_after {
            let why = format!("nothing arrived for {} s: {why}", for_long.as_secs());
            return self.disable(&why);
        }
        let asked = failure.retry_after.unwrap_or_default();
        if failure.fault == Fault::Endpoint {
            let rest = self.manner.rest.saturating_mul(1 << self.failures.min(8)).min(REST_MAX);
            self.rests_until_ms = after(jittered(rest).max(asked));
            self.failures += 1;
        }
        let Some(mut next) = entry.failed(self.manner.schedule, asked) else {
            tracing::error!(
                receiver = receiver.name,
                why,
                "message given up after the last attempt"
            );
            self.outbox.give_up(&entry.message, why)?;
            self.count(|stats| {
                stats.given_up.fetch_add(1, Ordering::Relaxed);
            });
            return Ok(());
        };
        if entry.message.subject.is_none() && failure.fault == Fault::Endpoint {
            // What is told of a receiver comes before the messages that another one takes over.
            next.due_unix_ms = self.rests_until_ms;
        }
        let wait_ms = next.due_unix_ms - unix_ms();
        tracing::warn!(
            receiver = receiver.name,
            why,
            wait_ms,
            "message not delivered, trying again"
        );
        self.outbox.postpone(&next)
    }

    /// A message that the endpoint will never take goes to the one who takes over, or is given up.
    fn refused(&self, message: &Message, why: &str) -> Result<(), OutboxError> {
        let receiver = &self.endpoint.receiver;
        tracing::error!(receiver = receiver.name, why, id = message.id, "message refused");
        if receiver.fallback.is_some() {
            return self.divert(message);
        }
        self.outbox.give_up(message, why)?;
        self.count(|stats| {
            stats.attempts_failed.fetch_add(1, Ordering::Relaxed);
            stats.given_up.fetch_add(1, Ordering::Relaxed);
        });
        Ok(())
    }

    /// Calls the receiver no more, and tells the one who takes over.
    fn disable(&mut self, why: &str) -> Result<(), OutboxError> {
        let receiver = &self.endpoint.receiver;
        tracing::error!(receiver = receiver.name, why, "receiver is disabled");
        self.health.disabled = Some(why.to_owned());
        let told = receiver.fallback.as_ref().map(|fallback| takeover(receiver, fallback, why));
        self.outbox.disable(&receiver.name, &self.health, told.as_ref())?;
        self.bell.notify_waiters();
        Ok(())
    }

    /// A message that this receiver cannot get, or has no use for, goes to the one who takes over.
    fn divert(&self, message: &Message) -> Result<(), OutboxError> {
        if let Some(fallback) = &self.endpoint.receiver.fallback {
            self.outbox.divert(message, fallback)?;
            self.count(|stats| {
                stats.diverted.fetch_add(1, Ordering::Relaxed);
            });
            self.bell.notify_waiters();
            return Ok(());
        }
        let why = self.health.disabled.as_deref().unwrap_or("its firing message was not delivered");
        self.outbox.give_up(message, why)?;
        if self.health.disabled.is_some() {
            self.count(|stats| {
                stats.given_up.fetch_add(1, Ordering::Relaxed);
            });
        }
        Ok(())
    }

    fn remember(&self) -> Result<(), OutboxError> {
        self.outbox.set_health(&self.endpoint.receiver.name, &self.health)
    }

    /// Tells one firing alert again, if that is due; says whether it did.
    async fn repeat(&mut self, name: &str) -> Result<bool, OutboxError> {
        if self.repeats.is_empty() && self.repeats_at_ms <= unix_ms() {
            self.repeats = self.outbox.firing(name)?;
            self.repeats_at_ms = after(self.manner.repeat);
        }
        let Some(message) = self.repeats.pop() else { return Ok(false) };
        if let Attempt::Failed(Failure { why, .. }) = self.endpoint.post(&message).await {
            tracing::warn!(receiver = name, why, "firing alerts could not be sent again");
            self.repeats.clear();
        }
        Ok(true)
    }
}
