//! Where in which file does a source go on, and where is that file now?

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::print::{FileId, Print};

/// Entries of a folder that are looked at when a file is sought.
const ENTRIES_MAX: usize = 10_000;

/// How far a file was read, as a cursor keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Decompressed bytes.
    pub(super) offset: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) device: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) inode: Option<u64>,
    /// Of the bytes before the offset; see [`Print`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) print: Option<String>,
    /// The folder of the file itself, where the name that is followed is a link to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) folder: Option<PathBuf>,
    /// Files that had this one's name before and may still grow, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) earlier: Vec<Place>,
}

impl Place {
    /// Whether an open file is the one that was read up to here.
    pub(super) fn fits(&self, file: &File) -> io::Result<bool> {
        let Some(print) = Print::of_file(file, self.offset)? else { return Ok(false) };
        if let Some(known) = &self.print {
            return Ok(*known == print.text());
        }
        // A cursor of an older version: it stands behind a whole line.
        let mut before = [0];
        let Some(last) = self.offset.checked_sub(1) else { return Ok(true) };
        file.read_exact_at(&mut before, last)?;
        Ok(before == *b"\n")
    }

    fn is_of(&self, id: FileId) -> bool {
        self.device == Some(id.device) && self.inode == Some(id.inode)
    }
}

/// A file that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) file: File,
    pub(super) id: FileId,
    changed: SystemTime,
    /// Where it is itself, if its path is a link.
    pub(super) folder: Option<PathBuf>,
}

impl Found {
    /// Opens a regular file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let target = fs::read_link(path).and_then(|_| fs::canonicalize(path)).ok();
        let folder = target.and_then(|target| Some(target.parent()?.to_owned()));
        Ok(Self { file, id: FileId::of(&metadata), changed: metadata.modified()?, folder })
    }
}

/// The file that was read up to a place, wherever in the folders of `path` it is now: the same inode,
/// or a copy of it.
///
/// # Errors
/// When the file is there and cannot be opened.
pub(super) fn seek(path: &Path, place: &Place) -> io::Result<Option<Found>> {
    let mut copy = None;
    let itself = std::iter::once(path.to_owned());
    for candidate in itself.chain(neighbors(path, place.folder.as_deref())) {
        // A FIFO would block.
        let Ok(metadata) = fs::metadata(&candidate) else { continue };
        if !metadata.is_file() || metadata.len() < place.offset {
            continue;
        }
        let is_same = place.is_of(FileId::of(&metadata));
        if !is_same && (copy.is_some() || (place.print.is_none() && candidate != path)) {
            continue;
        }
        let found = match Found::open(&candidate) {
            Ok(found) => found,
            Err(error) if is_same && error.kind() != io::ErrorKind::NotFound => return Err(error),
            Err(_) => continue,
        };
        if !place.fits(&found.file).unwrap_or(false) {
            continue;
        }
        if is_same {
            return Ok(Some(found));
        }
        copy = Some(found);
    }
    Ok(copy)
}

/// Whether a file bears the name that a rotation gives: `log.jsonl.1`, `log.jsonl-20260301`, or with
/// the ending kept `log.1.jsonl`, `log-20260301.jsonl`, `log.2026-03-01.jsonl`. `log-2.jsonl` is as
/// likely the log of another process.
fn is_generation(name: &str, own: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = own.strip_prefix(name) {
        return rest.strip_prefix(['.', '-']).is_some_and(is_number);
    }
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let between =
        own.strip_prefix(stem).and_then(|rest| rest.strip_suffix(ending)?.strip_suffix('.'));
    let Some(mark) = between.and_then(|between| between.strip_prefix(['.', '-'])) else {
        return false;
    };
    let is_numbered = between.is_some_and(|between| between.starts_with('.')) && is_number(mark);
    let digits = mark.bytes().filter(u8::is_ascii_digit).count();
    let is_dated = digits >= 8 && mark.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_numbered || is_dated
}

/// What had the name of `path` after a file that was changed last at `since`, oldest first: files of
/// its folders with a name that a rotation gives.
pub(super) fn between(path: &Path, since: SystemTime, known: &[FileId]) -> Vec<Found> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let mut found: Vec<Found> = neighbors(path, None)
        .filter(|other| {
            let own = other.file_name().and_then(|own| own.to_str());
            own.is_some_and(|own| is_generation(name, own))
        })
        .filter(|path| fs::metadata(path).is_ok_and(|metadata| metadata.is_file()))
        .filter_map(|path| Found::open(&path).ok())
        .filter(|found| found.changed >= since && !known.contains(&found.id))
        .collect();
    found.sort_by_key(|found| found.changed);
    found
}

/// When a file was changed last.
pub(super) fn changed(file: &File) -> SystemTime {
    file.metadata().and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// All that is in the folder of a path, in that of the file it is a link to, and in one more.
fn neighbors(path: &Path, more: Option<&Path>) -> impl Iterator<Item = PathBuf> {
    let folder = |path: &Path| {
        let folder = path.parent().unwrap_or(Path::new(""));
        if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() }
    };
    let mut folders = vec![folder(path)];
    if let Ok(target) = fs::canonicalize(path) {
        folders.push(folder(&target));
    }
    folders.extend(more.map(Path::to_owned));
    folders.sort();
    folders.dedup();
    let entries = folders.into_iter().filter_map(|folder| fs::read_dir(folder).ok());
    entries.flatten().flatten().map(|entry| entry.path()).take(ENTRIES_MAX)
}

#[cfg(test)]
mod tests {
    use super::is_generation;

    #[test]
    fn names_that_rotations_give_are_known() {
        for own in ["log.jsonl.1", "log.jsonl-20260301", "log.1.jsonl", "log-20260301.jsonl"] {
            assert!(is_generation("log.jsonl", own), "{own}");
        }
        assert!(is_generation("log.jsonl", "log.2026-03-01.jsonl"));
        assert!(is_generation("log", "log.12"));
        for own in ["log.jsonl", "log-2.jsonl", "log.jsonl.gz", "logs.1.jsonl", "log.old.jsonl"] {
            assert!(!is_generation("log.jsonl", own), "{own}");
        }
    }
}
