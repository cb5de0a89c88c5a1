//! Which bytes does a packed file hold? By what it begins with, whatever its name says.
//!
//! A file that is damaged or cut gives what can be read of it; what is wrong is kept for the end.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use super::foreign::foreign;
use crate::connect::transport::decompressed;

/// The longest beginning that tells a packing.
const MAGIC_BYTES: usize = 16;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// How what cannot be unpacked begins, what it is, and what to do.
const OTHERS: [(&[u8], &str, &str); 5] = [
    (b"BZh", "bzip2", "unpack it first, as with bunzip2 -k"),
    (b"\xfd7zXZ\x00", "xz", "unpack it first, as with xz -dk"),
    // Its directory is at its end: from a URL or a pipe it would have to be kept whole.
    (
        b"PK\x03\x04",
        "a zip or workbook",
        "give it as a file of its own: download or unpack it first",
    ),
    (b"7z\xbc\xaf\x27\x1c", "7z", "unpack it first, as with 7z x"),
    (b"PAR1", "Parquet", "say --input-format parquet"),
];

/// A reader that owns what it reads from.
pub(super) type Bytes = Box<dyn Read + Send>;

/// What went wrong in a reader, for whoever asks at its end.
#[derive(Debug, Clone, Default)]
pub(super) struct Fault(Arc<Mutex<Option<io::Error>>>);

impl Fault {
    pub(super) fn is_there(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Whether what was read may end within something, since the file does.
    pub(super) fn is_cut(&self) -> bool {
        let fault = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        fault.as_ref().is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
    }

    /// What went wrong, once nothing more can be read.
    pub(super) fn at_end(&self) -> Option<io::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Ends where its reader fails, and notes why.
struct Latch {
    reader: Bytes,
    fault: Fault,
}

impl Read for Latch {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.fault.is_there() {
            return Ok(0);
        }
        match self.reader.read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                *self.fault.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Ok(0)
            }
            read => read,
        }
    }
}

/// The first bytes of a reader, at most so many, and the reader with them still to come.
pub(super) fn peek(mut reader: Bytes, bytes: usize) -> io::Result<(Vec<u8>, Bytes)> {
    let mut first = Vec::new();
    let limit = u64::try_from(bytes).unwrap_or(u64::MAX);
    reader.by_ref().take(limit).read_to_end(&mut first)?;
    let whole = io::Cursor::new(first.clone()).chain(reader);
    Ok((first, Box::new(whole)))
}

/// The bytes that a file holds, and what went wrong once they end.
///
/// # Errors
/// For a packing that is not read, with what unpacks it.
pub(super) fn unpacked(file: Bytes, fault: &Fault) -> io::Result<Bytes> {
    let (first, mut file) = peek(file, MAGIC_BYTES)?;
    let other = OTHERS.iter().find(|(magic, ..)| first.starts_with(magic));
    if let Some((_, what, hint)) = other {
        return Err(io::Error::other(format!("this is {what}, which is not read here; {hint}")));
    }
    if let Some(what) = foreign(&first, &mut file)? {
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    let packing = if first.starts_with(&GZIP) {
        "gz"
    } else if first.starts_with(&ZSTD) || is_skippable(&first) {
        "zst"
    } else {
        ""
    };
    let reader = decompressed(file, packing)?;
    Ok(Box::new(Latch { reader, fault: fault.clone() }))
}

/// Whether a zstd file begins with a frame that decoders pass over.
fn is_skippable(first: &[u8]) -> bool {
    matches!(first, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}
