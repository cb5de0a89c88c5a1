//! How does the outbox lie on disk? Its tables, and what keeps each queue within its bound.

use std::collections::BTreeSet;

use redb::{ReadableTable, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::QUEUE_MAX;
use crate::alert::Transition;
use crate::notify::health::LONGEST_MS;
use crate::notify::message::Message;
use crate::system::unix_ms;

/// Messages to deliver, by receiver, event time and id.
pub(in crate::notify) const PENDING: TableDefinition<'_, (&str, i64, &str), &str> =
    TableDefinition::new("pending");
/// Messages taken, by receiver and id, with the instant in milliseconds since the Unix epoch.
pub(in crate::notify) const TAKEN: TableDefinition<'_, (&str, &str), i64> =
    TableDefinition::new("taken");
/// Messages given up, by receiver, event time and id, with the reason.
pub(in crate::notify) const FAILED: TableDefinition<'_, (&str, i64, &str), &str> =
    TableDefinition::new("failed");
/// What each receiver was last told of each alert that has not resolved for it.
pub(in crate::notify) const FIRING: TableDefinition<'_, (&str, &str), &str> =
    TableDefinition::new("firing");
/// How each receiver is.
pub(in crate::notify) const HEALTH: TableDefinition<'_, &str, &str> =
    TableDefinition::new("health");

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::notify) struct Pending {
    pub(in crate::notify) message: Message,
    /// Attempts so far.
    pub(in crate::notify) attempts: u32,
    /// Not before this instant, in milliseconds since the Unix epoch.
    pub(in crate::notify) due_unix_ms: i64,
    /// When the step of the schedule is over that the last counted attempt began.
    #[serde(default)]
    pub(in crate::notify) step_ends_ms: i64,
}

impl Pending {
    /// A message that was not tried yet.
    pub(super) fn new(message: &Message) -> Self {
        Self { message: message.clone(), attempts: 0, due_unix_ms: 0, step_ends_ms: 0 }
    }
}

/// Whether a wait until an instant is over. One that no schedule makes was made by a clock that went
/// wrong, and is over too.
pub(in crate::notify) fn is_over(until_ms: i64, now_ms: i64) -> bool {
    until_ms <= now_ms || until_ms > now_ms.saturating_add(LONGEST_MS)
}

type Queue<'t> = redb::Table<'t, (&'static str, i64, &'static str), &'static str>;

/// The tables of one transaction.
pub(super) struct Tables<'t> {
    pub(super) pending: Queue<'t>,
    pub(super) taken: redb::Table<'t, (&'static str, &'static str), i64>,
    pub(super) failed: Queue<'t>,
    pub(super) firing: redb::Table<'t, (&'static str, &'static str), &'static str>,
    pub(super) health: redb::Table<'t, &'static str, &'static str>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            pending: transaction.open_table(PENDING)?,
            taken: transaction.open_table(TAKEN)?,
            failed: transaction.open_table(FAILED)?,
            firing: transaction.open_table(FIRING)?,
            health: transaction.open_table(HEALTH)?,
        })
    }

    /// Takes a message that was not taken before; says whether it was not.
    pub(super) fn take(&mut self, message: &Message) -> Result<bool, redb::Error> {
        let (receiver, id) = (message.receiver.as_str(), message.id.as_str());
        if self.taken.insert((receiver, id), unix_ms())?.is_some() {
            return Ok(false);
        }
        self.pending.insert(key(message), encode(&Pending::new(message))?.as_str())?;
        Ok(true)
    }

    /// A message as it is kept: since a courier took it, evidence may have been taken out.
    pub(super) fn kept(&self, message: &Message) -> Result<Message, redb::Error> {
        let kept = self.pending.get(key(message))?;
        let kept = kept.and_then(|entry| serde_json::from_str::<Pending>(entry.value()).ok());
        Ok(kept.map_or_else(|| message.clone(), |entry| entry.message))
    }

    /// Gives up the oldest messages of queues that have become too long.
    pub(super) fn bound(&mut self, messages: &[Message]) -> Result<(), redb::Error> {
        let receivers: BTreeSet<&str> =
            messages.iter().map(|message| message.receiver.as_str()).collect();
        for receiver in receivers {
            for _ in QUEUE_MAX..count(&self.pending, receiver)? {
                let Some((at_us, id)) = first(&self.pending, receiver)? else { break };
                self.give_up((receiver, at_us, &id), "the queue was full")?;
            }
        }
        Ok(())
    }

    /// Whether the end of a message's alert was taken for the same receiver.
    pub(super) fn has_resolved(&self, message: &Message) -> Result<bool, redb::Error> {
        let ends = format!("{}.{}.", message.alert(), Transition::Resolved.as_str());
        let next = self.taken.range((message.receiver.as_str(), ends.as_str())..)?.next();
        let next = next.transpose()?;
        Ok(next.is_some_and(|(key, _)| {
            let (receiver, id) = key.value();
            receiver == message.receiver && id.starts_with(&ends)
        }))
    }

    pub(super) fn give_up(
        &mut self,
        key: (&str, i64, &str),
        reason: &str,
    ) -> Result<(), redb::Error> {
        self.pending.remove(key)?;
        if count(&self.failed, key.0)? >= QUEUE_MAX
            && let Some((at_us, id)) = first(&self.failed, key.0)?
        {
            self.failed.remove((key.0, at_us, id.as_str()))?;
        }
        self.failed.insert(key, reason)?;
        Ok(())
    }

    /// Everything that waits for a receiver is due now.
    pub(super) fn wake(&mut self, receiver: &str) -> Result<(), redb::Error> {
        let mut waiting = Vec::new();
        for entry in self.pending.range((receiver, i64::MIN, "")..)? {
            let (key, value) = entry?;
            if key.value().0 != receiver {
                break;
            }
            waiting.extend(serde_json::from_str::<Pending>(value.value()).ok());
        }
        for mut entry in waiting.into_iter().filter(|entry| entry.due_unix_ms > 0) {
            entry.due_unix_ms = 0;
            self.pending.insert(key(&entry.message), encode(&entry)?.as_str())?;
        }
        Ok(())
    }
}

type Key = (&'static str, i64, &'static str);

/// How many entries a receiver has in a queue.
pub(super) fn count(
    table: &impl ReadableTable<Key, &'static str>,
    receiver: &str,
) -> Result<u64, redb::Error> {
    let mut count = 0;
    for entry in table.range((receiver, i64::MIN, "")..)? {
        if entry?.0.value().0 != receiver {
            break;
        }
        count += 1;
    }
    Ok(count)
}

/// The earliest entry of a receiver in a queue.
pub(super) fn first(
    table: &impl ReadableTable<Key, &'static str>,
    receiver: &str,
) -> Result<Option<(i64, String)>, redb::Error> {
    let Some(entry) = table.range((receiver, i64::MIN, "")..)?.next() else { return Ok(None) };
    let (key, _) = entry?;
    let (of, at_us, id) = key.value();
    Ok((of == receiver).then(|| (at_us, id.to_owned())))
}

pub(super) fn key(message: &Message) -> (&str, i64, &str) {
    (&message.receiver, message.at_us, &message.id)
}

/// A value as it lies in a table. One that cannot be written fails the transaction: an empty text
/// would be a lost message.
pub(in crate::notify) fn encode(value: &impl Serialize) -> Result<String, redb::Error> {
    serde_json::to_string(value).map_err(|error| redb::Error::Io(error.into()))
}
