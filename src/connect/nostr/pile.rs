//! What came of a relay and is not handed over yet? Notes up to a bound of bytes, and few of its words.

use std::time::Duration;

use tokio::time::Instant;

use crate::decode::nostr::Note;

/// Notes that are handed over at once, and their bytes.
const NOTES_MAX: usize = 256;
const NOTES_BYTES_MAX: usize = 1 << 20;
/// A relay that has much to say to people is heard once in this time.
const NOTICES_APART: Duration = Duration::from_secs(60);
/// Characters of its words that are shown.
const SHOWN_CHARS: usize = 200;

/// What waits to be handed over.
#[derive(Debug, Default)]
pub(super) struct Pile {
    notes: Vec<Note>,
    bytes: usize,
    /// When the relay said something to people last.
    noticed: Option<Instant>,
}

impl Pile {
    pub(super) fn push(&mut self, note: Note) {
        self.bytes += note.bytes();
        self.notes.push(note);
    }

    /// Whether it is to be handed over before more comes.
    pub(super) fn is_full(&self) -> bool {
        self.notes.len() >= NOTES_MAX || self.bytes >= NOTES_BYTES_MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    /// The notes, leaving none.
    pub(super) fn take(&mut self) -> Vec<Note> {
        self.bytes = 0;
        std::mem::take(&mut self.notes)
    }

    /// What is said to people, as it may be shown; nothing where the relay said something just now.
    pub(super) fn notice(&mut self, said: &str) -> Option<String> {
        if self.noticed.is_some_and(|noticed| noticed.elapsed() < NOTICES_APART) {
            return None;
        }
        self.noticed = Some(Instant::now());
        let words: String = said.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS).collect();
        Some(format!("it says: {words}"))
    }
}
