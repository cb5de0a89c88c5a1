//! What do the records of a CSV file say? A header, then posts.

use std::borrow::Cow;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use csv::ByteRecord;

use super::chunks::{Chunk, Rows};
use crate::decode::{ArchiveLine, FIELDS, FieldMap, Value};

/// Records of a chunk.
const RECORDS: usize = 4_096;
/// Bytes after which a chunk is full.
const CHUNK_BYTES: usize = 1 << 20;
/// Longest record: beyond, a quote was never closed.
const RECORD_BYTES_MAX: usize = 16 << 20;

/// Where each field stands in a record.
type Places = [Option<usize>; FIELDS.len()];

/// CSV records in order.
#[derive(Debug)]
pub struct CsvRows {
    records: Vec<ByteRecord>,
    places: Arc<Places>,
}

impl CsvRows {
    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.records.iter().map(|record| record.as_slice().len()).sum()
    }

    /// The fields of a record as a JSON object.
    #[must_use]
    pub fn json(&self, record: &ByteRecord) -> Vec<u8> {
        let fields = FIELDS.iter().zip(self.places.iter()).filter_map(|(name, place)| {
            let text = String::from_utf8_lossy(record.get((*place)?)?).into_owned();
            Some(((*name).to_owned(), serde_json::Value::from(text)))
        });
        serde_json::Value::Object(fields.collect()).to_string().into_bytes()
    }

    /// Reads some of the records: the post or what is wrong, the line, and the record.
    pub fn read(
        &self,
        range: Range<usize>,
        mut each: impl FnMut(Result<ArchiveLine<'_>, String>, u64, &ByteRecord),
    ) {
        for record in self.records.get(range).unwrap_or_default() {
            let field = |name: &'static str| {
                let place = FIELDS.iter().position(|field| *field == name);
                let place = place.and_then(|place| *self.places.get(place)?);
                let Some(bytes) = place.and_then(|place| record.get(place)) else {
                    return Ok(Value::Null);
                };
                let text = simdutf8::basic::from_utf8(bytes)
                    .map_err(|_| format!("the field \"{name}\" is not UTF-8"))?;
                let null = text.is_empty() && name != "text";
                Ok(if null { Value::Null } else { Value::Text(Cow::Borrowed(text)) })
            };
            let line = record.position().map_or(0, csv::Position::line);
            each(ArchiveLine::from_fields(field), line, record);
        }
    }
}

/// A CSV file being read.
pub(super) struct Records {
    reader: csv::Reader<Bounded>,
    /// Bytes that the reader may still ask for.
    room: Arc<AtomicUsize>,
    places: Arc<Places>,
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records").field("places", &self.places).finish_non_exhaustive()
    }
}

/// Refuses to go on in a record that never ends.
struct Bounded {
    reader: Box<dyn io::Read + Send>,
    room: Arc<AtomicUsize>,
}

impl io::Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        let before = self.room.load(Ordering::Relaxed);
        if before < length {
            return Err(io::Error::other("a record longer than 16 MiB: is a quote not closed?"));
        }
        self.room.store(before - length, Ordering::Relaxed);
        Ok(length)
    }
}

impl Records {
    pub(super) fn open(
        bytes: Box<dyn io::Read + Send>,
        delimiter: u8,
        map: &FieldMap,
        from: u64,
    ) -> io::Result<Self> {
        let room = Arc::new(AtomicUsize::new(RECORD_BYTES_MAX));
        let bounded = Bounded { reader: bytes, room: Arc::clone(&room) };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .buffer_capacity(256 << 10)
            .from_reader(bounded);
        let header = reader.headers().map_err(plain)?;
        let names: Vec<&str> =
            header.iter().map(|name| name.trim_start_matches('\u{feff}').trim()).collect();
        let places = Arc::new(map.places(&names).map_err(io::Error::other)?);
        let mut records = Self { reader, room, places };
        let mut record = ByteRecord::new();
        while records.reader.position().byte() < from && records.read(&mut record)? {}
        Ok(records)
    }

    fn read(&mut self, record: &mut ByteRecord) -> io::Result<bool> {
        self.room.store(RECORD_BYTES_MAX, Ordering::Relaxed);
        self.reader.read_byte_record(record).map_err(|error| {
            let line = self.reader.position().line();
            io::Error::other(format!("line {line}: {}", plain(error)))
        })
    }

    pub(super) fn next_chunk(&mut self) -> io::Result<Option<Chunk>> {
        let (mut records, mut bytes) = (Vec::with_capacity(RECORDS), 0);
        let first = self.reader.position().line();
        while records.len() < RECORDS && bytes < CHUNK_BYTES {
            let mut record = ByteRecord::new();
            if !self.read(&mut record)? {
                break;
            }
            bytes += record.as_slice().len();
            records.push(record);
        }
        if records.is_empty() {
            return Ok(None);
        }
        let rows = Rows::Csv(CsvRows { records, places: Arc::clone(&self.places) });
        Ok(Some(Chunk { rows, first, end: self.reader.position().byte() }))
    }
}

/// The cause alone, without the crate's words about it.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
