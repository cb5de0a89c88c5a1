//! How do two processes hand on a question and its rows? In frames: a letter that says what it is, how
//! many bytes follow, and these.

use std::io::{self, Read, Write};

use super::error::SqlError;

/// What is asked, and the values of its parameters.
pub(super) const ASKED: u8 = b'q';
pub(super) const VALUES: u8 = b'v';
/// A part of the rows, an error in place of the rest, and the end.
pub(super) const ROWS: u8 = b'r';
pub(super) const ERROR: u8 = b'e';
pub(super) const END: u8 = b'.';

/// Longest frame that is not rows.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// Writes one frame.
pub(super) fn put(out: &mut impl Write, kind: u8, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    out.write_all(&[kind])?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(bytes)
}

/// Reads one frame of a kind that must come now.
pub(super) fn take(from: &mut impl Read, kind: u8) -> io::Result<Vec<u8>> {
    let (found, length) = head(from)?;
    if found != kind || length > BYTES_MAX {
        return Err(io::Error::other("a frame that was not expected"));
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn head(from: &mut impl Read) -> io::Result<(u8, usize)> {
    let (mut kind, mut length) = ([0; 1], [0; 4]);
    from.read_exact(&mut kind)?;
    from.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(io::Error::other)?;
    Ok((kind[0], length))
}

/// How rows ended.
#[derive(Debug)]
pub(super) enum Ended {
    Whole,
    Failed(SqlError),
}

/// The bytes of rows, out of their frames.
#[derive(Debug)]
pub(super) struct Rows<R> {
    from: R,
    /// Bytes of the frame that are still to come.
    left: usize,
    /// `None` as long as rows can come, and where they broke off.
    pub(super) ended: Option<Ended>,
}

impl<R: Read> Rows<R> {
    pub(super) fn of(from: R) -> Self {
        Self { from, left: 0, ended: None }
    }

    /// Reads the next head, and what follows if it is not rows.
    fn next(&mut self) -> io::Result<()> {
        let (kind, length) = head(&mut self.from)?;
        match kind {
            ROWS => self.left = length,
            END => self.ended = Some(Ended::Whole),
            ERROR if length <= BYTES_MAX => {
                let mut bytes = vec![0; length];
                self.from.read_exact(&mut bytes)?;
                self.ended = Some(Ended::Failed(serde_json::from_slice(&bytes)?));
            }
            _ => return Err(io::Error::other("a frame that was not expected")),
        }
        Ok(())
    }
}

impl<R: Read> Read for Rows<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 && self.ended.is_none() {
            self.next()?;
        }
        let room = into.len().min(self.left);
        let read = self.from.read(into.get_mut(..room).unwrap_or_default())?;
        self.left -= read;
        Ok(read)
    }
}
