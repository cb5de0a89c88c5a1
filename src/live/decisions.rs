//! What did people decide about mentions? On its way to the engine's thread, so that rules on replies
//! know it.
//!
//! The lake task hands over each change that it moves into table `triage`.

use std::sync::{Mutex, PoisonError};

use crate::state::Change;

/// Changes on their way; taken twice a second, and at most 10,000 wait to be moved.
#[derive(Debug, Default)]
pub struct Decisions(Mutex<Vec<Change>>);

impl Decisions {
    pub(super) fn add(&self, changes: Vec<Change>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(changes);
    }

    pub(super) fn take(&self) -> Vec<Change> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
