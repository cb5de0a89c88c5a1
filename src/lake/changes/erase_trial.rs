//! What would an erasure take? Counted in what is committed, beside whoever writes the lake.

use super::erase::{Erasure, Mode, find, rewrite};
use crate::lake::commit::lacks;
use crate::lake::error::LakeError;
use crate::lake::rows::Table;
use crate::lake::store::{Folder, committed, open};
use crate::state::Erasing;
use crate::system::wall_clock;

/// Counts what an erasure would change, and changes nothing. Linear in the lake.
///
/// # Errors
/// When a file is damaged, or was erased meanwhile.
pub async fn try_erasure(folder: &Folder, erasure: Erasure) -> Result<Erasing, LakeError> {
    let mut files = Vec::new();
    for table in Table::ALL {
        if !lacks(folder, table).await? {
            let place = folder.table(table).resolved()?;
            let delta = open(table, &place).await?;
            files.push((table, place, committed(table, &delta)?));
        }
    }
    let erasure = Erasure { mode: Mode::DryRun, ..erasure };
    let work = tokio::task::spawn_blocking(move || {
        let found = find(erasure, files)?;
        let posts = found.posts.clone();
        rewrite(found, &posts, 0, wall_clock())
    });
    let root = folder.root().display();
    let counted = work.await.map_err(|error| LakeError::Internal(format!("{root}: {error}")))?;
    Ok(counted?.erasing)
}
