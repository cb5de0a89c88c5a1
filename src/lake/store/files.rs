//! Which files does a table consist of, and which rows are in one?

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, RecordBatch, new_null_array};
use arrow::compute::cast;
use deltalake_core::DeltaTable;
use deltalake_core::kernel::{Add, LogicalFileView, Remove};

use super::delta_error::delta_error;
use super::encode::day_name;
use super::place::Place;
use crate::lake::error::LakeError;
use crate::lake::rows::{DAY, Table, arrow_schema, day_of};
use crate::state::StateError;
use crate::time::EventTime;

/// Files from this size on are not merged with others.
pub(crate) const SMALL_BYTES: u64 = 16 << 20;

/// A committed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LakeFile {
    pub(crate) table: Table,
    /// Below the table's folder.
    pub(crate) path: String,
    /// Days since the Unix epoch, UTC.
    pub(crate) day: i32,
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
    /// What the log says of its values.
    pub(crate) statistics: Option<String>,
}

impl LakeFile {
    /// The file that an action adds.
    pub(crate) fn of(table: Table, add: &Add) -> Self {
        let said = add.stats.as_deref().map(serde_json::from_str::<serde_json::Value>);
        let rows = said.and_then(|said| said.ok()?.get("numRecords")?.as_u64());
        Self {
            table,
            path: add.path.clone(),
            day: day_of(&add.path).unwrap_or_default(),
            bytes: u64::try_from(add.size).unwrap_or_default(),
            rows: rows.unwrap_or_default(),
            statistics: add.stats.clone(),
        }
    }

    /// A file as the log shows it.
    pub(super) fn seen(table: Table, view: &LogicalFileView) -> Self {
        let path = view.path().into_owned();
        Self {
            table,
            day: day_of(&path).unwrap_or_default(),
            bytes: u64::try_from(view.size()).unwrap_or_default(),
            rows: view.num_records().unwrap_or_default() as u64,
            statistics: view.stats(),
            path,
        }
    }

    /// The same without what the log says of its values, some kilobytes.
    pub(super) fn bare(self) -> Self {
        Self { statistics: None, ..self }
    }

    /// The action that takes it out of the table; `moved` if its rows stay in it, elsewhere.
    pub(crate) fn remove(&self, moved: bool, now: EventTime) -> Remove {
        Remove {
            path: self.path.clone(),
            data_change: !moved,
            deletion_timestamp: Some(now.0 / 1_000),
            extended_file_metadata: Some(true),
            partition_values: Some(HashMap::from([(DAY.to_owned(), Some(day_name(self.day)))])),
            size: i64::try_from(self.bytes).ok(),
            tags: None,
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
        }
    }

    /// Its rows, in the present schema: columns that it does not have are null. Takes memory for
    /// all of them.
    pub(crate) fn read(&self, place: &Place) -> Result<RecordBatch, LakeError> {
        let rows = place.rows(&self.path, &[])?;
        let damaged = |error: arrow::error::ArrowError| StateError::Damaged {
            path: place.path(&self.path),
            what: error.to_string(),
        };
        Ok(self.aligned(&rows).map_err(damaged)?)
    }

    fn aligned(&self, rows: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
        let schema = arrow_schema(self.table);
        let column = |field: &Arc<arrow::datatypes::Field>| -> Result<ArrayRef, _> {
            match rows.column_by_name(field.name()) {
                _ if field.name() == DAY => {
                    Ok(Arc::new(Date32Array::from_value(self.day, rows.num_rows())))
                }
                Some(column) => cast(column, field.data_type()),
                None => Ok(new_null_array(field.data_type(), rows.num_rows())),
            }
        };
        let columns: Result<Vec<ArrayRef>, _> = schema.fields().iter().map(column).collect();
        RecordBatch::try_new(schema, columns?)
    }
}

/// The committed files of a table, in order of path.
pub(crate) fn committed(table: Table, delta: &DeltaTable) -> Result<Vec<LakeFile>, LakeError> {
    let state = delta.snapshot().map_err(delta_error(table))?;
    let files = state.log_data().into_iter();
    let mut files: Vec<LakeFile> = files.map(|view| LakeFile::seen(table, &view)).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}
