//! How do messages on their way reach another machine? Queue, memory and book as one value.

use std::collections::BTreeMap;
use std::path::Path;

use redb::{ReadTransaction, ReadableTable, TableDefinition, TableError};
use serde::{Deserialize, Serialize};

use super::desk::{CASES, MAIL};
use super::outbox::{FAILED, FIRING, HEALTH, Outbox, OutboxError, PENDING, TAKEN};

type Queue = TableDefinition<'static, (&'static str, i64, &'static str), &'static str>;
type Named = TableDefinition<'static, &'static str, &'static str>;

/// All that an outbox and its desk remember.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Luggage {
    pending: Vec<(String, i64, String, String)>,
    taken: Vec<(String, String, i64)>,
    failed: Vec<(String, i64, String, String)>,
    firing: Vec<(String, String, String)>,
    health: BTreeMap<String, String>,
    cases: BTreeMap<String, String>,
    mail: Vec<(String, String, String, String)>,
}

impl Outbox {
    /// All that it remembers, for an outbox on another machine.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn pack(&self) -> Result<Vec<u8>, OutboxError> {
        let luggage = self.read(|transaction| {
            let queue = |table: Queue| -> Result<Vec<_>, redb::Error> {
                let mut rows = Vec::new();
                each(transaction, table, |(one, at, other): (&str, i64, &str), value: &str| {
                    rows.push((one.to_owned(), at, other.to_owned(), value.to_owned()));
                })?;
                Ok(rows)
            };
            let named = |table: Named| -> Result<BTreeMap<_, _>, redb::Error> {
                let mut rows = BTreeMap::new();
                each(transaction, table, |name: &str, value: &str| {
                    rows.insert(name.to_owned(), value.to_owned());
                })?;
                Ok(rows)
            };
            let mut luggage = Luggage {
                pending: queue(PENDING)?,
                failed: queue(FAILED)?,
                health: named(HEALTH)?,
                cases: named(CASES)?,
                ..Luggage::default()
            };
            each(transaction, TAKEN, |(receiver, id): (&str, &str), at: i64| {
                luggage.taken.push((receiver.to_owned(), id.to_owned(), at));
            })?;
            each(transaction, FIRING, |(receiver, alert): (&str, &str), message: &str| {
                let row = (receiver.to_owned(), alert.to_owned(), message.to_owned());
                luggage.firing.push(row);
            })?;
            each(transaction, MAIL, |(alert, receiver, id): (&str, &str, &str), message: &str| {
                let key = [alert, receiver, id].map(str::to_owned);
                let [alert, receiver, id] = key;
                luggage.mail.push((alert, receiver, id, message.to_owned()));
            })?;
            Ok(luggage)
        })?;
        Ok(serde_json::to_vec(&luggage).map_err(|error| redb::Error::Io(error.into()))?)
    }

    /// Takes in what came from another machine, if something did, and removes its file then.
    ///
    /// # Errors
    /// When the store or the disk refuses, or the file holds something else.
    pub(super) fn arrive(&self, path: &Path) -> Result<(), OutboxError> {
        let broken = |error: std::io::Error| OutboxError::from(redb::Error::Io(error));
        match std::fs::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            bytes => {
                self.unpack(&bytes.map_err(broken)?)?;
                std::fs::remove_file(path).map_err(broken)
            }
        }
    }

    /// Takes in what another outbox packed, in one transaction.
    fn unpack(&self, bytes: &[u8]) -> Result<(), OutboxError> {
        let luggage: Luggage = serde_json::from_slice(bytes)
            .map_err(|error| redb::Error::Corrupted(format!("what was packed: {error}")))?;
        self.insert_with(&[], |transaction| {
            let mut pending = transaction.open_table(PENDING)?;
            for (one, at, other, value) in &luggage.pending {
                pending.insert((one.as_str(), *at, other.as_str()), value.as_str())?;
            }
            let mut failed = transaction.open_table(FAILED)?;
            for (one, at, other, value) in &luggage.failed {
                failed.insert((one.as_str(), *at, other.as_str()), value.as_str())?;
            }
            let mut taken = transaction.open_table(TAKEN)?;
            for (receiver, id, at) in &luggage.taken {
                taken.insert((receiver.as_str(), id.as_str()), at)?;
            }
            let mut firing = transaction.open_table(FIRING)?;
            for (receiver, alert, message) in &luggage.firing {
                firing.insert((receiver.as_str(), alert.as_str()), message.as_str())?;
            }
            for (definition, rows) in [(HEALTH, &luggage.health), (CASES, &luggage.cases)] {
                let mut table = transaction.open_table(definition)?;
                for (name, value) in rows {
                    table.insert(name.as_str(), value.as_str())?;
                }
            }
            let mut mail = transaction.open_table(MAIL)?;
            for (alert, receiver, id, message) in &luggage.mail {
                let key = (alert.as_str(), receiver.as_str(), id.as_str());
                mail.insert(key, message.as_str())?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Visits each row of a table that may not be there yet.
fn each<K: redb::Key + 'static, V: redb::Value + 'static>(
    transaction: &ReadTransaction,
    table: TableDefinition<'_, K, V>,
    mut visit: impl FnMut(K::SelfType<'_>, V::SelfType<'_>),
) -> Result<(), redb::Error> {
    let table = match transaction.open_table(table) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(()),
        table => table?,
    };
    for row in table.iter()? {
        let (key, value) = row?;
        visit(key.value(), value.value());
    }
    Ok(())
}
