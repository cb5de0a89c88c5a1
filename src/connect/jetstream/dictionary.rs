//! Which dictionary does a server of the second wire compress with at present?

use super::address::dictionary_address;
use super::unpack::Unpacker;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::Http;

/// Largest dictionary that is taken.
const BYTES_MAX: usize = 1 << 20;

/// What unpacks a server's frames, or why there is nothing to unpack them with.
///
/// # Errors
/// When the server cannot be reached now.
pub(super) async fn fetch(url: &str, outlet: &Outlet) -> Result<Result<Unpacker, String>, Fault> {
    let http = Http::new()?;
    let answer = http.send(http.get(&dictionary_address(url)), outlet).await?;
    let answer = match answer.well() {
        Ok(answer) => answer,
        Err(Fault::User { reason, .. }) => {
            return Ok(Err(format!("no dictionary for compression: {reason}")));
        }
        Err(fault) => return Err(fault),
    };
    if answer.body.len() > BYTES_MAX {
        return Ok(Err(format!("a dictionary of {} bytes is too large", answer.body.len())));
    }
    Ok(Unpacker::new(&answer.body))
}
