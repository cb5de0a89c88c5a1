//! How is a large file of lines read? In blocks of whole lines, decompressed on the way.
//!
//! Memory stays flat whatever the file's size; a line beyond the limit is skipped and counted.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::packed::decompressed;
use super::pipe::{Pieces, fill, read_ahead};

/// Bytes read at a time, before the rest of the last line.
pub(super) const BLOCK_BYTES: usize = 1 << 20;
/// What reading to the end wants to find free, to see that it is the end.
const READ_AHEAD: usize = 64;
/// Longest line; a longer one is skipped.
const LINE_BYTES_MAX: usize = 16 << 20;

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
    fn keep(&mut self, bytes: Vec<u8>) {
        if self.skipping || bytes.len() > LINE_BYTES_MAX {
            self.offset += u64::try_from(bytes.len()).unwrap_or(0);
            self.skipping = true;
        } else {
            self.rest = bytes;
        }
    }
}

/// A reader of blocks.
pub struct Lines {
    from: From,
    cutter: Cutter,
    /// Why no more can be read, once all before it has been handed out.
    failed: Option<io::Error>,
}

/// Where bytes come from.
enum From {
    /// Something that has an end, read in large blocks.
    File(Box<dyn Read + Send>),
    /// Something that is read as it comes.
    Pipe(Pieces),
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("cutter", &self.cutter).finish_non_exhaustive()
    }
}

/// A file that cannot be read on.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}", path = path.display())]
pub struct LinesError {
    path: PathBuf,
    source: io::Error,
}

/// Opens a file of lines, plain or by its ending `.gz` or `.zst` compressed, at an offset of the
/// decompressed bytes. `-` is standard input, whose lines are handed out as they come: it must be
/// read outside of the async runtime.
///
/// # Errors
/// When the file cannot be opened, or ends before the offset.
pub fn open_lines(path: &Path, offset: u64) -> Result<Lines, LinesError> {
    let error = |source| LinesError { path: path.to_owned(), source };
    if path.as_os_str() == "-" {
        return Ok(Lines::of(From::Pipe(read_ahead(path)), 0));
    }
    let mut file = File::open(path).map_err(error)?;
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if !matches!(ending, "gz" | "zst") {
        file.seek(SeekFrom::Start(offset)).map_err(error)?;
        return Ok(Lines::new(Box::new(file), offset));
    }
    let mut reader = decompressed(Box::new(file), ending).map_err(error)?;
    let skipped = io::copy(&mut reader.by_ref().take(offset), &mut io::sink()).map_err(error)?;
    if skipped < offset {
        let message = format!("the file ends at byte {skipped}, before the cursor at {offset}");
        return Err(error(io::Error::new(io::ErrorKind::UnexpectedEof, message)));
    }
    Ok(Lines::new(reader, offset))
}

/// The lines of the archive that comes with resonanz; see data/README.md.
#[must_use]
pub fn bundled_lines() -> Lines {
    const ARCHIVE: &[u8] = include_bytes!("../../../data/archive.jsonl.zst");
    match zstd::Decoder::with_buffer(ARCHIVE) {
        Ok(decoder) => Lines::new(Box::new(decoder), 0),
        Err(error) => Lines { failed: Some(error), ..Lines::new(Box::new(io::empty()), 0) },
    }
}

impl Lines {
    pub(in crate::connect) fn new(reader: Box<dyn Read + Send>, offset: u64) -> Self {
        Self::of(From::File(reader), offset)
    }

    fn of(from: From, offset: u64) -> Self {
        Self { from, cutter: Cutter { offset, ..Cutter::default() }, failed: None }
    }

    /// The next block, the unfinished last line included; `None` at the end of the file.
    ///
    /// # Errors
    /// When reading or decompressing fails, once all whole lines before it have been handed out.
    pub fn next_block(&mut self) -> io::Result<Option<Block>> {
        Ok(self.next_whole_lines()?.or_else(|| self.cutter.last_line()))
    }

    /// The next block of finished lines; `None` when no more are there yet.
    ///
    /// # Errors
    /// When reading or decompressing fails, once all whole lines before it have been handed out.
    pub fn next_whole_lines(&mut self) -> io::Result<Option<Block>> {
        loop {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            let (mut bytes, before) = self.cutter.begin();
            self.failed = self.from.fill(&mut bytes).err();
            if bytes.len() == before && self.failed.is_none() {
                self.cutter.keep(bytes);
                return Ok(None);
            }
            if let Some(block) = self.cutter.cut(bytes, before) {
                return Ok(Some(block));
            }
        }
    }
}

impl From {
    /// Appends a block's worth of bytes, or of a pipe what is there; nothing at the end.
    fn fill(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::File(reader) => {
                // Growing by doubling would make the system clear twice as many pages.
                bytes.reserve_exact(BLOCK_BYTES + READ_AHEAD);
                let limit = u64::try_from(BLOCK_BYTES).unwrap_or(u64::MAX);
                reader.by_ref().take(limit).read_to_end(bytes).map(drop)
            }
            Self::Pipe(pieces) => match pieces.blocking_recv() {
                Some(first) => {
                    bytes.extend_from_slice(&first?);
                    fill(pieces, bytes, BLOCK_BYTES)
                }
                None => Ok(()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: Vec<u8>) -> (Vec<usize>, u64, u64) {
        let mut lines = Lines::new(Box::new(io::Cursor::new(bytes)), 0);
        let (mut lengths, mut end, mut skipped) = (Vec::new(), 0, 0);
        let mut note = |block: &Block| {
            assert!(block.numbered_lines().all(|(number, _)| number < block.lines_len()));
            lengths.extend(block.lines().map(<[u8]>::len));
            end = block.end;
            skipped += block.skipped;
        };
        while let Some(block) = lines.next_block().expect("memory can be read") {
            note(&block);
        }
        (lengths, end, skipped)
    }

    #[test]
    fn lines_survive_the_cut_of_blocks() {
        let long = vec![b'x'; BLOCK_BYTES * 2 + 7];
        let bytes = [b"a\n\r\nbb\r\n".as_slice(), &long, b"\nccc"].concat();
        let length = bytes.len() as u64;
        assert_eq!(all(bytes), (vec![1, 2, long.len(), 3], length, 0));
    }

    #[test]
    fn what_was_read_before_a_fault_is_handed_out_first() {
        struct Broken(bool);
        impl Read for Broken {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::other("broken"));
                }
                buffer[..5].copy_from_slice(b"a\nbb\n");
                Ok(5)
            }
        }
        let mut lines = Lines::new(Box::new(Broken(false)), 0);
        let block = lines.next_block().expect("whole lines").expect("a block");
        assert_eq!((block.bytes.as_slice(), block.end), (b"a\nbb\n".as_slice(), 5));
        assert!(lines.next_block().is_err());
    }

    #[test]
    fn a_line_beyond_the_limit_is_skipped_and_counted() {
        let bytes =
            [b"a\n".as_slice(), &vec![b'x'; LINE_BYTES_MAX + 3 * BLOCK_BYTES], b"\nb\n"].concat();
        let length = bytes.len() as u64;
        assert_eq!(all(bytes), (vec![1, 1], length, 1));
    }
}
