//! What does a commit name, and which was the last one?

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use deltalake_core::kernel::{Add, Remove};
use serde::{Deserialize, Serialize};

use crate::decode::Cursor;
use crate::lake::Folder;
use crate::lake::error::{LakeError, io_error};
use crate::lake::rows::Table;
use crate::state::StateError;

/// What a commit changes, and what stands behind it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) sequence: i64,
    pub(super) checkpoint_blake3: String,
    pub(super) cursors: BTreeMap<String, Cursor>,
    pub(super) files: BTreeMap<String, Vec<Add>>,
    /// Files that these replace.
    #[serde(default)]
    pub(super) removed: BTreeMap<String, Vec<Remove>>,
    pub(super) messages: Vec<serde_json::Value>,
    /// Tables that were there; those of an older version are not named.
    #[serde(default)]
    pub(super) tables: Vec<String>,
    /// Who made it, of a lake in a bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) writer: Option<String>,
    /// What else the writer remembered, in a bucket: hashes of files by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) carried: BTreeMap<String, String>,
}

/// Whether a lake lacks a table, which is empty to readers then: one of an older version, or one that is
/// being made.
pub(in crate::lake) async fn lacks(folder: &Folder, table: Table) -> Result<bool, LakeError> {
    let last = if folder.has_state() { last_sequence(folder).ok() } else { Some(None) };
    // Nothing was committed where the writer has no manifest yet.
    let is_new = folder.has_state() && last == Some(None);
    if !(table.came_later() || is_new) || folder.table(table).is_made().await? {
        return Ok(false);
    }
    // Where a commit of this version is known, the table was there.
    let last = last.flatten().and_then(|sequence| read_manifest(folder, sequence).ok());
    Ok(last.is_none_or(|last| !last.knows(table)))
}

impl Manifest {
    /// Whether a table was there at that commit.
    pub(super) fn knows(&self, table: Table) -> bool {
        !table.came_later() || self.tables.iter().any(|name| name == table.name())
    }
}

/// Names of all tables.
pub(super) fn names() -> Vec<String> {
    Table::ALL.iter().map(|table| table.name().to_owned()).collect()
}

/// The manifest of a commit.
pub(super) fn read_manifest(folder: &Folder, sequence: i64) -> Result<Manifest, LakeError> {
    let path = manifest_path(folder, sequence);
    let text = fs::read(&path).map_err(io_error(&path))?;
    let damaged = |error: serde_json::Error| StateError::Damaged { path, what: error.to_string() };
    Ok(serde_json::from_slice(&text).map_err(damaged)?)
}

/// Where the manifest of a commit is.
pub(super) fn manifest_path(folder: &Folder, sequence: i64) -> PathBuf {
    folder.commits().join(format!("{sequence:012}.json"))
}

/// The number of the last commit, finished or not.
pub(super) fn last_sequence(folder: &Folder) -> Result<Option<i64>, LakeError> {
    let commits = folder.commits();
    let entries = fs::read_dir(&commits).map_err(io_error(&commits))?;
    let manifests = entries.flatten().filter_map(|entry| {
        let name = entry.file_name();
        name.to_str()?.strip_suffix(".json")?.parse().ok()
    });
    Ok(manifests.max())
}
