//! What does a reader need of a table? Where it is, and its committed files.

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::execution::object_store::ObjectStoreUrl;
use object_store::ObjectStore;

use super::error::LakeError;
use super::files::committed;
use super::folder::Folder;
use super::schema::{Table, day_of};
use super::table::open;

/// What a reader needs of a table: where it is, and its committed files.
pub(crate) struct Listing {
    pub(crate) root: PathBuf,
    /// The store that holds the files, as DataFusion finds it.
    pub(crate) store: (ObjectStoreUrl, Arc<dyn ObjectStore>),
    pub(crate) files: Vec<Listed>,
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

/// The files of the newest commit of a table, in order of path.
pub(crate) async fn committed_files(table: Table, folder: &Folder) -> Result<Listing, LakeError> {
    let place = folder.table(table).resolved()?;
    let mut files = Vec::new();
    for file in committed(table, &open(table, &place).await?)? {
        let (location, bytes) = place.location(&file.path, file.bytes)?;
        let day = day_of(&file.path);
        files.push(Listed {
            location: location.to_string(),
            bytes,
            day,
            statistics: file.statistics,
        });
    }
    Ok(Listing { root: place.root(), store: place.store()?, files })
}
