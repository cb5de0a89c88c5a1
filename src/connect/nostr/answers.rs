//! Which notes are about those that were asked about? Of one relay, one question at a time.

use std::time::Duration;

use tokio::time::Instant;

use super::filter::answers;
use super::seal::check;
use crate::decode::nostr::{Note, answered};

/// The name of its subscription.
const NAME: &str = "answers";
/// How long a relay may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Answers counted of one question.
const ANSWERS_MAX: usize = 50_000;

/// The id of what a note is about, and its own.
type Answered = ([u8; 32], [u8; 32]);

/// The question that is open, if one is.
#[derive(Debug, Default)]
pub(super) struct Asking {
    until: Option<Instant>,
    found: Vec<Answered>,
}

impl Asking {
    pub(super) fn is_idle(&self) -> bool {
        self.until.is_none()
    }

    /// When no more answers are awaited.
    pub(super) fn until(&self) -> Instant {
        self.until.unwrap_or_else(Instant::now)
    }

    /// Whether a subscription is the one of the open question.
    pub(super) fn is_named(&self, name: &str) -> bool {
        name == NAME && self.until.is_some()
    }

    /// The request for what is about these notes.
    pub(super) fn begin(&mut self, ids: &[String]) -> String {
        self.until = Some(Instant::now() + PATIENCE);
        answers(NAME, ids)
    }

    /// Takes a note that is about one of them, if its author signed it.
    pub(super) fn take(&mut self, note: &Note) {
        if let Some(about) = answered(note)
            && self.found.len() < ANSWERS_MAX
            && check(note).is_ok()
        {
            self.found.push((about, note.id));
        }
    }

    /// Ends the question: its name, and what came.
    pub(super) fn end(&mut self) -> (String, Vec<Answered>) {
        self.until = None;
        (NAME.to_owned(), std::mem::take(&mut self.found))
    }
}
