//! What do the rows of a Parquet file say? Columns named as the fields of a post.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Field, Float64Type, Int64Type, Schema, TimeUnit, TimestampMicrosecondType,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::reader::ChunkReader;

use super::read::Read;
use super::{Input, Place};
use crate::decode::{ArchiveLine, FIELDS, FieldMap, Reading, Value};
use crate::time::EventTime;

/// The column of what was found elsewhere, as `portable::Carried` is written.
pub(super) const FINDINGS: &str = "findings";
/// Rows of a chunk.
const ROWS: usize = 4_096;

/// Rows of a table; the columns are the fields that are there, as text, numbers or times.
#[derive(Debug)]
pub struct TableRows {
    batch: RecordBatch,
    columns: Box<[Option<ArrayRef>; FIELDS.len()]>,
    /// Times as they are stored, where one lies beyond those that can be told in microseconds.
    beyond: Box<[Option<ArrayRef>; FIELDS.len()]>,
    /// What was found elsewhere in each, where it comes along.
    found: Option<BinaryArray>,
}

impl TableRows {
    /// Takes a batch whose columns are named by field.
    ///
    /// # Errors
    /// When a column cannot be read as its field.
    pub fn new(batch: RecordBatch) -> io::Result<Self> {
        let mut columns = Box::new([const { None }; FIELDS.len()]);
        let mut beyond = Box::new([const { None }; FIELDS.len()]);
        for ((slot, lost), field) in columns.iter_mut().zip(beyond.iter_mut()).zip(FIELDS) {
            if let Some(column) = batch.column_by_name(field) {
                let usable = usable(field, column)?;
                if is_time(field) && usable.null_count() > column.null_count() {
                    *lost = Some(Arc::clone(column));
                }
                *slot = Some(usable);
            }
        }
        let found = batch.column_by_name(FINDINGS).filter(|found| is_bytes(found.data_type()));
        let found = found.map(|found| cast(found, &DataType::Binary)).transpose();
        let found = found.map_err(io::Error::other)?.map(|found| found.as_binary::<i32>().clone());
        Ok(Self { batch, columns, beyond, found })
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// The fields of a row as a JSON object.
    #[must_use]
    pub fn json(&self, row: usize) -> Vec<u8> {
        let fields = FIELDS.iter().zip(self.columns.iter()).filter_map(|(name, column)| {
            let json = match value(column.as_ref()?, row) {
                Value::Null | Value::Other(_) => return None,
                Value::Text(text) | Value::Number(text) => text.into_owned().into(),
                Value::Int(int) => int.into(),
                Value::Time(time) => time.to_string().into(),
            };
            Some(((*name).to_owned(), json))
        });
        serde_json::Value::Object(fields.collect()).to_string().into_bytes()
    }

    /// What was found elsewhere in a row, if it comes along.
    #[must_use]
    pub fn found(&self, row: usize) -> Option<&[u8]> {
        let found = self.found.as_ref().filter(|found| row < found.len() && found.is_valid(row))?;
        Some(found.value(row))
    }

    /// Reads some of the rows: the post or what is wrong, and the row's place in the batch.
    pub fn read(
        &self,
        range: Range<usize>,
        reading: &Reading,
        mut each: impl FnMut(Result<ArchiveLine<'_>, String>, usize),
    ) {
        let brings = |row| reading.topics.is_some() && self.found(row).is_some();
        for row in range {
            let field = |name: &'static str| {
                let place = FIELDS.iter().position(|field| *field == name);
                let stored = place.and_then(|place| self.beyond.get(place)?.as_ref());
                let is_there = stored.is_some_and(|stored| stored.is_valid(row));
                let column = place.and_then(|place| self.columns.get(place)?.as_ref());
                Ok(match column.map_or(Value::Null, |column| value(column, row)) {
                    Value::Null if is_there => Value::Other("beyond the years 1900 to 2199"),
                    // Of a post in which nothing was found the text may be left out.
                    Value::Null if name == "text" && brings(row) => Value::Text(Cow::Borrowed("")),
                    value => value,
                })
            };
            each(ArchiveLine::from_fields(field, reading), row);
        }
    }
}

fn value(column: &ArrayRef, row: usize) -> Value<'_> {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Utf8 => Value::Text(Cow::Borrowed(column.as_string::<i32>().value(row))),
        DataType::Float64 => {
            Value::Number(column.as_primitive::<Float64Type>().value(row).to_string().into())
        }
        DataType::Timestamp(..) => {
            Value::Time(EventTime(column.as_primitive::<TimestampMicrosecondType>().value(row)))
        }
        _ => Value::Int(column.as_primitive::<Int64Type>().value(row)),
    }
}

fn is_bytes(kind: &DataType) -> bool {
    matches!(kind, DataType::Binary | DataType::LargeBinary | DataType::BinaryView)
}

fn is_time(field: &str) -> bool {
    matches!(field, "posted_at" | "received_at")
}

/// A column as text, whole numbers, or times.
fn usable(field: &str, column: &ArrayRef) -> io::Result<ArrayRef> {
    let time = is_time(field);
    let count = matches!(field, "reach" | "engagement");
    let cast_to = |to: &DataType| cast(column, to).map_err(io::Error::other);
    match column.data_type() {
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 if time => {
            cast_to(&DataType::Timestamp(TimeUnit::Microsecond, None))
        }
        kind if kind.is_floating() && time => cast_to(&DataType::Float64),
        kind if kind.is_integer() && (time || count) => cast_to(&DataType::Int64),
        // Not by way of signed numbers: an id can be as large as it likes.
        kind if kind.is_integer() => cast_to(&DataType::Utf8),
        kind if count && (kind.is_floating() || kind.is_decimal()) => cast_to(&DataType::Int64),
        kind if is_bytes(kind) => {
            let bytes = cast_to(&DataType::LargeBinary)?;
            let texts = bytes.as_binary::<i64>().iter();
            let texts = texts.map(|bytes| bytes.map(String::from_utf8_lossy));
            Ok(Arc::new(texts.collect::<StringArray>()))
        }
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Null
        | DataType::Dictionary(..) => cast_to(&DataType::Utf8),
        other => Err(io::Error::other(format!("the column for {field} holds {other}"))),
    }
}

/// A Parquet file being read.
pub(super) struct ParquetFile {
    batches: ParquetRecordBatchReader,
    schema: Arc<Schema>,
    rows: u64,
    read: Read,
    /// Stored bytes of a row, on average.
    row_bytes: u64,
}

impl std::fmt::Debug for ParquetFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetFile").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// The names of a file's columns.
pub(super) fn columns(input: &Input) -> io::Result<Vec<String>> {
    let names =
        |schema: &Schema| schema.fields().iter().map(|field| field.name().clone()).collect();
    match &input.place {
        Place::File(path) => {
            let file = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?);
            Ok(names(file.map_err(io::Error::other)?.schema()))
        }
        Place::Remote(remote) => {
            let file = ParquetRecordBatchReaderBuilder::try_new(remote.clone());
            Ok(names(file.map_err(io::Error::other)?.schema()))
        }
        Place::Stdin | Place::Member(..) | Place::Workbook(_) | Place::Archive(_) => Ok(Vec::new()),
    }
}

impl ParquetFile {
    pub(super) fn open(input: &Input, map: &FieldMap, from: u64, read: &Read) -> io::Result<Self> {
        match &input.place {
            Place::Archive(_) => Err(io::Error::other("an archive is not read as Parquet")),
            Place::Workbook(_) => Err(io::Error::other("a workbook is not read as Parquet")),
            Place::Stdin => Err(io::Error::other("Parquet cannot be read from standard input")),
            Place::File(path) => Self::over(File::open(path)?, input, map, from, read),
            Place::Member(..) => {
                Err(io::Error::other("Parquet cannot be read within a zip; unzip it first"))
            }
            Place::Remote(remote) => Self::over(remote.clone(), input, map, from, read),
        }
    }

    fn over<R: ChunkReader + 'static>(
        file: R,
        input: &Input,
        map: &FieldMap,
        from: u64,
        read: &Read,
    ) -> io::Result<Self> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(io::Error::other)?;
        let names: Vec<&str> =
            builder.schema().fields().iter().map(|field| field.name().as_str()).collect();
        let places = map.places(&names).map_err(io::Error::other)?;
        if map.clock(&names).is_some() {
            let message = "a time in two columns is read from tables of text and from JSON only";
            return Err(io::Error::other(message));
        }
        let mut wanted: Vec<(usize, &str)> = places
            .iter()
            .zip(FIELDS)
            .filter_map(|(place, field)| place.map(|place| (place, field)))
            .collect();
        let found = names.iter().position(|name| *name == FINDINGS);
        wanted.extend(found.map(|place| (place, FINDINGS)));
        wanted.sort_unstable();
        wanted.dedup_by_key(|(place, _)| *place);
        let fields = wanted.iter().filter_map(|(place, field)| {
            let kind = builder.schema().fields().get(*place)?.data_type();
            Some(Field::new(*field, kind.clone(), true))
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let mask =
            ProjectionMask::roots(builder.parquet_schema(), wanted.iter().map(|(place, _)| *place));
        let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        let row_bytes = input.bytes.unwrap_or(0) / rows.max(1);
        read.add(from.min(rows) * row_bytes);
        let batches = builder
            .with_projection(mask)
            .with_batch_size(ROWS)
            .with_offset(usize::try_from(from).unwrap_or(usize::MAX))
            .build()
            .map_err(io::Error::other)?;
        Ok(Self { batches, schema, rows: from, read: read.clone(), row_bytes })
    }

    /// The next rows, the number of the first, and that behind the last.
    pub(super) fn next_rows(&mut self) -> io::Result<Option<(TableRows, u64, u64)>> {
        let Some(batch) = self.batches.next() else { return Ok(None) };
        let batch = batch.map_err(io::Error::other)?;
        let named = RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec());
        let rows = TableRows::new(named.map_err(io::Error::other)?)?;
        let count = u64::try_from(rows.len()).unwrap_or(0);
        let first = self.rows + 1;
        self.rows += count;
        self.read.add(count * self.row_bytes);
        Ok(Some((rows, first, self.rows)))
    }
}
