//! What do accounts go by? Names that relays know, for texts that name accounts by their keys alone.
//!
//! A mention that names somebody whose name is not known waits a few seconds for it. What is known is kept
//! in memory alone.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::{Heard, Nostr, State};
use crate::decode::nostr::{Note, account, hex, named, with_names};

/// Names that are kept; beyond, the one that was learned first leaves.
const NAMES_MAX: usize = 10_000;
/// Mentions that wait for names; beyond, they go on without.
const WAITING_MAX: usize = 1_000;
/// A note that takes more bytes than this does not wait.
const NOTE_BYTES_MAX: usize = 64 * 1024;
/// Accounts of one question.
const BATCH: usize = 200;
/// How long to wait for what relays know.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so long a name, or that there is none, is asked for again.
const LASTS: Duration = Duration::from_secs(6 * 3_600);

type Key = [u8; 32];

/// What is known of an account.
#[derive(Debug)]
struct Known {
    /// What it goes by, and when it said so in seconds.
    name: Option<(Box<str>, i64)>,
    asked: Instant,
}

/// A question to all relays.
#[derive(Debug)]
struct Question {
    keys: HashSet<Key>,
    /// Relays that have not answered.
    waiting: usize,
    until: Instant,
}

/// Names of accounts, and the mentions that wait for some.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: HashMap<Key, Known>,
    order: VecDeque<Key>,
    /// Accounts whose names never leave.
    ours: HashSet<Key>,
    /// Notes, with the place of the relay that gave each.
    waiting: VecDeque<(usize, Note)>,
    question: Option<Question>,
}

impl Names {
    /// Of accounts whose names never leave, some hundreds at most.
    pub(super) fn of(accounts: &[String]) -> Self {
        let ours = accounts.iter().filter_map(|key| account(key)).collect();
        Self { ours, ..Self::default() }
    }

    /// Takes what an account says that it goes by; the latest counts.
    pub(super) fn learn(&mut self, profile: &Note) {
        let name = profile.names().map(|name| (name, profile.created_at));
        let said = |known: &Known| known.name.as_ref().map_or(i64::MIN, |(_, at)| *at);
        if self.known.get(&profile.author).is_none_or(|known| said(known) <= profile.created_at) {
            self.keep(profile.author, name);
        }
    }

    fn keep(&mut self, key: Key, name: Option<(Box<str>, i64)>) {
        if self.known.insert(key, Known { name, asked: Instant::now() }).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > NAMES_MAX
            && let Some(first) = self.order.pop_front()
        {
            if self.ours.contains(&first) {
                self.order.push_back(first);
            } else {
                self.known.remove(&first);
            }
        }
    }

    /// A note with names where it names accounts, and the one that it passes on likewise.
    pub(super) fn told(&self, note: &Note) -> Option<Note> {
        let name = |key: &Key| Some(self.known.get(key)?.name.as_ref()?.0.clone());
        let told = with_names(&note.content, &name);
        let is_changed = told != note.content;
        is_changed.then(|| Note { content: told.into_owned(), ..note.clone() })
    }

    /// Whether a text names somebody who is to be asked for.
    pub(super) fn wants(&self, text: &str) -> bool {
        named(text).iter().any(|key| self.is_due(key))
    }

    fn is_due(&self, key: &Key) -> bool {
        self.known.get(key).is_none_or(|known| known.asked.elapsed() >= LASTS)
    }

    /// Keeps a mention back until names are known; gives it back where too many wait.
    pub(super) fn hold(&mut self, place: usize, note: &Note) -> bool {
        let has_room = self.waiting.len() < WAITING_MAX && note.bytes() <= NOTE_BYTES_MAX;
        if has_room {
            self.waiting.push_back((place, note.clone()));
        }
        has_room
    }

    /// Whether nothing waits.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// When there is something to do.
    pub(super) fn next(&self) -> Option<Instant> {
        match &self.question {
            Some(question) => Some(question.until),
            None => (!self.waiting.is_empty()).then(Instant::now),
        }
    }

    /// Asks the relays for names that are waited for; whether any is asked.
    fn ask(&mut self, relays: &[Heard]) -> bool {
        let mut keys = HashSet::new();
        for (_, note) in &self.waiting {
            let due = named(&note.content).into_iter().filter(|key| self.is_due(key));
            keys.extend(due.take(BATCH.saturating_sub(keys.len())));
        }
        let accounts: Vec<String> = keys.iter().map(|key| hex(key)).collect();
        let up = relays.iter().filter(|relay| relay.state == State::Up);
        let waiting = up.filter(|relay| relay.named.try_send(accounts.clone()).is_ok()).count();
        if waiting == 0 {
            return false;
        }
        let until = Instant::now() + PATIENCE;
        self.question = Some(Question { keys, waiting, until });
        true
    }

    /// Ends the question: notes that need wait no longer.
    fn end(&mut self) -> VecDeque<(usize, Note)> {
        // Nobody could be asked.
        let Some(question) = self.question.take() else { return std::mem::take(&mut self.waiting) };
        for key in question.keys {
            if self.is_due(&key) {
                // Who tells none now keeps the one before.
                let before = self.known.get_mut(&key).and_then(|known| known.name.take());
                self.keep(key, before);
            }
        }
        let waiting = std::mem::take(&mut self.waiting);
        let (waiting, ready) = waiting.into_iter().partition(|(_, note)| self.wants(&note.content));
        self.waiting = waiting;
        ready
    }
}

impl Nostr {
    /// Asks the relays for names, or goes on without those that nobody told in time.
    pub(super) fn ask_names(&mut self, relays: &mut [Heard]) {
        if self.names.next().is_none_or(|next| next > Instant::now()) {
            return;
        }
        let is_asked = self.names.question.is_none() && self.names.ask(relays);
        if !is_asked {
            self.go_on(relays);
        }
    }

    /// Takes note that a relay told the names that it knows; with the last of them mentions go on.
    pub(super) fn named(&mut self, relays: &mut [Heard]) {
        let Some(question) = &mut self.names.question else { return };
        question.waiting = question.waiting.saturating_sub(1);
        if question.waiting == 0 {
            self.go_on(relays);
        }
    }

    fn go_on(&mut self, relays: &mut [Heard]) {
        for (place, note) in self.names.end() {
            let Some(relay) = relays.get(place) else { continue };
            let said = self.reading(&note, &relay.url);
            self.take_said(said, &note);
        }
        if self.names.is_idle() {
            relays.iter().for_each(|relay| self.reach(relay));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_our_accounts_stay_however_many_others_are_learned() {
        let ours = [7; 32];
        let mut names = Names::of(&[hex(&ours)]);
        names.keep(ours, Some(("acme".into(), 0)));
        for number in 0..=NAMES_MAX {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_le_bytes());
            names.keep(key, None);
        }
        assert_eq!(names.known.len(), NAMES_MAX);
        assert!(names.known.get(&ours).is_some_and(|known| known.name.is_some()));
    }
}
