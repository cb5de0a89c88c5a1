//! What does a reader need of a table? Where it is, and its committed files.

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::execution::object_store::ObjectStoreUrl;
use object_store::ObjectStore;
use object_store::path::Path as Location;

use crate::lake::commit::lacks;
use crate::lake::error::LakeError;
use crate::lake::rows::{Table, day_of};
use crate::lake::store::{Folder, list};

/// What a reader needs of a table: where it is, and its committed files.
pub(crate) struct Listing {
    pub(crate) root: PathBuf,
    /// The store that holds the files, as DataFusion finds it.
    pub(crate) store: (ObjectStoreUrl, Arc<dyn ObjectStore>),
    pub(crate) files: Vec<Listed>,
    /// The newest entry of the log within the store; `None` where there is no table yet.
    pub(crate) newest: Option<Location>,
    /// The entry that the next commit makes.
    pub(crate) next: Location,
}

/// A committed file as readers find it.
pub(crate) struct Listed {
    /// Within the store.
    pub(crate) location: String,
    pub(crate) bytes: u64,
    /// Days since the Unix epoch, UTC.
    pub(crate) day: Option<i32>,
    /// What the log says of its values.
    pub(crate) statistics: Option<String>,
}

/// The files of the newest commit of a table, in order of path; none of a table that an older version
/// did not make.
async fn committed_files(table: Table, folder: &Folder) -> Result<Listing, LakeError> {
    if lacks(folder, table).await? {
        let place = folder.table(table).beside()?;
        let (root, store, next) = (place.root(), place.store()?, place.entry(0)?);
        return Ok(Listing { root, store, files: Vec::new(), newest: None, next });
    }
    let place = folder.table(table).resolved()?;
    let mut files = Vec::new();
    let (version, committed) = list(table, &place).await?;
    let (newest, next) = (Some(place.entry(version)?), place.entry(version.saturating_add(1))?);
    for file in committed {
        let (location, bytes) = place.location(&file.path, file.bytes)?;
        let day = day_of(&file.path);
        files.push(Listed {
            location: location.to_string(),
            bytes,
            day,
            statistics: file.statistics,
        });
    }
    Ok(Listing { root: place.root(), store: place.store()?, files, newest, next })
}

/// The newest commit of a table in each lake of a place: one, or those of shards.
pub(crate) async fn lakes(table: Table, folder: &Folder) -> Result<Vec<Listing>, LakeError> {
    let found;
    let shards = if folder.shards().is_empty() {
        let missing = match committed_files(table, folder).await {
            Ok(listing) => return Ok(vec![listing]),
            Err(error) => error,
        };
        found = folder.shards_of_bucket().await?;
        if found.is_empty() {
            return Err(missing);
        }
        found.as_slice()
    } else {
        folder.shards()
    };
    let mut listings = Vec::new();
    for shard in shards {
        listings.push(committed_files(table, shard).await?);
    }
    Ok(listings)
}
