//! What do a few columns of a file say? Without reading its texts.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;

use super::place::Place;
use crate::lake::error::LakeError;
use crate::post::AuthorKey;
use crate::time::EventTime;

/// Some columns of a file; those that an older version did not write are not among them.
pub(crate) fn columns(place: &Place, file: &str, names: &[&str]) -> Result<RecordBatch, LakeError> {
    place.rows(file, names)
}

/// A text of a row; empty where there is none.
pub(crate) fn text<'r>(rows: &'r RecordBatch, name: &str, row: usize) -> &'r str {
    let column = rows.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    column.map_or("", |texts| texts.value(row))
}

/// A time of a row.
pub(crate) fn time(rows: &RecordBatch, name: &str, row: usize) -> EventTime {
    let column = rows
        .column_by_name(name)
        .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
    EventTime(column.map_or(0, |times| times.value(row)))
}

/// The author of a row; nobody where there is none.
pub(crate) fn author(rows: &RecordBatch, row: usize) -> AuthorKey {
    AuthorKey::parse(text(rows, "author", row)).unwrap_or_default()
}
