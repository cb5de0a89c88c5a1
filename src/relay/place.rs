//! Where do a relay's sources go on, and what is it called? Two small files of its folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::decode::Cursor;
use crate::post::SourceId;
use crate::state::{Home, StateError, io_error, json_bytes, write_whole};
use crate::system::{hex, random};

/// Where each source goes on.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    noted: Noted,
    is_new: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Noted {
    cursors: BTreeMap<String, Cursor>,
}

impl Place {
    pub(super) fn open(home: &Home) -> Result<Self, StateError> {
        let path = home.own("relay.json");
        let noted = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Noted::default(),
            bytes => {
                let bytes = bytes.map_err(io_error(&path))?;
                let damaged = |error: serde_json::Error| StateError::Damaged {
                    path: path.clone(),
                    what: error.to_string(),
                };
                serde_json::from_slice(&bytes).map_err(damaged)?
            }
        };
        Ok(Self { path, noted, is_new: false })
    }

    pub(super) fn cursors(&self) -> &BTreeMap<String, Cursor> {
        &self.noted.cursors
    }

    /// Notes in memory that a source goes on elsewhere.
    pub(super) fn reach(&mut self, source: &SourceId, cursor: Cursor) {
        self.noted.cursors.insert(source.as_str().to_owned(), cursor);
        self.is_new = true;
    }

    /// Writes it down, if something is new.
    pub(super) fn write(&mut self) -> Result<(), StateError> {
        if self.is_new {
            write_whole(&self.path, &json_bytes(&self.path, &self.noted)?)?;
            self.is_new = false;
        }
        Ok(())
    }
}

/// A name that no other relay has, the same over restarts.
pub(super) fn name(home: &Home) -> Result<Box<str>, StateError> {
    let path = home.own("relay.name");
    match fs::read_to_string(&path) {
        Ok(name) if !name.is_empty() => Ok(name.into()),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io_error(&path)(error)),
        _ => {
            let name = hex(&random::<4>().map_err(io_error(&path))?);
            write_whole(&path, name.as_bytes())?;
            Ok(name.into())
        }
    }
}
