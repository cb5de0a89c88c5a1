//! Under which key does a lake hash authors? A secret one, and never another.
//!
//! Under another key the same author is somebody else: nothing would be found to be erased, and
//! tombstones would hold nobody back. So a lake remembers a check of its key, and refuses others.
//! A file can hold further keys, one for each rotation: a lake goes on under those that it knows until it
//! is rotated, too. Whoever has the key and a copy of the lake can test names, so the key of a server lies elsewhere;
//! the lake remembers where.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::{StateError, io_error};
use super::home::Home;
use super::whole::write_whole;
use crate::privacy::Keyring;
use crate::system::{hex, private_file, random};

/// What tells the keys of a lake from others.
const CHECK: &str = "author.check";
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

    /// The secret keys of the author hashes, from `file` or else from where the lake has them; made on
    /// first use. As many rotations are in use as the lake went through.
    ///
    /// # Errors
    /// When they cannot be read or made, or are not those under which this lake hashes authors.
    pub fn author_key(&self, file: Option<&Path>) -> Result<Keyring, StateError> {
        self.rekeying().refuse()?;
        let (path, ring) = self.keys(file)?;
        let ring = self.check_key(&path, ring)?;
        self.note_place(&path)?;
        Ok(ring)
    }

    /// The same for a relay, which keeps no hashes: all rotations are in use.
    ///
    /// # Errors
    /// As [`Home::author_key`].
    pub fn relay_keys(&self, file: Option<&Path>) -> Result<Keyring, StateError> {
        let ring = self.author_key(file)?;
        let all = ring.clone().at(ring.rotations());
        if all.used() > ring.used() && self.is_locked() {
            write_whole(&self.own(CHECK), all.check().as_bytes())?;
        }
        Ok(all)
    }

    /// The keys under which the lake stands, and all that there are, while it is being rotated.
    ///
    /// # Errors
    /// As [`Home::author_key`].
    pub(crate) fn known_keys(&self, file: Option<&Path>) -> Result<(Keyring, Keyring), StateError> {
        let (path, all) = self.keys(file)?;
        let own = self.check_key(&path, all.clone())?;
        Ok((own, all))
    }

    /// Adds a fresh key to the file, which the lakes under it go on without until they are rotated.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn add_key(&self, file: Option<&Path>) -> Result<(), StateError> {
        let (path, ring) = self.keys(file)?;
        // Through a link, which stays one.
        let path = fs::canonicalize(&path).map_err(io_error(&path))?;
        let ring = ring.rotated(random().map_err(io_error(&path))?);
        let draft = path.with_extension("draft");
        let write = || {
            let known = fs::metadata(&path)?;
            let mut file = private_file(&draft)?;
            file.write_all(ring.text().as_bytes())?;
            file.set_permissions(known.permissions())?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            fs::File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
        };
        let written = write();
        let _ = fs::remove_file(&draft);
        written.map_err(io_error(&path))
    }

    /// The keys in their file, which is made on first use.
    fn keys(&self, file: Option<&Path>) -> Result<(PathBuf, Keyring), StateError> {
        if file.is_none() {
            self.need_state()?;
        }
        let path = self.key_place(file);
        if !path.exists() && self.own(CHECK).exists() {
            return Err(self.no_key(file));
        }
        if !path.exists() {
            let fresh = Keyring::from(random::<32>().map_err(io_error(&path))?);
            write_key(&path, &fresh)?;
        }
        let text = fs::read_to_string(&path).map_err(io_error(&path))?;
        let ring = Keyring::parse(&text).ok_or_else(|| StateError::Damaged {
            path: path.clone(),
            what: "it must hold 64 hexadecimal digits, and as many in a further line for each rotation"
                .to_owned(),
        })?;
        Ok((path, ring))
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

    /// The keys with as many rotations in use as this lake went through; a new one with all.
    fn check_key(&self, path: &Path, ring: Keyring) -> Result<Keyring, StateError> {
        let known = self.own(CHECK);
        let check = match fs::read_to_string(&known) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if self.is_locked() {
                    write_whole(&known, ring.check().as_bytes())?;
                }
                return Ok(ring);
            }
            check => check.map_err(io_error(&known))?,
        };
        let mut rings = (0..=ring.rotations()).rev().map(|used| ring.clone().at(used));
        let own = rings.find(|ring| ring.check() == check);
        own.ok_or_else(|| StateError::OtherKey { path: path.to_owned() })
    }

    /// Makes this lake use a key, unless it has one already; the key that it uses.
    ///
    /// # Errors
    /// As [`Home::author_key`].
    pub fn take_key(&self, keys: &Keyring) -> Result<Keyring, StateError> {
        let path = self.own("author.key");
        if !path.exists() {
            write_key(&path, &keys.clone().cut())?;
        }
        self.author_key(None)
    }
}

/// Makes the file of a key, unless another process makes it at the same time: shards that are started
/// together must take one and the same.
fn write_key(path: &Path, keys: &Keyring) -> Result<(), StateError> {
    let mark = hex(&random::<4>().map_err(io_error(path))?);
    let draft = path.with_extension(format!("{mark}.draft"));
    let write = || {
        let mut file = private_file(&draft)?;
        file.write_all(keys.text().as_bytes())?;
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
