//! Which commit decides about a rotation of the key, and was it made? It is known before it is made, by its
//! number and its checkpoint.

use super::checkpoint::encode;
use super::{Checkpoint, Lake};
use crate::lake::error::{LakeError, io_error};
use crate::state::Plan;

impl Lake {
    /// Whether the last commit is the one that was planned, or the one behind it that changes nothing.
    pub(in crate::lake) fn stands_at(&self, plan: &Plan) -> bool {
        let hash = self.standing.as_ref().map(|standing| &standing.checkpoint_blake3);
        let is_near = (plan.sequence..=plan.sequence + 1).contains(&self.sequence);
        is_near && hash == plan.checkpoint_blake3.as_ref()
    }

    /// What names the change that replaces files and the checkpoint next; without a commit so far there
    /// is none to make.
    pub(in crate::lake) fn plan_of(
        &self,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Plan, LakeError> {
        let Some(checkpoint) = checkpoint else {
            return Ok(Plan { sequence: self.sequence, checkpoint_blake3: None });
        };
        let bytes = encode(checkpoint).map_err(io_error(self.folder.root()))?;
        let checkpoint_blake3 = Some(blake3::hash(&bytes).to_hex().to_string());
        Ok(Plan { sequence: self.next_sequence(), checkpoint_blake3 })
    }

    /// Removes what a commit that broke off left of those before it.
    pub(in crate::lake) fn forget_older(&self) {
        self.forget_before(self.sequence);
    }

    /// Changes the messages of the last commit, which the next one repeats if it replaces files.
    pub(in crate::lake) fn reword(&mut self, change: impl Fn(&mut serde_json::Value)) {
        let messages = self.standing.iter_mut().flat_map(|standing| &mut standing.messages);
        messages.for_each(change);
    }
}
