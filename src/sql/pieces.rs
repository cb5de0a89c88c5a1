//! How are many rows handed on in little memory? In pieces of bounded bytes.
//!
//! Texts of 64 KiB are as long as 200 posts: what holds for a number of rows holds for no number of
//! bytes. A piece copies the texts it holds and lets go of the rest.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait, RecordBatch};
use arrow::datatypes::{ByteViewType, DataType};

/// Most bytes of a piece, unless one row has more.
pub(super) const PIECE_BYTES: usize = 1024 * 1024;

/// Rows that are handed on piece by piece.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    batch: Option<RecordBatch>,
    /// Bytes of each row.
    bytes: Vec<usize>,
    at: usize,
}

impl Pieces {
    pub(super) fn of(batch: RecordBatch) -> Self {
        let mut bytes = vec![0_usize; batch.num_rows()];
        for column in batch.columns() {
            for (sum, own) in bytes.iter_mut().zip(row_bytes(column)) {
                *sum = sum.saturating_add(own);
            }
        }
        Self { batch: Some(batch), bytes, at: 0 }
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Option<RecordBatch> {
        let batch = self.batch.as_ref()?;
        if self.at >= batch.num_rows() {
            self.batch = None;
            return None;
        }
        let mut sum = 0_usize;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let fit = rest.iter().take_while(|own| {
            sum = sum.saturating_add(**own);
            sum <= PIECE_BYTES
        });
        let rows = fit.count().max(1);
        let is_whole = rows == batch.num_rows();
        let piece = if is_whole { batch.clone() } else { slim(&batch.slice(self.at, rows)) };
        self.at += rows;
        Some(piece)
    }
}

/// Without what other rows hold.
fn slim(batch: &RecordBatch) -> RecordBatch {
    let column = |column: &ArrayRef| -> ArrayRef {
        match column.data_type() {
            DataType::Utf8View => Arc::new(column.as_string_view().gc()),
            DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
            _ => Arc::clone(column),
        }
    };
    let columns = batch.columns().iter().map(column).collect();
    RecordBatch::try_new(batch.schema(), columns).unwrap_or_else(|_| batch.clone())
}

/// About how many bytes rows have.
pub(super) fn batch_bytes(batch: &RecordBatch) -> usize {
    let columns = batch.columns().iter().flat_map(|column| row_bytes(column));
    columns.fold(0, usize::saturating_add)
}

/// About how many bytes each row of a column has.
pub(super) fn row_bytes(column: &dyn Array) -> Vec<usize> {
    match column.data_type() {
        DataType::Utf8 => spans(column.as_string::<i32>().value_offsets(), 1),
        DataType::LargeUtf8 => spans(column.as_string::<i64>().value_offsets(), 1),
        DataType::Binary => spans(column.as_binary::<i32>().value_offsets(), 1),
        DataType::LargeBinary => spans(column.as_binary::<i64>().value_offsets(), 1),
        DataType::Utf8View => views(column.as_string_view()),
        DataType::BinaryView => views(column.as_binary_view()),
        DataType::List(_) => {
            let list = column.as_list::<i32>();
            spans(list.value_offsets(), mean_bytes(list.values()))
        }
        DataType::LargeList(_) => {
            let list = column.as_list::<i64>();
            spans(list.value_offsets(), mean_bytes(list.values()))
        }
        DataType::Map(..) => {
            let map = column.as_map();
            spans(map.value_offsets(), mean_bytes(map.entries()))
        }
        DataType::Struct(_) => {
            let mut bytes = vec![0_usize; column.len()];
            for field in column.as_struct().columns() {
                for (sum, own) in bytes.iter_mut().zip(row_bytes(field)) {
                    *sum = sum.saturating_add(own);
                }
            }
            bytes
        }
        _ => {
            let known = column.to_data().get_slice_memory_size().unwrap_or_default();
            vec![known / column.len().max(1) + 1; column.len()]
        }
    }
}

fn spans<O: OffsetSizeTrait>(offsets: &[O], each: usize) -> Vec<usize> {
    let span = |pair: &[O]| match pair {
        [from, to] => (*to - *from).as_usize().saturating_mul(each).saturating_add(8),
        _ => 0,
    };
    offsets.windows(2).map(span).collect()
}

/// The first four bytes of a view are its length.
fn views<T: ByteViewType + ?Sized>(column: &arrow::array::GenericByteViewArray<T>) -> Vec<usize> {
    column.lengths().map(|length| usize::try_from(length).unwrap_or_default() + 16).collect()
}

/// Of nested rows only the mean is known.
fn mean_bytes(column: &dyn Array) -> usize {
    row_bytes(column).into_iter().fold(0, usize::saturating_add) / column.len().max(1) + 1
}
