//! What do some files of a lake say together? SQL for our own use, over files chosen by day.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, Schema, SchemaRef};
use datafusion::datasource::MemTable;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};

use crate::lake::error::LakeError;
use crate::lake::rows::{Table, arrow_schema, day_of};
use crate::lake::store::{Folder, Place, delta_error, open};

/// Memory of a session; sorting goes to the disk beyond.
const MEMORY_BYTES: usize = 512 << 20;

/// A committed file of a table.
#[derive(Debug, Clone)]
pub struct DayFile {
    /// Days since the Unix epoch, UTC.
    pub day: i32,
    /// Where its table is.
    pub(crate) place: Place,
    /// Its path within the table's folder, as the table's log names it.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// When it was written, in milliseconds since the Unix epoch.
    pub changed_ms: i64,
    /// What the log says of its columns.
    pub statistics: Option<String>,
}

/// The committed files of a table, by day and name; none where there is no table yet. Of a place with
/// shards those of all of them.
///
/// # Errors
/// When the table's log cannot be read, or a file it names is missing.
pub async fn day_files(folder: &Folder, table: Table) -> Result<Vec<DayFile>, LakeError> {
    let found;
    let mut lakes = folder.shards();
    if lakes.is_empty() {
        if folder.table(table).is_made().await? {
            return files_of(folder, table).await;
        }
        found = folder.shards_of_bucket().await?;
        lakes = &found;
    }
    let mut files = Vec::new();
    for lake in lakes {
        files.extend(files_of(lake, table).await?);
    }
    files.sort_by(|one, other| (one.day, &one.name).cmp(&(other.day, &other.name)));
    Ok(files)
}

async fn files_of(folder: &Folder, table: Table) -> Result<Vec<DayFile>, LakeError> {
    let place = folder.table(table);
    let place = place.resolved()?;
    let mut files = Vec::new();
    let delta = open(table, &place).await?;
    for file in delta.snapshot().map_err(delta_error(table))?.log_data() {
        let name = file.path().to_string();
        files.push(DayFile {
            day: day_of(&name).unwrap_or_default(),
            place: place.clone(),
            name,
            bytes: u64::try_from(file.size()).unwrap_or(0),
            rows: file.num_records().and_then(|rows| u64::try_from(rows).ok()).unwrap_or(0),
            changed_ms: file.modification_time(),
            statistics: file.stats(),
        });
    }
    files.sort_by(|one, other| (one.day, &one.name).cmp(&(other.day, &other.name)));
    Ok(files)
}

/// A session over files of our own choice.
pub struct Scratch {
    context: SessionContext,
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

impl Scratch {
    /// A session without tables.
    ///
    /// # Errors
    /// When there is no folder for what does not fit into memory.
    pub fn new() -> QueryResult<Self> {
        let pool = Arc::new(FairSpillPool::new(MEMORY_BYTES));
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(pool).build_arc()?;
        let mut config = SessionConfig::new().with_batch_size(4_096);
        config.options_mut().execution.parquet.schema_force_view_types = false;
        Ok(Self { context: SessionContext::new_with_config_rt(config, runtime) })
    }

    /// Makes files known as a table; they lack the column `day`.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn add(&self, name: &str, table: Table, files: &[&DayFile]) -> QueryResult<()> {
        let paths: Vec<String> = files.iter().map(|file| file.place.url(&file.name)).collect();
        for file in files {
            let store = file.place.store();
            let (url, store) = store.map_err(|error| DataFusionError::External(error.into()))?;
            self.context.register_object_store(url.as_ref(), store);
        }
        self.context.deregister_table(name)?;
        let schema = stored_schema(table);
        if paths.is_empty() {
            let empty = MemTable::try_new(schema, vec![vec![]])?;
            self.context.register_table(name, Arc::new(empty))?;
            return Ok(());
        }
        let options = ParquetReadOptions::default().schema(&schema);
        let frame = self.context.read_parquet(paths, options).await?;
        self.context.register_table(name, frame.into_view())?;
        Ok(())
    }

    /// Runs a query.
    ///
    /// # Errors
    /// DataFusion's.
    pub async fn rows(&self, sql: &str) -> QueryResult<Vec<RecordBatch>> {
        self.context.sql(sql).await?.collect().await
    }

    /// Runs a query for one number.
    ///
    /// # Errors
    /// DataFusion's.
    pub async fn count(&self, sql: &str) -> QueryResult<u64> {
        let rows = self.rows(sql).await?;
        let counts = rows.iter().filter_map(|rows| rows.column(0).as_primitive_opt::<Int64Type>());
        Ok(counts.flatten().flatten().filter_map(|count| u64::try_from(count).ok()).sum())
    }

    /// Runs a query whose rows come one batch after the other.
    ///
    /// # Errors
    /// DataFusion's.
    pub async fn stream(&self, sql: &str) -> QueryResult<SendableRecordBatchStream> {
        self.context.sql(sql).await?.execute_stream().await
    }
}

/// A table's columns as its files hold them.
fn stored_schema(table: Table) -> SchemaRef {
    let fields = arrow_schema(table).fields().iter().skip(1).cloned().collect::<Vec<_>>();
    Arc::new(Schema::new(fields))
}
