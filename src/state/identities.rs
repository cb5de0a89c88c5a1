//! What do networks call accounts that the user named by their handles? Asked once, and kept, so that a
//! network which does not answer is no hindrance.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use super::error::{StateError, io_error};
use super::home::Home;
use super::whole::{json_lines, write_whole};
use crate::time::EventTime;

const FILE: &str = "accounts.json";

/// What a source calls an account, and when it said so in microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    id: String,
    asked_us: i64,
}

/// Ids of accounts, by source and handle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identities(BTreeMap<String, BTreeMap<String, Identity>>);

impl Identities {
    /// What a lake remembers.
    ///
    /// # Errors
    /// When its file cannot be read, or is damaged.
    pub fn read(folder: &Home) -> Result<Self, StateError> {
        let path = folder.own(FILE);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            bytes => bytes.map_err(io_error(&path))?,
        };
        serde_json::from_slice(&bytes)
            .map_err(|error| StateError::Damaged { path, what: error.to_string() })
    }

    /// Keeps it, durably.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, folder: &Home) -> Result<(), StateError> {
        let path = folder.own(FILE);
        write_whole(&path, &json_lines(&path, self)?)
    }

    /// When a source was asked last what it calls an account; `None` if it never told.
    #[must_use]
    pub fn asked_at(&self, source: &str, handle: &str) -> Option<EventTime> {
        Some(EventTime(self.0.get(source)?.get(handle)?.asked_us))
    }

    /// Notes what a source calls an account.
    pub fn note(&mut self, source: &str, handle: &str, id: String, at: EventTime) {
        let identity = Identity { id, asked_us: at.0 };
        self.0.entry(source.to_owned()).or_default().insert(handle.to_owned(), identity);
    }

    /// Forgets what nobody asks for any more.
    pub fn retain(&mut self, is_asked: impl Fn(&str, &str) -> bool) {
        for (source, handles) in &mut self.0 {
            handles.retain(|handle, _| is_asked(source, handle));
        }
        self.0.retain(|_, handles| !handles.is_empty());
    }

    /// The ids of each handle, whatever source told them.
    #[must_use]
    pub fn by_handle(&self) -> BTreeMap<String, Vec<String>> {
        let mut by_handle: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (handle, identity) in self.0.values().flatten() {
            by_handle.entry(handle.clone()).or_default().push(identity.id.clone());
        }
        by_handle
    }
}
