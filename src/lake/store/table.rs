//! How does one Delta table grow? Append Parquet, then one commit that names the new files.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, Remove, StructField, StructType, Transaction};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableError};

use super::bucket::{is_missing, refusal};
use super::delta_error::delta_error;
use super::encode::{Draft, Origin, by_day};
use super::files::{LakeFile, committed};
use super::place::Place;
use crate::lake::error::LakeError;
use crate::lake::rows::{Column, DAY, Table, arrow_schema, field};
use crate::state::{FORMAT, StateError};

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
pub(crate) struct TableWriter {
    table: Table,
    place: Place,
    /// The name under which the table's log remembers our sequence numbers.
    application: String,
    delta: DeltaTable,
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

/// Opens a table as it was last committed.
pub(crate) async fn open(table: Table, place: &Place) -> Result<DeltaTable, LakeError> {
    let mut opened = load(place).await;
    for _ in 0..RETRIES {
        if opened.is_err() && place.is_made().await? {
            opened = load(place).await;
        }
    }
    let delta = match opened {
        Ok(delta) => delta,
        Err(error) => return Err(unreadable(table, place, error).await),
    };
    let error = delta_error(table);
    let state = delta.snapshot().map_err(&error)?;
    let format = state.metadata().configuration().get(FORMAT_PROPERTY);
    if let Some(found) = format.and_then(|format| format.parse().ok())
        && found != FORMAT
    {
        return Err(StateError::Format { path: place.root(), found }.into());
    }
    let known = state.schema();
    let missing = |column: &&Column| column.null.is_none() && !known.contains(column.name);
    match table.columns().iter().find(missing) {
        None => Ok(delta),
        Some(Column { name, .. }) => {
            let what = format!("it is another table: it has no column {name}");
            Err(StateError::Damaged { path: place.root(), what }.into())
        }
    }
}

async fn load(place: &Place) -> Result<DeltaTable, DeltaTableError> {
    let mut delta = DeltaTable::new(place.log()?);
    delta.load().await?;
    Ok(delta)
}

/// A log that was made and cannot be read is damage, unless the operating system or a store refused.
async fn unreadable(table: Table, place: &Place, source: DeltaTableError) -> LakeError {
    let first: &(dyn std::error::Error + 'static) = &source;
    let refused = std::iter::successors(Some(first), |error| error.source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| error.kind() != io::ErrorKind::NotFound);
    let log = place.log_path();
    if let Some(refusal) = refusal(log.display().to_string(), first).filter(|_| !is_missing(first))
    {
        return refusal;
    }
    match (place.is_made().await, place) {
        (Ok(true), _) if !refused => {
            StateError::Damaged { path: log, what: source.to_string() }.into()
        }
        (Ok(false), Place::Bucket(..)) => {
            let lake = place.root().parent().map(Path::to_owned);
            StateError::NoLake { path: lake.unwrap_or_default() }.into()
        }
        (Ok(_), _) => delta_error(table)(source),
        (Err(error), _) => error,
    }
}

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
        let application = application.to_owned();
        Ok(Self { table, place, application, delta, last, days: BTreeMap::new() })
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
    pub(crate) fn files(&self) -> Result<Vec<LakeFile>, LakeError> {
        committed(self.table, &self.delta)
    }

    pub(crate) fn table(&self) -> Table {
        self.table
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The table as it was last committed.
    pub(crate) fn delta(&self) -> &DeltaTable {
        &self.delta
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
        self.delta.update_state().await.map_err(delta_error(self.table))
    }

    /// Whether the newest version has a commit of ours.
    async fn holds(&mut self, sequence: i64) -> Result<bool, LakeError> {
        self.delta.update_state().await.map_err(delta_error(self.table))?;
        Ok(last_of(self.table, &self.delta, &self.application).await? >= Some(sequence))
    }

    async fn try_commit(
        &self,
        swap: &Swap,
        sequence: i64,
        cursors: &serde_json::Value,
    ) -> Result<(), DeltaTableError> {
        let state = self.delta.snapshot()?;
        let properties = CommitProperties::default()
            .with_application_transaction(Transaction::new(&self.application, sequence))
            .with_metadata([("resonanz.cursors".to_owned(), cursors.clone())]);
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
        let commit = CommitBuilder::from(properties).with_actions(actions);
        commit.build(Some(state.snapshot()), self.delta.log_store(), operation).await.map(drop)
    }
}

async fn create(
    table: Table,
    place: &Place,
    writer: Option<&str>,
) -> Result<DeltaTable, DeltaTableError> {
    let schema: StructType = arrow_schema(table).try_into_kernel()?;
    let format = FORMAT.to_string();
    let claim = writer
        .map(|writer| [(WRITER_PROPERTY, Some(writer)), (FORMAT_PROPERTY, Some(format.as_str()))]);
    CreateBuilder::new()
        .with_log_store(place.log()?)
        .with_table_name(table.name())
        .with_columns(schema.fields().cloned())
        .with_partition_columns([DAY])
        .with_configuration(claim.into_iter().flatten())
        .with_raise_if_key_not_exists(false)
        .await
}

/// Refuses a table in a bucket that another state folder writes.
fn check_writer(
    delta: &DeltaTable,
    place: &Place,
    table: Table,
    writer: Option<&str>,
) -> Result<(), LakeError> {
    let state = delta.snapshot().map_err(delta_error(table))?;
    let owner = state.metadata().configuration().get(WRITER_PROPERTY).map(String::as_str);
    if writer.is_none() || owner == writer {
        return Ok(());
    }
    let what = "it is written with another state folder".to_owned();
    Err(StateError::Foreign { path: place.root(), what }.into())
}

/// Adds the columns that an older version did not know.
async fn evolved(table: Table, delta: DeltaTable) -> Result<DeltaTable, LakeError> {
    let error = delta_error(table);
    let known = delta.snapshot().map_err(&error)?.schema();
    let fresh = |column: &&Column| !known.contains(column.name);
    let fields: Vec<Field> = table.columns().iter().filter(fresh).map(field).collect();
    if fields.is_empty() {
        return Ok(delta);
    }
    let kernel = |error: ArrowError| delta_error(table)(DeltaTableError::from(error));
    let fields: StructType = (&Schema::new(fields)).try_into_kernel().map_err(kernel)?;
    let fields: Vec<StructField> = fields.fields().cloned().collect();
    delta.add_columns().with_fields(fields).await.map_err(error)
}
