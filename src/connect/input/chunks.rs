//! What comes next of a file? Chunks of rows in order, in flat memory, from any place and layout.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;

use super::archive::ArchiveReader;
use super::csv::{CsvRows, Records};
use super::packed::{Fault, peek, unpacked};
use super::parquet::{ParquetFile, TableRows};
use super::segment::{SegmentFile, SegmentRows};
use super::{Encoding, Input, Layout, Place, json};
use crate::connect::transport::{Block, Lines};
use crate::decode::FieldMap;

/// Bytes read at a time where bytes are only passed over.
const SKIP_BYTES: usize = 1 << 20;
/// Bytes at the beginning of a file that tell how it is written.
const FIRST_BYTES: usize = 64 << 10;

/// How a file is to be opened.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'o> {
    /// Its layout.
    pub layout: Layout,
    /// Which column is which field.
    pub map: &'o FieldMap,
    /// Its encoding, where it is text; by default its first bytes tell.
    pub encoding: Option<Encoding>,
}

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
pub struct Chunks {
    kind: Kind,
    fault: Fault,
    /// What a row is called in words.
    word: &'static str,
}

#[derive(Debug)]
enum Kind {
    Lines(Lines, u64),
    Csv(Box<Records>),
    Parquet(ParquetFile),
    Segment(SegmentFile),
    Archive(Box<ArchiveReader>),
}

impl Chunks {
    /// Opens a file after its first `from` decompressed bytes, or rows of a table.
    ///
    /// What is passed over is read all the same, so that lines keep their numbers. Must be called,
    /// and read, outside of the async runtime.
    ///
    /// # Errors
    /// When the file cannot be read, or has no such layout.
    pub fn open(input: &Input, how: &Opening<'_>, from: u64, read: &Read) -> io::Result<Self> {
        let (map, fault) = (how.map, Fault::default());
        if how.layout == Layout::Parquet {
            let file = ParquetFile::open(input, map, from, read)?;
            return Ok(Self { kind: Kind::Parquet(file), fault, word: "row" });
        }
        let bytes: Box<dyn io::Read + Send> = match &input.place {
            Place::Stdin => Box::new(io::stdin()),
            Place::File(path) => Box::new(File::open(path)?),
            Place::Remote(remote) => Box::new(remote.reader(0)),
            Place::Archive(archive) => {
                let reader = ArchiveReader::open(archive, from, read);
                return Ok(Self { kind: Kind::Archive(Box::new(reader)), fault, word: "event" });
            }
        };
        let counted = Counted { reader: bytes, read: read.clone() };
        if how.layout == Layout::Segment {
            let file = SegmentFile::open(Box::new(io::BufReader::new(counted)), from)?;
            return Ok(Self { kind: Kind::Segment(file), fault, word: "event" });
        }
        let bytes = unpacked(Box::new(counted), &fault)?;
        let (first, bytes) = peek(bytes, FIRST_BYTES)?;
        let told = || match how.layout {
            Layout::Csv(_) => Encoding::of_table(&first),
            _ => Encoding::of(&first),
        };
        let encoding = how.encoding.unwrap_or_else(told);
        if encoding != Encoding::Utf8 && how.encoding.is_none() {
            tracing::info!(file = input.name, ?encoding, "the encoding was told by the bytes");
        }
        let (first, mut bytes) = peek(encoding.decoded(bytes), FIRST_BYTES)?;
        if let Layout::Csv(delimiter) = how.layout
            && !first.is_empty()
        {
            let records = Records::open(bytes, &first, delimiter, map, from, fault.clone())?;
            return Ok(Self { kind: Kind::Csv(Box::new(records)), fault, word: "line" });
        }
        let mut word = "line";
        if json::is_document(&first) {
            (bytes, word) = (json::lines(bytes), "object");
        }
        let lines = skip(&mut bytes, from)?;
        Ok(Self { kind: Kind::Lines(Lines::new(bytes, from), lines + 1), fault, word })
    }

    /// What its rows are called in words.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.word
    }

    /// The next chunk; `None` at the end.
    ///
    /// # Errors
    /// When reading or decompressing fails; what was read before is still good.
    pub fn next_chunk(&mut self) -> io::Result<Option<Chunk>> {
        let chunk = match &mut self.kind {
            Kind::Lines(lines, next) => lines.next_block()?.map(|block| {
                let first = *next;
                *next += block.lines_len() + block.skipped;
                let end = block.end;
                Chunk { rows: Rows::Lines(block), first, end }
            }),
            Kind::Csv(records) => records.next_chunk()?,
            Kind::Parquet(file) => file.next_chunk()?,
            Kind::Segment(file) => file.next_chunk()?,
            Kind::Archive(reader) => reader.next_chunk()?,
        };
        match chunk {
            None => self.fault.at_end().map_or(Ok(None), Err),
            chunk => Ok(chunk),
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
            Self::Segment(rows) => rows.block.bytes(),
        };
        u64::try_from(bytes).unwrap_or(0)
    }
}
