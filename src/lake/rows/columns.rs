//! How do values become columns? A row buffer over arrow builders.
//!
//! A value goes to the column of its name; a column that a row says nothing of is null, or empty
//! where it has always a value.

use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, Date32Builder, Float64Builder, Int64Builder, RecordBatch,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;

use super::schema::arrow_schema;
use super::tables::{DAY, Table};
use crate::time::EventTime;

/// Text of a batch, in bytes: a column of an arrow array holds no more than 2 GiB.
const BATCH_BYTES: usize = 256 << 20;

/// Rows of one table, growing column by column.
#[derive(Debug)]
pub(crate) struct Columns {
    table: Table,
    schema: SchemaRef,
    builders: Vec<Builder>,
    /// The column behind that of the last value, where the next one most likely goes.
    next: usize,
    rows: usize,
    bytes: usize,
    /// Batches that are full.
    full: Vec<Result<RecordBatch, ArrowError>>,
    /// Bytes and rows of these.
    full_bytes: usize,
    full_rows: usize,
}

#[derive(Debug)]
enum Builder {
    Day(Date32Builder),
    Time(TimestampMicrosecondBuilder),
    Text(StringBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
}

impl Columns {
    pub(crate) fn new(table: Table) -> Self {
        let builder = |kind: &DataType| match kind {
            DataType::Date32 => Builder::Day(Date32Builder::new()),
            DataType::Timestamp(..) => {
                Builder::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
            }
            DataType::Int64 => Builder::Int(Int64Builder::new()),
            DataType::Float64 => Builder::Float(Float64Builder::new()),
            _ => Builder::Text(StringBuilder::new()),
        };
        let schema = arrow_schema(table);
        let builders = schema.fields().iter().map(|field| builder(field.data_type())).collect();
        Self {
            table,
            schema,
            builders,
            next: 0,
            rows: 0,
            bytes: 0,
            full: Vec::new(),
            full_bytes: 0,
            full_rows: 0,
        }
    }

    /// Begins a row.
    pub(crate) fn row(&mut self, day: EventTime) -> &mut Self {
        self.complete();
        if self.bytes >= BATCH_BYTES {
            self.full_rows += self.rows;
            self.full_bytes += self.bytes;
            let batch = self.batch();
            self.full.push(batch);
        }
        self.rows += 1;
        self.next = 0;
        if let Some(Builder::Day(days)) = self.column(DAY) {
            days.append_value(day.day());
        }
        self
    }

    pub(crate) fn time(&mut self, name: &'static str, time: EventTime) -> &mut Self {
        self.time_or_null(name, Some(time))
    }

    pub(crate) fn time_or_null(
        &mut self,
        name: &'static str,
        time: Option<EventTime>,
    ) -> &mut Self {
        if let Some(Builder::Time(times)) = self.column(name) {
            times.append_option(time.map(|time| time.0));
        }
        self
    }

    pub(crate) fn text(&mut self, name: &'static str, text: &str) -> &mut Self {
        self.text_or_null(name, Some(text))
    }

    pub(crate) fn text_or_null(&mut self, name: &'static str, text: Option<&str>) -> &mut Self {
        self.bytes += text.map_or(0, str::len);
        if let Some(Builder::Text(texts)) = self.column(name) {
            texts.append_option(text);
        }
        self
    }

    /// Counts beyond `i64` are stored as its largest value.
    pub(crate) fn int(&mut self, name: &'static str, int: u64) -> &mut Self {
        self.int_or_null(name, Some(int))
    }

    pub(crate) fn int_or_null(&mut self, name: &'static str, int: Option<u64>) -> &mut Self {
        self.signed(name, int.map(|int| i64::try_from(int).unwrap_or(i64::MAX)))
    }

    pub(crate) fn signed(&mut self, name: &'static str, int: Option<i64>) -> &mut Self {
        if let Some(Builder::Int(ints)) = self.column(name) {
            ints.append_option(int);
        }
        self
    }

    pub(crate) fn float(&mut self, name: &'static str, float: Option<f64>) -> &mut Self {
        if let Some(Builder::Float(floats)) = self.column(name) {
            floats.append_option(float);
        }
        self
    }

    /// About how many bytes wait.
    pub(crate) fn bytes(&self) -> usize {
        let rows = self.full_rows + self.rows;
        self.full_bytes + self.bytes + rows * self.builders.len() * 8
    }

    /// The rows in batches, leaving none.
    pub(crate) fn take(&mut self) -> Result<Vec<RecordBatch>, ArrowError> {
        self.complete();
        let mut batches = std::mem::take(&mut self.full);
        (self.full_bytes, self.full_rows) = (0, 0);
        if self.rows > 0 {
            batches.push(self.batch());
        }
        batches.into_iter().collect()
    }

    fn batch(&mut self) -> Result<RecordBatch, ArrowError> {
        (self.rows, self.bytes) = (0, 0);
        let arrays = self.builders.iter_mut().map(|builder| -> ArrayRef {
            match builder {
                Builder::Day(days) => Arc::new(days.finish()),
                Builder::Time(times) => Arc::new(times.finish()),
                Builder::Text(texts) => {
                    // The next rows will need about as much room.
                    let (rows, bytes) = (texts.len(), texts.values_slice().len());
                    let fresh = StringBuilder::with_capacity(rows, bytes);
                    Arc::new(std::mem::replace(texts, fresh).finish())
                }
                Builder::Int(ints) => Arc::new(ints.finish()),
                Builder::Float(floats) => Arc::new(floats.finish()),
            }
        });
        RecordBatch::try_new(Arc::clone(&self.schema), arrays.collect())
    }

    /// Fills the columns of which the last row said nothing.
    fn complete(&mut self) {
        for (builder, field) in self.builders.iter_mut().zip(self.schema.fields()) {
            if builder.len() >= self.rows {
                continue;
            }
            debug_assert!(field.is_nullable(), "{} of {}", field.name(), self.table.name());
            builder.append_nothing(field.is_nullable());
        }
    }

    /// The column of this name, unless the row has a value there.
    fn column(&mut self, name: &'static str) -> Option<&mut Builder> {
        let fields = self.schema.fields();
        let is_next = fields.get(self.next).is_some_and(|field| field.name() == name);
        let place = if is_next { self.next } else { self.schema.index_of(name).ok()? };
        self.next = place + 1;
        let builder = self.builders.get_mut(place)?;
        (builder.len() < self.rows).then_some(builder)
    }
}

impl Builder {
    fn len(&self) -> usize {
        match self {
            Self::Day(days) => days.len(),
            Self::Time(times) => times.len(),
            Self::Text(texts) => texts.len(),
            Self::Int(ints) => ints.len(),
            Self::Float(floats) => floats.len(),
        }
    }

    fn append_nothing(&mut self, is_nullable: bool) {
        match self {
            Self::Day(days) => days.append_option((!is_nullable).then_some(0)),
            Self::Time(times) => times.append_option((!is_nullable).then_some(0)),
            Self::Text(texts) => texts.append_option((!is_nullable).then_some("")),
            Self::Int(ints) => ints.append_option((!is_nullable).then_some(0)),
            Self::Float(floats) => floats.append_option((!is_nullable).then_some(0.0)),
        }
    }
}
