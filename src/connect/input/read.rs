//! How many stored bytes were read so far?

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::packed::Bytes;

/// How many stored bytes were read, for whoever shows progress.
#[derive(Debug, Clone, Default)]
pub struct Read(Arc<AtomicU64>);

impl Read {
    /// The bytes so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// A reader whose bytes are counted.
    pub(super) fn counted(&self, reader: Bytes) -> Bytes {
        Box::new(Counted { reader, read: self.clone() })
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Counts what passes.
struct Counted {
    reader: Bytes,
    read: Read,
}

impl io::Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        self.read.add(u64::try_from(length).unwrap_or(0));
        Ok(length)
    }
}
