//! Who waits until what they sent is durable, and who asks again for what they sent before?
//!
//! A sender may give a key: what comes again under it is taken once, and answered as the first time,
//! for a day and over restarts.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, timeout_at};

use crate::decode::{Landed, Ticket};
use crate::system::wall_clock;
use crate::time::{DAY_US, EventTime};

/// For how long an answer is remembered.
const KEPT_US: i64 = DAY_US;
/// Most answers of a source remembered; beyond, the oldest leaves.
const ANSWERS_MAX: usize = 10_000;

/// The tickets of one source.
#[derive(Debug)]
pub struct Tickets {
    book: Mutex<Book>,
    /// Changes whenever a key is free again, or answered.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Book {
    last: u64,
    /// Those who wait, by number.
    waiting: HashMap<u64, oneshot::Sender<Landed>>,
    /// Keys of what is on its way, each with what was sent.
    under_way: HashMap<Key, [u8; 8]>,
    answered: HashMap<Key, Ticket>,
    /// Keys of the answers, oldest first.
    order: VecDeque<Key>,
}

type Key = [u8; 16];

/// Why what was sent is not known to be durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undone {
    /// Something else was sent under the same key.
    OtherBody,
    /// There is no room for it: it was not taken.
    Full,
    /// It is on its way, but takes longer than was waited.
    Slow,
    /// The process is ending.
    Closed,
}

/// What a sender gets first.
pub(super) enum Drawn<'t> {
    /// The same was taken before.
    Answered(Landed),
    /// A ticket to wait with.
    Fresh(Held<'t>),
}

/// A ticket, with a key that nobody else uses until what was sent under it has landed.
pub(super) struct Held<'t> {
    tickets: &'t Tickets,
    pub(super) ticket: Ticket,
    landed: oneshot::Receiver<Landed>,
    is_sent: bool,
}

impl Held<'_> {
    /// Waits until what was sent is durable.
    pub(super) async fn landed(&mut self, deadline: Instant) -> Result<Landed, Undone> {
        self.is_sent = true;
        match timeout_at(deadline, &mut self.landed).await {
            Ok(Ok(landed)) => Ok(landed),
            Ok(Err(_)) => Err(Undone::Closed),
            Err(_) => Err(Undone::Slow),
        }
    }
}

impl Default for Tickets {
    fn default() -> Self {
        Self { book: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

impl Tickets {
    /// A ticket for what is sent, or the answer that was given to it before; waits while the same is
    /// on its way.
    pub(super) async fn draw(
        &self,
        sent: (Option<&str>, &[u8]),
        deadline: Instant,
    ) -> Result<Drawn<'_>, Undone> {
        let mut changes = self.changes.subscribe();
        let sent = (sent.0.map(|key| hash(key.as_bytes())), hash(sent.1));
        loop {
            if let Some(drawn) = self.begin(sent, wall_clock())? {
                return Ok(drawn);
            }
            match timeout_at(deadline, changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(Undone::Closed),
                Err(_) => return Err(Undone::Slow),
            }
        }
    }

    /// Notes what became durable, and tells who waits.
    pub fn settle(&self, ticket: Ticket) {
        let mut book = self.lock();
        let tell = book.waiting.remove(&ticket.number);
        let landed = ticket.landed;
        book.remember(ticket);
        drop(book);
        // Whoever waits no longer asks again.
        let _ = tell.map(|tell| tell.send(landed));
        self.changed();
    }

    /// Remembers what was answered before the process began, oldest first.
    pub fn remember<'t>(&self, answered: impl Iterator<Item = &'t Ticket>) {
        let mut book = self.lock();
        answered.for_each(|ticket| book.remember(ticket.clone()));
    }

    /// Gives up what is on its way, for an engine that knows nothing of it: whoever waits is told to
    /// ask again.
    pub(super) fn abandon(&self) {
        let mut book = self.lock();
        book.waiting.clear();
        book.under_way.clear();
        drop(book);
        self.changed();
    }

    /// `None` while the same is on its way.
    fn begin(
        &self,
        (key, body): (Option<Key>, [u8; 8]),
        now: EventTime,
    ) -> Result<Option<Drawn<'_>>, Undone> {
        let same = |sent: &[u8; 8]| if *sent == body { Ok(()) } else { Err(Undone::OtherBody) };
        let mut book = self.lock();
        if let Some(key) = &key {
            let known = book.answered.get(key);
            if let Some(known) = known.filter(|known| now.since(known.at) <= KEPT_US) {
                return same(&known.body).map(|()| Some(Drawn::Answered(known.landed)));
            }
            if let Some(sent) = book.under_way.get(key) {
                return same(sent).map(|()| None);
            }
            book.under_way.insert(*key, body);
        }
        book.last += 1;
        let (number, (tell, landed)) = (book.last, oneshot::channel());
        book.waiting.insert(number, tell);
        let ticket = Ticket { number, key, body, at: now, landed: Landed::default() };
        Ok(Some(Drawn::Fresh(Held { tickets: self, ticket, landed, is_sent: false })))
    }

    fn changed(&self) {
        self.changes.send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn remember(&mut self, ticket: Ticket) {
        let Some(key) = ticket.key else { return };
        self.under_way.remove(&key);
        if self.answered.insert(key, ticket).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > ANSWERS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.answered.remove(&oldest);
        }
    }
}

impl Drop for Held<'_> {
    /// What was not sent leaves its key to whoever tries again.
    fn drop(&mut self) {
        if self.is_sent {
            return;
        }
        let mut book = self.tickets.lock();
        book.waiting.remove(&self.ticket.number);
        if let Some(key) = &self.ticket.key {
            book.under_way.remove(key);
        }
        drop(book);
        self.tickets.changed();
    }
}

fn hash<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let hash = blake3::hash(bytes);
    hash.as_bytes().first_chunk().copied().unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_is_taken_once_and_free_again_when_nothing_was_sent() {
        let (tickets, soon) = (Tickets::default(), Instant::now());
        let fresh = |drawn| match drawn {
            Ok(Drawn::Fresh(held)) => held,
            _ => panic!("not fresh"),
        };
        drop(fresh(tickets.draw((Some("k"), b"a"), soon).await));
        let mut held = fresh(tickets.draw((Some("k"), b"a"), soon).await);
        let again = tickets.draw((Some("k"), b"a"), soon).await.err();
        assert_eq!(again, Some(Undone::Slow), "it is on its way");
        let other = tickets.draw((Some("k"), b"b"), soon).await.err();
        assert_eq!(other, Some(Undone::OtherBody));
        let landed = Landed { taken: 1, ..Landed::default() };
        tickets.settle(Ticket { landed, ..held.ticket.clone() });
        assert_eq!(held.landed(soon).await, Ok(landed));
        drop(held);
        let answered = tickets.draw((Some("k"), b"a"), soon).await;
        assert!(matches!(answered, Ok(Drawn::Answered(known)) if known == landed));
        let old = EventTime(wall_clock().0 + 2 * DAY_US);
        let again = tickets.begin((Some(hash(b"k")), hash(b"b")), old).ok().flatten();
        assert!(matches!(again, Some(Drawn::Fresh(_))), "a day is over");
    }
}
