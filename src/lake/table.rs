//! How does one Delta table grow? Append Parquet, then one commit that names the new files.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, Remove, StructField, StructType, Transaction};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableError, ensure_table_uri};

use super::catalog::Column;
use super::encode::{Draft, Origin, by_day};
use super::files::{LakeFile, committed};
use super::folder::LakeError;
use super::schema::{DAY, Table, arrow_schema, field};

/// Name under which a table's log remembers our sequence numbers.
const APPLICATION: &str = "resonanz";
/// The folder of a table's log.
const LOG: &str = "_delta_log";

/// A change to a table: files that go, and files that come.
#[derive(Debug, Default)]
pub(super) struct Swap {
    pub(super) removes: Vec<Remove>,
    pub(super) adds: Vec<Add>,
}

/// A table open for appending.
pub(super) struct TableWriter {
    table: Table,
    folder: PathBuf,
    delta: DeltaTable,
    /// Rows that wait for the next commit, by day.
    days: BTreeMap<i32, Vec<RecordBatch>>,
}

impl std::fmt::Debug for TableWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableWriter").field("table", &self.table).finish_non_exhaustive()
    }
}

/// The error of a table in our words.
pub(super) fn delta_error(table: Table) -> impl Fn(DeltaTableError) -> LakeError {
    move |source| LakeError::Delta { table: table.name(), source: Box::new(source) }
}

/// A vacuum can take entries of the log away between their listing and their reading; so soon again
/// it does not.
const RETRIES: usize = 3;

/// Opens the table in a folder as it was last committed.
pub(super) async fn open(table: Table, folder: &Path) -> Result<DeltaTable, LakeError> {
    let error = delta_error(table);
    let url = ensure_table_uri(folder.to_string_lossy()).map_err(&error)?;
    let mut opened = deltalake_core::open_table(url.clone()).await;
    for _ in 0..RETRIES {
        if opened.is_err() {
            opened = deltalake_core::open_table(url.clone()).await;
        }
    }
    let delta = opened.map_err(|source| unreadable(table, folder, source))?;
    let known = delta.snapshot().map_err(&error)?.schema();
    let missing = |column: &&Column| column.null.is_none() && !known.contains(column.name);
    match table.columns().iter().find(missing) {
        None => Ok(delta),
        Some(Column { name, .. }) => {
            let what = format!("it is another table: it has no column {name}");
            Err(LakeError::Damaged { path: folder.to_owned(), what })
        }
    }
}

/// Whether a table was made in a folder; a kill on the way leaves its log without an entry.
pub(super) fn is_made(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder.join(LOG)).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.path());
    names.any(|path| path.extension().is_some_and(|kind| kind == "json" || kind == "parquet"))
}

/// A log that was made and cannot be read is damage, unless the operating system refused.
fn unreadable(table: Table, folder: &Path, source: DeltaTableError) -> LakeError {
    let first: &(dyn std::error::Error + 'static) = &source;
    let refused = std::iter::successors(Some(first), |error| error.source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| error.kind() != io::ErrorKind::NotFound);
    if refused || !is_made(folder) {
        return delta_error(table)(source);
    }
    LakeError::Damaged { path: folder.join(LOG), what: source.to_string() }
}

impl TableWriter {
    /// Opens a table, making it if need be.
    pub(super) async fn open(table: Table, folder: &Path) -> Result<Self, LakeError> {
        let error = delta_error(table);
        let delta = if is_made(folder) {
            evolved(table, open(table, folder).await?).await?
        } else {
            create(table, folder).await.map_err(&error)?
        };
        Ok(Self { table, folder: folder.to_owned(), delta, days: BTreeMap::new() })
    }

    /// Keeps rows for the next commit.
    pub(super) fn append(&mut self, rows: &RecordBatch) {
        for (day, rows) in by_day(rows) {
            self.days.entry(day).or_default().push(rows);
        }
    }

    /// The files that the waiting rows make, leaving none.
    pub(super) fn drafts(&mut self, sequence: i64) -> Vec<Draft> {
        let (table, folder) = (self.table, &self.folder);
        let draft = |(day, rows)| {
            let (folder, origin) = (folder.clone(), Origin::New);
            Draft { table, folder, day, sequence, rows, origin, ending: ".parquet" }
        };
        std::mem::take(&mut self.days).into_iter().map(draft).collect()
    }

    /// The committed files, in order of path.
    pub(super) fn files(&self) -> Result<Vec<LakeFile>, LakeError> {
        committed(self.table, &self.delta)
    }

    pub(super) fn table(&self) -> Table {
        self.table
    }

    /// The table as it was last committed.
    pub(super) fn delta(&self) -> &DeltaTable {
        &self.delta
    }

    /// Commits a change under a sequence number; does nothing if the table has it already.
    pub(super) async fn commit(
        &mut self,
        Swap { removes, adds }: Swap,
        sequence: i64,
        cursors: &serde_json::Value,
    ) -> Result<(), LakeError> {
        let error = delta_error(self.table);
        let store = self.delta.log_store();
        let state = self.delta.snapshot().map_err(&error)?;
        let last = state.transaction_version(store.as_ref(), APPLICATION).await.map_err(&error)?;
        if (adds.is_empty() && removes.is_empty()) || last.is_some_and(|last| last >= sequence) {
            return Ok(());
        }
        let properties = CommitProperties::default()
            .with_application_transaction(Transaction::new(APPLICATION, sequence))
            .with_metadata([("resonanz.cursors".to_owned(), cursors.clone())]);
        let changes = adds.iter().any(|add| add.data_change)
            || removes.iter().any(|remove| remove.data_change);
        let operation = match (removes.is_empty(), changes) {
            (true, _) => DeltaOperation::Write {
                mode: SaveMode::Append,
                partition_by: Some(vec![DAY.to_owned()]),
                predicate: None,
            },
            (false, true) => DeltaOperation::Update { predicate: None },
            (false, false) => DeltaOperation::Optimize { predicate: None, target_size: 0 },
        };
        let actions = removes.into_iter().map(Action::Remove);
        let actions = actions.chain(adds.into_iter().map(Action::Add)).collect();
        CommitBuilder::from(properties)
            .with_actions(actions)
            .build(Some(state.snapshot()), store, operation)
            .await
            .map_err(&error)?;
        self.delta.update_state().await.map_err(error)
    }
}

async fn create(table: Table, folder: &Path) -> Result<DeltaTable, DeltaTableError> {
    std::fs::create_dir_all(folder)?;
    let schema: StructType = arrow_schema(table).try_into_kernel()?;
    CreateBuilder::new()
        .with_location(ensure_table_uri(folder.to_string_lossy())?.to_string())
        .with_table_name(table.name())
        .with_columns(schema.fields().cloned())
        .with_partition_columns([DAY])
        .await
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

/// The newest committed files of a table: paths in its folder, and what the log says of each.
pub(super) async fn files(
    table: Table,
    folder: &Path,
) -> Result<Vec<(String, Option<String>)>, LakeError> {
    let delta = open(table, folder).await?;
    let state = delta.snapshot().map_err(delta_error(table))?;
    let files = state.log_data().into_iter();
    Ok(files.map(|file| (file.path().to_string(), file.stats())).collect())
}
