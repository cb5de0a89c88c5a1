//! What becomes of each message? The book of all alerts that the desk knows.

use std::collections::{BTreeMap, BTreeSet};

use super::case::{Case, Grouping, Held, Hold, Letter, Seat};
use super::silence::{Ack, Silence};
use super::subject::Subject;
use crate::alert::Transition;
use crate::time::EventTime;

/// Resolved alerts that are remembered; firing ones always are.
const RESOLVED_MAX: usize = 200;

/// What people asked for.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    /// All silences, in force or not.
    pub silences: Vec<Silence>,
    /// Acknowledgements by alert.
    pub acks: BTreeMap<String, Ack>,
    /// The time of day, which silences go by.
    pub now: EventTime,
}

/// A message as it comes to the desk.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'m> {
    /// The `webhook-id`.
    pub id: &'m str,
    /// For whom.
    pub receiver: &'m str,
    /// Event time of the transition.
    pub at: EventTime,
    /// What it is about.
    pub subject: &'m Subject,
}

/// What follows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turn {
    /// Messages to deliver now, in order.
    pub tell: Vec<Told>,
    /// Alerts whose entry in the book has changed.
    pub changed: BTreeSet<String>,
}

/// A message to deliver now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Of which alert.
    pub alert_id: String,
    /// To whom.
    pub receiver: String,
    /// Which message.
    pub letter: Letter,
}

/// All alerts that the desk knows, by id.
///
/// Memory: about 1 kB for each firing alert and receiver, and the same for the last 200 resolved.
#[derive(Debug, Clone, Default)]
pub struct Book {
    cases: BTreeMap<String, Case>,
    grouping: Grouping,
    /// Alerts that can hold others back, because they fire and somebody was told.
    speakers: Speakers,
}

/// Ids of firing alerts that somebody was told of.
#[derive(Debug, Clone, Default)]
struct Speakers {
    by_topic: BTreeMap<String, BTreeSet<String>>,
    by_group: BTreeMap<Vec<String>, BTreeSet<String>>,
}

impl Book {
    /// A book with these entries.
    #[must_use]
    pub fn new(cases: impl IntoIterator<Item = Case>, grouping: Grouping) -> Self {
        let by_id = |case: Case| (case.subject.alert_id.clone(), case);
        let cases: BTreeMap<String, Case> = cases.into_iter().map(by_id).collect();
        let ids: Vec<String> = cases.keys().cloned().collect();
        let mut book = Self { cases, grouping, speakers: Speakers::default() };
        ids.iter().for_each(|id| book.place(id));
        book
    }

    /// Closes alerts that can never resolve, because their rule or topic is no more: nothing is
    /// told of them again.
    #[must_use]
    pub fn without(self, is_known: impl Fn(&Subject) -> bool) -> Self {
        let closed = self.cases.into_values().map(|mut case| {
            if case.is_firing() && !is_known(&case.subject) {
                case.subject.transition = Transition::Resolved;
                case.seats.values_mut().for_each(|seat| seat.held.clear());
            }
            case
        });
        Self::new(closed, self.grouping)
    }

    /// The entry of an alert.
    #[must_use]
    pub fn case(&self, alert_id: &str) -> Option<&Case> {
        self.cases.get(alert_id)
    }

    /// All entries, by id.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.values()
    }

    /// The topics of the alerts that are held back because another one speaks for them, by that one
    /// and the receiver, in order.
    #[must_use]
    pub fn members(&self) -> BTreeMap<(&str, &str), Vec<&str>> {
        let mut members: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for case in self.cases.values().filter(|case| case.is_holding()) {
            let waiting = case.seats.iter().filter(|(_, seat)| !seat.held.is_empty());
            for (receiver, seat) in waiting {
                if let Some(Hold::Muted(by) | Hold::Grouped(by)) = seat.reasons.last() {
                    let list = members.entry((by.as_str(), receiver.as_str())).or_default();
                    list.push(&case.subject.topic);
                }
            }
        }
        members.values_mut().for_each(|topics| topics.sort_unstable());
        members
    }

    /// Takes in messages of one commit. Those whose alert has come as far already are left out, so
    /// that the same messages after a restart change nothing.
    pub fn take(&mut self, notices: &[Notice<'_>], orders: &Orders) -> Turn {
        let mut turn = Turn::default();
        let known = |notice: &Notice<'_>| {
            self.case(&notice.subject.alert_id).is_some_and(|case| case.at >= notice.at)
        };
        let mut fresh: Vec<&Notice<'_>> = notices.iter().filter(|notice| !known(notice)).collect();
        // A parent speaks before its products, whatever the order of the rules.
        fresh.sort_by_key(|notice| (notice.at, notice.subject.ancestors.len()));
        for tick in fresh.chunk_by(|one, other| one.at == other.at) {
            tick.iter().for_each(|notice| self.note(notice));
            for notice in tick {
                turn.changed.insert(notice.subject.alert_id.clone());
                self.decide(notice, orders, &mut turn);
            }
            self.review_into(orders, &mut turn);
        }
        turn
    }

    /// Looks again at what is held back: a silence may have ended.
    pub fn review(&mut self, orders: &Orders) -> Turn {
        let mut turn = Turn::default();
        for (id, case) in &mut self.cases {
            let ack = orders.acks.get(id);
            if case.is_firing() && case.ack.as_ref() != ack {
                case.ack = ack.cloned();
                turn.changed.insert(id.clone());
            }
        }
        self.review_into(orders, &mut turn);
        turn
    }

    /// Forgets all but the latest resolved alerts; says which.
    pub fn sweep(&mut self) -> Vec<String> {
        let resolved = self.cases.iter().filter(|(_, case)| !case.is_firing());
        let mut resolved: Vec<_> = resolved.map(|(id, case)| (case.at, id.clone())).collect();
        resolved.sort();
        resolved.truncate(resolved.len().saturating_sub(RESOLVED_MAX));
        let swept: Vec<String> = resolved.into_iter().map(|(_, id)| id).collect();
        swept.iter().for_each(|id| drop(self.cases.remove(id)));
        swept
    }

    fn note(&mut self, notice: &Notice<'_>) {
        let (subject, at) = (notice.subject.clone(), notice.at);
        let case = self.cases.entry(subject.alert_id.clone()).or_insert_with(|| Case {
            subject: subject.clone(),
            fired_at: at,
            at,
            ack: None,
            told_at_us: None,
            seats: BTreeMap::new(),
        });
        (case.subject, case.at) = (subject, at);
        self.place(&notice.subject.alert_id);
    }

    /// Notes whether an alert can hold others back.
    fn place(&mut self, alert_id: &str) {
        let Some(case) = self.cases.get(alert_id) else { return };
        let speaks = case.is_firing() && case.seats.values().any(|seat| !seat.told.is_empty());
        let group = self.grouping.key(&case.subject);
        let group = group.map(|key| key.into_iter().map(str::to_owned).collect());
        let Speakers { by_topic, by_group } = &mut self.speakers;
        set(by_topic, case.subject.topic.clone(), alert_id, speaks);
        group.into_iter().for_each(|group| set(by_group, group, alert_id, speaks));
    }

    fn decide(&mut self, notice: &Notice<'_>, orders: &Orders, turn: &mut Turn) {
        let letter = Letter { id: notice.id.to_owned(), at: notice.at };
        let transition = notice.subject.transition;
        let hold = match transition {
            Transition::Resolved => None,
            _ => self.hold(&notice.subject.alert_id, notice.receiver, orders),
        };
        let Some(case) = self.cases.get_mut(&notice.subject.alert_id) else { return };
        if transition == Transition::Resolved && !case.has_told(notice.receiver) {
            case.seats.entry(notice.receiver.to_owned()).or_default().held.clear();
            return;
        }
        let seat = case.seats.entry(notice.receiver.to_owned()).or_default();
        match hold {
            Some(hold) => seat.keep(Held { letter, transition }, hold),
            None => {
                if transition == Transition::Resolved {
                    seat.held.clear();
                }
                let whom = (notice.subject.alert_id.as_str(), notice.receiver);
                release(whom, seat, orders.now, turn);
                tell(whom, seat, letter, orders.now, turn);
                case.told_at_us.get_or_insert(orders.now.0);
                self.place(&notice.subject.alert_id);
            }
        }
    }

    fn review_into(&mut self, orders: &Orders, turn: &mut Turn) {
        let holding = self.cases.values().filter(|case| case.is_holding());
        let place = |case: &Case| {
            (case.subject.ancestors.len(), case.fired_at, case.subject.alert_id.clone())
        };
        let mut waiting: Vec<_> = holding.map(place).collect();
        waiting.sort();
        for (_, _, id) in waiting {
            let held = self.case(&id).into_iter().flat_map(|case| &case.seats);
            let held = held.filter(|(_, seat)| !seat.held.is_empty());
            let receivers: Vec<String> = held.map(|(receiver, _)| receiver.clone()).collect();
            for receiver in receivers {
                let hold = self.hold(&id, &receiver, orders);
                let case = self.cases.get_mut(&id);
                let Some(seat) = case.and_then(|case| case.seats.get_mut(&receiver)) else {
                    continue;
                };
                if hold.is_none() || seat.reasons.last() != hold.as_ref() {
                    turn.changed.insert(id.clone());
                }
                match hold {
                    Some(hold) => seat.because(hold),
                    None => {
                        release((&id, &receiver), seat, orders.now, turn);
                        if let Some(case) = self.cases.get_mut(&id) {
                            case.told_at_us.get_or_insert(orders.now.0);
                        }
                        self.place(&id);
                    }
                }
            }
        }
    }

    /// What holds back messages of this alert to this receiver.
    fn hold(&self, alert_id: &str, receiver: &str, orders: &Orders) -> Option<Hold> {
        let case = self.case(alert_id)?;
        let subject = &case.subject;
        let silence = orders
            .silences
            .iter()
            .find(|silence| silence.is_in_force(orders.now) && silence.matches(subject));
        if let Some(silence) = silence {
            return Some(Hold::Silenced(silence.id.clone()));
        }
        if let Some(ack) = orders.acks.get(alert_id) {
            return Some(Hold::Acknowledged(ack.author.clone()));
        }
        if case.has_told(receiver) {
            return None;
        }
        if let Some((step, false)) = case.step(receiver, orders.now) {
            return Some(Hold::Escalation(step.to_string()));
        }
        let told = |id: &String| {
            let other = self.case(id).filter(|other| other.has_told(receiver))?;
            let same = other.subject.rule_type == subject.rule_type
                && other.subject.severity == subject.severity;
            same.then_some(other)
        };
        let above = subject.ancestors.iter().filter_map(|topic| self.speakers.by_topic.get(topic));
        if let Some(parent) = above.flatten().find_map(told) {
            return Some(Hold::Muted(parent.subject.alert_id.clone()));
        }
        let group: Vec<String> =
            self.grouping.key(subject)?.into_iter().map(str::to_owned).collect();
        let near =
            |other: &&Case| case.fired_at.since(other.fired_at).abs() <= self.grouping.span_us;
        let same = self.speakers.by_group.get(&group)?.iter().filter_map(told).filter(near);
        let first = same.min_by_key(|other| other.fired_at)?;
        Some(Hold::Grouped(first.subject.alert_id.clone()))
    }
}

/// Puts an alert under a key, or removes it.
fn set<K: Ord>(index: &mut BTreeMap<K, BTreeSet<String>>, key: K, alert_id: &str, speaks: bool) {
    if speaks {
        index.entry(key).or_default().insert(alert_id.to_owned());
    } else if let Some(ids) = index.get_mut(&key) {
        ids.remove(alert_id);
        if ids.is_empty() {
            index.remove(&key);
        }
    }
}

/// Tells what was held.
fn release(whom: (&str, &str), seat: &mut Seat, now: EventTime, turn: &mut Turn) {
    for held in std::mem::take(&mut seat.held) {
        tell(whom, seat, held.letter, now, turn);
    }
}

fn tell(
    (alert_id, receiver): (&str, &str),
    seat: &mut Seat,
    letter: Letter,
    now: EventTime,
    turn: &mut Turn,
) {
    seat.told.push(letter.clone());
    seat.told_at_us.get_or_insert(now.0);
    let (alert_id, receiver) = (alert_id.to_owned(), receiver.to_owned());
    turn.tell.push(Told { alert_id, receiver, letter });
}
