//! What became of each message? The desk's book and the outbox, as others may read them.

use serde::{Deserialize, Serialize};

use super::outbox::{Outbox, OutboxError, Progress};
use crate::desk::{Book, Case, Subject};
use crate::state::Resend;
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
    pub fn resends(&self, message_id: &str, receiver: Option<&str>) -> Vec<Resend> {
        let deliveries = self.cases.iter().flat_map(|standing| {
            standing.deliveries.iter().map(move |delivery| (&standing.case.subject, delivery))
        });
        let asked = deliveries.filter(|(_, delivery)| {
            delivery.message_id == message_id
                && receiver.is_none_or(|receiver| delivery.receiver == receiver)
        });
        let resend = |(subject, delivery): (&Subject, &Delivery)| Resend {
            alert_id: subject.alert_id.clone(),
            message_id: delivery.message_id.clone(),
            receiver: delivery.receiver.clone(),
        };
        asked.map(resend).collect()
    }
}

impl Standing {
    /// Who knows of the alert, because at least one message of it arrived.
    #[must_use]
    pub fn told(&self) -> Vec<&str> {
        let arrived = |delivery: &&Delivery| delivery.progress == Progress::Delivered;
        let mut told: Vec<&str> =
            self.deliveries.iter().filter(arrived).map(|one| one.receiver.as_str()).collect();
        told.dedup();
        told
    }

    /// For each receiver the first message that is still on its way.
    #[must_use]
    pub fn waiting(&self) -> Vec<&Delivery> {
        let waits = |one: &&Delivery| matches!(one.progress, Progress::Pending { .. });
        let mut waiting: Vec<&Delivery> = self.deliveries.iter().filter(waits).collect();
        waiting.dedup_by_key(|delivery| &delivery.receiver);
        waiting
    }

    /// For each receiver for whom nothing is on its way the last message, if it was given up.
    #[must_use]
    pub fn given_up(&self) -> Vec<&Delivery> {
        let of_one = self.deliveries.chunk_by(|one, other| one.receiver == other.receiver);
        let waits = |one: &Delivery| matches!(one.progress, Progress::Pending { .. });
        let last = of_one.filter(|all| !all.iter().any(waits)).filter_map(<[_]>::last);
        last.filter(|one| matches!(one.progress, Progress::Failed { .. })).collect()
    }
}

/// How things stand with each alert in the book.
pub(super) fn standing(book: &Book, outbox: &Outbox) -> Result<Vec<Standing>, OutboxError> {
    let told = |case: &Case| -> Result<Vec<Delivery>, OutboxError> {
        let letters = case
            .seats
            .iter()
            .flat_map(|(receiver, seat)| seat.told.iter().map(move |letter| (receiver, letter)));
        let mut deliveries = Vec::new();
        for (receiver, letter) in letters {
            let mut receiver = receiver.clone();
            // Whoever takes over can be taken over in turn, but not in a circle.
            loop {
                let progress = outbox.progress((&receiver, letter.at.0, &letter.id))?;
                let next = match &progress {
                    Progress::Failed { why } => Outbox::taken_over_by(why).map(str::to_owned),
                    Progress::Pending { .. } | Progress::Delivered => None,
                };
                let known =
                    |one: &Delivery| one.receiver == receiver && one.message_id == letter.id;
                if deliveries.iter().any(known) {
                    break;
                }
                let (message_id, at) = (letter.id.clone(), letter.at);
                deliveries.push(Delivery { receiver, message_id, at, progress });
                let Some(next) = next else { break };
                receiver = next;
            }
        }
        deliveries.sort_by(|one, other| {
            (&one.receiver, one.at, &one.message_id).cmp(&(
                &other.receiver,
                other.at,
                &other.message_id,
            ))
        });
        Ok(deliveries)
    };
    let one = |case: &Case| Ok(Standing { case: case.clone(), deliveries: told(case)? });
    book.cases().map(one).collect()
}
