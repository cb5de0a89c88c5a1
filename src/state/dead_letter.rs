//! Where does input go that could not be understood? Into a file, with the reason, for a while.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::error::{StateError, io_error};
use super::mode::Mode;
use super::whole::write_whole;
use crate::system::{short_hash, wall_clock};
use crate::time::EventTime;

/// Largest file; beyond, letters are only counted.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// With less room than this it is full once a letter did not fit.
const FULL_BYTES: u64 = 4 << 10;

/// The dead-letter file: JSON lines with `at` (wall clock), `source`, `reason` and `raw`. Only the
/// process that writes the lake uses it.
#[derive(Debug)]
pub struct DeadLetters {
    path: PathBuf,
    open: Mutex<Option<Open>>,
}

/// One letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// When it was written, by the wall clock; empty if a version wrote it that did not say.
    #[serde(default)]
    pub at: String,
    /// Where it came from.
    pub source: String,
    /// Why it was not understood.
    pub reason: String,
    /// What came.
    pub raw: String,
}

#[derive(Debug)]
struct Open {
    file: File,
    room_bytes: u64,
    is_full: bool,
}

impl DeadLetters {
    /// The letters in a file, which the first one makes.
    pub(crate) fn of(path: PathBuf) -> Self {
        Self { path, open: Mutex::new(None) }
    }

    /// Where they are.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends one letter as a whole line; does nothing once the file is full.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&self, source: &str, reason: &str, raw: &[u8]) -> io::Result<()> {
        if self.is_full() {
            return Ok(());
        }
        let letter = Letter {
            at: wall_clock().to_string(),
            source: source.to_owned(),
            reason: reason.to_owned(),
            raw: String::from_utf8_lossy(raw).into_owned(),
        };
        self.append(format!("{}\n", serde_json::to_string(&letter)?).as_bytes())
    }

    /// Whether hardly any letter would fit: then none is made up.
    fn is_full(&self) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().is_some_and(|letters| letters.is_full)
    }

    fn append(&self, lines: &[u8]) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let letters = match &mut *open {
            Some(letters) => letters,
            none => none.insert(Open::at(&self.path)?),
        };
        let length = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        if length > letters.room_bytes {
            letters.is_full |= letters.room_bytes < FULL_BYTES;
            return Ok(());
        }
        let before = letters.file.metadata()?.len();
        let written = letters.file.write_all(lines);
        match &written {
            Ok(()) => letters.room_bytes -= length,
            // A letter is there whole or not at all: it is written again.
            Err(_) => drop(letters.file.set_len(before)),
        }
        written
    }

    /// Takes over the letters of another lake, as far as there is room.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn take_over(&self, other: &Self) -> Result<(), StateError> {
        let letters = other.text()?;
        let mut lines = letters.split_inclusive('\n');
        lines.try_for_each(|line| self.append(line.as_bytes())).map_err(io_error(&self.path))
    }

    /// Erases the letters that hold one of these texts, whatever their case, or tell of one of
    /// these posts; how many. Linear in the file, which appears whole.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn erase(&self, texts: &[String], posts: &BTreeSet<String>) -> Result<u64, StateError> {
        let texts = lowercase(texts);
        self.remove(|line| tells(line, &texts, posts), Mode::Real)
    }

    /// Hashes of the letters that [`DeadLetters::erase`] would erase.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn telling(
        &self,
        texts: &[String],
        posts: &BTreeSet<String>,
    ) -> Result<BTreeSet<u64>, StateError> {
        let (letters, texts) = (self.text()?, lowercase(texts));
        let telling = letters.lines().filter(|line| tells(line, &texts, posts));
        Ok(telling.map(|line| short_hash(&[line.as_bytes()])).collect())
    }

    /// The letters that hold one of these texts, whatever their case. Linear in the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn with(&self, texts: &[String]) -> Result<Vec<Letter>, StateError> {
        let (all, texts) = (self.text()?, lowercase(texts));
        let letters = all.lines().filter_map(Letter::read);
        Ok(letters.filter(|letter| holds(&letter.raw, &texts)).collect())
    }

    /// Ends the keeping of letters from before an instant, and of those that do not say when they
    /// were written; how many.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn end_before(&self, at: EventTime, mode: Mode) -> Result<u64, StateError> {
        let is_over = |line: &str| {
            let written = Letter::read(line).and_then(|letter| EventTime::parse(&letter.at).ok());
            written.is_none_or(|written| written < at)
        };
        self.remove(is_over, mode)
    }

    fn remove(&self, goes: impl Fn(&str) -> bool, mode: Mode) -> Result<u64, StateError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let letters = self.text()?;
        let (gone, kept): (Vec<&str>, Vec<&str>) =
            letters.split_inclusive('\n').partition(|line| goes(line));
        if !gone.is_empty() && mode == Mode::Real {
            write_whole(&self.path, kept.concat().as_bytes())?;
            *open = None;
        }
        Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
    }

    /// All letters; a kill can have cut off the last.
    fn text(&self) -> Result<String, StateError> {
        match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            bytes => Ok(String::from_utf8_lossy(&bytes.map_err(io_error(&self.path))?).into()),
        }
    }
}

impl Letter {
    fn read(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

/// Whether a letter holds one of these texts, or tells of one of these posts.
fn tells(line: &str, texts: &Texts, posts: &BTreeSet<String>) -> bool {
    let letter = Letter::read(line);
    let raw = letter.as_ref().map_or(line, |letter| &letter.raw);
    holds(raw, texts) || raw.split('"').any(|part| posts.contains(part))
}

/// Texts in lowercase; those in quotes, of which there may be many, are looked up.
struct Texts {
    plain: Vec<String>,
    quoted: HashSet<String>,
}

fn lowercase(texts: &[String]) -> Texts {
    let (mut plain, mut quoted) = (Vec::new(), HashSet::new());
    for text in texts.iter().filter(|text| !text.is_empty()).map(|text| text.to_lowercase()) {
        let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match inner.filter(|inner| !inner.contains('"')) {
            Some(inner) => drop(quoted.insert(inner.to_owned())),
            None => plain.push(text),
        }
    }
    Texts { plain, quoted }
}

fn holds(raw: &str, texts: &Texts) -> bool {
    let raw = raw.to_lowercase();
    texts.plain.iter().any(|text| raw.contains(text))
        || (!texts.quoted.is_empty() && raw.split('"').any(|part| texts.quoted.contains(part)))
}

impl Open {
    fn at(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let room_bytes = FILE_BYTES_MAX.saturating_sub(file.metadata()?.len());
        Ok(Self { file, room_bytes, is_full: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_leave_by_what_they_hold_and_by_age() {
        let folder = tempfile::tempdir().expect("a folder");
        let letters = DeadLetters::of(folder.path().join("letters"));
        assert_eq!(letters.end_before(EventTime(0), Mode::Real).ok(), Some(0), "no file yet");
        for raw in [r#"{"id":"at://p/1","x"#, "n2", r#"{"id":"n22","by":"ABC"}"#, "other"] {
            letters.write("s", "broken", raw.as_bytes()).expect("written");
        }
        let posts = BTreeSet::from(["at://p/1".to_owned(), "n2".to_owned()]);
        assert_eq!(letters.erase(&["abc".to_owned()], &posts).ok(), Some(3));
        letters.write("s", "broken", b"later").expect("written to the new file");
        letters.append(b"{\"raw\":\"no time\"}\n").expect("written");
        assert_eq!(letters.end_before(EventTime(0), Mode::Dry).ok(), Some(1));
        assert_eq!(letters.end_before(EventTime(0), Mode::Real).ok(), Some(1));
        let text = letters.text().expect("read");
        assert!(text.contains("other") && text.contains("later"), "{text}");
        assert_eq!(letters.end_before(EventTime(i64::MAX), Mode::Real).ok(), Some(2));
    }
}
