//! How do rows become a Parquet file? Sorted, compressed, with statistics, there whole or not at
//! all.
//!
//! A file's name is its commit's sequence number: a commit that was killed halfway is written
//! again under the same names, and leaves nothing behind.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{
    SortColumn, concat_batches, lexsort_to_indices, max, max_string, min, min_string, take,
};
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use deltalake_core::kernel::Add;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use serde_json::{Map, Value, json};

use super::place::{Place, Writing};
use crate::lake::error::LakeError;
use crate::lake::rows::{DAY, Table, arrow_schema};
use crate::state::StateError;
use crate::time::{EventTime, MINUTE_US};

/// Columns whose values rarely repeat: they take no dictionary but for authors, and no place in the
/// log.
const UNIQUE: [&str; 11] = [
    "text", "post_id", "url", "author", "parent", "thread", "terms", "alert_id", "evidence", "id",
    "note",
];
/// Longest text in the log's statistics, in bytes.
const STATISTIC_BYTES_MAX: usize = 64;

/// Rows of one table and day, on their way into one file.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) table: Table,
    pub(crate) place: Place,
    /// Days since the Unix epoch, UTC.
    pub(crate) day: i32,
    pub(crate) sequence: i64,
    pub(crate) rows: Vec<RecordBatch>,
    /// Whether the rows are new to the table.
    pub(crate) origin: Origin,
    /// How the file's name ends.
    pub(crate) ending: &'static str,
}

/// Where a file's rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// They are new, or changed.
    New,
    /// They were in other files of the table.
    Moved,
}

impl Draft {
    /// Writes the file durably; it becomes visible when the returned action is committed.
    pub(crate) fn write(self) -> Result<Add, LakeError> {
        self.begin()?.end()
    }

    /// Encodes the file and has it written; what goes to a bucket goes meanwhile.
    pub(crate) fn begin(self) -> Result<Begun, LakeError> {
        let day = day_name(self.day);
        if !is_day_name(&day) {
            // A table with a day that cannot be read again is lost for everyone.
            let what = format!("rows of {day}, which is not a day of the years 0001 to 9999");
            let path = self.place.path(self.table.name());
            return Err(StateError::Io { path, source: std::io::Error::other(what) }.into());
        }
        let (mark, sequence) = (self.place.mark(), self.sequence);
        let path = format!("{DAY}={day}/part-{sequence:012}{mark}{}", self.ending);
        let encoded = self.encode().map_err(|error| StateError::Io {
            path: self.place.path(&path),
            source: std::io::Error::other(error),
        });
        let (bytes, statistics) = encoded?;
        let size = bytes.len() as u64;
        let writing = self.place.begin(&path, bytes)?;
        let stats = Some(statistics.to_string());
        let add = add(path, day, size, stats, self.origin == Origin::New);
        Ok(Begun { table: self.table, add, writing })
    }

    fn encode(&self) -> Result<(Vec<u8>, Value), ParquetError> {
        let rows = concat_batches(&arrow_schema(self.table), &self.rows)?;
        let mut rows = sorted(self.table, rows)?;
        // Delta keeps the partition column in the path and the log.
        rows.remove_column(0);
        let properties = properties(self.table, self.origin, rows.num_rows());
        let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties))?;
        writer.write(&rows)?;
        Ok((writer.into_inner()?, statistics(&rows)))
    }
}

/// A file on its way.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) table: Table,
    add: Add,
    writing: Writing,
}

impl Begun {
    /// Waits until the file is durable.
    pub(crate) fn end(self) -> Result<Add, LakeError> {
        Ok(Add { modification_time: self.writing.end()?, ..self.add })
    }
}

/// The action that makes a file part of a table; when it was written is left to be said.
pub(crate) fn add(
    path: String,
    day: String,
    size: u64,
    stats: Option<String>,
    data_change: bool,
) -> Add {
    Add {
        path,
        partition_values: HashMap::from([(DAY.to_owned(), Some(day))]),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        modification_time: 0,
        data_change,
        stats,
        tags: None,
        deletion_vector: None,
        base_row_id: None,
        default_row_commit_version: None,
        clustering_provider: None,
    }
}

/// Splits rows by their day.
pub(crate) fn by_day(rows: &RecordBatch) -> Vec<(i32, RecordBatch)> {
    let days = rows.column(0).as_primitive::<arrow::datatypes::Date32Type>();
    let (mut parts, mut begin) = (Vec::new(), 0);
    for end in 1..=days.len() {
        if end == days.len() || days.value(end) != days.value(begin) {
            parts.push((days.value(begin), rows.slice(begin, end - begin)));
            begin = end;
        }
    }
    parts
}

/// Mentions and panes lie together by topic, since that is how they are asked for.
pub(crate) fn sort_keys(table: Table) -> &'static [&'static str] {
    match table {
        Table::Mentions => &["topic", "posted_at"],
        Table::Panes => &["topic", "start"],
        Table::Posts | Table::Alerts | Table::Triage | Table::Audit => &[],
    }
}

fn sorted(table: Table, rows: RecordBatch) -> Result<RecordBatch, ArrowError> {
    let keys = sort_keys(table).iter().filter_map(|name| rows.column_by_name(name).cloned());
    let keys: Vec<SortColumn> = keys.map(|values| SortColumn { values, options: None }).collect();
    if keys.is_empty() {
        return Ok(rows);
    }
    let order = lexsort_to_indices(&keys, None)?;
    let columns: Result<Vec<ArrayRef>, ArrowError> =
        rows.columns().iter().map(|column| take(column, &order, None)).collect();
    RecordBatch::try_new(rows.schema(), columns?)
}

/// New rows are written fast; merged files, which stay, take a seventh less room at level 3. A bloom
/// filter finds a post among many files at one part in a hundred of their size; it begins with room
/// for these rows, as it would be made for a million otherwise, a megabyte for each file. Measured by
/// `benches/layout.rs`.
fn properties(table: Table, origin: Origin, rows: usize) -> WriterProperties {
    let level = match origin {
        Origin::New => 1,
        Origin::Moved => 3,
    };
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(level).unwrap_or_default()))
        .set_column_bloom_filter_enabled(ColumnPath::from("post_id"), true)
        .set_column_bloom_filter_max_ndv(ColumnPath::from("post_id"), rows as u64)
        .set_created_by(format!("resonanz {}", env!("CARGO_PKG_VERSION")));
    for field in arrow_schema(table).fields() {
        if let Some(encoding) = encoding(field.name(), field.data_type()) {
            let column = || ColumnPath::from(field.name().as_str());
            properties = properties
                .set_column_dictionary_enabled(column(), false)
                .set_column_encoding(column(), encoding);
        }
    }
    properties.build()
}

/// How a column is written whose values rarely repeat; `None` for a dictionary, which authors get, too:
/// they repeat often enough. Measured by `benches/bytes.py --columns`.
fn encoding(name: &str, kind: &DataType) -> Option<Encoding> {
    match (name, kind) {
        ("author", _) => None,
        // Ids of one source begin alike.
        ("post_id", _) => Some(Encoding::DELTA_BYTE_ARRAY),
        // What these share gains less than it costs to read.
        ("parent" | "thread", _) => Some(Encoding::PLAIN),
        (name, _) if UNIQUE.contains(&name) => Some(Encoding::DELTA_LENGTH_BYTE_ARRAY),
        ("reach" | "engagement", _) | (_, DataType::Timestamp(..)) => {
            Some(Encoding::DELTA_BINARY_PACKED)
        }
        // 64 bits that no other text has.
        ("similarity", _) => Some(Encoding::PLAIN),
        _ => None,
    }
}

/// Delta's per-file statistics: rows, nulls, and the range of every column that can be asked for
/// by range.
pub(crate) fn statistics(rows: &RecordBatch) -> Value {
    let (mut least, mut most, mut nulls) = (Map::new(), Map::new(), Map::new());
    for (field, column) in rows.schema_ref().fields().iter().zip(rows.columns()) {
        let name = field.name();
        nulls.insert(name.clone(), column.null_count().into());
        if let Some((low, high)) = range(name, column) {
            least.insert(name.clone(), low);
            most.insert(name.clone(), high);
        }
    }
    json!({
        "numRecords": rows.num_rows(),
        "minValues": least,
        "maxValues": most,
        "nullCount": nulls,
    })
}

fn range(name: &str, column: &ArrayRef) -> Option<(Value, Value)> {
    match column.data_type() {
        DataType::Timestamp(..) => {
            let times = column.as_primitive::<TimestampMicrosecondType>();
            let text = |time| EventTime(time).to_string().into();
            Some((text(min(times)?), text(max(times)?)))
        }
        DataType::Int64 => {
            let ints = column.as_primitive::<Int64Type>();
            Some((min(ints)?.into(), max(ints)?.into()))
        }
        DataType::Float64 => {
            let floats = column.as_primitive::<Float64Type>();
            Some((min(floats)?.into(), max(floats)?.into()))
        }
        _ if UNIQUE.contains(&name) => None,
        _ => {
            let texts = column.as_string::<i32>();
            let (low, high) = (min_string(texts)?, max_string(texts)?);
            let short = low.len().max(high.len()) <= STATISTIC_BYTES_MAX;
            short.then(|| (low.into(), high.into()))
        }
    }
}

/// Days since the epoch as `2026-03-02`.
pub(crate) fn day_name(day: i32) -> String {
    let midnight = EventTime(i64::from(day) * 24 * 60 * MINUTE_US).to_string();
    midnight.split('T').next().unwrap_or_default().to_owned()
}

/// Whether every reader takes the text for a day, as `2026-03-02`.
fn is_day_name(text: &str) -> bool {
    let shape = |(place, byte): (usize, u8)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    text.len() == 10 && text.bytes().enumerate().all(shape) && !text.starts_with("0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_every_reader_takes_name_a_partition() {
        for (day, want) in [
            (0, true),
            (20_514, true),
            (-800_000, false),
            (2_932_897, false),
            (i32::MAX, false),
            (i32::MIN, false),
        ] {
            assert_eq!(is_day_name(&day_name(day)), want, "{}", day_name(day));
        }
    }
}
