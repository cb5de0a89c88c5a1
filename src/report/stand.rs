//! How does a mention stand that may want an answer, and when is its turn?

use serde::{Deserialize, Serialize};

use super::choice::none_of;
use super::error::ReportError;
use super::mentions::{of_id, tied};
use crate::config::ServiceConfig;
use crate::intent::split;
use crate::post::Polarity;
use crate::priority::{Priority, Waiting, percent, priority};
use crate::state::{Standing, verdict};
use crate::time::EventTime;

/// Digits of a handle.
const HANDLE: usize = 8;
const MS_US: i64 = 1_000;

/// What view `inbox` says of a mention.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Stand {
    pub(super) topic: String,
    pub(super) source: String,
    pub(super) post_id: String,
    pub(super) posted_at: String,
    pub(super) received_at: String,
    pub(super) polarity: String,
    pub(super) confidence: Option<f64>,
    pub(super) intents: Option<String>,
    pub(super) intent_confidence: Option<f64>,
    pub(super) reach: Option<u64>,
    pub(super) state: Standing,
    pub(super) owner: Option<String>,
    pub(super) note: Option<String>,
    pub(super) changed_by: Option<String>,
    pub(super) changed_at: Option<String>,
    pub(super) replies: u64,
    pub(super) answered_at: Option<String>,
    pub(super) answered_by: Option<String>,
    pub(super) wait_s: Option<f64>,
    pub(super) revision: u64,
}

/// What is asked of view `inbox`.
pub(super) const STAND: &str = "topic, source, post_id, posted_at, received_at, polarity, confidence, intents, \
     intent_confidence, reach, state, owner, note, changed_by, changed_at, replies, answered_at, answered_by, wait_s, revision";

/// Which mentions of the inbox come first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Turn {
    /// Those with the highest priority.
    #[default]
    Priority,
    /// Those whose promise ends first.
    Due,
}

impl Turn {
    /// The order of this name.
    ///
    /// # Errors
    /// With all names, if there is none of this one.
    pub fn named(name: &str) -> Result<Self, ReportError> {
        match name {
            "priority" => Ok(Self::Priority),
            "due" => Ok(Self::Due),
            _ => Err(none_of("order", name, "write priority or due")),
        }
    }
}

/// Where an entry stands: whether it is done, its order, the end of its promise, its identity.
pub(super) type Place = (bool, i64, i64, String);

/// An entry of the inbox, before its mention is read.
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) stand: Stand,
    pub(super) priority: Priority,
    /// When the promise ends.
    pub(super) due: Option<EventTime>,
}

impl Stand {
    /// Topic, source and post as one text.
    pub(super) fn tie(&self) -> String {
        tied(&self.topic, &self.source, &self.post_id)
    }

    /// When it was written.
    pub(super) fn posted(&self) -> EventTime {
        EventTime::parse(&self.posted_at).unwrap_or_default()
    }

    /// Whether it waits for an answer.
    pub(super) fn waits(&self) -> bool {
        matches!(self.state, Standing::Open | Standing::Assigned)
    }

    /// Who is to be answered first: by the share of the promise that is gone at an instant.
    fn priority(&self, service: &ServiceConfig, due: Option<EventTime>, at: EventTime) -> Priority {
        let promise_us = service.service.promise_us;
        let gone_us = match due {
            Some(due) if due <= at => promise_us,
            Some(_) => service.service.passed(self.posted(), at),
            // Where nobody is ever there, no time passes.
            None => 0,
        };
        let first = self.intents.as_deref().and_then(|joined| split(joined).next());
        priority(&Waiting {
            intent: first.zip(self.intent_confidence.map(percent)),
            polarity: verdict(&self.polarity).unwrap_or(Polarity::Neutral),
            confidence: self.confidence.map_or(0, percent),
            reach: self.reach,
            age_ms: gone_us / MS_US,
            promised_ms: promise_us / MS_US,
        })
    }

    /// With its place in the order of an instant.
    pub(super) fn found(self, service: &ServiceConfig, turn: Turn, at: EventTime) -> Found {
        let due = service.service.due(self.posted());
        let priority = self.priority(service, due, at);
        let end = due.unwrap_or(EventTime(i64::MAX)).0;
        let first = match turn {
            // What is done is shown latest first.
            _ if !self.waits() => -self.posted().0,
            Turn::Priority => -i64::from(priority.points),
            Turn::Due => end,
        };
        let place = (!self.waits(), first, end, self.tie());
        Found { place, stand: self, priority, due }
    }
}

impl Found {
    /// Whether somebody waits beyond the promise.
    pub(super) fn is_overdue(&self, now: EventTime) -> bool {
        self.stand.waits() && self.due.is_some_and(|due| due <= now)
    }
}

/// The short name of a mention.
pub(super) fn handle(tie: &str) -> String {
    let hash = blake3::hash(tie.as_bytes()).to_hex();
    hash.get(..HANDLE).unwrap_or_default().to_owned()
}

/// The same by its parts. It says nothing of the post to whoever does not know it.
#[must_use]
pub fn short_name(topic: &str, source: &str, post_id: &str) -> String {
    handle(&tied(topic, source, post_id))
}

/// Topic and short name of the mention of an id.
#[must_use]
pub fn named_mention(id: &str) -> Option<(String, String)> {
    let [topic, source, post_id] = of_id(id)?;
    let name = short_name(&topic, &source, &post_id);
    Some((topic, name))
}

/// One row for each mention: of an edited post, that of its newest version.
pub(super) fn latest(mut rows: Vec<Stand>) -> Vec<Stand> {
    rows.sort_by(|one, other| {
        let key = |stand: &Stand| (stand.tie(), std::cmp::Reverse(stand.received_at.clone()));
        key(one).cmp(&key(other))
    });
    rows.dedup_by_key(|stand| stand.tie());
    rows
}
