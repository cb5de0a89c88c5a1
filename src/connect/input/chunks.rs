//! What comes next of a file? Chunks of rows in order, in flat memory, from any place and layout.

use std::io;

use super::archive::ArchiveReader;
use super::chunk::{Chunk, Rows};
use super::csv::{Count, Records};
use super::heading::heading;
use super::opened::{Opened, Opening};
use super::packed::Fault;
use super::parquet::ParquetFile;
use super::read::Read;
use super::repository::RepositoryFile;
use super::segment::SegmentFile;
use super::workbook::Sheets;
use super::{Input, Layout, Place, json};
use crate::connect::transport::Lines;
use crate::decode::{Format, Told};

/// Bytes read at a time where bytes are only passed over.
const SKIP_BYTES: usize = 1 << 20;

/// The chunks of one file.
#[derive(Debug)]
pub struct Chunks {
    kind: Kind,
    fault: Fault,
    /// What a row is called in words.
    word: &'static str,
    format: Format,
    told: Told,
    sheets: Option<Sheets>,
}

#[derive(Debug)]
enum Kind {
    Lines(Lines, u64),
    Csv(Box<Records>),
    Parquet(ParquetFile),
    Segment(SegmentFile),
    Repository(Box<RepositoryFile>),
    Archive(Box<ArchiveReader>),
}

impl Kind {
    /// The archive of a Jetstream server, a segment of it, or the repository of an account.
    fn of_events(input: &Input, named: Layout, from: u64, read: &Read) -> io::Result<Option<Self>> {
        if let Place::Archive(archive) = &input.place {
            return Ok(Some(Self::Archive(Box::new(ArchiveReader::open(archive, from, read)))));
        }
        if !matches!(named, Layout::Segment | Layout::Repository) {
            return Ok(None);
        }
        let bytes = Box::new(io::BufReader::new(read.counted(input.stored()?)));
        Ok(Some(if named == Layout::Repository {
            Self::Repository(Box::new(RepositoryFile::open(bytes, from)?))
        } else {
            Self::Segment(SegmentFile::open(bytes, from)?)
        }))
    }
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
        let named = how.layout.unwrap_or_else(|| Layout::of(&input.name));
        if named == Layout::Parquet {
            let kind = Kind::Parquet(ParquetFile::open(input, how.map, from, read)?);
            let (fault, format) = (Fault::default(), Format::Archive);
            let told = Told { has_posts: true, ..Told::default() };
            return Ok(Self { kind, fault, word: "row", format, told, sheets: None });
        }
        if let Some(kind) = Kind::of_events(input, named, from, read)? {
            let (fault, format) = (Fault::default(), Format::JetstreamEvents);
            let told = Told { has_posts: true, ..Told::default() };
            return Ok(Self { kind, fault, word: "event", format, told, sheets: None });
        }
        let opened = Opened::of(input, how, read)?;
        if let Some(nothing) = opened.told.nothing.filter(|_| !input.is_optional) {
            return Err(io::Error::other(nothing));
        }
        let (delimiter, is_document) = (opened.delimiter(named, how), opened.is_document());
        let Opened { mut bytes, raw, mut told, fault, sheets, .. } = opened;
        let format = told.export.map_or(how.format.unwrap_or_default(), Format::Export);
        if let Some(delimiter) = delimiter {
            let map = (!matches!(format, Format::Export(_))).then_some(how.map);
            let table = heading(&raw, delimiter, map);
            let names: Vec<&str> = table.names.iter().map(String::as_str).collect();
            told.has_posts = map.is_none_or(|map| map.places(&names).is_ok());
            if input.is_optional && !told.has_posts {
                let kind = Kind::Lines(Lines::new(Box::new(io::empty()), 0), 1);
                return Ok(Self { kind, fault, word: "line", format, told, sheets });
            }
            let (count, word) =
                if sheets.is_some() { (Count::Rows, "row") } else { (Count::Lines, "line") };
            let records = Records::open(bytes, &raw, delimiter, map, (from, count), fault.clone())?;
            let kind = Kind::Csv(Box::new(records));
            return Ok(Self { kind, fault, word, format, told, sheets });
        }
        let mut word = "line";
        if is_document {
            (bytes, word) = (json::lines(bytes, told.list.as_deref()), "object");
        }
        let lines = skip(&mut bytes, from)?;
        let kind = Kind::Lines(Lines::new(bytes, from), lines + 1);
        Ok(Self { kind, fault, word, format, told, sheets })
    }

    /// What its lines and objects are.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether its beginning has what posts need.
    #[must_use]
    pub fn has_posts(&self) -> bool {
        self.told.has_posts
    }

    /// Which sheet of a workbook is read, and which are left.
    #[must_use]
    pub fn sheets(&self) -> Option<&Sheets> {
        self.sheets.as_ref()
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
            Kind::Csv(records) => {
                let rows = records.next_rows()?;
                rows.map(|(rows, first, end)| Chunk { rows: Rows::Csv(rows), first, end })
            }
            Kind::Parquet(file) => {
                let rows = file.next_rows()?;
                rows.map(|(rows, first, end)| Chunk { rows: Rows::Table(rows), first, end })
            }
            Kind::Segment(file) => file.next_chunk()?,
            Kind::Repository(file) => file.next_chunk()?,
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
