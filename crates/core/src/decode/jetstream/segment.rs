//! What does a segment of Jetstream's archive hold? A file of blocks, each a few thousand events in
//! columns, with every record as it was signed.
//!
//! Pure: whoever reads the file or unpacks a block does that elsewhere. Numbers are little-endian.

use super::cbor::Value;
use super::record::Said;
use super::{Change, purge, received_at};
use crate::decode::{AuthorHasher, Decoded};
use crate::post::SourceId;
use crate::time::{DAY_US, EventTime};

/// Bytes of the header that every segment begins with.
pub const HEADER_BYTES: usize = 256;
/// Bytes of a block's entry in the index of a sealed segment.
pub const ENTRY_BYTES: usize = 52;
/// Events of a block, at most.
const EVENTS_MAX: usize = 1 << 18;
/// The version that is read.
const VERSION: u16 = 1;

/// What the header of a segment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHeader {
    /// What names this state of the segment; 0 for one that is still written to, whose other
    /// numbers mean nothing.
    pub checksum: u64,
    /// How many blocks there are.
    pub blocks: u32,
    /// How many events there are.
    pub events: u32,
    /// Where the blocks end, in bytes from the beginning.
    pub footer: u64,
    /// Where the index of the blocks begins, in bytes from the beginning.
    pub index: u64,
}

impl SegmentHeader {
    /// Reads a header.
    ///
    /// # Errors
    /// In words, for bytes that are not the header of a segment.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let bytes = bytes.get(..HEADER_BYTES).ok_or("the file is shorter than its header")?;
        if !bytes.starts_with(b"jss0") {
            return Err("this is not a segment of Jetstream's archive".to_owned());
        }
        let mut at = Numbers { bytes, at: 4 };
        let checksum = at.u64()?;
        if checksum == 0 {
            return Ok(Self { checksum, blocks: 0, events: 0, footer: u64::MAX, index: 0 });
        }
        let version = u16::from_le_bytes(at.array()?);
        if version != VERSION {
            return Err(format!("the segment is of version {version}; {VERSION} can be read"));
        }
        let (blocks, events) = (at.u32()?, at.u32()?);
        let [footer, index] = [58, 90].map(|at| Numbers { bytes, at }.u64());
        Ok(Self { checksum, blocks, events, footer: footer?, index: index? })
    }
}

/// Where a block of a sealed segment lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockEntry {
    /// Its place in bytes from the beginning of the file; eight bytes of length come first.
    pub offset: u64,
    /// Its bytes as they are stored, without that length.
    pub packed_bytes: u32,
    /// How many events it holds.
    pub events: u32,
    /// The sequence number of its last event.
    pub last_seq: u64,
}

impl BlockEntry {
    /// Reads an entry of the index.
    ///
    /// # Errors
    /// For bytes that are cut.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut at = Numbers { bytes, at: 0 };
        let (offset, packed_bytes, _plain, events) = (at.u64()?, at.u32()?, at.u32()?, at.u32()?);
        let (_first, last_seq) = (at.u64()?, at.u64()?);
        Ok(Self { offset, packed_bytes, events, last_seq })
    }
}

/// A block, unpacked.
#[derive(Debug, Clone)]
pub struct SegmentBlock {
    bytes: Vec<u8>,
    events: usize,
    /// Where each text of each column begins, and where the last one ends.
    starts: [Vec<u32>; COLUMNS.len()],
}

/// Bytes of a length in each column of texts: collection, DID, record key, revision, payload.
const COLUMNS: [usize; 5] = [1, 2, 1, 1, 4];
/// Bytes of an event before the texts: three numbers, a kind, and five lengths.
const FIXED_BYTES: usize = 25 + 9;
/// The kind of an event that a record was created.
const CREATED: u8 = 1;

/// What a block is made of that was not written by a server: the creation of a record.
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) witnessed_us: i64,
    pub(super) texts: [Vec<u8>; COLUMNS.len()],
}

/// One event of a block.
#[derive(Debug, Clone, Copy)]
pub struct SegmentRow<'a> {
    /// Its number on the server that wrote the segment.
    pub seq: u64,
    /// When that server saw it, in microseconds since the Unix epoch.
    witnessed_us: i64,
    kind: u8,
    texts: [&'a [u8]; COLUMNS.len()],
}

impl SegmentBlock {
    /// Takes a block apart.
    ///
    /// # Errors
    /// In words, for bytes that are not a block.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let events = Numbers { bytes: &bytes, at: 0 }.u32()?;
        let events = usize::try_from(events).unwrap_or(usize::MAX);
        if events > EVENTS_MAX || 4 + events * FIXED_BYTES > bytes.len() {
            return Err(format!("a block that is said to hold {events} events is too short"));
        }
        let mut lengths = Numbers { bytes: &bytes, at: 4 + events * 25 };
        let mut end = 4 + events * FIXED_BYTES;
        let mut starts = COLUMNS.map(|_| Vec::with_capacity(events + 1));
        for (starts, width) in starts.iter_mut().zip(COLUMNS) {
            for _ in 0..events {
                starts.push(offset(end)?);
                end = end.saturating_add(lengths.number(width)?);
            }
            starts.push(offset(end)?);
        }
        if end != bytes.len() {
            return Err(format!("a block of {} bytes names {end}", bytes.len()));
        }
        Ok(Self { bytes, events, starts })
    }

    /// A block of records that were created.
    pub(super) fn of_created(entries: &[Entry]) -> Result<Self, String> {
        let mut bytes = u32::try_from(entries.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        entries.iter().for_each(|entry| bytes.extend(entry.seq.to_le_bytes()));
        entries.iter().for_each(|entry| bytes.extend(entry.witnessed_us.to_le_bytes()));
        // Events have a third number, which is not read.
        bytes.resize(bytes.len() + 8 * entries.len(), 0);
        bytes.resize(bytes.len() + entries.len(), CREATED);
        for (column, width) in COLUMNS.into_iter().enumerate() {
            for entry in entries {
                let length = entry.texts.get(column).map_or(0, Vec::len).to_le_bytes();
                let (told, rest) = length.split_at(width);
                if rest.iter().any(|byte| *byte != 0) {
                    return Err("the name of a record is too long".to_owned());
                }
                bytes.extend(told);
            }
        }
        for column in 0..COLUMNS.len() {
            let texts = entries.iter().filter_map(|entry| entry.texts.get(column));
            texts.for_each(|text| bytes.extend(text));
        }
        Self::parse(bytes)
    }

    /// How many events it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// About how many bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// An event.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<SegmentRow<'_>> {
        if row >= self.events {
            return None;
        }
        let number = |column: usize| {
            let at = 4 + (column * self.events + row) * 8;
            Numbers { bytes: &self.bytes, at }.u64().ok()
        };
        let kind = *self.bytes.get(4 + self.events * 24 + row)?;
        let mut texts = [&[][..]; COLUMNS.len()];
        for (text, starts) in texts.iter_mut().zip(&self.starts) {
            let [start, end] = [starts.get(row)?, starts.get(row + 1)?];
            *text = self.bytes.get(usize::try_from(*start).ok()?..usize::try_from(*end).ok()?)?;
        }
        let witnessed_us = number(1)?.cast_signed();
        Some(SegmentRow { seq: number(0)?, witnessed_us, kind, texts })
    }
}

/// What an event of a segment says.
///
/// Most records were fetched when the archive was begun, long after they were written: they count as
/// received when they were written. Accounts told anew need no event here, since the archive keeps
/// only what is left of them.
pub(crate) fn decode_row(
    row: &SegmentRow<'_>,
    source: &SourceId,
    authors: &AuthorHasher,
    now: Option<EventTime>,
) -> Result<Decoded, String> {
    let mut texts = [""; 3];
    for (text, bytes) in texts.iter_mut().zip(row.texts) {
        *text = std::str::from_utf8(bytes).map_err(|_| "the bytes are not UTF-8".to_owned())?;
    }
    let [collection, did, rkey] = texts;
    let [.., payload] = row.texts;
    let received_at = received_at(row.witnessed_us, now)?;
    let operation = match row.kind {
        CREATED | 7 => "create",
        2 => "update",
        3 => "delete",
        5 => {
            let account = Value::read(payload)?;
            let is_active = account.at("active") == Some(&Value::Bool(true));
            let status = account.at("status").and_then(Value::text);
            return Ok(if !is_active && status == Some("deleted") {
                purge(did, received_at, source, authors)
            } else {
                Decoded::Ignored(None)
            });
        }
        4 | 6 => return Ok(Decoded::Ignored(None)),
        other => return Err(format!("events of the kind {other} are not known")),
    };
    let mut change = Change { did, operation, collection, rkey, received_at };
    if !change.is_told() {
        return change.decoded(|| Err("not read".to_owned()), source, authors);
    }
    let said = Said::of_value(&Value::read(payload)?)?;
    if let Some(created_at) = said.created_at
        && received_at.since(created_at) > DAY_US
        && operation == "create"
    {
        change.received_at = created_at;
    }
    change.decoded(|| Ok(said), source, authors)
}

fn offset(at: usize) -> Result<u32, String> {
    u32::try_from(at).map_err(|_| "a block is larger than 4 GiB".to_owned())
}

/// Numbers in bytes, one after another.
struct Numbers<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Numbers<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let found = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk());
        self.at += N;
        found.copied().ok_or_else(|| "the bytes end too early".to_owned())
    }

    fn u32(&mut self) -> Result<u32, String> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, String> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A number of so many bytes.
    fn number(&mut self, width: usize) -> Result<usize, String> {
        Ok(match width {
            1 => usize::from(u8::from_le_bytes(self.array()?)),
            2 => usize::from(u16::from_le_bytes(self.array()?)),
            _ => usize::try_from(self.u32()?).unwrap_or(usize::MAX),
        })
    }
}
