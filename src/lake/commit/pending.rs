//! Which commit was decided, and perhaps not made in every table yet? What a kill behind the manifest
//! leaves to the next start.

use super::{Manifest, last_sequence, manifest_path};
use crate::lake::error::{LakeError, io_error};
use crate::lake::rows::Table;
use crate::lake::store::{Folder, LakeFile};
use crate::state::StateError;

/// The last commit that was decided.
#[derive(Debug)]
pub(in crate::lake) struct Decided {
    pub(in crate::lake) sequence: i64,
    manifest: Manifest,
}

impl Decided {
    /// The last one of a lake, if there was one; read it before the tables, which may go on.
    ///
    /// # Errors
    /// When its manifest cannot be read.
    pub(in crate::lake) fn last(folder: &Folder) -> Result<Option<Self>, LakeError> {
        let Some(sequence) = last_sequence(folder)? else { return Ok(None) };
        let path = manifest_path(folder, sequence);
        let text = std::fs::read(&path).map_err(io_error(&path))?;
        let manifest = serde_json::from_slice(&text);
        let damaged = |error: serde_json::Error| StateError::Damaged {
            path: path.clone(),
            what: error.to_string(),
        };
        Ok(Some(Self { sequence, manifest: manifest.map_err(damaged)? }))
    }

    /// The files that come into a table, and the paths of those that leave it.
    pub(in crate::lake) fn change_of(&self, table: Table) -> (Vec<LakeFile>, Vec<&str>) {
        let adds = self.manifest.files.get(table.name()).into_iter().flatten();
        let comes = adds.map(|add| LakeFile::of(table, add));
        let removed = self.manifest.removed.get(table.name()).into_iter().flatten();
        (comes.collect(), removed.map(|remove| remove.path.as_str()).collect())
    }
}
