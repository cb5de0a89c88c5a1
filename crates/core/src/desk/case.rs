//! What does the desk remember of an alert? Its last state, and what each receiver was told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::silence::Ack;
use super::subject::Subject;
use crate::alert::Transition;
use crate::time::{EventTime, rfc3339};

/// Different reasons remembered of one seat.
const REASONS_MAX: usize = 16;

/// Which alerts count as one matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grouping {
    /// Labels whose values must be the same; without any, nothing is grouped.
    pub by: Vec<String>,
    /// Longest time between the beginnings of two alerts of a group, in microseconds.
    pub span_us: i64,
}

impl Grouping {
    /// The group of an alert, if it has all labels.
    pub(super) fn key<'s>(&self, subject: &'s Subject) -> Option<Vec<&'s str>> {
        let values = self.by.iter().map(|name| subject.labels.get(name).map(String::as_str));
        if self.by.is_empty() { None } else { values.collect() }
    }
}

/// A message, by its identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The `webhook-id`.
    pub id: String,
    /// Event time of its transition.
    #[serde(with = "rfc3339")]
    pub at: EventTime,
}

/// A message that waits for its reason to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Which message.
    pub letter: Letter,
    /// What it would tell.
    pub transition: Transition,
}

/// Why a message is held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", content = "by", rename_all = "lowercase")]
pub enum Hold {
    /// By the silence with this id.
    Silenced(String),
    /// By this person.
    Acknowledged(String),
    /// By this alert on a parent topic.
    Muted(String),
    /// By this alert of the same group.
    Grouped(String),
    /// By the time that others have to take care, before this step of the escalation, counted from
    /// 1.
    Escalation(String),
}

/// How things stand between an alert and one receiver.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// What he was told, in order.
    pub told: Vec<Letter>,
    /// What waits, in order: at most one `fired` and one `escalated`.
    pub held: Vec<Held>,
    /// Why something was held back, each reason once, the latest last.
    pub reasons: Vec<Hold>,
    /// When he was first told something, in microseconds since the Unix epoch by the time of day.
    #[serde(default)]
    pub told_at_us: Option<i64>,
}

impl Seat {
    pub(super) fn keep(&mut self, held: Held, hold: Hold) {
        self.held.retain(|earlier| earlier.transition != held.transition);
        self.held.push(held);
        self.because(hold);
    }

    pub(super) fn because(&mut self, hold: Hold) {
        if self.reasons.last() != Some(&hold) {
            self.reasons.retain(|known| *known != hold);
            self.reasons.push(hold);
            let beyond = self.reasons.len().saturating_sub(REASONS_MAX);
            self.reasons.drain(..beyond);
        }
    }
}

/// One alert at the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// What it is about, as of the last transition.
    pub subject: Subject,
    /// When the first transition happened.
    #[serde(with = "rfc3339")]
    pub fired_at: EventTime,
    /// When the last one happened.
    #[serde(with = "rfc3339")]
    pub at: EventTime,
    /// Who takes care of it.
    pub ack: Option<Ack>,
    /// When the first receiver was told, in microseconds since the Unix epoch by the time of day:
    /// from then on somebody is expected to take care.
    #[serde(default)]
    pub told_at_us: Option<i64>,
    /// By receiver.
    pub seats: BTreeMap<String, Seat>,
}

impl Case {
    /// Whether the alert has not resolved.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        self.subject.transition != Transition::Resolved
    }

    /// Whether this receiver was told of it.
    #[must_use]
    pub fn has_told(&self, receiver: &str) -> bool {
        self.seats.get(receiver).is_some_and(|seat| !seat.told.is_empty())
    }

    /// When the first receiver was told, by the time of day.
    #[must_use]
    pub fn told_at(&self) -> Option<EventTime> {
        self.told_at_us.map(EventTime)
    }

    /// When a step of the escalation is due, by its place from 0, as far as is known by now: if one
    /// before it is told late, it is later.
    #[must_use]
    pub fn due_at(&self, place: usize) -> Option<EventTime> {
        let steps = &self.subject.steps;
        let after_us = steps.get(place)?.after_us;
        let planned = self.told_at()?.shift(after_us);
        let before = place.checked_sub(1).and_then(|before| steps.get(before));
        let late = before.and_then(|before| {
            let told = self.seats.get(&before.to)?.told_at_us?;
            Some(EventTime(told).shift(after_us - before.after_us))
        });
        Some(late.map_or(planned, |late| late.max(planned)))
    }

    /// The step of the escalation at which a receiver is told, counted from 1, and whether its time
    /// has come. Whoever is told late has as long as planned before the next one is told.
    pub(super) fn step(&self, receiver: &str, now: EventTime) -> Option<(usize, bool)> {
        let steps = &self.subject.steps;
        let place = steps.iter().position(|step| step.to == receiver)?;
        let is_due = self.due_at(place).is_some_and(|due| due <= now);
        let before = place.checked_sub(1).and_then(|before| self.seats.get(&steps.get(before)?.to));
        // Who knows of the matter by another alert is not told of this one.
        let spared = |why: &Hold| matches!(why, Hold::Muted(_) | Hold::Grouped(_));
        let is_left = before.is_none_or(|seat| {
            seat.told_at_us.is_some() || seat.reasons.last().is_some_and(spared)
        });
        Some((place + 1, is_due && is_left))
    }

    pub(super) fn is_holding(&self) -> bool {
        self.is_firing() && self.seats.values().any(|seat| !seat.held.is_empty())
    }
}
