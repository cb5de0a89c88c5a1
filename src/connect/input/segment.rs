//! What comes next of a segment of Jetstream's archive? Its blocks in order, from a file.

use std::io::{self, Read as _};

use super::chunk::{Chunk, Rows, SegmentRows};
use super::packed::Bytes;
use crate::decode::{HEADER_BYTES, SegmentBlock, SegmentHeader};

/// Largest block as it is stored, and unpacked.
const BLOCK_BYTES_MAX: u64 = 64 << 20;

/// A segment being read.
pub(super) struct SegmentFile {
    bytes: Bytes,
    header: SegmentHeader,
    /// Bytes of blocks that are left.
    left: u64,
    after: u64,
    /// Events so far.
    events: u64,
}

impl std::fmt::Debug for SegmentFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentFile").field("events", &self.events).finish_non_exhaustive()
    }
}

impl SegmentFile {
    /// Opens a segment; events up to the number `after` are passed over.
    pub(super) fn open(mut bytes: Bytes, after: u64) -> io::Result<Self> {
        let mut header = [0; HEADER_BYTES];
        bytes.read_exact(&mut header)?;
        let header = SegmentHeader::parse(&header).map_err(damaged)?;
        let left = header.footer.saturating_sub(HEADER_BYTES as u64);
        Ok(Self { bytes, header, left, after, events: 0 })
    }

    /// The next block that holds something new.
    pub(super) fn next_chunk(&mut self) -> io::Result<Option<Chunk>> {
        loop {
            let Some(packed) = self.next_block()? else {
                let told = u64::from(self.header.events);
                if self.header.checksum != 0 && self.events != told {
                    let events = self.events;
                    let what =
                        format!("the segment is said to hold {told} events, {events} are there");
                    return Err(damaged(what));
                }
                return Ok(None);
            };
            let chunk = chunk_of(&packed, self.after, u64::MAX)?;
            self.events += u64::try_from(chunk.1).unwrap_or(0);
            if let Some(chunk) = chunk.0 {
                return Ok(Some(chunk));
            }
        }
    }

    /// The next block as it is stored; `None` at the end of the blocks.
    fn next_block(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut length = [0; 8];
        match self.bytes.read_exact(&mut length) {
            // One that is still written to ends anywhere.
            Err(error) if is_end(&error) && self.header.checksum == 0 => return Ok(None),
            read => read?,
        }
        let length = u64::from_le_bytes(length);
        if length > BLOCK_BYTES_MAX || self.left < length.saturating_add(8) {
            return Err(damaged(format!("a block of {length} bytes does not fit")));
        }
        self.left -= length + 8;
        let mut packed = Vec::new();
        self.bytes.by_ref().take(length).read_to_end(&mut packed)?;
        if u64::try_from(packed.len()).is_ok_and(|there| there == length) {
            return Ok(Some(packed));
        }
        if self.header.checksum == 0 { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// The chunk that a block makes, if it holds events behind a place, and how many events it holds.
pub(super) fn chunk_of(
    packed: &[u8],
    after: u64,
    through: u64,
) -> io::Result<(Option<Chunk>, usize)> {
    let mut bytes = Vec::new();
    zstd::Decoder::new(packed)?.take(BLOCK_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > BLOCK_BYTES_MAX) {
        return Err(damaged(format!("a block holds more than {} MiB", BLOCK_BYTES_MAX >> 20)));
    }
    let block = SegmentBlock::parse(bytes).map_err(damaged)?;
    let seq = |row: Option<usize>| block.row(row?).map(|row| row.seq);
    let events = block.len();
    let (Some(first), Some(end)) = (seq(Some(0)), seq(events.checked_sub(1))) else {
        return Ok((None, 0));
    };
    if end <= after {
        return Ok((None, events));
    }
    let rows = Rows::Segment(Box::new(SegmentRows { block, after, through }));
    Ok((Some(Chunk { rows, first: first.max(after + 1), end }), events))
}

fn is_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

fn damaged(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
