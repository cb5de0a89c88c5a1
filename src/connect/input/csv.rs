//! What do the records of a CSV file say? A header, then posts.

use std::borrow::Cow;
use std::io::{self, Read as _};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use csv::ByteRecord;

use super::heading::heading;
use super::packed::{Bytes, Fault};
use crate::decode::{
    ArchiveLine, FIELDS, FieldMap, Reading, Value, are_rounded, is_padded, rounded,
};

/// Records of a chunk.
const RECORDS: usize = 4_096;
/// Bytes after which a chunk is full.
const CHUNK_BYTES: usize = 1 << 20;
/// Longest record: beyond, a quote was never closed.
const RECORD_BYTES_MAX: usize = 16 << 20;
/// What begins the row of totals below a table.
const TOTALS: [&str; 12] = [
    "total",
    "totals",
    "subtotal",
    "sum",
    "grand",
    "average",
    "count",
    "summe",
    "gesamt",
    "gesamtsumme",
    "ergebnis",
    "insgesamt",
];

/// Where each field stands in a record.
type Places = [Option<usize>; FIELDS.len()];

/// CSV records in order.
#[derive(Debug)]
pub struct CsvRows {
    records: Vec<ByteRecord>,
    places: Arc<Places>,
    /// Where the time of day stands, if it is not in the column of the day.
    clock: Option<usize>,
    /// The names of all columns, where a platform's decoder reads them.
    names: Option<Arc<[String]>>,
    /// Whether most of the long ids were rounded.
    are_rounded: bool,
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

    /// Whether records are to be read as objects of their columns, whatever these are called.
    #[must_use]
    pub fn are_objects(&self) -> bool {
        self.names.is_some()
    }

    /// Some of the records as JSON objects of their columns, each with its line.
    pub fn objects(&self, range: Range<usize>) -> impl Iterator<Item = (Vec<u8>, u64)> {
        self.records.get(range).unwrap_or_default().iter().map(|record| {
            let line = record.position().map_or(0, csv::Position::line);
            (self.json(record), line)
        })
    }

    /// The fields of a record as a JSON object.
    #[must_use]
    pub fn json(&self, record: &ByteRecord) -> Vec<u8> {
        if let Some(names) = &self.names {
            let texts = record.iter().map(|field| String::from_utf8_lossy(field).into_owned());
            let fields = names.iter().cloned().zip(texts.map(serde_json::Value::from));
            return serde_json::Value::Object(fields.collect()).to_string().into_bytes();
        }
        let fields = FIELDS.iter().zip(self.places.iter()).filter_map(|(name, place)| {
            let text = String::from_utf8_lossy(record.get((*place)?)?).into_owned();
            Some(((*name).to_owned(), serde_json::Value::from(text)))
        });
        serde_json::Value::Object(fields.collect()).to_string().into_bytes()
    }

    /// Whether a record that cannot be read is no post: an empty row of a sheet, or the totals below a table.
    /// Neither has a time, though totals may be named where it stands; a review of stars alone has one, and
    /// what is wrong with it is told.
    #[must_use]
    pub fn is_wordless(&self, record: &ByteRecord) -> bool {
        let said = |name: &str| {
            let place = FIELDS.iter().position(|field| *field == name);
            place.and_then(|place| record.get((*self.places.get(place)?)?))
        };
        let is_blank = |field: &[u8]| field.trim_ascii().is_empty();
        match said("text") {
            Some(text) => {
                let is_no_time = |field: &[u8]| is_blank(field) || names_totals(field);
                is_blank(text) && said("posted_at").is_none_or(is_no_time)
            }
            // A row that is cut short for another reason is refused.
            None => record.iter().filter(|field| !is_blank(field)).count() <= 1,
        }
    }

    /// Reads some of the records: the post or what is wrong, the line, and the record.
    pub fn read(
        &self,
        range: Range<usize>,
        reading: &Reading,
        mut each: impl FnMut(Result<ArchiveLine<'_>, String>, u64, &ByteRecord),
    ) {
        for record in self.records.get(range).unwrap_or_default() {
            let field = |name: &'static str| {
                let place = FIELDS.iter().position(|field| *field == name);
                let place = place.and_then(|place| *self.places.get(place)?);
                let Some(bytes) = place.and_then(|place| record.get(place)) else {
                    return Ok(Value::Null);
                };
                let text = simdutf8::basic::from_utf8(bytes).map_err(|_| {
                    format!("the field \"{name}\" is not UTF-8; say what it is with --encoding")
                })?;
                if self.are_rounded && name == "id" && is_padded(bytes) {
                    return Err(rounded(text));
                }
                let clock = self.clock.filter(|_| name == "posted_at" && !text.trim().is_empty());
                if let Some(clock) = clock.and_then(|clock| record.get(clock)) {
                    let clock = String::from_utf8_lossy(clock);
                    let joined = format!("{} {}", text.trim(), clock.trim());
                    return Ok(Value::Text(Cow::Owned(joined.trim().to_owned())));
                }
                let null = text.is_empty() && name != "text";
                Ok(if null { Value::Null } else { Value::Text(Cow::Borrowed(text)) })
            };
            let line = record.position().map_or(0, csv::Position::line);
            each(ArchiveLine::from_fields(field, reading), line, record);
        }
    }
}

/// A CSV file being read.
pub(super) struct Records {
    reader: csv::Reader<Bounded>,
    fed: Arc<Fed>,
    places: Arc<Places>,
    clock: Option<usize>,
    names: Option<Arc<[String]>>,
    /// Whether records end with a carriage return before the line feed.
    returns: bool,
    /// Lines before the header.
    before: u64,
    /// Line feeds within fields so far, where rows are counted and not lines.
    folded: Option<u64>,
    fault: Fault,
}

/// What the place of a record is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// Lines of a file.
    Lines,
    /// Rows of a sheet, whose cells may have several lines.
    Rows,
}

/// What was given to the reader of records.
#[derive(Debug)]
struct Fed {
    /// Bytes that it may still ask for.
    room: AtomicUsize,
    bytes: AtomicU64,
    /// Whether the last byte was a line feed.
    feed: AtomicBool,
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records").field("places", &self.places).finish_non_exhaustive()
    }
}

/// Refuses to go on in a record that never ends.
struct Bounded {
    reader: Bytes,
    fed: Arc<Fed>,
}

impl io::Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        let before = self.fed.room.load(Ordering::Relaxed);
        if before < length {
            return Err(io::Error::other("a record longer than 16 MiB: is a quote unclosed?"));
        }
        self.fed.room.store(before - length, Ordering::Relaxed);
        self.fed.bytes.fetch_add(u64::try_from(length).unwrap_or(0), Ordering::Relaxed);
        if let Some(last) = buffer.get(..length).and_then(<[u8]>::last) {
            self.fed.feed.store(*last == b'\n', Ordering::Relaxed);
        }
        Ok(length)
    }
}

impl Records {
    /// `first` is how the bytes begin; without a map, records are objects of their columns.
    pub(super) fn open(
        mut bytes: Bytes,
        first: &[u8],
        delimiter: Option<u8>,
        map: Option<&FieldMap>,
        (from, count): (u64, Count),
        fault: Fault,
    ) -> io::Result<Self> {
        let heading = heading(first, delimiter, map);
        let above = u64::try_from(heading.bytes).unwrap_or(0);
        io::copy(&mut bytes.by_ref().take(above), &mut io::sink())?;
        let first = first.get(heading.bytes..).unwrap_or_default();
        let fed = Arc::new(Fed {
            room: AtomicUsize::new(RECORD_BYTES_MAX),
            bytes: AtomicU64::new(0),
            feed: AtomicBool::new(false),
        });
        let bounded = Bounded { reader: bytes, fed: Arc::clone(&fed) };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(heading.sign)
            .flexible(true)
            .buffer_capacity(256 << 10)
            .from_reader(bounded);
        let header = reader.headers().map_err(plain)?;
        let names: Vec<&str> =
            header.iter().map(|name| name.trim_start_matches('\u{feff}').trim()).collect();
        let places = map.map(|map| map.places(&names).map_err(io::Error::other)).transpose()?;
        let clock = map.and_then(|map| map.clock(&names));
        let places = Arc::new(places.unwrap_or([None; FIELDS.len()]));
        let owned = || names.iter().map(|name| (*name).to_owned()).collect();
        let names = map.is_none().then(owned);
        let end = memchr::memchr(b'\n', first);
        let returns =
            end.is_some_and(|end| first.get(..end).is_some_and(|line| line.ends_with(b"\r")));
        let before = heading.lines;
        let folded = (count == Count::Rows).then_some(0);
        let mut records =
            Self { reader, fed, places, clock, names, returns, before, folded, fault };
        let mut record = ByteRecord::new();
        while records.reader.position().byte() < from && records.read(&mut record)? {}
        Ok(records)
    }

    fn read(&mut self, record: &mut ByteRecord) -> io::Result<bool> {
        self.fed.room.store(RECORD_BYTES_MAX, Ordering::Relaxed);
        let read = self.reader.read_byte_record(record).map_err(|error| {
            let line = self.before + self.reader.position().line();
            io::Error::other(format!("line {line}: {}", plain(error)))
        })?;
        let mut line = self.line_of(record);
        if let Some(folded) = &mut self.folded {
            line = line.saturating_sub(*folded);
            let within = memchr::memchr_iter(b'\n', record.as_slice()).count();
            *folded += u64::try_from(within).unwrap_or(0);
        }
        record.set_position(record.position().cloned().map(|mut place| {
            place.set_line(line.max(1));
            place
        }));
        Ok(read)
    }

    /// The line on which the record just read begins: the reader counts line feeds, and stops
    /// between a carriage return and its feed.
    fn line_of(&self, record: &ByteRecord) -> u64 {
        let position = self.reader.position();
        let is_last = position.byte() == self.fed.bytes.load(Ordering::Relaxed);
        // A quote that is not closed takes the file's last line feed into its field.
        let is_open = is_last && record.as_slice().ends_with(b"\n");
        let ends_in_feed =
            !self.returns && !is_open && (!is_last || self.fed.feed.load(Ordering::Relaxed));
        let within = memchr::memchr_iter(b'\n', record.as_slice()).count();
        let within = u64::try_from(within).unwrap_or(0) + u64::from(ends_in_feed);
        self.before + position.line().saturating_sub(within)
    }

    /// The next records, the number of the first's line, and the bytes that end with them.
    pub(super) fn next_rows(&mut self) -> io::Result<Option<(CsvRows, u64, u64)>> {
        let (mut records, mut bytes) = (Vec::with_capacity(RECORDS), 0);
        let first = self.before + self.reader.position().line();
        while records.len() < RECORDS && bytes < CHUNK_BYTES {
            let mut record = ByteRecord::new();
            if !self.read(&mut record)? {
                if self.fault.is_cut() && !self.fed.feed.load(Ordering::Relaxed) {
                    // The file is cut: its last record may be, too.
                    records.pop();
                }
                break;
            }
            bytes += record.as_slice().len();
            records.push(record);
        }
        if records.is_empty() {
            return Ok(None);
        }
        let (places, names) = (Arc::clone(&self.places), self.names.clone());
        let id = places.first().copied().flatten();
        let ids = records.iter().filter_map(|record| record.get(id?));
        let are_rounded = are_rounded(ids);
        let rows = CsvRows { records, places, clock: self.clock, names, are_rounded };
        Ok(Some((rows, first, self.reader.position().byte())))
    }
}

/// Whether a cell names what a row of totals counts.
fn names_totals(field: &[u8]) -> bool {
    let word =
        field.trim_ascii().split(|byte| !byte.is_ascii_alphabetic()).next().unwrap_or_default();
    TOTALS.iter().any(|total| word.eq_ignore_ascii_case(total.as_bytes()))
}

/// The cause alone, without the crate's words about it.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        csv::ErrorKind::Utf8 { .. } => {
            io::Error::other("the header is not UTF-8; say what it is with --encoding")
        }
        _ => io::Error::other("the records are not CSV"),
    }
}
