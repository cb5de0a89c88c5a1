//! What do a few columns of a file say? Without reading its texts.

use std::fs::File;
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::TimestampMicrosecondType;
use arrow::record_batch::RecordBatchReader;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::folder::{LakeError, io_error};
use crate::post::AuthorKey;
use crate::time::EventTime;

/// Some columns of a file; those that an older version did not write are not among them.
pub(super) fn columns(path: &Path, names: &[&str]) -> Result<RecordBatch, LakeError> {
    let damaged = |what: String| LakeError::Damaged { path: path.to_owned(), what };
    let file = File::open(path).map_err(io_error(path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|error| damaged(error.to_string()))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
    let reader =
        builder.with_projection(mask).build().map_err(|error| damaged(error.to_string()))?;
    let schema = reader.schema();
    let batches: Result<Vec<RecordBatch>, _> = reader.collect();
    let batches = batches.map_err(|error| damaged(error.to_string()))?;
    Ok(concat_batches(&schema, &batches)?)
}

/// A text of a row; empty where there is none.
pub(super) fn text<'r>(rows: &'r RecordBatch, name: &str, row: usize) -> &'r str {
    let column = rows.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    column.map_or("", |texts| texts.value(row))
}

/// A time of a row.
pub(super) fn time(rows: &RecordBatch, name: &str, row: usize) -> EventTime {
    let column = rows
        .column_by_name(name)
        .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
    EventTime(column.map_or(0, |times| times.value(row)))
}

/// The author of a row; nobody where there is none.
pub(super) fn author(rows: &RecordBatch, row: usize) -> AuthorKey {
    AuthorKey::parse(text(rows, "author", row)).unwrap_or_default()
}
