//! Which reports went out by themselves? Of each the time for which it was last sent, so that one is
//! never sent twice, and one that was missed is sent once.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use super::error::{StateError, io_error};
use super::home::Home;
use super::whole::{json_lines, write_whole};
use crate::time::EventTime;

/// For which time each report was last sent, by the report's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportsSent(BTreeMap<String, EventTime>);

impl ReportsSent {
    /// What a lake notes of its reports.
    ///
    /// # Errors
    /// When its file cannot be read, or is damaged.
    pub fn read(folder: &Home) -> Result<Self, StateError> {
        let path = folder.own(FILE);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            bytes => bytes.map_err(io_error(&path))?,
        };
        let times: Result<BTreeMap<String, String>, _> = serde_json::from_slice(&bytes);
        let times = times.map_err(|error| error.to_string()).and_then(|times| {
            let read = |(name, at): (String, String)| match EventTime::parse(&at) {
                Ok(at) => Ok((name, at)),
                Err(error) => Err(format!("report \"{name}\": {error}")),
            };
            times.into_iter().map(read).collect()
        });
        times.map(Self).map_err(|what| StateError::Damaged { path, what })
    }

    /// The time for which a report was last sent.
    #[must_use]
    pub fn last(&self, name: &str) -> Option<EventTime> {
        self.0.get(name).copied()
    }

    /// Notes, durably, that a report was sent for a time.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note(&mut self, folder: &Home, name: &str, at: EventTime) -> Result<(), StateError> {
        self.0.insert(name.to_owned(), at);
        let times: BTreeMap<&String, String> =
            self.0.iter().map(|(name, at)| (name, at.to_string())).collect();
        let path = folder.own(FILE);
        write_whole(&path, &json_lines(&path, &times)?)
    }
}

const FILE: &str = "reports.json";
