//! What comes next of a file? Chunks of rows in order, in flat memory, from any place and layout.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;

use super::csv::{CsvRows, Records};
use super::parquet::{ParquetFile, TableRows};
use super::{Input, Layout, Place, endings};
use crate::connect::transport::{Block, Lines, decompressed};
use crate::decode::FieldMap;

/// Bytes read at a time where bytes are only passed over.
const SKIP_BYTES: usize = 1 << 20;

/// A run of rows.
#[derive(Debug)]
pub struct Chunk {
    /// The rows.
    pub rows: Rows,
    /// The number of the first: lines from 1, rows of a table from 1.
    pub first: u64,
    /// Decompressed bytes, or rows of a table, that end with this chunk.
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
}

/// How many stored bytes were read, for whoever shows progress.
#[derive(Debug, Clone, Default)]
pub struct Read(Arc<AtomicU64>);

impl Read {
    /// The bytes so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Counts what passes.
struct Counted<R> {
    reader: R,
    read: Read,
}

impl<R: io::Read> io::Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        self.read.add(u64::try_from(length).unwrap_or(0));
        Ok(length)
    }
}

/// The chunks of one file.
#[derive(Debug)]
pub struct Chunks(Kind);

#[derive(Debug)]
enum Kind {
    Lines(Lines, u64),
    Csv(Box<Records>),
    Parquet(ParquetFile),
}

impl Chunks {
    /// Opens a file after its first `from` decompressed bytes, or rows of a table.
    ///
    /// What is passed over is read all the same, so that lines keep their numbers. Must be called,
    /// and read, outside of the async runtime.
    ///
    /// # Errors
    /// When the file cannot be read, or has no such layout.
    pub fn open(
        input: &Input,
        layout: Layout,
        map: &FieldMap,
        from: u64,
        read: &Read,
    ) -> io::Result<Self> {
        if layout == Layout::Parquet {
            return ParquetFile::open(input, map, from, read).map(|file| Self(Kind::Parquet(file)));
        }
        let bytes: Box<dyn io::Read + Send> = match &input.place {
            Place::Stdin => Box::new(io::stdin()),
            Place::File(path) => Box::new(File::open(path)?),
            Place::Remote(remote) => Box::new(remote.reader(0)),
        };
        let counted = Counted { reader: bytes, read: read.clone() };
        let mut bytes = decompressed(Box::new(counted), endings(&input.name).1)?;
        if let Layout::Csv(delimiter) = layout {
            let records = Records::open(bytes, delimiter, map, from)?;
            return Ok(Self(Kind::Csv(Box::new(records))));
        }
        let lines = skip(&mut bytes, from)?;
        Ok(Self(Kind::Lines(Lines::new(bytes, from), lines + 1)))
    }

    /// The next chunk; `None` at the end.
    ///
    /// # Errors
    /// When reading or decompressing fails; what was read before is still good.
    pub fn next_chunk(&mut self) -> io::Result<Option<Chunk>> {
        match &mut self.0 {
            Kind::Lines(lines, next) => Ok(lines.next_block()?.map(|block| {
                let first = *next;
                *next += block.lines_len() + block.skipped;
                let end = block.end;
                Chunk { rows: Rows::Lines(block), first, end }
            })),
            Kind::Csv(records) => records.next_chunk(),
            Kind::Parquet(file) => file.next_chunk(),
        }
    }
}

/// Passes over bytes; how many line feeds were among them.
fn skip(bytes: &mut impl io::Read, from: u64) -> io::Result<u64> {
    let (mut left, mut lines) = (from, 0);
    let mut buffer = vec![0; if from == 0 { 0 } else { SKIP_BYTES }];
    while left > 0 {
        let room = usize::try_from(left).unwrap_or(SKIP_BYTES).min(SKIP_BYTES);
        let read = bytes.read(buffer.get_mut(..room).unwrap_or_default())?;
        if read == 0 {
            let message = format!("the file ends {left} bytes before the place to go on at");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        let fresh = buffer.get(..read).unwrap_or_default();
        lines += u64::try_from(memchr::memchr_iter(b'\n', fresh).count()).unwrap_or(0);
        left -= u64::try_from(read).unwrap_or(0);
    }
    Ok(lines)
}

impl Rows {
    /// About how many bytes they take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Lines(block) => block.bytes.len(),
            Self::Csv(rows) => rows.bytes(),
            Self::Table(rows) => RecordBatch::get_array_memory_size(rows.batch()),
        };
        u64::try_from(bytes).unwrap_or(0)
    }
}
