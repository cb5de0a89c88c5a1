//! Which files does a zip hold, and how is one read without unpacking the others? By the directory
//! at its end, in flat memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::packed::Bytes;

/// How a zip file begins.
const MAGIC: [u8; 4] = *b"PK\x03\x04";
/// Bytes of the end in which the directory's place stands, with the longest comment.
const END_BYTES: u64 = 22 + 65_535;
/// Longest directory that is read, in bytes: some hundred thousand files.
const DIRECTORY_BYTES_MAX: u64 = 64 << 20;
/// What stands for a number that follows in 64 bits.
const ABSENT: u64 = 0xffff_ffff;

/// A file in a zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// Its path there.
    pub(super) name: String,
    /// Bytes as they are stored.
    pub(super) packed: u64,
    /// Bytes that they hold.
    pub(super) bytes: u64,
    /// Where its header begins.
    offset: u64,
    method: u64,
    crc: u64,
    is_locked: bool,
}

/// Whether a file is a zip, as its first bytes say.
pub(super) fn is_zip(path: &Path) -> bool {
    let mut first = [0; MAGIC.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut first));
    read.is_ok() && first == MAGIC
}

/// The files in a zip, in the order of its directory.
///
/// # Errors
/// When the file cannot be read, or its directory is damaged.
pub(super) fn members(path: &Path) -> io::Result<Vec<Member>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let (begin, size) = directory(&mut file, length)?;
    if size > DIRECTORY_BYTES_MAX || begin.saturating_add(size) > length {
        return Err(damaged("its directory is not where its end says"));
    }
    file.seek(SeekFrom::Start(begin))?;
    let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    file.read_exact(&mut bytes)?;
    let (mut members, mut rest) = (Vec::new(), bytes.as_slice());
    while let Some((member, after)) = member(rest) {
        rest = after;
        if !member.name.ends_with('/') {
            members.push(member);
        }
    }
    let packed = members.iter().fold(0_u64, |sum, member| sum.saturating_add(member.packed));
    if packed > length {
        return Err(damaged("files in it lie over each other"));
    }
    Ok(members)
}

/// What a member holds, unpacked on the way and checked at its end.
///
/// # Errors
/// When it cannot be read, is encrypted, or packed in a way that is not known.
pub(super) fn open(path: &Path, member: &Member) -> io::Result<Bytes> {
    if member.is_locked {
        return Err(io::Error::other("it is encrypted; unpack it first"));
    }
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(member.offset))?;
    let mut head = [0; 30];
    file.read_exact(&mut head)?;
    if !head.starts_with(&MAGIC) {
        return Err(damaged("a file in it is not where its directory says"));
    }
    let names = number(&head, 26, 2).zip(number(&head, 28, 2));
    let skipped = names.map_or(0, |(name, extra)| name + extra);
    file.seek(SeekFrom::Current(i64::try_from(skipped).unwrap_or(0)))?;
    let packed = file.take(member.packed);
    let reader: Bytes = match member.method {
        0 => Box::new(packed),
        8 => Box::new(DeflateDecoder::new(packed)),
        other => {
            let message =
                format!("it is packed by method {other}, which is not read here; unzip it");
            return Err(io::Error::other(message));
        }
    };
    let (crc, left) = (Crc::new(), member.bytes);
    Ok(Box::new(Checked { reader, crc, left, want: member.crc }))
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the zip file is damaged: {what}"))
}

/// A number of little-endian bytes.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

/// Where the directory begins, and its bytes.
fn directory(file: &mut File, length: u64) -> io::Result<(u64, u64)> {
    let cut = || damaged("it has no directory; it was cut, or is still being written");
    let begin = length.saturating_sub(END_BYTES);
    file.seek(SeekFrom::Start(begin))?;
    let mut end = Vec::new();
    file.take(END_BYTES).read_to_end(&mut end)?;
    let at = memchr::memmem::rfind(&end, b"PK\x05\x06").ok_or_else(cut)?;
    let (size, offset) = number(&end, at + 12, 4).zip(number(&end, at + 16, 4)).ok_or_else(cut)?;
    if size != ABSENT && offset != ABSENT {
        return Ok((offset, size));
    }
    let locator =
        end.get(at.saturating_sub(20)..at).filter(|found| found.starts_with(b"PK\x06\x07"));
    let place = locator.and_then(|locator| number(locator, 8, 8)).ok_or_else(cut)?;
    file.seek(SeekFrom::Start(place))?;
    let mut large = [0; 56];
    file.read_exact(&mut large)?;
    number(&large, 48, 8).zip(number(&large, 40, 8)).ok_or_else(cut)
}

/// The first entry of a directory, and what follows it.
fn member(bytes: &[u8]) -> Option<(Member, &[u8])> {
    if !bytes.starts_with(b"PK\x01\x02") {
        return None;
    }
    let at = |at, length| number(bytes, at, length);
    let [name, extra, comment] = [at(28, 2)?, at(30, 2)?, at(32, 2)?];
    let end = |length: u64| usize::try_from(46 + length).ok();
    let names = bytes.get(46..end(name)?)?;
    let more = bytes.get(end(name)?..end(name + extra)?)?;
    let mut sizes = [at(24, 4)?, at(20, 4)?, at(42, 4)?];
    enlarge(more, &mut sizes);
    let [whole, packed, offset] = sizes;
    let found = Member {
        name: String::from_utf8_lossy(names).into_owned(),
        packed,
        bytes: whole,
        offset,
        method: at(10, 2)?,
        crc: at(16, 4)?,
        is_locked: at(8, 2)? & 1 == 1,
    };
    Some((found, bytes.get(end(name + extra + comment)?..)?))
}

/// Puts the numbers of 64 bits, which stand in an extra field, where they are absent.
fn enlarge(mut extra: &[u8], sizes: &mut [u64; 3]) {
    while let Some((kind, length)) = number(extra, 0, 2).zip(number(extra, 2, 2)) {
        let Some(field) = usize::try_from(length).ok().and_then(|end| extra.get(4..4 + end)) else {
            return;
        };
        if kind == 1 {
            let mut at = 0;
            for size in sizes.iter_mut().filter(|size| **size == ABSENT) {
                *size = number(field, at, 8).unwrap_or(*size);
                at += 8;
            }
        }
        extra = extra.get(4 + field.len()..).unwrap_or_default();
    }
}

/// Says at the end whether all came as it was packed.
struct Checked {
    reader: Bytes,
    crc: Crc,
    left: u64,
    want: u64,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        self.crc.update(buffer.get(..length).unwrap_or_default());
        let count = u64::try_from(length).unwrap_or(u64::MAX);
        if count > self.left {
            return Err(damaged("a file in it is longer than its directory says"));
        }
        if length == 0
            && !buffer.is_empty()
            && (self.left > 0 || u64::from(self.crc.sum()) != self.want)
        {
            return Err(damaged("a file in it is not what its checksum says"));
        }
        self.left -= count;
        Ok(length)
    }
}
