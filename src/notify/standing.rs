//! What became of each message? The desk's book and the outbox, as others may read them.

use serde::{Deserialize, Serialize};

use super::outbox::{Outbox, OutboxError, Progress};
use crate::desk::{Book, Case, Subject};
use crate::lake::Replay;
use crate::time::{EventTime, rfc3339};

/// How things stand with all alerts that have receivers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskState {
    /// When that was.
    #[serde(with = "rfc3339")]
    pub as_of: EventTime,
    /// All firing alerts, and the last 200 that resolved.
    pub cases: Vec<Standing>,
}

/// How things stand with one alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// What the desk knows.
    pub case: Case,
    /// What was told, by receiver and time.
    pub deliveries: Vec<Delivery>,
}

/// How things stand with one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Name of the receiver.
    pub receiver: String,
    /// The `webhook-id`.
    pub message_id: String,
    /// Event time of what it tells.
    #[serde(with = "rfc3339")]
    pub at: EventTime,
    /// Whether it arrived.
    #[serde(flatten)]
    pub progress: Progress,
}

impl DeskState {
    /// The messages with this `webhook-id` that were told, to one receiver or to all, as wishes to
    /// send them again.
    #[must_use]
    pub fn replays(&self, message_id: &str, receiver: Option<&str>) -> Vec<Replay> {
        let deliveries = self.cases.iter().flat_map(|standing| {
            standing.deliveries.iter().map(move |delivery| (&standing.case.subject, delivery))
        });
        let asked = deliveries.filter(|(_, delivery)| {
            delivery.message_id == message_id
                && receiver.is_none_or(|receiver| delivery.receiver == receiver)
        });
        let replay = |(subject, delivery): (&Subject, &Delivery)| Replay {
            alert_id: subject.alert_id.clone(),
            message_id: delivery.message_id.clone(),
            receiver: delivery.receiver.clone(),
        };
        asked.map(replay).collect()
    }
}

/// How things stand with each alert in the book.
pub(super) fn standing(book: &Book, outbox: &Outbox) -> Result<Vec<Standing>, OutboxError> {
    let told = |case: &Case| -> Result<Vec<Delivery>, OutboxError> {
        let letters = case
            .seats
            .iter()
            .flat_map(|(receiver, seat)| seat.told.iter().map(move |letter| (receiver, letter)));
        let delivery = |(receiver, letter): (&String, &crate::desk::Letter)| {
            Ok(Delivery {
                receiver: receiver.clone(),
                message_id: letter.id.clone(),
                at: letter.at,
                progress: outbox.progress((receiver, letter.at.0, &letter.id))?,
            })
        };
        letters.map(delivery).collect()
    };
    let one = |case: &Case| Ok(Standing { case: case.clone(), deliveries: told(case)? });
    book.cases().map(one).collect()
}
