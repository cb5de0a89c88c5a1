//! How do values become columns? A row buffer over arrow builders.

use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, Date32Builder, Float64Builder, Int64Builder, RecordBatch,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::schema::{Table, arrow_schema};
use crate::time::EventTime;

/// Rows of one table, growing column by column. Values are pushed in the order of the schema.
#[derive(Debug)]
pub(super) struct Columns {
    table: Table,
    builders: Vec<Builder>,
    /// The next column to push to.
    next: usize,
    bytes: usize,
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
    pub(super) fn new(table: Table) -> Self {
        let builder = |kind: &DataType| match kind {
            DataType::Date32 => Builder::Day(Date32Builder::new()),
            DataType::Timestamp(..) => {
                Builder::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
            }
            DataType::Int64 => Builder::Int(Int64Builder::new()),
            DataType::Float64 => Builder::Float(Float64Builder::new()),
            _ => Builder::Text(StringBuilder::new()),
        };
        let builders =
            arrow_schema(table).fields().iter().map(|field| builder(field.data_type())).collect();
        Self { table, builders, next: 0, bytes: 0 }
    }

    /// Begins a row.
    pub(super) fn row(&mut self, day: EventTime) -> &mut Self {
        debug_assert!(
            self.next == 0 || self.next == self.builders.len(),
            "the row before is complete"
        );
        self.next = 0;
        if let Some(Builder::Day(days)) = self.column() {
            days.append_value(day.day());
        }
        self
    }

    pub(super) fn time(&mut self, time: EventTime) -> &mut Self {
        self.time_or_null(Some(time))
    }

    pub(super) fn time_or_null(&mut self, time: Option<EventTime>) -> &mut Self {
        if let Some(Builder::Time(times)) = self.column() {
            times.append_option(time.map(|time| time.0));
        }
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.text_or_null(Some(text))
    }

    pub(super) fn text_or_null(&mut self, text: Option<&str>) -> &mut Self {
        self.bytes += text.map_or(0, str::len);
        if let Some(Builder::Text(texts)) = self.column() {
            texts.append_option(text);
        }
        self
    }

    /// Counts beyond `i64` are stored as its largest value.
    pub(super) fn int(&mut self, int: u64) -> &mut Self {
        self.int_or_null(Some(int))
    }

    pub(super) fn int_or_null(&mut self, int: Option<u64>) -> &mut Self {
        self.signed(int.map(|int| i64::try_from(int).unwrap_or(i64::MAX)))
    }

    pub(super) fn signed(&mut self, int: Option<i64>) -> &mut Self {
        if let Some(Builder::Int(ints)) = self.column() {
            ints.append_option(int);
        }
        self
    }

    pub(super) fn float(&mut self, float: Option<f64>) -> &mut Self {
        if let Some(Builder::Float(floats)) = self.column() {
            floats.append_option(float);
        }
        self
    }

    /// About how many bytes wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes + self.len() * self.builders.len() * 8
    }

    pub(super) fn len(&self) -> usize {
        match self.builders.first() {
            Some(Builder::Day(days)) => days.len(),
            _ => 0,
        }
    }

    /// The rows as one batch, leaving none; `None` when there are none.
    pub(super) fn take(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        if self.len() == 0 {
            return Ok(None);
        }
        self.bytes = 0;
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
        RecordBatch::try_new(arrow_schema(self.table), arrays.collect()).map(Some)
    }

    fn column(&mut self) -> Option<&mut Builder> {
        self.next += 1;
        self.builders.get_mut(self.next - 1)
    }
}
