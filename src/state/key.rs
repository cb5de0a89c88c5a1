//! Under which key does a lake hash authors? A secret one, and never another.
//!
//! Under another key the same author is somebody else: nothing would be found to be erased, and
//! tombstones would hold nobody back. So a lake remembers a check of its key, and refuses others.
//! Whoever has the key and a copy of the lake can test names, so the key of a server lies elsewhere;
//! the lake remembers where.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::{StateError, io_error};
use super::home::Home;
use super::whole::write_whole;
use crate::system::{hex, private_file, random};

/// Names the file in which new lakes keep their keys, where no configuration does.
const FILE: &str = "RESONANZ_AUTHOR_KEY_FILE";

impl Home {
    /// Whether the key of the author hashes is there.
    #[must_use]
    pub fn has_author_key(&self, file: Option<&Path>) -> bool {
        self.key_place(file).exists()
    }

    /// What is said where the key is not there.
    #[must_use]
    pub fn no_key(&self, file: Option<&Path>) -> StateError {
        StateError::NoKey { path: self.key_place(file), is_named: file.is_some() }
    }

    /// Where the key is: in the file that is given; in the lake, if it is there; where the lake
    /// remembers it; in the file that the environment names; else in the lake.
    fn key_place(&self, file: Option<&Path>) -> PathBuf {
        if let Some(file) = file {
            return file.to_owned();
        }
        let inside = self.own("author.key");
        if inside.exists() {
            return inside;
        }
        let known = fs::read(self.own("author.place")).ok();
        let known = known.map(|path| PathBuf::from(OsStr::from_bytes(path.trim_ascii_end())));
        let named = std::env::var_os(FILE).filter(|name| !name.is_empty()).map(PathBuf::from);
        // One that was moved to where the environment says is found there.
        let places = [known, named];
        let found = places.iter().flatten().find(|path| path.exists()).cloned();
        found.or(places.into_iter().flatten().next()).unwrap_or(inside)
    }

    /// The secret key of the author hashes, from `file` or else from where the lake has it; made on
    /// first use. Its first use by a writer ties the lake to it.
    ///
    /// # Errors
    /// When the file cannot be read or made, is gone, does not hold 64 hexadecimal digits, or is not
    /// the key that the lake is tied to.
    pub fn author_key(&self, file: Option<&Path>) -> Result<[u8; 32], StateError> {
        if file.is_none() {
            self.need_state()?;
        }
        let path = self.key_place(file);
        let path = path.as_path();
        let is_tied = self.own("author.check").exists();
        if !path.exists() && is_tied {
            return Err(self.no_key(file));
        }
        if !path.exists() {
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
        self.note_place(path)?;
        Ok(key)
    }

    /// Remembers where a key outside the lake is, for commands without a configuration.
    fn note_place(&self, path: &Path) -> Result<(), StateError> {
        let known = self.own("author.place");
        if !self.is_locked() || path == self.own("author.key") {
            return Ok(());
        }
        let path = std::path::absolute(path).map_err(io_error(path))?;
        let text = [path.as_os_str().as_bytes(), b"\n"].concat();
        if fs::read(&known).is_ok_and(|before| before == text) {
            return Ok(());
        }
        write_whole(&known, &text)
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

/// Makes the file of a key, unless another process makes it at the same time: shards that are started
/// together must take one and the same.
fn write_key(path: &Path, key: &[u8; 32]) -> Result<(), StateError> {
    let mark = hex(&random::<4>().map_err(io_error(path))?);
    let draft = path.with_extension(format!("{mark}.draft"));
    let write = || {
        let mut file = private_file(&draft)?;
        file.write_all(hex(key).as_bytes())?;
        file.sync_all()?;
        match fs::hard_link(&draft, path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            // A file system without links.
            Err(_) => fs::rename(&draft, path),
        }?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        fs::File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
    };
    let written = write();
    // It is gone if it was renamed.
    let _ = fs::remove_file(&draft);
    written.map_err(io_error(path))
}
