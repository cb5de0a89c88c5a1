//! What does a note answer, quote or pass on? Tags of NIP-10, NIP-18, NIP-22 and NIP-25.

use super::names::{bytes, npub};
use super::{ARTICLE, COMMENT, GENERIC_REPOST, NOTE, Note, REACTION, REPOST};

/// How a note stands to others, by the names of posts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// What it answers.
    pub(super) parent: Option<String>,
    /// Where that conversation began.
    pub(super) thread: Option<String>,
    /// What it quotes.
    pub(super) quoted: Option<String>,
}

/// The place of a text note or a comment.
pub(super) fn place(note: &Note) -> Place {
    if note.kind == COMMENT {
        let first = |names: [&str; 2]| names.iter().find_map(|name| named(note.value(name)?));
        return Place { parent: first(["e", "a"]), thread: first(["E", "A"]), quoted: None };
    }
    let quoted = note.value("q").and_then(named);
    let tags = || note.tags("e").chain(note.tags("a"));
    let marked = |marker: &str| {
        let tag = tags().find(|tag| tag.get(3).is_some_and(|own| own == marker))?;
        named(tag.get(1)?)
    };
    let (root, reply) = (marked("root"), marked("reply"));
    if root.is_some() || reply.is_some() {
        let parent = reply.clone().or_else(|| root.clone());
        return Place { parent, thread: root.or(reply), quoted };
    }
    // Older programs mark nothing: the first is where it began, the last what is answered.
    let plain = |tag: &&[String]| tag.get(3).is_none_or(String::is_empty);
    let mut ids = note.tags("e").filter(plain).filter_map(|tag| named(tag.get(1)?));
    let thread = ids.next();
    let parent = ids.next_back().or_else(|| thread.clone());
    Place { parent, thread, quoted }
}

/// Which note a reaction, a repost or an answer is about, by its id; `None` for anything else.
#[must_use]
pub fn answered(note: &Note) -> Option<[u8; 32]> {
    match note.kind {
        // The last is what is reacted to.
        REACTION | REPOST | GENERIC_REPOST => bytes(note.tags("e").next_back()?.get(1)?),
        NOTE | COMMENT => {
            let place = place(note);
            bytes(&place.parent.or(place.quoted)?)
        }
        _ => None,
    }
}

/// The name of the post that a tag points to: the id of a note, or the address of an article.
fn named(text: &str) -> Option<String> {
    if bytes::<32>(text).is_some() { Some(text.to_owned()) } else { address(text) }
}

/// The address of an article as posts have it, with its author as people write them.
pub(super) fn address(text: &str) -> Option<String> {
    let (kind, rest) = text.split_once(':')?;
    let (author, name) = rest.split_once(':')?;
    let is_article = kind.parse() == Ok(ARTICLE);
    is_article.then(|| bytes(author).map(|author| address_of(&author, name))).flatten()
}

/// The address of an author's article.
pub(super) fn address_of(author: &[u8; 32], name: &str) -> String {
    format!("{ARTICLE}:{}:{name}", npub(author))
}
