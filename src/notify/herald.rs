//! Who is told that resonanz itself is in trouble? All receivers that want it, past the outbox.
//!
//! The outbox lies on the disk that may be full, so these messages are kept nowhere: each receiver
//! is tried again while the trouble lasts, and told of the end if it was told of the beginning.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::attempt::{Attempt, Failure};
use super::courier::Manner;
use super::endpoint::Endpoint;
use super::message::Message;
use super::receiver::Receiver;
use super::stats::CourierStats;
use crate::config::About;
use crate::system::wall_clock;
use crate::time::EventTime;

/// How often a receiver is tried that could not be told.
const AGAIN: Duration = Duration::from_secs(10);

/// Tells receivers how resonanz itself is.
#[derive(Debug)]
pub struct Herald {
    endpoints: Vec<Arc<Endpoint>>,
    stats: Arc<CourierStats>,
    /// When the present trouble began.
    since: Option<EventTime>,
    /// Names of those who know.
    told: Vec<String>,
    tried: Option<Instant>,
}

impl Herald {
    /// For these receivers.
    ///
    /// # Errors
    /// When no connection could ever be made.
    pub fn new(receivers: &[Receiver], stats: Arc<CourierStats>) -> anyhow::Result<Self> {
        let Manner { resolver, timeout, .. } = Manner::default();
        let wanted = receivers.iter().filter(|receiver| receiver.about == About::All);
        let endpoints = wanted.map(|receiver| {
            Ok(Arc::new(Endpoint::new(receiver.clone(), Arc::clone(&resolver), timeout, None)?))
        });
        let endpoints = endpoints.collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Self { endpoints, stats, since: None, told: Vec::new(), tried: None })
    }

    /// Something has not worked since an instant; those who do not know yet are told.
    pub async fn failing(&mut self, since: EventTime, why: &str, hint: &str) {
        if self.since != Some(since) {
            (self.since, self.tried) = (Some(since), None);
            self.told.clear();
        }
        if self.tried.is_some_and(|tried| tried.elapsed() < AGAIN) {
            return;
        }
        self.tried = Some(Instant::now());
        let known = self.told.clone();
        let told = self.tell(since, "failing", why, hint, |name| !known.contains(name)).await;
        self.told.extend(told);
    }

    /// Everything works; those who know of the trouble are told.
    pub async fn recovered(&mut self) {
        let Some(since) = self.since.take() else { return };
        let known = std::mem::take(&mut self.told);
        let why = "the lake can be written again; nothing was lost";
        self.tell(since, "recovered", why, "", |name| known.contains(name)).await;
    }

    /// The process ends because of an error, perhaps after a trouble that began at `since`.
    pub async fn stopped(&self, since: Option<EventTime>, why: &str, hint: &str) {
        let since = since.unwrap_or_else(wall_clock);
        self.tell(since, "stopped", why, hint, |_| true).await;
    }

    /// Tells some receivers at the same time, each once; the names of those who have it.
    async fn tell(
        &self,
        since: EventTime,
        state: &str,
        why: &str,
        hint: &str,
        wanted: impl Fn(&String) -> bool,
    ) -> Vec<String> {
        let mut attempts = JoinSet::new();
        for endpoint in &self.endpoints {
            let (name, endpoint) = (endpoint.receiver.name.clone(), Arc::clone(endpoint));
            let disabled = self.stats.receiver(&name).is_some_and(|stats| stats.is_disabled());
            if disabled || !wanted(&name) {
                continue;
            }
            let message = message(&name, since, state, why, hint);
            attempts.spawn(async move {
                match endpoint.post(&message).await {
                    Attempt::Arrived => Some(name),
                    Attempt::Gone => None,
                    Attempt::Failed(Failure { why, .. }) | Attempt::Refused(why) => {
                        tracing::warn!(
                            receiver = name,
                            why,
                            "could not be notified of the trouble"
                        );
                        None
                    }
                }
            });
        }
        attempts.join_all().await.into_iter().flatten().collect()
    }
}

fn message(receiver: &str, since: EventTime, state: &str, why: &str, hint: &str) -> Message {
    let (at, incident) = (wall_clock(), format!("ops_{}", since.0));
    let body = json!({
        "type": format!("operations.{state}"),
        "timestamp": at.to_string(),
        "data": {
            "incident": incident,
            "severity": "critical",
            "since": since.to_string(),
            "why": why,
            "hint": hint,
        },
    });
    Message {
        id: format!("{incident}.{state}"),
        receiver: receiver.to_owned(),
        at_us: at.0,
        body: body.to_string(),
        subject: None,
    }
}
