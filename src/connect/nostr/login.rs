//! How do we log in to a relay that gives notes to those alone whom it knows? By a note with its challenge
//! that our key signs (NIP-42), for relays that the configuration names.

use serde_json::json;

use super::refusal::refused;
use super::seal::{Signer, account_of};
use crate::connect::source::Fault;
use crate::decode::nostr::{LOGIN, hex};
use crate::secret::SecretPlace;
use crate::system::wall_clock;
use crate::time::SECOND_US;

/// How far we are with one connection.
#[derive(Debug)]
pub(super) struct Login {
    /// Where our key is, if we are to log in there.
    key: Option<SecretPlace>,
    /// The id of the note that was shown, and whose it is.
    shown: Option<(String, String)>,
    is_in: bool,
}

impl Login {
    pub(super) fn new(key: Option<SecretPlace>) -> Self {
        Self { key, shown: None, is_in: false }
    }

    /// Whether to wait for a challenge, or for what the relay says to our answer.
    pub(super) fn is_due(&self) -> bool {
        self.key.is_some() && !self.is_in
    }

    pub(super) fn is_in(&self) -> bool {
        self.is_in
    }

    /// What to answer to a challenge of the relay at `url`; nothing where nobody is to know us.
    ///
    /// # Errors
    /// [`Fault::User`] without a key that can sign.
    pub(super) fn answer(&mut self, challenge: &str, url: &str) -> Result<Option<String>, Fault> {
        let Some(place) = &self.key else { return Ok(None) };
        let signer = Signer::of(place)?;
        let tags = vec![
            vec!["relay".to_owned(), url.to_owned()],
            vec!["challenge".to_owned(), challenge.to_owned()],
        ];
        let note = signer.sign(LOGIN, tags, wall_clock().0.div_euclid(SECOND_US))?;
        let id = hex(&note.id);
        let said = json!(["AUTH", {
            "id": id, "pubkey": hex(&note.author), "created_at": note.created_at, "kind": note.kind,
            "tags": note.tags, "content": note.content, "sig": hex(&note.signature),
        }]);
        (self.shown, self.is_in) = (Some((id, account_of(&note))), false);
        Ok(Some(said.to_string()))
    }

    /// Takes what the relay says to a note; whether it lets us in by that.
    ///
    /// # Errors
    /// Whose fault it is that it does not.
    pub(super) fn judged(&mut self, id: &str, is_taken: bool, why: &str) -> Result<bool, Fault> {
        let Some((_, account)) = self.shown.take_if(|(shown, _)| shown == id) else {
            return Ok(false);
        };
        if is_taken {
            self.is_in = true;
            return Ok(true);
        }
        let reason = format!("it does not let {account} in: {}", refused(why)?.words);
        Err(Fault::user(
            reason,
            "ask who runs it to admit this account, or take it out of relays and login",
        ))
    }
}
