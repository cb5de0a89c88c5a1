//! What comes next of an account's repository? Its posts in the order of their names, which is that of
//! time.

use std::io::{self, Read as _};

use super::chunk::{Chunk, Rows, SegmentRows};
use super::packed::Bytes;
use crate::decode::Repository;

/// Largest repository that is read: its blocks lie in any order, so it is held as a whole.
const BYTES_MAX: u64 = 512 << 20;
/// Posts of a chunk.
const POSTS: usize = 4_096;

/// A repository being read.
#[derive(Debug)]
pub(super) struct RepositoryFile {
    repository: Repository,
    after: u64,
    next: usize,
}

impl RepositoryFile {
    /// Opens a repository; its first `after` posts are passed over.
    pub(super) fn open(bytes: Bytes, after: u64) -> io::Result<Self> {
        let mut whole = Vec::new();
        bytes.take(BYTES_MAX + 1).read_to_end(&mut whole)?;
        if u64::try_from(whole.len()).is_ok_and(|length| length > BYTES_MAX) {
            return Err(damaged(format!("a repository of more than {} MiB", BYTES_MAX >> 20)));
        }
        let repository = Repository::parse(whole).map_err(damaged)?;
        let next = usize::try_from(after).unwrap_or(usize::MAX).min(repository.len());
        Ok(Self { repository, after, next })
    }

    /// The next posts.
    pub(super) fn next_chunk(&mut self) -> io::Result<Option<Chunk>> {
        if self.next >= self.repository.len() {
            return Ok(None);
        }
        let block = self.repository.block(self.next, POSTS).map_err(damaged)?;
        let number = |place: usize| u64::try_from(place).unwrap_or(u64::MAX);
        let first = number(self.next + 1);
        self.next += block.len();
        let rows = SegmentRows { block, after: self.after, through: u64::MAX };
        Ok(Some(Chunk { rows: Rows::Segment(Box::new(rows)), first, end: number(self.next) }))
    }
}

fn damaged(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
