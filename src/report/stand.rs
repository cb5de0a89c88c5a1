//! How does a mention stand that may want an answer, and when is its turn?

use serde::Deserialize;

use super::mentions::{of_id, tied};
use crate::config::ServiceConfig;
use crate::post::Polarity;
use crate::state::Standing;
use crate::time::{EventTime, MINUTE_US};

/// Digits of a handle.
const HANDLE: usize = 8;
/// Promises are compared by the hour.
const HOUR_US: i64 = 60 * MINUTE_US;

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
pub(super) const STAND: &str = "topic, source, post_id, posted_at, received_at, polarity, confidence, reach, state, owner, \
     note, changed_by, changed_at, replies, answered_at, answered_by, wait_s, revision";

/// Where an entry stands in the order: hour, risk, reach, instant, identity.
pub(super) type Place = (i64, i64, i64, i64, String);

/// An entry of the inbox, before its mention is read.
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) stand: Stand,
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

    /// How sure it is that this is a complaint, in percent.
    fn risk(&self) -> i64 {
        if self.polarity != Polarity::Negative.as_str() {
            return 0;
        }
        let percent = (self.confidence.unwrap_or(0.0) * 100.0).round().clamp(0.0, 100.0);
        #[allow(clippy::cast_possible_truncation, reason = "0 to 100")]
        let percent = percent as i64;
        percent
    }

    /// With its place in the order.
    pub(super) fn found(self, service: &ServiceConfig) -> Found {
        let due = service.service.due(self.posted());
        let first = match (self.waits(), due) {
            (true, Some(due)) => due.floor(HOUR_US).0,
            (true, None) => i64::MAX,
            // What is done is shown latest first.
            (false, _) => -self.posted().0,
        };
        let reach = self.reach.and_then(|reach| i64::try_from(reach).ok()).unwrap_or(0);
        let exact = due.unwrap_or_default().0;
        let place = (first, -self.risk(), -reach, exact, self.tie());
        Found { place, stand: self, due }
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
