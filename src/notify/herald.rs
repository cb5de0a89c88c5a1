//! Who is told that resonanz itself, or a source, is in trouble? All receivers that want it, past
//! the outbox.
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
use crate::post::SourceId;
use crate::system::wall_clock;
use crate::time::EventTime;

/// How often a receiver is tried that could not be told.
const AGAIN: Duration = Duration::from_secs(10);

/// What is in trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Matter {
    /// The lake, and with it all work.
    Lake,
    /// A source that is not read.
    Source,
    /// The token of a source, which ends.
    Token,
}

/// Tells receivers how resonanz itself is.
#[derive(Debug)]
pub struct Herald {
    endpoints: Vec<Arc<Endpoint>>,
    matter: Matter,
    /// Which source, if it is about one.
    source: Option<SourceId>,
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
        let (matter, source) = (Matter::Lake, None);
        Ok(Self { endpoints, matter, source, stats, since: None, told: Vec::new(), tried: None })
    }

    /// One for the same receivers about a source.
    #[must_use]
    pub fn of_source(&self, source: &SourceId, matter: Matter) -> Self {
        let (endpoints, stats) = (self.endpoints.clone(), Arc::clone(&self.stats));
        let source = Some(source.clone());
        Self { endpoints, matter, source, stats, since: None, told: Vec::new(), tried: None }
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
        let kind = match self.matter {
            Matter::Lake => "operations.failing",
            Matter::Source => "source.lost",
            Matter::Token => "token.ends",
        };
        let told = self.tell(since, kind, why, hint, |name| !known.contains(name)).await;
        self.told.extend(told);
    }

    /// Everything works; those who know of the trouble are told. Of a new token nobody needs to be.
    pub async fn recovered(&mut self, why: &str) {
        let Some(since) = self.since.take() else { return };
        let known = std::mem::take(&mut self.told);
        let kind = match self.matter {
            Matter::Lake => "operations.recovered",
            Matter::Source => "source.back",
            Matter::Token => return,
        };
        self.tell(since, kind, why, "", |name| known.contains(name)).await;
    }

    /// The process ends because of an error, perhaps after a trouble that began at `since`.
    pub async fn stopped(&self, since: Option<EventTime>, why: &str, hint: &str) {
        let since = since.unwrap_or_else(wall_clock);
        self.tell(since, "operations.stopped", why, hint, |_| true).await;
    }

    /// Tells some receivers at the same time, each once; the names of those who have it.
    async fn tell(
        &self,
        since: EventTime,
        kind: &str,
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
            let message = self.message(&name, since, kind, (why, hint));
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

    fn message(
        &self,
        receiver: &str,
        since: EventTime,
        kind: &str,
        (why, hint): (&str, &str),
    ) -> Message {
        let at = wall_clock();
        let incident = match &self.source {
            // Several sources may be lost at once; names may hold anything.
            Some(name) => {
                let hash = blake3::hash(name.as_str().as_bytes()).to_hex();
                let hash = hash.get(..8).unwrap_or_default();
                format!("ops_{}_{hash}", since.0)
            }
            None => format!("ops_{}", since.0),
        };
        let severity = match self.matter {
            Matter::Lake => "critical",
            Matter::Source => "error",
            Matter::Token => "warning",
        };
        let mut data = json!({
            "incident": incident,
            "severity": severity,
            "since": since.to_string(),
            "why": why,
            "hint": hint,
        });
        if let Some(source) = &self.source {
            data["source"] = json!(source.as_str());
        }
        let body = json!({"type": kind, "timestamp": at.to_string(), "data": data});
        let state = kind.rsplit('.').next().unwrap_or(kind);
        Message {
            id: format!("{incident}.{state}"),
            receiver: receiver.to_owned(),
            at_us: at.0,
            body: body.to_string(),
            subject: None,
        }
    }
}
