//! Where does input go that could not be understood? Into a file, with the reason.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use super::folder::write_whole;

/// Largest file; beyond, letters are only counted.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// The dead-letter file: JSON lines with `source`, `reason` and `raw`.
#[derive(Debug)]
pub struct DeadLetters {
    file: File,
    room_bytes: u64,
}

impl DeadLetters {
    /// Opens the file for appending.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let room_bytes = FILE_BYTES_MAX.saturating_sub(file.metadata()?.len());
        Ok(Self { file, room_bytes })
    }

    /// Erases the letters that hold one of these texts, whatever their case; how many. The file
    /// appears whole.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn erase(&mut self, path: &Path, texts: &[String]) -> io::Result<u64> {
        let letters = std::fs::read_to_string(path)?;
        let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        let holds = |letter: &&str| {
            let letter = letter.to_lowercase();
            texts.iter().any(|text| !text.is_empty() && letter.contains(text))
        };
        let (gone, kept): (Vec<&str>, Vec<&str>) = letters.split_inclusive('\n').partition(holds);
        if !gone.is_empty() {
            write_whole(path, kept.concat().as_bytes()).map_err(io::Error::other)?;
            *self = Self::open(path)?;
        }
        Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
    }

    /// Appends one letter as a whole line; does nothing once the file is full.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&mut self, source: &str, reason: &str, raw: &[u8]) -> io::Result<()> {
        let mut line =
            json!({"source": source, "reason": reason, "raw": String::from_utf8_lossy(raw)})
                .to_string();
        line.push('\n');
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if length <= self.room_bytes {
            self.file.write_all(line.as_bytes())?;
            self.room_bytes -= length;
        }
        Ok(())
    }
}
