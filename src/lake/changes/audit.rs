//! How does the audit log get into the lake? From the journal of each process that writes one, each
//! line once, in commits of its own.
//!
//! The table is no part of the lake's commits: whoever serves a lake need not be the one who writes
//! it.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};

use super::upkeep::{Chore, tend_alone};
use super::vacuum::vacuum_alone;
use crate::config::Retention;
use crate::lake::error::LakeError;
use crate::lake::rows::{Table, arrow_schema};
use crate::lake::store::{Folder, Swap, TableWriter};
use crate::state::{AuditEntry, AuditSlot, SLOTS, Site};
use crate::time::EventTime;

/// The audit log of one process.
#[derive(Debug)]
pub struct AuditBook {
    folder: Folder,
    slot: AuditSlot,
    /// The number of the next commit, which names the file that grows.
    next: i64,
    /// Whether something waits in it.
    is_begun: bool,
}

impl AuditBook {
    /// Takes a place among those that write the audit log of a lake, and commits what was left behind.
    ///
    /// # Errors
    /// When there is no lake, or its own files cannot be written here.
    pub async fn open(site: &Site) -> Result<Self, LakeError> {
        let folder = Folder::read(site)?;
        let slot = AuditSlot::take(&folder)?;
        let mut book = Self { folder, next: slot.number + SLOTS, slot, is_begun: true };
        let waiting = book.slot.waiting()?;
        let last = match book.is_made().await? {
            true => book.writer(book.slot.number).await?.last_sequence(),
            false => None,
        };
        let last = waiting.last().map(|file| file.sequence).max(last).unwrap_or_default();
        book.next = book.next.max(last + SLOTS);
        Ok(book)
    }

    /// Writes lines down, so that a kill does not lose them.
    ///
    /// # Errors
    /// When the disk refuses, or too much waits.
    pub fn write(&mut self, entries: &[AuditEntry]) -> Result<(), LakeError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.slot.append(self.next, entries)?;
        self.is_begun = true;
        Ok(())
    }

    /// Makes what was written down part of the table.
    ///
    /// # Errors
    /// When the lake cannot be written; the same call again goes on.
    pub async fn commit(&mut self) -> Result<(), LakeError> {
        if self.is_begun {
            self.next += SLOTS;
            self.commit_all(&self.slot).await?;
            self.is_begun = false;
        }
        for other in self.slot.left_behind()? {
            self.commit_all(&other).await?;
        }
        Ok(())
    }

    async fn commit_all(&self, slot: &AuditSlot) -> Result<(), LakeError> {
        let waiting = slot.waiting()?;
        if waiting.is_empty() {
            return Ok(());
        }
        let mut writer = self.writer(slot.number).await?;
        for file in waiting {
            if writer.last_sequence() < Some(file.sequence) {
                let rows = rows(&file.read()?)?;
                if rows.num_rows() > 0 {
                    writer.append(&rows);
                    let drafts = writer.drafts(file.sequence);
                    let adds =
                        drafts.into_iter().map(|draft| draft.write()).collect::<Result<_, _>>()?;
                    let swap = Swap { removes: Vec::new(), adds };
                    writer.commit(swap, file.sequence, &serde_json::Value::Null).await?;
                    writer.settle();
                }
            }
            file.remove()?;
        }
        Ok(())
    }

    /// Takes out days past their retention, merges small files, and removes what nothing names any
    /// more; does nothing in any but the first of several processes.
    ///
    /// # Errors
    /// When the lake cannot be written; the same call again goes on.
    pub async fn tend(
        &mut self,
        retention: Retention,
        vacuum_us: i64,
        now: EventTime,
    ) -> Result<(), LakeError> {
        if !self.slot.is_first() || self.is_begun || !self.is_made().await? {
            return Ok(());
        }
        let mut writer = self.writer(self.slot.number).await?;
        for chore in [Chore::Retain(retention), Chore::compact()] {
            while tend_alone(&mut writer, &chore, self.next, now).await?.is_some() {
                self.next += SLOTS;
            }
        }
        vacuum_alone(&writer, vacuum_us, now).await
    }

    async fn is_made(&self) -> Result<bool, LakeError> {
        self.folder.table(Table::Audit).is_made().await
    }

    async fn writer(&self, slot: i64) -> Result<TableWriter, LakeError> {
        let application = format!("resonanz-audit-{slot}");
        let place = self.folder.table(Table::Audit);
        TableWriter::open_as(Table::Audit, place, None, &application).await
    }
}

/// Whether a lake has an audit log.
///
/// # Errors
/// When a bucket cannot be asked.
pub(crate) async fn has_audit(folder: &Folder) -> Result<bool, LakeError> {
    folder.table(Table::Audit).is_made().await
}

fn rows(entries: &[AuditEntry]) -> Result<RecordBatch, LakeError> {
    let mut entries: Vec<&AuditEntry> = entries.iter().collect();
    entries.sort_by_key(|entry| entry.at);
    let texts = |of: fn(&AuditEntry) -> Option<&str>| -> ArrayRef {
        Arc::new(entries.iter().map(|entry| of(entry)).collect::<StringArray>())
    };
    let days = entries.iter().map(|entry| entry.at.day());
    let times = entries.iter().map(|entry| entry.at.0);
    let count = |entry: &&AuditEntry| i64::try_from(entry.count).unwrap_or(i64::MAX);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Date32Array::from_iter_values(days)),
        Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC")),
        texts(|entry| Some(&entry.who)),
        texts(|entry| entry.role.as_deref()),
        texts(|entry| Some(&entry.action)),
        texts(|entry| Some(&entry.what)),
        texts(|entry| entry.topic.as_deref()),
        texts(|entry| entry.detail.as_deref()),
        Arc::new(entries.iter().map(|entry| entry.status.map(i64::from)).collect::<Int64Array>()),
        texts(|entry| entry.peer.as_deref()),
        texts(|entry| Some(&entry.door)),
        Arc::new(entries.iter().map(count).collect::<Int64Array>()),
    ];
    Ok(RecordBatch::try_new(arrow_schema(Table::Audit), columns)?)
}
