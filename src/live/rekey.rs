//! How does a lake get from the keys of its author hashes that may be known to others to fresh ones?
//!
//! What is asked to be erased goes first, under the keys that it was asked under; then all that is left
//! is turned.

use std::sync::Arc;

use super::eraser::{Eraser, Following};
use crate::decode::AuthorHasher;
use crate::lake::{Folder, Lake, Rotated, RotatedFrom};
use crate::notify::Outbox;
use crate::privacy::{Keyring, Names, Rotation};
use crate::system::wall_clock;

/// Lets a lake that nobody else writes stand under all rotations of a ring; `keys` gives those under which
/// it stands, and all that there are. `None` where these are all.
///
/// # Errors
/// When the lake or the outbox refuses. The same again goes on.
pub async fn rekey(
    folder: Arc<Folder>,
    keys: impl Fn(&Folder) -> anyhow::Result<(Keyring, Keyring)>,
    names: Names,
) -> anyhow::Result<Option<Rotated>> {
    let (mut lake, recovered) = Lake::open(Arc::clone(&folder)).await?;
    if lake.resume_rotation().await? {
        return Ok(Some(Rotated::default()));
    }
    let (own, all) = keys(&folder)?;
    if own.used() == all.used() {
        return Ok(None);
    }
    let authors = AuthorHasher::new(own.clone()).with_names(names);
    let messages = {
        let outbox = Arc::new(Outbox::open(&folder.outbox())?);
        let following = Arc::new(Following::of(&folder));
        let shared = Arc::clone(&outbox);
        Eraser::new(Arc::clone(&folder), &authors, shared, following, None)
            .finish(&mut lake, recovered)
            .await?;
        outbox.pack()?
    };
    let (rotation, check) = (Rotation::new(&own, &all, names), all.check());
    let from = RotatedFrom { authors, rotation, check, messages };
    Ok(Some(lake.rotate(&from, wall_clock()).await?))
}
