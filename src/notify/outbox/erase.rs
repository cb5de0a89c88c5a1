//! How do texts of posts leave the store? It is written anew without them.
//!
//! What is overwritten or removed in place leaves its bytes behind in free pages. So all tables go
//! into a second file, which takes the first one's name: killed on the way, the first stays.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use redb::{
    Database, Key, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, TableError,
    TableHandle, WriteTransaction,
};

use super::tables::{FAILED, FIRING, HEALTH, PENDING, TAKEN};
use super::{Outbox, OutboxError};
use crate::lake::without_posts;
use crate::notify::desk::{CASES, MAIL};
use crate::system::{crash_point, short_hash};

impl Outbox {
    /// Takes the evidence of posts, by their ids, out of all messages that are kept, and out of the
    /// file; how many held some. What a receiver has is not called back. Linear in the store, and
    /// nothing else is done with it meanwhile.
    ///
    /// # Errors
    /// When the store refuses; then nothing was taken out.
    pub fn erase(&self, is_gone: &dyn Fn(&str) -> bool) -> Result<u64, OutboxError> {
        // Opened anew if need be.
        drop(self.database().map_err(OutboxError::Store)?);
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        let draft = draft(&self.path);
        let run = || {
            let fresh = Database::create(&draft)?;
            let erased = copy(&super::heal::opened(&database)?.begin_read()?, &fresh, is_gone)?;
            crash_point("erase.outbox");
            fs::rename(&draft, &self.path)?;
            self.path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())?;
            Ok((fresh, erased))
        };
        remove(&draft).map_err(redb::Error::from)?;
        let (fresh, erased) = run().map_err(OutboxError::Store)?;
        *database = Some(fresh);
        Ok(erased)
    }

    /// Hashes of the messages that [`Outbox::erase`] would take evidence out of, and the tables that
    /// hold them.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn holding(&self, is_gone: &dyn Fn(&str) -> bool) -> Result<BTreeSet<u64>, OutboxError> {
        self.read(|transaction| {
            let mut holding = BTreeSet::new();
            note(transaction, PENDING, is_gone, &mut holding)?;
            note(transaction, FIRING, is_gone, &mut holding)?;
            note(transaction, MAIL, is_gone, &mut holding)?;
            Ok(holding)
        })
    }
}

/// Notes the texts of a table that hold a post.
fn note<K: Key + 'static>(
    from: &ReadTransaction,
    definition: TableDefinition<'static, K, &'static str>,
    is_gone: &dyn Fn(&str) -> bool,
    holding: &mut BTreeSet<u64>,
) -> Result<(), redb::Error> {
    let Some(table) = opened(from.open_table(definition))? else { return Ok(()) };
    for entry in table.iter()? {
        let (_, value) = entry?;
        if without_posts(value.value(), is_gone).is_some() {
            let name = definition.name().as_bytes();
            holding.insert(short_hash(&[name, value.value().as_bytes()]));
        }
    }
    Ok(())
}

/// Where a second file grows.
fn draft(path: &Path) -> PathBuf {
    path.with_extension("draft")
}

/// Removes what a kill left of a second file.
pub(super) fn remove_draft(path: &Path) -> Result<(), redb::Error> {
    Ok(remove(&draft(path))?)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Copies all tables, durably; how many messages had evidence taken out.
fn copy(
    from: &ReadTransaction,
    into: &Database,
    is_gone: &dyn Fn(&str) -> bool,
) -> Result<u64, redb::Error> {
    let into = into.begin_write()?;
    let mut erased = 0;
    let mut stripped = |text: &str| {
        let stripped = without_posts(text, is_gone);
        erased += u64::from(stripped.is_some());
        stripped
    };
    copy_texts(from, &into, PENDING, &mut stripped)?;
    copy_texts(from, &into, FIRING, &mut stripped)?;
    copy_texts(from, &into, MAIL, &mut stripped)?;
    copy_texts(from, &into, FAILED, &mut |_| None)?;
    copy_texts(from, &into, HEALTH, &mut |_| None)?;
    copy_texts(from, &into, CASES, &mut |_| None)?;
    let mut taken = into.open_table(TAKEN)?;
    if let Some(table) = opened(from.open_table(TAKEN))? {
        for entry in table.iter()? {
            let (key, value) = entry?;
            taken.insert(key.value(), value.value())?;
        }
    }
    drop(taken);
    into.commit()?;
    Ok(erased)
}

fn copy_texts<K: Key + 'static>(
    from: &ReadTransaction,
    into: &WriteTransaction,
    definition: TableDefinition<'static, K, &'static str>,
    stripped: &mut dyn FnMut(&str) -> Option<String>,
) -> Result<(), redb::Error> {
    let Some(table) = opened(from.open_table(definition))? else { return Ok(()) };
    let mut copy = into.open_table(definition)?;
    for entry in table.iter()? {
        let (key, value) = entry?;
        let text = stripped(value.value());
        copy.insert(key.value(), text.as_deref().unwrap_or(value.value()))?;
    }
    Ok(())
}

/// A table, if it was made.
fn opened<T>(table: Result<T, TableError>) -> Result<Option<T>, redb::Error> {
    match table {
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        table => Ok(Some(table?)),
    }
}
