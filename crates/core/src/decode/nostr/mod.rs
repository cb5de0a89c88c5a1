//! What do Nostr's relays say? Messages of NIP-01 with notes in them, and which posts and withdrawals
//! the notes are.
//!
//! Signatures are not judged here: who reads a relay checks [`Note::signed`] against a note's id and
//! signature first. Accounts are `npub1...` everywhere, as people know them.

mod named;
mod names;
mod note;
mod said;
mod thread;

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::reason;
pub use named::{named, with_names};
pub use names::{account, account_of, hex, npub, secret_key};
pub use note::Note;
pub use said::{Notes, Said};
pub use thread::answered;

/// What its author goes by; the latest counts.
pub const PROFILE: u32 = 0;
/// A public text of its author's.
pub const NOTE: u32 = 1;
/// A wish that others delete notes of the same author's.
pub const DELETION: u32 = 5;
/// A text note passed on.
pub const REPOST: u32 = 6;
/// A like, a dislike or an emoji.
pub const REACTION: u32 = 7;
/// Another note passed on.
pub const GENERIC_REPOST: u32 = 16;
/// A wish that others forget all that its author said.
pub const VANISHING: u32 = 62;
/// A comment under anything but a text note.
pub const COMMENT: u32 = 1_111;
/// An answer to a relay that wants to know who reads; never stored.
pub const LOGIN: u32 = 22_242;
/// An article, of which the latest version counts.
pub const ARTICLE: u32 = 30_023;

/// One message of a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A note that a subscription asked for.
    Note(String, Box<Note>),
    /// All stored notes of a subscription were sent.
    Stored(String),
    /// A subscription was refused or ended, and why.
    Closed(String, String),
    /// The relay has something to say to people.
    Notice(String),
    /// The relay wants to know who reads, and what is to be signed for that.
    Auth(String),
    /// What it says to a note that it was given: its id, whether it is taken, and why not.
    Verdict(String, bool, String),
    /// Something that no reader needs.
    Other,
}

/// Reads a message of a relay.
///
/// # Errors
/// In words, for what is no message, or holds no note where one must be.
pub fn message(raw: &[u8]) -> Result<Message, String> {
    let parts: Vec<&RawValue> = serde_json::from_slice(raw).map_err(|error| reason(&error, raw))?;
    let text = |place: usize| {
        let part = parts.get(place).map_or("\"\"", |part| part.get());
        serde_json::from_str::<Cow<'_, str>>(part).map(Cow::into_owned).unwrap_or_default()
    };
    Ok(match text(0).as_str() {
        "EVENT" => {
            let note = parts.get(2).ok_or("a message \"EVENT\" without a note")?;
            Message::Note(text(1), Box::new(Note::read(note.get())?))
        }
        "EOSE" => Message::Stored(text(1)),
        "CLOSED" => Message::Closed(text(1), text(2)),
        "NOTICE" => Message::Notice(text(1)),
        "AUTH" => Message::Auth(text(1)),
        "OK" => Message::Verdict(
            text(1),
            parts.get(2).is_some_and(|part| part.get() == "true"),
            text(3),
        ),
        "" => return Err("a message without a name".to_owned()),
        _ => Message::Other,
    })
}

#[cfg(test)]
mod tests;
