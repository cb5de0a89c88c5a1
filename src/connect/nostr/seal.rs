//! Did an account really say that? The id of a note is a hash of what it says, and its author signed
//! the id.

use secp256k1::XOnlyPublicKey;
use secp256k1::schnorr::{self, Signature};
use sha2::{Digest, Sha256};

use crate::decode::nostr::Note;

/// Checks a note's id and signature.
///
/// # Errors
/// In words, for a note that its author did not sign as it is.
pub(super) fn check(note: &Note) -> Result<(), &'static str> {
    let digest: [u8; 32] = Sha256::digest(note.signed()).into();
    if digest != note.id {
        return Err("a note whose id is not the hash of what it says");
    }
    let author = XOnlyPublicKey::from_byte_array(note.author)
        .map_err(|_| "a note whose author is not a public key")?;
    let signature = Signature::from_byte_array(note.signature);
    schnorr::verify(&signature, &note.id, &author)
        .map_err(|_| "a note that its author did not sign")
}
