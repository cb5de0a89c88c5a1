//! Which messages are still on their way? A durable queue that survives any kill.
//!
//! redb, an embedded transactional store in pure Rust: a message enters together with the memory
//! of its id, in one transaction, so that the same alert seen again after a restart is not sent as
//! a new one. Nothing is ever forgotten silently: what cannot be delivered moves to the failures.
//!
//! Each receiver has a queue of its own, of bounded length: beyond it, the oldest message moves to
//! the failures. A message that is due overtakes one that waits, unless they tell of the same alert.

mod erase;
mod heal;
mod tables;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::RwLock;
use std::sync::atomic::AtomicBool;

use redb::{Database, ReadableDatabase, ReadableTableMetadata, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::health::Health;
use super::message::Message;
use crate::alert::Transition;
use crate::system::unix_ms;
use heal::{empty_unborn, opened, unusable};
pub(super) use tables::{FAILED, FIRING, HEALTH, PENDING, Pending, TAKEN, encode, is_over};
use tables::{Tables, count, key};

/// Messages that may wait for one receiver; as many failures of each are kept.
pub const QUEUE_MAX: u64 = 10_000;
/// How long ids of messages are remembered, in milliseconds: 30 days. The same alert can come again
/// only from the last commit.
const MEMORY_MS: i64 = 30 * 24 * 3_600_000;

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// It refused; the disk may be full.
    #[error("outbox: {0}")]
    Store(#[from] redb::Error),
    /// Its file cannot be read as one.
    #[error("{}: this is no outbox of resonanz, or it is damaged: {source}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the store says.
        source: redb::Error,
    },
}

/// Begins the reason of a message that another receiver takes over; the rest is its name.
const DIVERTED: &str = "taken over by ";

/// Whether a message arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Progress {
    /// It is on its way.
    Pending {
        /// Attempts so far.
        attempts: u32,
        /// When it is tried next, in milliseconds since the Unix epoch; 0 is at once.
        due_unix_ms: i64,
    },
    /// It did not, and will not.
    Failed {
        /// Why.
        why: String,
    },
    /// It did.
    Delivered,
}

/// What a receiver's queue has to offer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A message that is due.
    Due(Box<Pending>),
    /// Nothing before this instant, in milliseconds since the Unix epoch.
    At(i64),
    /// Nothing at all.
    Nothing,
}

/// The durable queue.
#[derive(Debug)]
pub struct Outbox {
    path: PathBuf,
    /// Written when another file takes the place of this one; `None` while the file cannot be
    /// opened.
    database: RwLock<Option<Database>>,
    /// Whether the disk refused something: the store wants to be opened anew then.
    refused: AtomicBool,
}

impl Outbox {
    /// Opens or makes the store, takes in what came from another machine, and forgets ids of messages taken more than 30 days ago.
    ///
    /// # Errors
    /// When the file cannot be opened, or is no such store.
    pub fn open(path: &Path) -> Result<Self, OutboxError> {
        erase::remove_draft(path)?;
        empty_unborn(path).map_err(redb::Error::from)?;
        let database = Database::create(path).map_err(|error| unusable(path, error.into()))?;
        let (database, refused) = (RwLock::new(Some(database)), AtomicBool::new(false));
        let outbox = Self { path: path.to_owned(), database, refused };
        let oldest = unix_ms() - MEMORY_MS;
        outbox.arrive(&path.with_extension("json"))?;
        outbox.write(|tables| Ok(tables.taken.retain(|_, taken| taken >= oldest)?))?;
        Ok(outbox)
    }

    /// Takes messages in one transaction; those it has taken before are left out. Returns how many
    /// were new.
    ///
    /// # Errors
    /// When the store refuses; then none was taken.
    pub fn insert(&self, messages: &[Message]) -> Result<u64, OutboxError> {
        if messages.is_empty() {
            return Ok(0);
        }
        self.insert_with(messages, |_| Ok(()))
    }

    /// Takes messages, and does something else in the same transaction.
    pub(super) fn insert_with(
        &self,
        messages: &[Message],
        also: impl FnOnce(&WriteTransaction) -> Result<(), redb::Error>,
    ) -> Result<u64, OutboxError> {
        let run = || {
            let database = self.database()?;
            let transaction = opened(&database)?.begin_write()?;
            let mut fresh = 0;
            {
                let mut tables = Tables::open(&transaction)?;
                for message in messages {
                    fresh += u64::from(tables.take(message)?);
                }
                tables.bound(messages)?;
            }
            also(&transaction)?;
            transaction.commit()?;
            Ok(fresh)
        };
        self.noted(run())
    }

    /// Puts a message that was taken before back at the beginning of its way, under the same id.
    pub(super) fn send_again(&self, message: &Message) -> Result<(), OutboxError> {
        self.write(|tables| {
            tables.failed.remove(key(message))?;
            tables.pending.insert(key(message), encode(&Pending::new(message))?.as_str())?;
            Ok(())
        })
    }

    /// Who took over a message that was given up for this reason.
    pub(super) fn taken_over_by(why: &str) -> Option<&str> {
        why.strip_prefix(DIVERTED)
    }

    /// Whether a message that was taken arrived.
    pub(super) fn progress(&self, key: (&str, i64, &str)) -> Result<Progress, OutboxError> {
        self.read(|transaction| {
            if let Some(entry) = transaction.open_table(PENDING)?.get(key)? {
                let entry: Option<Pending> = serde_json::from_str(entry.value()).ok();
                let (attempts, due_unix_ms) =
                    entry.map_or((0, 0), |entry| (entry.attempts, entry.due_unix_ms));
                return Ok(Progress::Pending { attempts, due_unix_ms });
            }
            let failed = transaction.open_table(FAILED)?;
            let why = failed.get(key)?.map(|reason| reason.value().to_owned());
            Ok(why.map_or(Progress::Delivered, |why| Progress::Failed { why }))
        })
    }

    /// Messages still on their way, over all receivers.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn pending_len(&self) -> Result<u64, OutboxError> {
        self.read(|transaction| Ok(transaction.open_table(PENDING)?.len()?))
    }

    /// Messages given up, over all receivers.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn failed_len(&self) -> Result<u64, OutboxError> {
        self.read(|transaction| Ok(transaction.open_table(FAILED)?.len()?))
    }

    /// Messages on their way to one receiver.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn pending_for(&self, receiver: &str) -> Result<u64, OutboxError> {
        self.read(|transaction| count(&transaction.open_table(PENDING)?, receiver))
    }

    /// The earliest message for a receiver that is due, and not behind another of its alert.
    pub(super) fn next(&self, receiver: &str, now_ms: i64) -> Result<Next, OutboxError> {
        self.read(|transaction| {
            let table = transaction.open_table(PENDING)?;
            let (mut waiting, mut earliest) = (HashSet::new(), None);
            for entry in table.range((receiver, i64::MIN, "")..)? {
                let (key, value) = entry?;
                if key.value().0 != receiver {
                    break;
                }
                let Ok(entry) = serde_json::from_str::<Pending>(value.value()) else { continue };
                if waiting.contains(entry.message.alert()) {
                    continue;
                }
                if is_over(entry.due_unix_ms, now_ms) {
                    return Ok(Next::Due(Box::new(entry)));
                }
                earliest = earliest.into_iter().chain([entry.due_unix_ms]).min();
                waiting.insert(entry.message.alert().to_owned());
            }
            Ok(earliest.map_or(Next::Nothing, Next::At))
        })
    }

    /// The message arrived.
    pub(super) fn delivered(&self, message: &Message) -> Result<(), OutboxError> {
        self.write(|tables| {
            let message = &tables.kept(message)?;
            tables.pending.remove(key(message))?;
            let of = (message.receiver.as_str(), message.alert());
            match message.transition() {
                Some(Transition::Resolved) => drop(tables.firing.remove(of)?),
                // Told again by hand, it may be over.
                Some(_) if !tables.has_resolved(message)? => {
                    tables.firing.insert(of, encode(message)?.as_str())?;
                }
                Some(_) | None => {}
            }
            Ok(())
        })
    }

    /// The message did not arrive; try again later.
    pub(super) fn postpone(&self, entry: &Pending) -> Result<(), OutboxError> {
        self.write(|tables| {
            let entry = Pending { message: tables.kept(&entry.message)?, ..entry.clone() };
            tables.pending.insert(key(&entry.message), encode(&entry)?.as_str())?;
            Ok(())
        })
    }

    /// Everything that waits for a receiver is due now.
    pub(super) fn wake(&self, receiver: &str) -> Result<(), OutboxError> {
        self.write(|tables| tables.wake(receiver))
    }

    /// The message will not arrive.
    pub(super) fn give_up(&self, message: &Message, reason: &str) -> Result<(), OutboxError> {
        self.write(|tables| tables.give_up(key(message), reason))
    }

    /// The message goes to another receiver instead, unless that one has it already.
    pub(super) fn divert(&self, message: &Message, to: &str) -> Result<(), OutboxError> {
        self.write(|tables| {
            let message = &tables.kept(message)?;
            tables.give_up(key(message), &format!("{DIVERTED}{to}"))?;
            let diverted = Message { receiver: to.to_owned(), ..message.clone() };
            tables.take(&diverted)?;
            Ok(())
        })
    }

    /// Whether a receiver was told that the alert began, as far as the queue knows. What is given up
    /// counts as not told; what was never here may have been told before.
    pub(super) fn was_told(&self, message: &Message) -> Result<bool, OutboxError> {
        let (receiver, alert) = (message.receiver.as_str(), message.alert());
        self.read(|transaction| {
            if transaction.open_table(FIRING)?.get((receiver, alert))?.is_some() {
                return Ok(true);
            }
            let failed = transaction.open_table(FAILED)?;
            for entry in failed.range((receiver, i64::MIN, "")..)? {
                let (key, _) = entry?;
                let (of, _, id) = key.value();
                if of != receiver {
                    break;
                }
                if id.strip_prefix(alert).is_some_and(|rest| rest.starts_with('.')) {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    /// What a receiver was last told of each alert that fires.
    pub(super) fn firing(&self, receiver: &str) -> Result<Vec<Message>, OutboxError> {
        self.read(|transaction| {
            let table = transaction.open_table(FIRING)?;
            let mut firing = Vec::new();
            for entry in table.range((receiver, "")..)? {
                let (key, value) = entry?;
                if key.value().0 != receiver {
                    break;
                }
                firing.extend(serde_json::from_str::<Message>(value.value()).ok());
            }
            Ok(firing)
        })
    }

    /// Forgets firing alerts that will never resolve: those that `lives` does not know.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn forget_firing(&self, lives: impl Fn(&Message) -> bool) -> Result<(), OutboxError> {
        self.write(|tables| {
            let lives =
                |text: &str| serde_json::from_str(text).is_ok_and(|message| lives(&message));
            Ok(tables.firing.retain(|_, message| lives(message))?)
        })
    }

    pub(super) fn health(&self, receiver: &str) -> Result<Health, OutboxError> {
        self.read(|transaction| {
            let health = transaction.open_table(HEALTH)?.get(receiver)?;
            let health = health.and_then(|health| serde_json::from_str(health.value()).ok());
            Ok(health.unwrap_or_default())
        })
    }

    pub(super) fn set_health(&self, receiver: &str, health: &Health) -> Result<(), OutboxError> {
        self.write(|tables| {
            tables.health.insert(receiver, encode(health)?.as_str())?;
            Ok(())
        })
    }

    /// A receiver is called no more: what waits for it is due, and whoever takes over is told.
    pub(super) fn disable(
        &self,
        receiver: &str,
        health: &Health,
        takeover: Option<&Message>,
    ) -> Result<(), OutboxError> {
        self.write(|tables| {
            tables.health.insert(receiver, encode(health)?.as_str())?;
            tables.wake(receiver)?;
            takeover.map_or(Ok(()), |message| tables.take(message).map(drop))
        })
    }

    /// Calls a disabled receiver again. Says whether it was disabled.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn enable(&self, receiver: &str) -> Result<bool, OutboxError> {
        let health = self.health(receiver)?;
        let was_disabled = health.disabled.is_some();
        if was_disabled {
            self.set_health(receiver, &health.enabled())?;
        }
        Ok(was_disabled)
    }

    pub(super) fn read<T>(
        &self,
        look: impl FnOnce(&redb::ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, OutboxError> {
        let run = || {
            let database = self.database()?;
            look(&opened(&database)?.begin_read()?)
        };
        self.noted(run())
    }

    fn write<T>(
        &self,
        change: impl FnOnce(&mut Tables<'_>) -> Result<T, redb::Error>,
    ) -> Result<T, OutboxError> {
        let run = || {
            let database = self.database()?;
            let transaction = opened(&database)?.begin_write()?;
            let outcome = change(&mut Tables::open(&transaction)?)?;
            transaction.commit()?;
            Ok(outcome)
        };
        self.noted(run())
    }
}

#[cfg(test)]
mod tests;
