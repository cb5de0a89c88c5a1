//! What stands in a note, and what of it was signed?

use std::borrow::Cow;

use serde::Deserialize;

use super::names::{bytes, hex};
use super::{GENERIC_REPOST, REPOST};
use crate::decode::reason;

/// What the wire calls an event: something that an account said and signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The SHA-256 of what was signed.
    pub id: [u8; 32],
    /// The public key of who signed it.
    pub author: [u8; 32],
    /// When its author says it was written, in seconds since the Unix epoch.
    pub created_at: i64,
    /// What sort of thing it is.
    pub kind: u32,
    /// What it is about.
    pub tags: Vec<Vec<String>>,
    /// What it says.
    pub content: String,
    /// By BIP 340, of the id.
    pub signature: [u8; 64],
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    pubkey: Cow<'a, str>,
    created_at: i64,
    kind: u32,
    tags: Vec<Vec<String>>,
    content: String,
    #[serde(borrow)]
    sig: Cow<'a, str>,
}

impl Note {
    /// Reads a note.
    ///
    /// # Errors
    /// In words, for a text that is none.
    pub fn read(json: &str) -> Result<Self, String> {
        let raw: Raw<'_> =
            serde_json::from_str(json).map_err(|error| reason(&error, json.as_bytes()))?;
        let odd = |name: &str, digits: usize| {
            format!("the field \"{name}\" of a note is not {digits} lowercase hexadecimal digits")
        };
        Ok(Self {
            id: bytes(&raw.id).ok_or_else(|| odd("id", 64))?,
            author: bytes(&raw.pubkey).ok_or_else(|| odd("pubkey", 64))?,
            created_at: raw.created_at,
            kind: raw.kind,
            tags: raw.tags,
            content: raw.content,
            signature: bytes(&raw.sig).ok_or_else(|| odd("sig", 128))?,
        })
    }

    /// About how many bytes it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let text = |text: &String| size_of::<String>() + text.len();
        let tag =
            |tag: &Vec<String>| size_of::<Vec<String>>() + tag.iter().map(text).sum::<usize>();
        size_of::<Self>() + self.content.len() + self.tags.iter().map(tag).sum::<usize>()
    }

    /// The bytes whose SHA-256 must be its id.
    #[must_use]
    pub fn signed(&self) -> Vec<u8> {
        let parts = (0, hex(&self.author), self.created_at, self.kind, &self.tags, &self.content);
        // Numbers and texts can always be written.
        serde_json::to_vec(&parts).unwrap_or_default()
    }

    /// The note that it passes on, where it holds one as a whole.
    ///
    /// Somebody else signed that one, so it is to be checked as well.
    #[must_use]
    pub fn passed_on(&self) -> Option<Self> {
        let passes_on = matches!(self.kind, REPOST | GENERIC_REPOST);
        let inner = passes_on.then(|| Self::read(&self.content).ok()).flatten()?;
        let named = self.tags("e").any(|tag| tag.get(1) == Some(&hex(&inner.id)));
        named.then_some(inner)
    }

    /// Its tags of this name.
    pub(super) fn tags<'n>(
        &'n self,
        name: &'n str,
    ) -> impl DoubleEndedIterator<Item = &'n [String]> {
        let tags = self.tags.iter().map(Vec::as_slice);
        tags.filter(move |tag| tag.first().is_some_and(|own| own == name))
    }

    /// What its first tag of this name says.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let tag = self.tags.iter().find(|tag| tag.first().is_some_and(|own| own == name))?;
        tag.get(1).map(String::as_str)
    }
}
