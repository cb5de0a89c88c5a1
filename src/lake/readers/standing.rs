//! Where did sources stand when the rows were committed that are there?

use std::collections::BTreeMap;

use deltalake_core::DeltaTableError;
use object_store::ObjectStoreExt;
use serde::Deserialize;

use super::listing::lakes;
use crate::decode::Cursor;
use crate::lake::error::LakeError;
use crate::lake::rows::Table;
use crate::lake::store::{Folder, delta_error};

/// An entry of a table's log that says what a commit of ours covers.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "commitInfo")]
    info: Info,
}

#[derive(Deserialize)]
struct Info {
    #[serde(rename = "resonanz.cursors")]
    cursors: BTreeMap<String, Cursor>,
}

/// Up to where the posts of a place are there, by the names of sources: of one lake, or of each of its
/// shards. Nothing of a lake whose newest entry somebody else made.
///
/// # Errors
/// When a table's log cannot be read.
pub async fn cursors(folder: &Folder) -> Result<Vec<BTreeMap<String, Cursor>>, LakeError> {
    let error = delta_error(Table::Posts);
    let mut all = Vec::new();
    for listing in lakes(Table::Posts, folder).await? {
        let Some(newest) = &listing.newest else {
            all.push(BTreeMap::new());
            continue;
        };
        let got = async { listing.store.1.get(newest).await?.bytes().await };
        let text = got.await.map_err(|source| error(DeltaTableError::from(source)))?;
        let mut entries = text.split(|byte| *byte == b'\n');
        let said = entries.find_map(|entry| serde_json::from_slice::<Entry>(entry).ok());
        all.push(said.map(|entry| entry.info.cursors).unwrap_or_default());
    }
    Ok(all)
}
