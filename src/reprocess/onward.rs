//! Where does a new lake go on in the stream that was read by the one from which it is filled?

use crate::config::STREAM;
use crate::connect::StreamConfig;
use crate::decode::Cursor;
use crate::lake::{Folder, LakeError, cursors};
use crate::state::Site;

/// The earliest place at which a lake, or one of the shards that it is of, stood in the stream; none if
/// one of them has not read it. To be asked before the posts are read, so that nothing lies between.
///
/// # Errors
/// When the lake cannot be read.
pub async fn onward(stream: &StreamConfig, lake: &Site) -> Result<Option<Cursor>, LakeError> {
    let stood = cursors(&Folder::read(lake)?).await?;
    let places: Option<Vec<Cursor>> =
        stood.into_iter().map(|mut cursors| cursors.remove(STREAM)).collect();
    Ok(places.and_then(|places| stream.kind.earliest(&places)))
}
