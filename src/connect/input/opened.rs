//! How does a file begin? In which encoding and layout it is, whose archive, and which columns it
//! has: as it is said, or as its first bytes tell.

use std::io;

use super::foreign::{marked_up, no_text};
use super::heading::{heading, is_guessed};
use super::packed::{Bytes, Fault, peek, unpacked};
use super::read::Read;
use super::workbook::{Sheets, sheet};
use super::{Encoding, Input, Layout, Place, json, parquet};
use crate::decode::{Export, FieldMap, Format, Outline, Told, told};

/// Bytes at the beginning of a file that tell how it is written.
const FIRST_BYTES: usize = 256 << 10;

/// How a file is to be opened.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'o> {
    /// Its layout; by default its name and its first bytes tell.
    pub layout: Option<Layout>,
    /// What its lines and objects are; by default the first bytes tell.
    pub format: Option<Format>,
    /// Which column is which field.
    pub map: &'o FieldMap,
    /// Its encoding, where it is text; by default its first bytes tell.
    pub encoding: Option<Encoding>,
    /// The name or number of the sheet, where it is a workbook; by default the first with posts.
    pub sheet: Option<&'o str>,
}

/// What the beginning of a file tells.
#[derive(Debug, Clone)]
pub struct Beginning {
    /// Its layout; of a table, with what stands between fields.
    pub layout: Layout,
    /// Its encoding.
    pub encoding: Encoding,
    /// Whose archive it is, and where its posts stand.
    pub told: Told,
    /// Whether objects stand in a list or over several lines.
    pub is_document: bool,
    /// Lines above the names of the columns of a table.
    pub above: u64,
    /// What they say.
    pub titles: String,
    /// The names of its columns, or paths of the members of its first object.
    pub columns: Vec<String>,
    /// Which sheet of a workbook it is.
    pub sheets: Option<Sheets>,
}

impl Beginning {
    /// Looks at an input, which can be opened again behind it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn at(input: &Input, how: &Opening<'_>) -> io::Result<Self> {
        let named = how.layout.unwrap_or_else(|| Layout::of(&input.name));
        let whole = |told, columns| Self {
            layout: named,
            encoding: Encoding::Utf8,
            told,
            is_document: false,
            above: 0,
            titles: String::new(),
            columns,
            sheets: None,
        };
        if named == Layout::Parquet {
            return Ok(whole(
                Told { has_posts: true, ..Told::default() },
                parquet::columns(input)?,
            ));
        }
        if matches!(named, Layout::Segment | Layout::Repository) {
            return Ok(whole(Told::default(), Vec::new()));
        }
        let opened = Opened::of(input, how, &Read::default())?;
        let (mut above, mut titles) = (0, String::new());
        let (layout, columns) = match opened.delimiter(named, how) {
            Some(delimiter) => {
                let table = heading(&opened.raw, delimiter, Some(how.map));
                above = table.lines;
                let said = opened.raw.get(..table.bytes).unwrap_or_default();
                titles = String::from_utf8_lossy(said).into_owned();
                (Layout::Csv(Some(table.sign)), table.names)
            }
            None => {
                let outline = Outline::of(&opened.first);
                let columns = outline.columns(opened.told.list.as_deref());
                (Layout::Lines, columns.into_iter().map(str::to_owned).collect())
            }
        };
        let is_document = opened.is_document();
        let (encoding, told, sheets) = (opened.encoding, opened.told, opened.sheets);
        Ok(Self { layout, encoding, told, is_document, above, titles, columns, sheets })
    }
}

/// A file of text whose beginning was seen.
pub(super) struct Opened {
    /// All of it as UTF-8.
    pub(super) bytes: Bytes,
    /// The first of them: places count in these, since a byte that is no UTF-8 is longer as text.
    pub(super) raw: Vec<u8>,
    pub(super) first: String,
    pub(super) encoding: Encoding,
    pub(super) told: Told,
    pub(super) fault: Fault,
    pub(super) sheets: Option<Sheets>,
}

impl Opened {
    pub(super) fn of(input: &Input, how: &Opening<'_>, read: &Read) -> io::Result<Self> {
        let fault = Fault::default();
        let (stored, sheets) = match &input.place {
            Place::Workbook(path) => {
                let (table, sheets) = sheet(path, how.sheet, how.map)?;
                (table, Some(sheets))
            }
            _ => (input.stored()?, None),
        };
        let bytes = unpacked(read.counted(stored), &fault)?;
        let (first, bytes) = peek(bytes, FIRST_BYTES)?;
        let named = how.layout.unwrap_or_else(|| Layout::of(&input.name));
        let has_objects = json::may_begin(&first) || memchr::memmem::find(&first, b"\n{").is_some();
        let is_table = matches!(named, Layout::Csv(_)) || (how.layout.is_none() && !has_objects);
        let guess = || if is_table { Encoding::of_table(&first) } else { Encoding::of(&first) };
        let said = if sheets.is_some() { Some(Encoding::Utf8) } else { how.encoding };
        let encoding = said.unwrap_or_else(guess);
        if encoding != Encoding::Utf8 && how.encoding.is_none() {
            tracing::info!(file = input.name, ?encoding, "the encoding was told by the bytes");
        }
        let (raw, bytes) = peek(encoding.decoded(bytes), FIRST_BYTES)?;
        let is_signed = matches!(how.layout, Some(Layout::Csv(Some(0..=31))));
        let is_text = has_objects || is_signed || sheets.is_some();
        let first = String::from_utf8_lossy(&raw).into_owned();
        let told = match how.format {
            Some(Format::Archive | Format::Jetstream | Format::JetstreamEvents) => Told::default(),
            Some(Format::Export(export)) => told(&first, Some(export), how.map),
            None => told(&first, None, how.map),
        };
        let noise = if is_text || told.export.is_some() { None } else { no_text(&raw) };
        if let Some(what) = noise.or_else(|| marked_up(&first).filter(|_| sheets.is_none())) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        Ok(Self { bytes, raw, first, encoding, told, fault, sheets })
    }

    /// The sign between its fields, where it is a table; `Some(None)` where the header tells it.
    pub(super) fn delimiter(&self, named: Layout, how: &Opening<'_>) -> Option<Option<u8>> {
        let is_json = json::may_begin(self.first.as_bytes());
        match named {
            _ if self.sheets.is_some() => Some(Some(b',')),
            _ if self.first.is_empty() => None,
            Layout::Csv(delimiter) if how.layout.is_some() => Some(delimiter),
            // Its lines have no header, and quotes are signs like others there.
            _ if self.told.export == Some(Export::Gdelt) => None,
            Layout::Csv(_) if is_json && self.told.export.is_some() => None,
            Layout::Csv(delimiter) => Some(delimiter),
            _ if how.layout.is_some() || is_json => None,
            _ if self.told.export.is_some() => Some(None),
            _ => {
                let table = heading(&self.raw, None, Some(how.map));
                let names: Vec<&str> = table.names.iter().map(String::as_str).collect();
                // Its name may say something else; columns called as posts' fields are no accident.
                let is_table = || names.len() > 1 && how.map.is_plain() && is_guessed(&names);
                (how.map.places(&names).is_ok() || is_table()).then_some(Some(table.sign))
            }
        }
    }

    /// Whether its objects stand in a list or over several lines.
    pub(super) fn is_document(&self) -> bool {
        self.told.list.is_some() || json::is_document(&self.first)
    }
}
