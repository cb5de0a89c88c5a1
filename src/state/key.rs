//! Under which key does a lake hash authors? A secret one, and never another.
//!
//! Under another key the same author is somebody else: nothing would be found to be erased, and
//! tombstones would hold nobody back. So a lake remembers a check of its key, and refuses others.

use std::fs;
use std::io;
use std::path::Path;

use super::error::{StateError, io_error};
use super::home::Home;
use super::whole::write_whole;
use crate::system::{hex, random};

impl Home {
    /// Whether the key of the author hashes is there.
    #[must_use]
    pub fn has_author_key(&self, file: Option<&Path>) -> bool {
        file.map_or_else(|| self.own("author.key").exists(), Path::exists)
    }

    /// The secret key of the author hashes, from `file` or else from the lake; made on first use.
    /// Its first use by a writer ties the lake to it.
    ///
    /// # Errors
    /// When the file cannot be read or made, does not hold 64 hexadecimal digits, or is not the key
    /// that the lake is tied to.
    pub fn author_key(&self, file: Option<&Path>) -> Result<[u8; 32], StateError> {
        if file.is_none() {
            self.need_state()?;
        }
        let inside = self.own("author.key");
        let path = file.unwrap_or(&inside);
        let is_tied = self.own("author.check").exists();
        if !path.exists() && !is_tied {
            write_key(path, &random().map_err(io_error(path))?)?;
        }
        let text = fs::read_to_string(path).map_err(io_error(path))?;
        let digits = text.trim();
        let byte = |at: usize| {
            digits.get(2 * at..2 * at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok())
        };
        let mut key = [0; 32];
        for (at, slot) in key.iter_mut().enumerate() {
            let damaged = || StateError::Damaged {
                path: path.to_owned(),
                what: "it must hold 64 hexadecimal digits".to_owned(),
            };
            *slot = byte(at).filter(|_| digits.len() == 64).ok_or_else(damaged)?;
        }
        self.check_key(path, &key)?;
        Ok(key)
    }

    fn check_key(&self, path: &Path, key: &[u8; 32]) -> Result<(), StateError> {
        let check = blake3::keyed_hash(key, b"resonanz key check").to_hex();
        let known = self.own("author.check");
        match fs::read_to_string(&known) {
            Ok(text) if text == check.as_str() => Ok(()),
            Ok(_) => Err(StateError::OtherKey { path: path.to_owned() }),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(&known)(error)),
            Err(_) if self.is_locked() => write_whole(&known, check.as_bytes()),
            Err(_) => Ok(()),
        }
    }

    /// Makes this lake use a key, unless it has one already; the key that it uses.
    ///
    /// # Errors
    /// As [`Home::author_key`].
    pub fn take_key(&self, key: &[u8; 32]) -> Result<[u8; 32], StateError> {
        let path = self.own("author.key");
        if !path.exists() {
            write_key(&path, key)?;
        }
        self.author_key(None)
    }
}

fn write_key(path: &Path, key: &[u8; 32]) -> Result<(), StateError> {
    write_whole(path, hex(key).as_bytes())
}
