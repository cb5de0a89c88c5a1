//! What is a block of lines, and how is it cut from what was read?

/// Bytes read at a time, before the rest of the last line.
pub(super) const BLOCK_BYTES: usize = 1 << 20;
/// Longest line; a longer one is skipped.
pub(super) const LINE_BYTES_MAX: usize = 16 << 20;

/// A run of whole lines.
#[derive(Debug, Default)]
pub struct Block {
    /// The lines, each with its line feed but perhaps the file's last.
    pub bytes: Vec<u8>,
    /// Offset in the decompressed file of the byte after the block.
    pub end: u64,
    /// Lines skipped because of their length.
    pub skipped: u64,
}

impl Block {
    /// The lines that are not blank, without line ends.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        numbered(&self.bytes).map(|(_, line)| line)
    }

    /// The same with the number of each in the block, from 0; blank lines count.
    pub fn numbered_lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        numbered(&self.bytes)
    }

    /// How many lines it holds, blank ones included.
    #[must_use]
    pub fn lines_len(&self) -> u64 {
        let feeds = memchr::memchr_iter(b'\n', &self.bytes).count();
        let last = usize::from(self.bytes.last().is_some_and(|&byte| byte != b'\n'));
        u64::try_from(feeds + last).unwrap_or(u64::MAX)
    }

    /// The block in pieces of whole lines, each about `bytes` long.
    #[must_use]
    pub fn pieces(&self, bytes: usize) -> Vec<&[u8]> {
        let (mut pieces, mut rest) = (Vec::new(), self.bytes.as_slice());
        while !rest.is_empty() {
            let tail = rest.get(bytes..).unwrap_or_default();
            let end = memchr::memchr(b'\n', tail).map_or(rest.len(), |at| bytes + at + 1);
            let (piece, others) = rest.split_at(end);
            pieces.push(piece);
            rest = others;
        }
        pieces
    }
}

/// The lines in `bytes` that are not blank, without line ends, each with its number from 0.
pub fn numbered(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut rest = bytes;
    let lines = std::iter::from_fn(move || {
        let end = memchr::memchr(b'\n', rest);
        let (line, others) = match end {
            Some(end) => (rest.get(..end)?, rest.get(end + 1..)?),
            None if rest.is_empty() => return None,
            None => (rest, [].as_slice()),
        };
        rest = others;
        Some(line.trim_ascii())
    });
    (0..).zip(lines).filter(|(_, line)| !line.is_empty())
}

/// Cuts what was read into blocks of whole lines.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    /// The beginning of a line whose end has not been read.
    rest: Vec<u8>,
    offset: u64,
    /// Inside a line that is too long.
    skipping: bool,
}

impl Cutter {
    /// From an offset of the decompressed bytes on.
    pub(super) fn at(offset: u64) -> Self {
        Self { offset, ..Self::default() }
    }

    /// The bytes to append to what comes next, and how many of them were looked through before.
    pub(super) fn begin(&mut self) -> (Vec<u8>, usize) {
        let bytes = std::mem::take(&mut self.rest);
        let before = bytes.len();
        (bytes, before)
    }

    /// The whole lines in `bytes`, if there are any; the rest is kept.
    pub(super) fn cut(&mut self, mut bytes: Vec<u8>, before: usize) -> Option<Block> {
        let fresh = bytes.get(before..).unwrap_or_default();
        let Some(last) = memchr::memrchr(b'\n', fresh) else {
            self.keep(bytes);
            return None;
        };
        self.rest = bytes.split_off(before + last + 1);
        let mut block = Block { bytes, end: 0, skipped: 0 };
        self.offset += u64::try_from(block.bytes.len()).unwrap_or(0);
        block.end = self.offset;
        if self.skipping {
            self.skipping = false;
            block.skipped = 1;
            let first = block.bytes.iter().position(|&byte| byte == b'\n').unwrap_or(0);
            block.bytes.drain(..=first);
        }
        Some(block)
    }

    /// The unfinished line at the end, as a block of its own.
    pub(super) fn last_line(&mut self) -> Option<Block> {
        let bytes = std::mem::take(&mut self.rest);
        self.offset += u64::try_from(bytes.len()).unwrap_or(0);
        let skipped = u64::from(std::mem::take(&mut self.skipping));
        (!bytes.is_empty() || skipped > 0).then_some(Block { bytes, end: self.offset, skipped })
    }

    /// Keeps the beginning of a line, or gives the line up when it is too long.
    pub(super) fn keep(&mut self, bytes: Vec<u8>) {
        if self.skipping || bytes.len() > LINE_BYTES_MAX {
            self.offset += u64::try_from(bytes.len()).unwrap_or(0);
            self.skipping = true;
        } else {
            self.rest = bytes;
        }
    }
}
