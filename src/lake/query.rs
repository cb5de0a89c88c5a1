//! What does the lake answer? SQL over the committed rows, through embedded DataFusion.
//!
//! A session sees one version of each table: the files that the Delta log named when it was
//! opened. It can read and nothing else.

use std::io::Write;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session as CatalogSession, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures_util::StreamExt;

use super::folder::{Folder, LakeError};
use super::schema::{DAY, Table, arrow_schema};
use super::table;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryFormat {
    /// For people.
    Table,
    /// One JSON array of objects.
    Json,
    /// With a header line.
    Csv,
    /// Arrow IPC stream.
    Arrow,
}

/// Read-only SQL over one version of a lake.
pub struct Session {
    context: SessionContext,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Session {
    /// Opens the newest version of each table: `posts`, `mentions`, `panes`, `alerts`.
    ///
    /// # Errors
    /// When a table's log cannot be read.
    pub async fn open(folder: &Folder) -> Result<Self, LakeError> {
        let config = SessionConfig::new().with_information_schema(true);
        let context = SessionContext::new_with_config(config);
        for table in Table::ALL {
            let files = LakeFiles::open(table, folder).await?;
            let registered = context.register_table(table.name(), Arc::new(files));
            registered.map_err(|error| damaged(folder, &error))?;
        }
        Ok(Self { context })
    }

    /// Runs one SELECT.
    ///
    /// # Errors
    /// DataFusion's, for SQL that is wrong or would change anything.
    pub async fn query(&self, sql: &str) -> QueryResult<Answer> {
        let options = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        let frame = self.context.sql_with_options(sql, options).await?;
        let schema = Arc::clone(frame.schema().inner());
        Ok(Answer { schema, batches: frame.execute_stream().await? })
    }
}

fn damaged(folder: &Folder, error: &DataFusionError) -> LakeError {
    LakeError::Damaged { path: folder.root().to_owned(), what: error.to_string() }
}

/// The rows of an answer, as they come.
pub struct Answer {
    schema: SchemaRef,
    batches: SendableRecordBatchStream,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Answer {
    /// All rows at once.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn collect(mut self) -> QueryResult<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        while let Some(batch) = self.batches.next().await {
            batches.push(batch?);
        }
        Ok(batches)
    }

    /// Writes the rows; all formats but the table stream, in flat memory.
    ///
    /// # Errors
    /// When a file cannot be read, or writing fails.
    pub async fn write(mut self, format: QueryFormat, mut out: impl Write) -> QueryResult<()> {
        match format {
            QueryFormat::Table => {
                let schema = Arc::clone(&self.schema);
                let batches = self.collect().await?;
                let table =
                    arrow::util::pretty::pretty_format_batches_with_schema(schema, &batches);
                writeln!(out, "{}", table?)?;
            }
            QueryFormat::Json => {
                let mut writer = arrow::json::WriterBuilder::new()
                    .build::<_, arrow::json::writer::JsonArray>(out);
                while let Some(batch) = self.batches.next().await {
                    writer.write(&batch?)?;
                }
                writer.finish()?;
                writeln!(writer.into_inner())?;
            }
            QueryFormat::Csv => {
                let mut writer = arrow::csv::WriterBuilder::new().with_header(true).build(out);
                writer.write(&RecordBatch::new_empty(Arc::clone(&self.schema)))?;
                while let Some(batch) = self.batches.next().await {
                    writer.write(&batch?)?;
                }
            }
            QueryFormat::Arrow => {
                let mut writer = arrow::ipc::writer::StreamWriter::try_new(out, &self.schema)?;
                while let Some(batch) = self.batches.next().await {
                    writer.write(&batch?)?;
                }
                writer.finish()?;
            }
        }
        Ok(())
    }
}

/// The committed files of one table.
#[derive(Debug)]
struct LakeFiles {
    schema: TableSchema,
    groups: Vec<FileGroup>,
}

impl LakeFiles {
    async fn open(table: Table, folder: &Folder) -> Result<Self, LakeError> {
        let root = folder
            .table(table)
            .canonicalize()
            .map_err(super::folder::io_error(&folder.table(table)))?;
        let mut files = Vec::new();
        for name in table::files(table, &root).await? {
            let path = root.join(&name);
            let size = match std::fs::metadata(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    let what = "the table's log names it, and it is not there".to_owned();
                    return Err(LakeError::Damaged { path, what });
                }
                metadata => metadata.map_err(super::folder::io_error(&path))?.len(),
            };
            let location = object_store::path::Path::from_absolute_path(&path);
            let location = location.map_err(|error| LakeError::Damaged {
                path: path.clone(),
                what: error.to_string(),
            })?;
            let mut file = PartitionedFile::new(location.to_string(), size);
            file.partition_values = vec![ScalarValue::Date32(day_of(&name))];
            files.push(file);
        }
        let all = arrow_schema(table);
        let columns: Vec<_> =
            all.fields().iter().filter(|field| field.name() != DAY).cloned().collect();
        let day = Arc::new(Field::new(DAY, DataType::Date32, false));
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let groups = FileGroup::new(files).split_files(threads);
        Ok(Self {
            schema: TableSchema::builder(Arc::new(Schema::new(columns)))
                .with_table_partition_cols(vec![day])
                .build(),
            groups,
        })
    }
}

/// The day in a path such as `day=2026-03-02/part-0.parquet`, as days since the epoch.
pub(super) fn day_of(path: &str) -> Option<i32> {
    let text = path.split('/').find_map(|part| part.strip_prefix("day="))?;
    let day: jiff::civil::Date = text.parse().ok()?;
    Some(day.duration_since(jiff::civil::Date::constant(1970, 1, 1)).as_hours())
        .and_then(|hours| i32::try_from(hours / 24).ok())
}

#[async_trait::async_trait]
impl TableProvider for LakeFiles {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Filters skip files and row groups by their statistics, and are applied again to the rows.
    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> QueryResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        _state: &dyn CatalogSession,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> QueryResult<Arc<dyn ExecutionPlan>> {
        if self.groups.is_empty() {
            let schema = datafusion::common::project_schema(&self.schema(), projection)?;
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let source = Arc::new(ParquetSource::new(self.schema.clone()));
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), source)
            .with_file_groups(self.groups.clone())
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
