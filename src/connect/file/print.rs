//! Is this the file that was read before, as far as it was read?
//!
//! A name says nothing: logs are renamed, cut, copied and replaced. Device and inode say which file
//! it is, but are used again after a deletion. So a cursor also keeps a print of what was read: the
//! first and the last kibibyte before it.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};

/// Bytes of each end that go into a print.
const END_BYTES: usize = 1 << 10;

/// Which file of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl FileId {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// The first and the last bytes that were read.
#[derive(Debug, Clone, Default)]
pub(super) struct Print {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Print {
    /// Of a file up to an offset; `None` if it ends before.
    pub(super) fn of_file(file: &File, offset: u64) -> io::Result<Option<Self>> {
        let length = END_BYTES.min(usize::try_from(offset).unwrap_or(END_BYTES));
        let mut print = Self { head: vec![0; length], tail: vec![0; length] };
        let tail_at = offset - u64::try_from(length).unwrap_or(0);
        for (bytes, at) in [(&mut print.head, 0), (&mut print.tail, tail_at)] {
            match file.read_exact_at(bytes, at) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(print))
    }

    /// Of the next bytes of a reader, which are passed over, up to an offset; `None` if it ends
    /// before.
    pub(super) fn of_reader(reader: &mut dyn Read, offset: u64) -> io::Result<Option<Self>> {
        let (mut print, mut left) = (Self::default(), offset);
        let mut buffer = vec![0; 64 << 10];
        while left > 0 {
            let room = usize::try_from(left).unwrap_or(buffer.len()).min(buffer.len());
            let read = match reader.read(buffer.get_mut(..room).unwrap_or_default()) {
                Ok(0) => return Ok(None),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            print.push(buffer.get(..read).unwrap_or_default());
            left -= u64::try_from(read).unwrap_or(left);
        }
        Ok(Some(print))
    }

    /// Goes on with what was read next.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = END_BYTES.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(bytes.get(..room).unwrap_or_default());
        let last = bytes.get(bytes.len().saturating_sub(END_BYTES)..).unwrap_or_default();
        self.tail.extend_from_slice(last);
        self.tail.drain(..self.tail.len().saturating_sub(END_BYTES));
    }

    /// As a cursor keeps it.
    pub(super) fn text(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.head).update(&self.tail);
        let hash = hasher.finalize().to_hex();
        hash.as_str().get(..32).unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn however_a_file_is_read_its_print_is_the_same() {
        let bytes: Vec<u8> = (0..10_000u32).flat_map(u32::to_le_bytes).collect();
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&bytes).expect("written");
        for offset in [0usize, 1, 1_023, 1_024, 1_025, 5_000, bytes.len()] {
            let by_place =
                Print::of_file(&file, offset as u64).expect("read").expect("long enough");
            let reader: &mut dyn Read = &mut bytes.as_slice();
            let by_reading = Print::of_reader(reader, offset as u64).expect("read").expect("whole");
            let mut by_pieces = Print::default();
            bytes[..offset].chunks(300).for_each(|piece| by_pieces.push(piece));
            assert_eq!(by_place.text(), by_reading.text(), "{offset}");
            assert_eq!(by_place.text(), by_pieces.text(), "{offset}");
        }
        assert!(Print::of_file(&file, bytes.len() as u64 + 1).expect("read").is_none());
    }
}
