//! Which messages are still on their way? A durable queue that survives any kill.
//!
//! redb, an embedded transactional store in pure Rust: a message enters together with the memory
//! of its id, in one transaction, so that the same alert seen again after a restart is not sent as
//! a new one. Nothing is ever forgotten silently: what cannot be delivered moves to the failures.

use std::path::Path;

use redb::{Database, ReadableDatabase, ReadableTableMetadata, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::message::Message;

/// Messages to deliver, by receiver, event time and id.
const PENDING: TableDefinition<'_, (&str, i64, &str), &str> = TableDefinition::new("pending");
/// Every message ever taken, by receiver and id, with its event time.
const KNOWN: TableDefinition<'_, (&str, &str), i64> = TableDefinition::new("known");
/// Messages given up, by receiver, event time and id, with the reason.
const FAILED: TableDefinition<'_, (&str, i64, &str), &str> = TableDefinition::new("failed");

/// The store refused; its file may be damaged, or the disk full.
#[derive(Debug, thiserror::Error)]
#[error("outbox: {0}")]
pub struct OutboxError(#[from] redb::Error);

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) message: Message,
    /// Attempts so far.
    pub(super) attempts: u32,
    /// Not before this instant, in milliseconds since the Unix epoch.
    pub(super) due_unix_ms: i64,
}

impl Pending {
    /// A message that was not tried yet.
    fn new(message: &Message) -> Self {
        Self { message: message.clone(), attempts: 0, due_unix_ms: 0 }
    }
}

/// The durable queue.
#[derive(Debug)]
pub struct Outbox {
    pub(super) database: Database,
}

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

impl Outbox {
    /// Opens or makes the store.
    ///
    /// # Errors
    /// When the file cannot be opened, or is no such store.
    pub fn open(path: &Path) -> Result<Self, OutboxError> {
        let database = Database::create(path).map_err(redb::Error::from)?;
        let outbox = Self { database };
        outbox.write(|_, _, _| Ok(()))?;
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
            let transaction = self.database.begin_write()?;
            let mut fresh = 0;
            {
                let mut pending = transaction.open_table(PENDING)?;
                let mut known = transaction.open_table(KNOWN)?;
                for message in messages {
                    let (receiver, id) = (message.receiver.as_str(), message.id.as_str());
                    if known.insert((receiver, id), message.at_us)?.is_none() {
                        let entry = Pending::new(message);
                        pending.insert(key(message), encode(&entry).as_str())?;
                        fresh += 1;
                    }
                }
            }
            also(&transaction)?;
            transaction.commit()?;
            Ok(fresh)
        };
        run().map_err(OutboxError)
    }

    /// Puts a message that was taken before back at the beginning of its way, under the same id.
    pub(super) fn send_again(&self, message: &Message) -> Result<(), OutboxError> {
        self.write(|pending, _, failed| {
            failed.remove(key(message))?;
            pending.insert(key(message), encode(&Pending::new(message)).as_str())?;
            Ok(())
        })
    }

    /// Whether a message that was taken arrived.
    pub(super) fn progress(&self, key: (&str, i64, &str)) -> Result<Progress, OutboxError> {
        let read = || {
            let transaction = self.database.begin_read()?;
            if let Some(entry) = transaction.open_table(PENDING)?.get(key)? {
                let entry: Option<Pending> = serde_json::from_str(entry.value()).ok();
                let (attempts, due_unix_ms) =
                    entry.map_or((0, 0), |entry| (entry.attempts, entry.due_unix_ms));
                return Ok(Progress::Pending { attempts, due_unix_ms });
            }
            let failed = transaction.open_table(FAILED)?;
            let why = failed.get(key)?.map(|reason| reason.value().to_owned());
            Ok(why.map_or(Progress::Delivered, |why| Progress::Failed { why }))
        };
        read().map_err(OutboxError)
    }

    /// Messages still on their way, over all receivers.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn pending_len(&self) -> Result<u64, OutboxError> {
        let read = || Ok(self.database.begin_read()?.open_table(PENDING)?.len()?);
        read().map_err(OutboxError)
    }

    /// Messages given up, over all receivers.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn failed_len(&self) -> Result<u64, OutboxError> {
        let read = || Ok(self.database.begin_read()?.open_table(FAILED)?.len()?);
        read().map_err(OutboxError)
    }

    /// The oldest message for a receiver: fired comes before resolved.
    pub(super) fn first(&self, receiver: &str) -> Result<Option<Pending>, OutboxError> {
        let read = || {
            let table = self.database.begin_read()?.open_table(PENDING)?;
            let mut own = table.range((receiver, i64::MIN, "")..)?;
            let first = own.next().transpose()?;
            Ok(first.and_then(|(key, value)| {
                let pending: Pending = serde_json::from_str(value.value()).ok()?;
                (key.value().0 == receiver).then_some(pending)
            }))
        };
        read().map_err(OutboxError)
    }

    /// The message arrived.
    pub(super) fn delivered(&self, message: &Message) -> Result<(), OutboxError> {
        self.write(|pending, _, _| {
            pending.remove(key(message))?;
            Ok(())
        })
    }

    /// The message did not arrive; try again later.
    pub(super) fn postpone(&self, entry: &Pending) -> Result<(), OutboxError> {
        self.write(|pending, _, _| {
            pending.insert(key(&entry.message), encode(entry).as_str())?;
            Ok(())
        })
    }

    /// The message will not arrive.
    pub(super) fn give_up(&self, message: &Message, reason: &str) -> Result<(), OutboxError> {
        self.write(|pending, _, failed| {
            pending.remove(key(message))?;
            failed.insert(key(message), reason)?;
            Ok(())
        })
    }

    fn write<T>(
        &self,
        change: impl FnOnce(&mut Queue<'_>, &mut Ids<'_>, &mut Queue<'_>) -> Result<T, redb::Error>,
    ) -> Result<T, OutboxError> {
        let run = || {
            let transaction = self.database.begin_write()?;
            let outcome = {
                let mut pending = transaction.open_table(PENDING)?;
                let mut known = transaction.open_table(KNOWN)?;
                let mut failed = transaction.open_table(FAILED)?;
                change(&mut pending, &mut known, &mut failed)?
            };
            transaction.commit()?;
            Ok(outcome)
        };
        run().map_err(OutboxError)
    }
}

type Queue<'t> = redb::Table<'t, (&'static str, i64, &'static str), &'static str>;
type Ids<'t> = redb::Table<'t, (&'static str, &'static str), i64>;

fn key(message: &Message) -> (&str, i64, &str) {
    (&message.receiver, message.at_us, &message.id)
}

fn encode(entry: &Pending) -> String {
    serde_json::to_string(entry).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(receiver: &str, id: &str, at_us: i64) -> Message {
        let (id, receiver) = (id.to_owned(), receiver.to_owned());
        Message { id, receiver, at_us, body: "{}".to_owned(), subject: None }
    }

    #[test]
    fn a_message_is_taken_once_and_leaves_in_order() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("outbox.redb");
        let outbox = Outbox::open(&path).expect("a new store");
        let (fired, resolved) = (message("a", "2", 1), message("a", "1", 2));
        assert_eq!(
            outbox.insert(&[resolved.clone(), fired.clone(), message("b", "1", 0)]).ok(),
            Some(3)
        );
        assert_eq!(
            outbox.first("a").ok().flatten().map(|entry| entry.message),
            Some(fired.clone())
        );
        outbox.delivered(&fired).expect("the store writes");
        drop(outbox);
        let outbox = Outbox::open(&path).expect("the same store");
        assert_eq!(outbox.insert(&[fired]).ok(), Some(0), "an id is known for ever");
        assert_eq!(
            outbox.first("a").ok().flatten().map(|entry| entry.message),
            Some(resolved.clone())
        );
        outbox.give_up(&resolved, "gone").expect("the store writes");
        assert_eq!(outbox.first("a").ok().flatten(), None);
        assert_eq!((outbox.pending_len().ok(), outbox.failed_len().ok()), (Some(1), Some(1)));
    }
}
