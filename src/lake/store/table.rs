//! How does one Delta table grow? Append Parquet, then one commit that names the new files.

mod make;
mod open;

use std::collections::{BTreeMap, HashMap};

use arrow::array::RecordBatch;
use deltalake_core::checkpoints::{cleanup_metadata, create_checkpoint};
use deltalake_core::kernel::transaction::{CommitData, PROTOCOL, TransactionError};
use deltalake_core::kernel::{Action, Add, Remove, Transaction, Version};
use deltalake_core::logstore::{CommitOrBytes, LogStore, LogStoreRef};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableError};

use super::delta_error::delta_error;
use super::encode::{Draft, Origin, by_day};
use super::files::{LakeFile, committed};
use super::place::Place;
use crate::lake::error::{LakeError, io_error};
use crate::lake::rows::{DAY, Table};
use crate::system::disk_point;
use make::{check_writer, create, evolved};
use open::load;
pub(crate) use open::{list, open};

/// Name under which a table's log remembers our sequence numbers.
const APPLICATION: &str = "resonanz";
/// Properties of a table in a bucket: who may write it, and the layout of the lake.
const WRITER_PROPERTY: &str = "resonanz.writer";
const FORMAT_PROPERTY: &str = "resonanz.format";

/// A change to a table: files that go, and files that come.
#[derive(Debug, Default)]
pub(crate) struct Swap {
    pub(crate) removes: Vec<Remove>,
    pub(crate) adds: Vec<Add>,
}

/// A table open for appending.
///
/// Of what is committed it knows the files alone, about 200 bytes each, and no more of the log than
/// its newest version: so a commit costs the same however many there were.
pub(crate) struct TableWriter {
    table: Table,
    place: Place,
    /// The name under which the table's log remembers our sequence numbers.
    application: String,
    log: LogStoreRef,
    /// The newest version of the log.
    version: Version,
    /// The committed files by path, without what the log says of their values.
    files: BTreeMap<String, LakeFile>,
    /// Sequence number of the last commit that changed it.
    last: Option<i64>,
    /// Rows that wait for the next commit, by day.
    days: BTreeMap<i32, Vec<RecordBatch>>,
}

impl std::fmt::Debug for TableWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableWriter").field("table", &self.table).finish_non_exhaustive()
    }
}

/// A vacuum can take entries of the log away between their listing and their reading; so soon again
/// it does not.
const RETRIES: usize = 3;
/// Every so many versions the log gets a checkpoint, as Delta does by itself.
const CHECKPOINT_VERSIONS: Version = 100;

/// The last commit of ours that changed a table.
pub(crate) async fn last_commit(
    table: Table,
    delta: &DeltaTable,
) -> Result<Option<i64>, LakeError> {
    last_of(table, delta, APPLICATION).await
}

/// The last commit under these sequence numbers.
async fn last_of(
    table: Table,
    delta: &DeltaTable,
    application: &str,
) -> Result<Option<i64>, LakeError> {
    let error = delta_error(table);
    let (state, log) = (delta.snapshot().map_err(&error)?, delta.log_store());
    state.transaction_version(log.as_ref(), application).await.map_err(&error)
}

impl TableWriter {
    /// Opens a table for its `writer`, making it if need be.
    pub(crate) async fn open(
        table: Table,
        place: Place,
        writer: Option<&str>,
    ) -> Result<Self, LakeError> {
        Self::open_as(table, place, writer, APPLICATION).await
    }

    /// The same with sequence numbers of its own.
    pub(crate) async fn open_as(
        table: Table,
        place: Place,
        writer: Option<&str>,
        application: &str,
    ) -> Result<Self, LakeError> {
        let error = delta_error(table);
        let delta = if place.is_made().await? {
            let delta = open(table, &place).await?;
            check_writer(&delta, &place, table, writer)?;
            evolved(table, delta).await?
        } else {
            let delta = create(table, &place, writer).await.map_err(&error)?;
            place.check_log().await?;
            delta
        };
        let last = last_of(table, &delta, application).await?;
        let (application, log) = (application.to_owned(), delta.log_store());
        let (version, files, days) = (0, BTreeMap::new(), BTreeMap::new());
        let mut writer = Self { table, place, application, log, version, files, last, days };
        writer.adopt(&delta)?;
        Ok(writer)
    }

    /// Takes note of what the log holds now.
    fn adopt(&mut self, delta: &DeltaTable) -> Result<(), LakeError> {
        let error = delta_error(self.table);
        let state = delta.snapshot().map_err(&error)?;
        PROTOCOL.can_write_to(state).map_err(|refusal| error(refusal.into()))?;
        self.version = state.version();
        let files = committed(self.table, delta)?.into_iter().map(LakeFile::bare);
        self.files = files.map(|file| (file.path.clone(), file)).collect();
        Ok(())
    }

    /// The table with all that its log says; linear in its files.
    pub(crate) async fn load(&self) -> Result<DeltaTable, LakeError> {
        open(self.table, &self.place).await
    }

    /// The last commit that changed the table.
    pub(crate) fn last_sequence(&self) -> Option<i64> {
        self.last
    }

    /// Keeps rows for the next commit.
    pub(crate) fn append(&mut self, rows: &RecordBatch) {
        for (day, rows) in by_day(rows) {
            self.days.entry(day).or_default().push(rows);
        }
    }

    /// The files that the waiting rows make; they wait until [`TableWriter::settle`].
    pub(crate) fn drafts(&self, sequence: i64) -> Vec<Draft> {
        let (table, place) = (self.table, &self.place);
        let draft = |(&day, rows): (&i32, &Vec<RecordBatch>)| {
            let (place, origin, rows) = (place.clone(), Origin::New, rows.clone());
            Draft { table, place, day, sequence, rows, origin, ending: ".parquet" }
        };
        self.days.iter().map(draft).collect()
    }

    /// The waiting rows were committed.
    pub(crate) fn settle(&mut self) {
        self.days.clear();
    }

    /// Takes over the rows that wait in another writer of the same table.
    pub(crate) fn take_over(&mut self, other: &mut Self) {
        self.days = std::mem::take(&mut other.days);
    }

    /// The committed files, in order of path.
    pub(crate) fn files(&self) -> Vec<LakeFile> {
        self.files.values().cloned().collect()
    }

    pub(crate) fn table(&self) -> Table {
        self.table
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Commits a change under a sequence number; does nothing if the table has it already.
    pub(crate) async fn commit(
        &mut self,
        swap: Swap,
        sequence: i64,
        cursors: &serde_json::Value,
    ) -> Result<(), LakeError> {
        if (swap.adds.is_empty() && swap.removes.is_empty()) || self.last >= Some(sequence) {
            return Ok(());
        }
        disk_point().map_err(io_error(&self.place.root()))?;
        let mut committed = self.try_commit(&swap, sequence, cursors).await;
        for _ in 0..RETRIES {
            // The answer of a store can be lost on its way when the commit is not.
            if committed.is_ok() || self.holds(sequence).await? {
                committed = Ok(());
                break;
            }
            committed = self.try_commit(&swap, sequence, cursors).await;
        }
        committed.map_err(delta_error(self.table))?;
        self.last = Some(sequence);
        Ok(())
    }

    /// Whether the log has a commit of ours, as it is now: others may have written, too.
    async fn holds(&mut self, sequence: i64) -> Result<bool, LakeError> {
        let delta = self.load().await?;
        self.adopt(&delta)?;
        Ok(last_of(self.table, &delta, &self.application).await? >= Some(sequence))
    }

    /// Writes the next entry of the log; an entry that is there already is an error.
    async fn try_commit(
        &mut self,
        swap: &Swap,
        sequence: i64,
        cursors: &serde_json::Value,
    ) -> Result<(), DeltaTableError> {
        let entry = self.entry(swap, sequence, cursors)?;
        let version = self.version + 1;
        self.log.write_commit_entry(version, entry, Default::default()).await?;
        self.version = version;
        swap.removes.iter().for_each(|remove| drop(self.files.remove(&remove.path)));
        let added = swap.adds.iter().map(|add| LakeFile::of(self.table, add).bare());
        self.files.extend(added.map(|file| (file.path.clone(), file)));
        if (version + 1).is_multiple_of(CHECKPOINT_VERSIONS) {
            let delta = load(&self.place).await?;
            create_checkpoint(&delta, None).await?;
            cleanup_metadata(&delta, None).await?;
        }
        Ok(())
    }

    fn entry(
        &self,
        swap: &Swap,
        sequence: i64,
        cursors: &serde_json::Value,
    ) -> Result<CommitOrBytes, TransactionError> {
        let changes = swap.adds.iter().any(|add| add.data_change)
            || swap.removes.iter().any(|remove| remove.data_change);
        let operation = match (swap.removes.is_empty(), changes) {
            (true, _) => DeltaOperation::Write {
                mode: SaveMode::Append,
                partition_by: Some(vec![DAY.to_owned()]),
                predicate: None,
            },
            (false, true) => DeltaOperation::Update { predicate: None },
            (false, false) => DeltaOperation::Optimize { predicate: None, target_size: 0 },
        };
        let removes = swap.removes.iter().cloned().map(Action::Remove);
        let actions = removes.chain(swap.adds.iter().cloned().map(Action::Add)).collect();
        let said = HashMap::from([("resonanz.cursors".to_owned(), cursors.clone())]);
        let numbered = vec![Transaction::new(&self.application, sequence)];
        let entry = CommitData::new(actions, operation, said, numbered).get_bytes()?;
        Ok(CommitOrBytes::LogBytes(entry))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::encode::add;
    use super::*;
    use crate::time::EventTime;

    fn file(number: i64) -> Swap {
        let (day, stats) = ("2026-03-01".to_owned(), r#"{"numRecords":3}"#.to_owned());
        let path = format!("{DAY}={day}/part-{number:012}.parquet");
        Swap { removes: Vec::new(), adds: vec![add(path, day, 7, Some(stats), true)] }
    }

    async fn writer(folder: &Path, application: &str) -> TableWriter {
        let place = Place::Folder(folder.to_owned());
        TableWriter::open_as(Table::Panes, place, None, application).await.expect("a table")
    }

    #[tokio::test]
    async fn commits_of_two_writers_and_a_checkpoint_leave_one_table() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut one, mut other) =
            (writer(folder.path(), "one").await, writer(folder.path(), "other").await);
        let none = serde_json::Value::Null;
        for number in 1..=200 {
            let writer = if number % 50 == 0 { &mut other } else { &mut one };
            writer.commit(file(number), number, &none).await.expect("a commit");
        }
        one.commit(file(200), 200, &none).await.expect("what the log of another holds is not ours");
        one.commit(file(200), 200, &none).await.expect("nothing is done twice");
        assert!(folder.path().join("_delta_log/_last_checkpoint").exists());
        let known = one.files();
        assert!(known.iter().all(|file| file.statistics.is_none() && file.rows == 3));
        let fresh = writer(folder.path(), "one").await;
        assert_eq!((fresh.files(), fresh.last_sequence()), (known, Some(200)));
        assert_eq!((fresh.files().len(), fresh.version), (200, 201));
        let all = committed(Table::Panes, &fresh.load().await.expect("a log")).expect("its files");
        assert!(all.iter().all(|file| file.statistics.is_some()), "the log says it still");

        let first = one.files().into_iter().next().expect("a file");
        let gone = first.remove(true, EventTime(0));
        one.commit(Swap { removes: vec![gone], adds: Vec::new() }, 201, &none)
            .await
            .expect("a change");
        assert_eq!(one.files(), writer(folder.path(), "one").await.files());
        assert_eq!(one.files().len(), 199);
    }
}
