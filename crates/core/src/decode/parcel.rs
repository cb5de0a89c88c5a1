//! What does a connector hand over? Events with the cursor that stands behind them.

use serde::{Deserialize, Serialize};

use crate::post::{Event, SourceId};

/// Where a source can be asked to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cursor {
    /// Jetstream's `time_us`: microseconds since the Unix epoch, inclusive.
    TimeUs(i64),
    /// Bytes of the decompressed file.
    Offset(u64),
    /// The place of an input among several, and the decompressed bytes, or the rows of a Parquet
    /// file or lake, that were read of it.
    Input(u64, u64),
}

impl Cursor {
    /// The later of two cursors of one source: servers send frames out of order, and a cursor that
    /// went back would make them send everything again.
    #[must_use]
    pub fn latest(self, before: Option<Self>) -> Self {
        match (before, self) {
            (Some(Self::TimeUs(before)), Self::TimeUs(now)) => Self::TimeUs(before.max(now)),
            (_, now) => now,
        }
    }
}

/// Bytes that are no post; kept in the dead-letter file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why, in words that name what was found.
    pub reason: String,
    /// What was received, cut to 64 KiB.
    pub raw: Vec<u8>,
}

/// A run of events from one source.
#[derive(Debug)]
pub struct Parcel {
    /// From where.
    pub source: SourceId,
    /// What happened, in order of reception.
    pub events: Vec<Event>,
    /// What could not be understood.
    pub refused: Vec<Refused>,
    /// Frames that are no posts by nature, such as likes.
    pub ignored: u64,
    /// Texts that were cut.
    pub cut: u64,
    /// Times the source had to be dialed again before this parcel.
    pub reconnects: u64,
    /// Where to go on once all this is durable.
    pub cursor: Option<Cursor>,
}

impl Parcel {
    /// An empty parcel.
    #[must_use]
    pub fn new(source: &SourceId) -> Self {
        Self {
            source: source.clone(),
            events: Vec::new(),
            refused: Vec::new(),
            ignored: 0,
            cut: 0,
            reconnects: 0,
            cursor: None,
        }
    }

    /// Notes lines that were skipped because of their length.
    pub fn refuse_long_lines(&mut self, skipped: u64) {
        for _ in 0..skipped {
            let reason = "a line longer than 16 MiB".to_owned();
            self.refused.push(Refused { reason, raw: Vec::new() });
        }
    }

    /// Takes what is there and leaves an empty parcel of the same source.
    #[must_use]
    pub fn take(&mut self) -> Self {
        let fresh = Self::new(&self.source);
        std::mem::replace(self, fresh)
    }
}
