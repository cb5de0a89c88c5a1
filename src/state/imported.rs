//! Since when does a lake have its old days? Retention counts from then, so that history is not
//! dropped within the hour in which it was imported.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use super::error::{StateError, io_error};
use super::home::Home;
use super::whole::{json_bytes, write_whole};

/// When days were imported that lay in the past: the later day by the earlier, both since the Unix
/// epoch, UTC. About ten bytes a day.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Imported(BTreeMap<i32, i32>);

impl Imported {
    /// What a lake notes of its imports.
    ///
    /// # Errors
    /// When its file cannot be read, or is damaged.
    pub fn read(folder: &Home) -> Result<Self, StateError> {
        let path = folder.own(FILE);
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            bytes => serde_json::from_slice(&bytes.map_err(io_error(&path))?)
                .map_err(|error| StateError::Damaged { path, what: error.to_string() }),
        }
    }

    /// Notes, durably, that these days are imported `today`; a day that was imported before keeps its
    /// first time, so that the same import again prolongs nothing.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn note(
        folder: &Home,
        days: impl Iterator<Item = i32>,
        today: i32,
    ) -> Result<(), StateError> {
        let before = Self::read(folder)?;
        let mut noted = before.clone();
        for day in days.filter(|day| *day < today) {
            noted.0.entry(day).or_insert(today);
        }
        if noted == before {
            return Ok(());
        }
        let path = folder.own(FILE);
        write_whole(&path, &json_bytes(&path, &noted)?)
    }

    /// The day from which on a day's retention counts.
    #[must_use]
    pub fn since(&self, day: i32) -> i32 {
        self.0.get(&day).copied().unwrap_or(day)
    }
}

const FILE: &str = "imported.json";
