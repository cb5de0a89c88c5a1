//! What is told of a relay, and by whom? Its task tells, and the source that hears all of them takes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use super::filter::Filter;
use crate::connect::health::Gap;
use crate::connect::source::Fault;
use crate::decode::nostr::Note;
use crate::secret::SecretPlace;

/// What is told of a relay.
#[derive(Debug)]
pub(super) enum Told {
    /// It is connected.
    Open,
    /// What it allows, by its own words.
    Limits(String),
    /// Notes, as they came.
    Notes(Vec<Note>),
    /// Something that cannot be read, and as much of it as names nobody.
    Unreadable(String, Vec<u8>),
    /// Everything up to the connection was given.
    CaughtUp,
    /// It is asked once more for what it should have given.
    Behind,
    /// More was missed than it is asked for.
    Missed(Gap),
    /// Something for people.
    Says(String),
    /// Notes that were asked about, each with one that is about it.
    Answers(Vec<([u8; 32], [u8; 32])>),
    /// All names that were asked for and that it knows were among its notes.
    Named,
    /// The connection is lost.
    Lost(String),
    /// It refuses, until somebody mends that: why and how.
    Refuses(String, String),
}

/// What is told, with the place of the relay that it is told of.
pub(super) type News = (usize, Told);

/// One relay.
#[derive(Debug)]
pub(super) struct Relay {
    /// Its place in the source.
    pub(super) place: usize,
    pub(super) url: String,
    pub(super) filters: Arc<[Filter]>,
    /// From when on to ask, in seconds; moves with what was taken.
    pub(super) since: Arc<AtomicI64>,
    pub(super) news: mpsc::Sender<News>,
    /// Ids of notes whose answers are wanted.
    pub(super) wanted: mpsc::Receiver<Vec<String>>,
    /// Accounts whose names are wanted.
    pub(super) named: mpsc::Receiver<Vec<String>>,
    /// Accounts whose names are asked for at once.
    pub(super) accounts: Arc<[String]>,
    /// Our own key, if it is one to log in to.
    pub(super) key: Option<SecretPlace>,
    pub(super) compare_every: Duration,
}

impl Relay {
    /// From when on to ask, in seconds.
    pub(super) fn since(&self) -> i64 {
        self.since.load(Ordering::Relaxed)
    }

    /// Tells the source; waits while it has enough to do.
    pub(super) async fn tell(&self, told: Told) -> Result<(), Fault> {
        self.news.send((self.place, told)).await.map_err(|_| Fault::Closed)
    }
}
