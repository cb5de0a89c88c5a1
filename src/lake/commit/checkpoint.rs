//! What does a restart need besides the tables, and how does it lie in a file?

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use crate::decode::Cursor;
use crate::engine::{Behind, EngineState, Tally};

/// First bytes of a checkpoint, before its version.
const MAGIC: &[u8; 7] = b"RESOCP\x00";
/// Raised by one whenever [`Checkpoint`] changes. Of an older one only the cursors are kept.
const VERSION: u8 = 7;

/// All that a restart needs besides the tables.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Names of the topics that the state numbers.
    pub topics: Vec<String>,
    /// The engine's memory.
    pub state: EngineState,
    /// Where each source goes on.
    pub cursors: BTreeMap<String, Cursor>,
    /// Where every event of this lake went so far.
    pub tally: Tally,
}

pub(super) fn encode(checkpoint: &Checkpoint) -> io::Result<Vec<u8>> {
    let parts = (checkpoint, checkpoint.state.behind());
    let plain = postcard::to_stdvec(&parts).map_err(io::Error::other)?;
    let packed = zstd::bulk::compress(&plain, 1)?;
    let length = u64::try_from(plain.len()).map_err(io::Error::other)?.to_le_bytes();
    Ok([MAGIC.as_slice(), &[VERSION], &length, &packed].concat())
}

/// `None` for a checkpoint of an older version.
pub(super) fn decode(bytes: &[u8]) -> Result<Option<Checkpoint>, String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("it is not a checkpoint")?;
    let (&version, rest) = rest.split_first().ok_or("it ends too early")?;
    match version {
        ..VERSION => return Ok(None),
        VERSION => {}
        _ => return Err(format!("its version {version} is newer than {VERSION}")),
    }
    let (length, packed) = rest.split_first_chunk::<8>().ok_or("it ends too early")?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|error| error.to_string())?;
    let mut plain = zstd::bulk::decompress(packed, length).map_err(|error| error.to_string())?;
    // What came with later versions is the last part: what an older one left out is 0.
    plain.extend([0; 64]);
    let parts = postcard::from_bytes::<(Checkpoint, Behind)>(&plain);
    let (checkpoint, behind) = parts.map_err(|error| error.to_string())?;
    Ok(Some(Checkpoint { state: checkpoint.state.with_behind(behind), ..checkpoint }))
}
