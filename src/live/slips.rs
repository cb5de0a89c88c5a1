//! Which goals slipped, or are reached again? On their way to the engine's thread.

use std::sync::{Mutex, PoisonError};

use crate::lake::AlertRow;
use crate::notify::Message;

/// Slips on their way; at most two for each goal.
#[derive(Debug, Default)]
pub(super) struct Slips(Mutex<Vec<Slip>>);

/// A goal that slipped, or is reached again.
#[derive(Debug)]
pub(super) struct Slip {
    pub(super) row: AlertRow,
    pub(super) messages: Vec<Message>,
}

impl Slips {
    pub(super) fn take(&self) -> Vec<Slip> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn add(&self, slip: Slip) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(slip);
    }
}
