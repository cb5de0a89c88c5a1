//! How does a lake go on after a change that failed halfway? It is opened anew, as after a kill.

use std::sync::Arc;

use super::Lake;
use super::ledger::Ledger;
use crate::lake::LakeError;
use crate::lake::store::TableWriter;
use crate::state::StateError;

impl Lake {
    /// Whether a change failed halfway: [`Lake::mend`] finishes it or leaves it behind.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.torn
    }

    /// Opens the tables anew after a change failed. What its manifest names is finished, as after a
    /// kill; otherwise it never happened, and rows that wait still do.
    ///
    /// # Errors
    /// When the lake still cannot be used, or another one is in its place.
    pub async fn mend(&mut self) -> Result<(), LakeError> {
        let (mut fresh, _) = Self::open(Arc::clone(&self.folder)).await?;
        if fresh.sequence < self.sequence {
            let what = format!(
                "it holds commit {}, and this process has written {}",
                fresh.sequence, self.sequence
            );
            return Err(StateError::Foreign { path: self.folder.root().to_owned(), what }.into());
        }
        let is_ours = fresh.standing.as_ref().is_none_or(|standing| {
            standing.writer.as_deref() == fresh.ledger.as_ref().map(Ledger::writer)
        });
        if fresh.sequence > self.sequence && fresh.ledger.is_some() && !is_ours {
            let (path, sequence) = (self.folder.root().to_owned(), fresh.sequence);
            return Err(StateError::Fenced { path, sequence }.into());
        }
        fresh.packed = self.packed.take();
        if self.tried.is_none_or(|tried| fresh.sequence < tried) {
            for (fresh, old) in fresh.tables.iter_mut().zip(&mut self.tables) {
                fresh.take_over(old);
            }
        }
        *self = fresh;
        Ok(())
    }

    /// Refuses tables that hold commits of which the state knows nothing: it is an older copy, and
    /// what it commits next would pass for something that was done.
    pub(super) fn check_sequence(&self) -> Result<(), LakeError> {
        let ahead = |table: &&TableWriter| table.last_sequence() > Some(self.sequence);
        let Some(table) = self.tables.iter().find(ahead) else { return Ok(()) };
        let what = format!(
            "table {} holds commit {}, and the writer's state ends with {}",
            table.table().name(),
            table.last_sequence().unwrap_or_default(),
            self.sequence,
        );
        Err(StateError::Foreign { path: self.folder.root().to_owned(), what }.into())
    }
}
