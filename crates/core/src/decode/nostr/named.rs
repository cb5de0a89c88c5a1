//! Whom does a note name in its words? Programs write `nostr:npub1...` there (NIP-27), which says
//! nothing to a reader or a query; a name takes its place, as `@acme`.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use serde_json::Value;

use super::names::{account, pointed};
use super::{Note, PROFILE};

/// Characters of a name that are kept.
const NAME_CHARS_MAX: usize = 50;
/// Accounts of a text that are looked for.
const NAMED_MAX: usize = 50;
/// How the accounts begin that a text may name; all of them with the same two letters.
const FORMS: [&str; 2] = ["npub1", "nprofile1"];
const FIRST: &str = "np";
/// One of these stands before an account that is meant for readers.
const SIGNS: [&str; 2] = ["nostr:", "@"];

/// An account that a text names, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    place: Range<usize>,
    key: [u8; 32],
}

/// The first fifty accounts that a text names.
#[must_use]
pub fn named(text: &str) -> Vec<[u8; 32]> {
    found(text).take(NAMED_MAX).map(|named| named.key).collect()
}

/// The text with names where it names accounts; those without one stay as they are.
#[must_use]
pub fn with_names<'t>(text: &'t str, name: &dyn Fn(&[u8; 32]) -> Option<Box<str>>) -> Cow<'t, str> {
    let (mut told, mut done) = (String::new(), 0);
    for Named { place, key } in found(text) {
        if let Some(name) = name(&key) {
            told.push_str(text.get(done..place.start).unwrap_or_default());
            told.push('@');
            told.push_str(&name);
            done = place.end;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    told.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(told)
}

fn found(text: &str) -> impl Iterator<Item = Named> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + text.get(from..)?.find(FIRST)?;
            let word = text.get(start..)?;
            if !FORMS.iter().any(|form| word.starts_with(form)) {
                from = start + FIRST.len();
                continue;
            }
            let length = word.bytes().take_while(u8::is_ascii_alphanumeric).count();
            from = start + length;
            let before = text.get(..start).unwrap_or_default();
            let sign = SIGNS.iter().find(|sign| before.ends_with(*sign));
            let word = word.get(..length).unwrap_or_default();
            if let Some((sign, key)) = sign.zip(account(word).or_else(|| pointed(word))) {
                return Some(Named { place: start - sign.len()..from, key });
            }
        }
    })
}

#[derive(Deserialize)]
struct Profile {
    #[serde(default)]
    name: Value,
    #[serde(default)]
    display_name: Value,
    /// As older programs write it, beside the other or in its place.
    #[serde(default, rename = "displayName")]
    displayed: Value,
}

impl Note {
    /// The name that its author goes by, if it tells one.
    #[must_use]
    pub fn names(&self) -> Option<Box<str>> {
        let is_profile = self.kind == PROFILE;
        let profile: Profile =
            is_profile.then(|| serde_json::from_str(&self.content).ok()).flatten()?;
        let names = [profile.name, profile.display_name, profile.displayed];
        names.iter().find_map(|name| plain(name.as_str()?))
    }
}

/// A name on one line, without what is no part of it.
fn plain(name: &str) -> Option<Box<str>> {
    let words = name.split(|c: char| c.is_whitespace() || c.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let name: String = line.trim_start_matches('@').chars().take(NAME_CHARS_MAX).collect();
    (!name.is_empty()).then(|| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: &str = "npub1reyf76j0chr6c3674yzpwsac2vghxfvjv8k8z4pxgyz3ug4rs2kqh7d4pr";
    /// The example of NIP-19.
    const PROFILED: &str = "nprofile1qqsrhuxx8l9ex335q7he0f09aej04zpazpl0ne2cgukyawd24mayt8gpp4mhxue69uhhytnc9e3k7mgpz4mhxue69uhkg6nzv9ejuumpv34kytnrdaksjlyr9p";

    #[test]
    fn accounts_that_a_text_names_are_told_by_their_names() {
        let ada = account(ADA).expect("a key");
        let name = |key: &[u8; 32]| (*key == ada).then(|| "acme".into());
        let rows = [
            (format!("nostr:{ADA}, why?"), "@acme, why?".to_owned()),
            (format!("ö @{ADA}"), "ö @acme".to_owned()),
            (format!("nostr:{ADA} nostr:{ADA}"), "@acme @acme".to_owned()),
            (format!("https://njump.me/{ADA}"), format!("https://njump.me/{ADA}")),
            (format!("nostr:{PROFILED}"), format!("nostr:{PROFILED}")),
            ("nostr:npub1".to_owned(), "nostr:npub1".to_owned()),
            ("nothing".to_owned(), "nothing".to_owned()),
        ];
        for (text, told) in rows {
            assert_eq!(with_names(&text, &name), told, "{text}");
        }
        let key = "3bf0c63fcb93463407af97a5e5ee64fa883d107ef9e558472c4eb9aaaefa459d";
        assert_eq!(named(&format!("so nostr:{PROFILED}!")), vec![account(key).expect("a key")]);
    }

    #[test]
    fn profiles_tell_a_name_on_one_line() {
        let note = |kind, content: &str| Note {
            id: [0; 32],
            author: [1; 32],
            created_at: 0,
            kind,
            tags: Vec::new(),
            content: content.to_owned(),
            signature: [0; 64],
        };
        let rows = [
            (0, r#"{"name":"@acme"}"#, Some("acme")),
            (0, r#"{"name":" ","display_name":"Acme\nInc."}"#, Some("Acme Inc.")),
            (0, r#"{"name":null,"displayName":"Acme"}"#, Some("Acme")),
            (0, r#"{"displayName":"Old","display_name":"New"}"#, Some("New")),
            (0, r#"{"name":7}"#, None),
            (0, "{", None),
            (1, r#"{"name":"acme"}"#, None),
        ];
        for (kind, content, name) in rows {
            assert_eq!(note(kind, content).names().as_deref(), name, "{content}");
        }
    }
}
