//! Did an account really say that? The id of a note is a hash of what it says, and its author signed
//! the id; so do we, where a relay wants to know who reads.

use std::fmt;

use secp256k1::schnorr::{self, Signature};
use secp256k1::{Keypair, XOnlyPublicKey};
use sha2::{Digest, Sha256};

use crate::connect::source::Fault;
use crate::decode::nostr::{Note, npub, secret_key};
use crate::secret::SecretPlace;
use crate::system::random;

/// Checks a note's id and signature.
///
/// # Errors
/// In words, for a note that its author did not sign as it is.
pub(super) fn check(note: &Note) -> Result<(), &'static str> {
    if id_of(note) != note.id {
        return Err("a note whose id is not the hash of what it says");
    }
    let author = XOnlyPublicKey::from_byte_array(note.author)
        .map_err(|_| "a note whose author is not a public key")?;
    let signature = Signature::from_byte_array(note.signature);
    schnorr::verify(&signature, &note.id, &author)
        .map_err(|_| "a note that its author did not sign")
}

fn id_of(note: &Note) -> [u8; 32] {
    Sha256::digest(note.signed()).into()
}

/// Whose note it is, as people write accounts.
pub(super) fn account_of(note: &Note) -> String {
    npub(&note.author)
}

/// Our own key. `Debug` hides it.
pub(super) struct Signer(Keypair);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(...)")
    }
}

impl Signer {
    /// The key at a place.
    ///
    /// # Errors
    /// [`Fault::User`] when there is none.
    pub(super) fn of(place: &SecretPlace) -> Result<Self, Fault> {
        let text = place.fetch().map_err(|fault| Fault::user(fault.to_string(), fault.hint()))?;
        let key = secret_key(text.expose()).and_then(|key| Keypair::from_secret_bytes(key).ok());
        key.map(Self).ok_or_else(|| {
            let (what, hint) = match text.expose().trim().starts_with("npub1") {
                true => ("the key for login is the public one", "give the secret key of the account: nsec1..."),
                false => (
                    "the key for login is not the secret key of an account",
                    "give what a client of Nostr calls the secret or private key: nsec1..., or 64 hexadecimal digits",
                ),
            };
            Fault::user(what, hint)
        })
    }

    /// A note without words that we sign, of a time in seconds.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(super) fn sign(
        &self,
        kind: u32,
        tags: Vec<Vec<String>>,
        created_at: i64,
    ) -> Result<Note, Fault> {
        let author = self.0.x_only_public_key().0.to_byte_array();
        let content = String::new();
        let mut note =
            Note { id: [0; 32], author, created_at, kind, tags, content, signature: [0; 64] };
        note.id = id_of(&note);
        let chance = random().map_err(|error| Fault::Internal { reason: error.to_string() })?;
        note.signature = schnorr::sign_with_aux_rand(&note.id, &self.0, &chance).to_byte_array();
        Ok(note)
    }
}
