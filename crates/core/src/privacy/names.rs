//! Where do names of people stand in an id or address? DIDs, path segments that are known to hold
//! names, and the author's own name as a whole word.
//!
//! Knows forms, not networks: a new network with a usual form of address needs nothing here.

use std::borrow::Cow;

use crate::post::AuthorKey;

/// The segment behind one of these names a person.
const BEFORE: [&str; 7] = ["users", "user", "u", "profile", "people", "channel", "author"];
/// The first segment, before one of these, names a person.
const BEHIND: [&str; 3] = ["status", "statuses", "posts"];
/// Fields of JSON whose values are names.
const FIELDS: [&str; 6] = ["author", "handle", "username", "screen_name", "acct", "account"];
/// Digits of a key.
const KEY_DIGITS: usize = 32;
/// Names shorter than this are no sign of their author.
const NAME_BYTES_MIN: usize = 3;

/// A name without what does not count: blanks around it, a leading `@`, letter case.
pub(super) fn plain(name: &str) -> Cow<'_, str> {
    // Over all bytes without a branch, which the compiler turns into vector code.
    let is_plain = |byte: u8| {
        byte.is_ascii_lowercase()
            | byte.is_ascii_digit()
            | matches!(byte, b'-' | b'.' | b':' | b'_')
    };
    if name.bytes().fold(true, |all, byte| all & is_plain(byte)) {
        return Cow::Borrowed(name);
    }
    let name = name.trim().trim_start_matches('@');
    let is_cased = match name.is_ascii() {
        true => name.bytes().any(|byte| byte.is_ascii_uppercase()),
        false => name.chars().any(char::is_uppercase),
    };
    if is_cased { Cow::Owned(name.to_lowercase()) } else { Cow::Borrowed(name) }
}

/// The text with each name as its key; `own` is the author's plain name.
pub(super) fn keyed<'a>(
    text: Cow<'a, str>,
    own: &str,
    key: &dyn Fn(&str) -> AuthorKey,
) -> Cow<'a, str> {
    // Both have a colon; most ids have none.
    let text = match memchr::memchr(b':', text.as_bytes()) {
        Some(_) => replaced(replaced(text, &did, key), &segment, key),
        None => text,
    };
    if own.len() < NAME_BYTES_MIN {
        return text;
    }
    replaced(text, &|text, from| word(text, from, own), key)
}

/// Whether the text names somebody: its author, whose plain name is `own`, or anybody by its form.
pub(super) fn is_naming(text: &str, own: &str) -> bool {
    let names = |find: Find<'_>| {
        let mut from = 0;
        while let Some((start, end)) = find(text, from) {
            if AuthorKey::parse(text.get(start..end).unwrap_or_default()).is_none() {
                return true;
            }
            from = end;
        }
        false
    };
    names(&did)
        || names(&segment)
        || (own.len() >= NAME_BYTES_MIN && names(&|text, from| word(text, from, own)))
}

/// The query with the DIDs that `in-reply-to:` and `thread:` ask for as keys, as ids hold them.
#[must_use]
pub fn keyed_query(query: &str, key: &dyn Fn(&str) -> AuthorKey) -> String {
    let asked = |text: &str, from: usize| {
        let mut from = from;
        loop {
            let (start, end) = did(text, from)?;
            let before = text.get(..start)?;
            let term = before.rsplit([' ', '(', '\n', '\t']).next()?;
            if term.starts_with("in-reply-to:") || term.starts_with("thread:") {
                return Some((start, end));
            }
            from = end;
        }
    };
    replaced(Cow::Borrowed(query), &asked, key).into_owned()
}

/// The text with the values of fields that hold names as keys; an unfinished value ends the text.
pub(super) fn keyed_fields(text: &str, key: &dyn Fn(&str) -> AuthorKey) -> String {
    replaced(Cow::Borrowed(text), &field, key).into_owned()
}

/// The id or text with each key in it as another; keys are 32 hexadecimal digits that stand alone. A text
/// that is nothing else is no key.
pub(super) fn turned<'a>(
    text: Cow<'a, str>,
    turn: &dyn Fn(AuthorKey) -> AuthorKey,
) -> Cow<'a, str> {
    if text.len() <= KEY_DIGITS {
        return text;
    }
    let turned = |key: &str| {
        AuthorKey::parse(key).map_or_else(|| key.to_owned(), |key| turn(key).to_string())
    };
    let (mut out, mut done) = (String::new(), 0);
    while let Some((start, end)) = next_key(&text, done) {
        out.push_str(text.get(done..start).unwrap_or_default());
        out.push_str(&turned(text.get(start..end).unwrap_or_default()));
        done = end;
    }
    if done == 0 {
        return text;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(out)
}

/// The text with the keys in it as others: values of fields that hold names, and ids in quotes.
pub(super) fn turned_fields(text: &str, turn: &dyn Fn(AuthorKey) -> AuthorKey) -> String {
    let ids = |text: &str| {
        let parts = text.split('"').map(|part| turned(Cow::Borrowed(part), turn));
        parts.collect::<Vec<_>>().join("\"")
    };
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    while let Some((start, end)) = field(text, done) {
        let name = text.get(start..end).unwrap_or_default();
        out.push_str(&ids(text.get(done..start).unwrap_or_default()));
        match AuthorKey::parse(name) {
            Some(key) => out.push_str(&turn(key).to_string()),
            None => out.push_str(name),
        }
        done = end;
    }
    out + &ids(text.get(done..).unwrap_or_default())
}

/// The next key that stands alone; what is escaped before it, as in addresses, counts as a sign.
fn next_key(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let mut at = from;
    loop {
        let start = at + bytes.get(at..)?.iter().position(is_digit)?;
        let length = bytes.get(start..)?.iter().take_while(|byte| is_digit(byte)).count();
        let before = |places: usize| bytes.get(start.checked_sub(places)?).copied();
        let is_free = !is_word(before(1)) || before(3) == Some(b'%');
        if length == KEY_DIGITS && is_free && !is_word(bytes.get(start + length).copied()) {
            return Some((start, start + length));
        }
        at = start + length;
    }
}

/// An address up to the end of its site, with a slash.
pub(super) fn site(url: &str) -> Option<&str> {
    let start = url.find("://")? + 3;
    let rest = url.get(start..)?;
    let end = rest.find(['/', '?', '#']).map_or(url.len(), |end| start + end);
    (!has_user(url)).then(|| url.get(..end))?
}

/// Whether an address has a part before an `@` in front of its host.
pub(super) fn has_user(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

/// Finds the next name at or behind a place.
type Find<'f> = &'f dyn Fn(&str, usize) -> Option<(usize, usize)>;

fn replaced<'a>(
    text: Cow<'a, str>,
    find: Find<'_>,
    key: &dyn Fn(&str) -> AuthorKey,
) -> Cow<'a, str> {
    let Some(mut found) = find(&text, 0) else { return text };
    let (mut out, mut done) = (String::with_capacity(text.len() + 32), 0);
    loop {
        let (start, end) = found;
        out.push_str(text.get(done..start).unwrap_or_default());
        let name = text.get(start..end).unwrap_or_default();
        match AuthorKey::parse(name) {
            // A key is no name: what was done once stays as it is.
            Some(_) => out.push_str(name),
            None => out.push_str(&key(name).to_string()),
        }
        done = end;
        match find(&text, end) {
            Some(next) => found = next,
            None => break,
        }
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(out)
}

fn is_word(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80)
}

/// The next DID: `did:method:id`.
fn did(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += memchr::memchr(b':', bytes.get(at..)?)? + 1;
        let Some(start) = at.checked_sub(4).filter(|&start| start >= from) else { continue };
        if bytes.get(start..at) != Some(b"did:") {
            continue;
        }
        if is_word(start.checked_sub(1).and_then(|before| bytes.get(before).copied())) {
            continue;
        }
        let run = |from: usize, fits: fn(u8) -> bool| {
            bytes.get(from..).map_or(0, |rest| rest.iter().take_while(|byte| fits(**byte)).count())
        };
        let method = run(at, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if method == 0 || bytes.get(at + method) != Some(&b':') {
            continue;
        }
        let id = at + method + 1;
        let length = run(id, |byte| byte.is_ascii_alphanumeric() || b"._:%-".contains(&byte));
        if length > 0 {
            return Some((start, id + length));
        }
    }
}

/// The next segment of an address's path that holds a name.
fn segment(text: &str, from: usize) -> Option<(usize, usize)> {
    let path = memchr::memmem::find(text.as_bytes(), b"://")? + 3;
    let path = path + text.get(path..)?.find('/')?;
    let end = text.get(path..)?.find(['?', '#']).map_or(text.len(), |end| path + end);
    let (mut start, mut before) = (path + 1, "");
    while start <= end {
        let rest = text.get(start..end)?;
        let length = rest.find('/').unwrap_or(rest.len());
        let own = rest.get(..length)?;
        let next = rest.get(length + 1..).and_then(|rest| rest.split('/').next()).unwrap_or("");
        let first = start == path + 1;
        let handle = own.strip_prefix('@');
        let named = handle.is_some()
            || BEFORE.contains(&before)
            || (first && !own.is_empty() && BEHIND.contains(&next));
        let name = start + usize::from(handle.is_some());
        if named && name >= from && name < start + length {
            return Some((name, start + length));
        }
        before = own;
        start += length + 1;
    }
    None
}

/// The next place where the author's own name stands as a word.
fn word(text: &str, from: usize, own: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let first = own.as_bytes().first()?;
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let at = |start: usize| bytes.get(start).copied();
    let start = memchr::memchr2_iter(lower, upper, bytes.get(from..)?).map(|place| from + place);
    let mut named = start.filter(|&start| {
        bytes
            .get(start..start + own.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(own.as_bytes()))
            && !is_word(start.checked_sub(1).and_then(at))
            && !is_word(at(start + own.len()))
    });
    let start = named.next()?;
    Some((start, start + own.len()))
}

/// The next value of a field that holds a name, `"author": "name"`.
fn field(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let colon = at + text.get(at..)?.find(':')?;
        at = colon + 1;
        let before = text.get(..colon)?.trim_end().strip_suffix('"');
        let name = before.and_then(|before| before.rsplit('"').next()).unwrap_or_default();
        let value = text.get(at..)?;
        let blanks = value.len() - value.trim_start().len();
        if !FIELDS.contains(&name) || !value.trim_start().starts_with('"') {
            continue;
        }
        let start = at + blanks + 1;
        let rest = text.get(start..)?;
        let end = rest.find('"').unwrap_or(rest.len());
        if end > 0 {
            return Some((start, start + end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AuthorHasher, Keyring, Names};
    use super::*;

    #[test]
    fn names_leave_ids_and_addresses() {
        let authors = AuthorHasher::new([1; 32]);
        let key = |name: &str| authors.hash(name).to_string();
        let did = key("did:plc:abc");
        let rows = [
            ("films-4800", "someone", "films-4800".to_owned()),
            (
                "at://did:plc:abc/app.bsky.feed.post/3k",
                "x",
                format!("at://{did}/app.bsky.feed.post/3k"),
            ),
            ("candid:plc:abc", "x", "candid:plc:abc".to_owned()),
            ("Alice-12", "@alice", format!("{}-12", key("alice"))),
            ("malice-12", "alice", "malice-12".to_owned()),
            (
                "https://a.example/users/Bob/statuses/1",
                "x",
                format!("https://a.example/users/{}/statuses/1", key("bob")),
            ),
            ("https://a.example/@bob/1", "x", format!("https://a.example/@{}/1", key("bob"))),
            ("https://x.com/bob/status/1", "x", format!("https://x.com/{}/status/1", key("bob"))),
        ];
        for (id, author, want) in rows {
            let once = authors.id(id.into(), author);
            assert_eq!(once, want, "{id}");
            assert_eq!(authors.id(once.clone(), ""), once, "doing it twice changes nothing");
            assert_eq!(authors.clone().with_names(Names::Keep).id(id.into(), author), id);
        }
    }

    #[test]
    fn for_an_id_that_is_too_long_a_hash_stands_over_rotations_too() {
        let ring = Keyring::from([1; 32]);
        let rotated = ring.clone().rotated([2; 32]);
        let [old, new] = [ring, rotated].map(AuthorHasher::new);
        let long = |end: &str| format!("at://did:plc:abc/{}{end}", "x".repeat(2_000));
        let short = old.id(long("1").into(), "bob");
        assert_eq!((short.len(), short.starts_with("long:")), (45, true), "{short}");
        assert_eq!(old.id(long("1").into(), "bob"), short, "the same again");
        assert_ne!(old.id(long("2").into(), "bob"), short);
        assert_eq!(old.id(short.clone(), ""), short, "doing it twice changes nothing");
        assert_eq!(new.id(long("1").into(), "bob"), short, "it holds no key that could be turned");
        assert!(old.with_names(Names::Keep).id(long("1").into(), "bob").len() < 50);
        let url = format!("https://h.example/{}", "x".repeat(4_096));
        assert_eq!(new.url(url.into(), "bob"), None);
    }

    #[test]
    fn addresses_that_name_somebody_are_cut_to_their_site() {
        let authors = AuthorHasher::new([1; 32]);
        let rows = [
            ("https://news.example/2026/bahn?x=1", Some("https://news.example/2026/bahn?x=1")),
            ("https://bsky.app/profile/did:plc:abc/post/3k", Some("https://bsky.app")),
            ("https://x.com/alice/status/1", Some("https://x.com")),
            ("https://alice.blog.example/a", None),
            ("https://alice@blog.example/a", None),
        ];
        for (url, want) in rows {
            assert_eq!(authors.url(url.into(), "Alice").as_deref(), want, "{url}");
        }
    }

    #[test]
    fn letters_hold_keys_and_queries_ask_for_them() {
        let authors = AuthorHasher::new([1; 32]);
        let raw = br#"{"author" : "Alice", "text":"hi","did":"did:plc:abc","handle":"al"#;
        let text = String::from_utf8(authors.letter(raw)).expect("UTF-8");
        for (name, there) in [("Alice", false), ("did:plc", false), ("\"al", false), ("hi", true)] {
            assert_eq!(text.contains(name), there, "{name} in {text}");
        }
        let key = |name: &str| authors.hash(name);
        let did = authors.hash("did:plc:abc");
        assert_eq!(
            keyed_query("(in-reply-to:at://did:plc:abc/p/1 OR author:did:plc:abc)", &key),
            format!("(in-reply-to:at://{did}/p/1 OR author:did:plc:abc)")
        );
    }
}
