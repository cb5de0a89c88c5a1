//! How is a large file of lines read? In blocks of whole lines, decompressed on the way.
//!
//! Memory stays flat whatever the file's size; a line beyond the limit is skipped and counted.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::block::{BLOCK_BYTES, Block, Cutter};
use super::packed::decompressed;
use super::pipe::{Pieces, Writers, fill, read_ahead};

/// What reading to the end wants to find free, to see that it is the end.
const READ_AHEAD: usize = 64;

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
        return Ok(Lines::of(From::Pipe(read_ahead(path, Writers::One)), 0));
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
        Self { from, cutter: Cutter::at(offset), failed: None }
    }

    /// The next block, the unfinished last line included; `None` at the end of the file.
    ///
    /// # Errors
    /// When reading or decompressing fails, once all whole lines before it have been handed out.
    pub fn next_block(&mut self) -> io::Result<Option<Block>> {
        match self.next_whole_lines() {
            Ok(block) => Ok(block.or_else(|| self.cutter.last_line())),
            // Data that is damaged will not be whole the next time: its last line counts as well.
            Err(error) if is_damage(&error) => match self.cutter.last_line() {
                Some(block) => {
                    self.failed = Some(error);
                    Ok(Some(block))
                }
                None => Err(error),
            },
            Err(error) => Err(error),
        }
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

fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
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
    use super::super::block::LINE_BYTES_MAX;
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
    fn the_last_line_of_a_damaged_file_is_handed_out_before_its_fault() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, b"a\nlast").expect("memory");
        let mut bytes = encoder.finish().expect("memory");
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        let reader = decompressed(Box::new(io::Cursor::new(bytes)), "gz").expect("memory");
        let mut lines = Lines::new(reader, 0);
        let mut said = Vec::new();
        let fault = loop {
            match lines.next_block() {
                Ok(Some(block)) => said.extend(block.lines().map(<[u8]>::to_vec)),
                Ok(None) => panic!("the fault is told"),
                Err(fault) => break fault,
            }
        };
        assert_eq!(said, [b"a".to_vec(), b"last".to_vec()]);
        assert!(fault.to_string().contains("damaged"), "{fault}");
        assert!(lines.next_block().expect("the end").is_none());
    }

    #[test]
    fn a_line_beyond_the_limit_is_skipped_and_counted() {
        let bytes =
            [b"a\n".as_slice(), &vec![b'x'; LINE_BYTES_MAX + 3 * BLOCK_BYTES], b"\nb\n"].concat();
        let length = bytes.len() as u64;
        assert_eq!(all(bytes), (vec![1, 1], length, 1));
    }
}
