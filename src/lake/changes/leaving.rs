//! How do files leave the disk that no table names any more, and older versions with them?

use std::collections::{BTreeSet, HashSet};

use super::erase::Rewritten;
use crate::lake::commit::{Checkpoint, Lake};
use crate::lake::error::LakeError;
use crate::lake::rows::Table;
use crate::lake::store::Swap;

impl Lake {
    /// The files that will be deleted once what was prepared is done: all that no table names then.
    ///
    /// # Errors
    /// When the files cannot be listed.
    pub fn leaving(&self, prepared: &Rewritten) -> Result<BTreeSet<String>, LakeError> {
        let mut leaving = BTreeSet::new();
        for (table, stored) in self.stored()? {
            let mut named: HashSet<String> =
                self.table(table).files().into_iter().map(|file| file.path).collect();
            for (_, swap) in prepared.swaps.iter().filter(|(own, _)| *own == table) {
                for remove in &swap.removes {
                    named.remove(&remove.path);
                }
                named.extend(swap.adds.iter().map(|add| add.path.clone()));
            }
            let others = stored.into_iter().filter(|file| !named.contains(file));
            leaving.extend(others.map(|file| format!("{}/{file}", table.name())));
        }
        Ok(leaving)
    }

    /// Replaces files as [`Lake::swap`], and deletes everything that no table names then; how many files
    /// that were.
    ///
    /// In a bucket somebody else may have gone on meanwhile, and their files are none that our tables
    /// name. So the files are listed first, and then a commit is made even where nothing changes: it
    /// fails if another was made, and whoever makes one later writes files that are not in the list.
    pub(super) async fn replace_for_good(
        &mut self,
        swaps: Vec<(Table, Swap)>,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<u64, LakeError> {
        if self.has_successors() && !self.has_committed() {
            // No commit of ours would tell whether somebody else has begun.
            return Ok(0);
        }
        let stored = self.stored()?;
        if swaps.is_empty() && checkpoint.is_none() {
            self.note().await?;
        } else {
            self.swap(swaps, checkpoint).await?;
        }
        let mut deleted = 0;
        for (table, stored) in stored {
            let place = self.folder().table(table);
            let named = self.table(table).files();
            let named: HashSet<&str> = named.iter().map(|file| file.path.as_str()).collect();
            for file in stored.iter().filter(|file| !named.contains(file.as_str())) {
                place.remove(file)?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    /// The files of each table, whether a log names them or not.
    fn stored(&self) -> Result<Vec<(Table, Vec<String>)>, LakeError> {
        let names = |table: Table| {
            let stored = self.folder().table(table).list()?;
            Ok((table, stored.into_iter().map(|file| file.name).collect()))
        };
        Table::ALL.into_iter().map(names).collect()
    }
}
