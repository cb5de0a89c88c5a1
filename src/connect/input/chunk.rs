//! What is read of a file at a time? A run of rows, as the file has them.

use arrow::array::RecordBatch;

use super::csv::CsvRows;
use super::parquet::TableRows;
use crate::connect::transport::Block;
use crate::decode::{SegmentBlock, SegmentRow};

/// A run of rows.
#[derive(Debug)]
pub struct Chunk {
    /// The rows.
    pub rows: Rows,
    /// The number of the first: lines from 1, rows of a table from 1, an event's own number.
    pub first: u64,
    /// Decompressed bytes, rows of a table, or numbers of events that end with this chunk.
    pub end: u64,
}

/// Rows as their file has them.
#[derive(Debug)]
pub enum Rows {
    /// Whole lines.
    Lines(Block),
    /// CSV records.
    Csv(CsvRows),
    /// Rows of a table; the columns are named by field.
    Table(TableRows),
    /// Events of a block.
    Segment(Box<SegmentRows>),
}

/// The events of a block that come after a place.
#[derive(Debug)]
pub struct SegmentRows {
    /// The block.
    pub block: SegmentBlock,
    /// Events up to this number were read before.
    pub after: u64,
    /// Events beyond this number are not wanted.
    pub through: u64,
}

impl SegmentRows {
    /// An event of the block, if it is wanted.
    #[must_use]
    pub fn wanted(&self, row: usize) -> Option<SegmentRow<'_>> {
        let row = self.block.row(row)?;
        (row.seq > self.after && row.seq <= self.through).then_some(row)
    }
}

impl Rows {
    /// About how many bytes they take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Lines(block) => block.bytes.len(),
            Self::Csv(rows) => rows.bytes(),
            Self::Table(rows) => RecordBatch::get_array_memory_size(rows.batch()),
            Self::Segment(rows) => rows.block.bytes(),
        };
        u64::try_from(bytes).unwrap_or(0)
    }
}
