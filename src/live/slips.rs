//! Which goals slipped, or are reached again, and which alerts are over without a word? On their way
//! to the engine's thread.

use std::sync::{Mutex, PoisonError};

use crate::lake::AlertRow;
use crate::notify::Message;

/// Slips on their way: at most two for each goal, and one for each alert that fired at the start.
#[derive(Debug, Default)]
pub(super) struct Slips(Mutex<Vec<Slip>>);

/// A goal that slipped or is reached again, or an alert that nothing can end any more.
#[derive(Debug)]
pub(super) struct Slip {
    pub(super) row: AlertRow,
    pub(super) messages: Vec<Message>,
    /// Of a goal, where it stands and what is its target.
    pub(super) goal: Option<String>,
}

impl Slips {
    pub(super) fn take(&self) -> Vec<Slip> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn add(&self, slip: Slip) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(slip);
    }
}
