//! Which entry is it? By its guid where those of a feed differ, else by its link, else by what it
//! says.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::Entry;
use super::prints::hash;

/// Longest id that is kept as it stands.
const ID_BYTES_MAX: usize = 300;

/// What tells the entries of one feed apart. Learned from the feed, and only ever given up: what
/// did not tell entries apart once cannot be relied on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Naming {
    /// `guid` or `id`.
    #[default]
    Guid,
    /// The address.
    Link,
    /// Title and date.
    Words,
}

impl Naming {
    /// What still tells entries apart after these.
    #[must_use]
    pub fn learned(self, entries: &[Entry]) -> Self {
        let mut naming = self;
        if naming == Self::Guid && is_repeated(entries.iter().map(|entry| entry.guid.as_str())) {
            naming = Self::Link;
        }
        if naming == Self::Link && is_repeated(entries.iter().map(|entry| entry.link.as_str())) {
            naming = Self::Words;
        }
        naming
    }

    /// The id of an entry; `scope` sets ids of one feed apart from those of others that are not
    /// unique in the world.
    #[must_use]
    pub fn id(self, entry: &Entry, scope: &str) -> String {
        let guid = (self == Self::Guid).then_some(entry.guid.as_str());
        let link = (self <= Self::Link).then_some(entry.link.as_str());
        let told = [guid, link].into_iter().flatten().find(|told| !told.is_empty());
        let Some(told) = told else {
            let date = entry.posted_at.map(|time| time.to_string());
            let said = if date.is_some() { "" } else { entry.body.text.as_str() };
            let words = format!("{}\n{}\n{said}", entry.title.text, date.unwrap_or_default());
            return format!("{scope}:{:016x}", hash(&words));
        };
        scoped(told, scope).into_owned()
    }
}

/// An id that is unique in the world. One of `http` and one of `https` are the same.
pub(super) fn scoped<'a>(id: &'a str, scope: &str) -> Cow<'a, str> {
    if id.len() > ID_BYTES_MAX {
        return Cow::Owned(format!("{scope}:{:016x}", hash(id)));
    }
    if let Some(rest) = id.strip_prefix("http://") {
        return Cow::Owned(format!("https://{rest}"));
    }
    let is_global = id.contains("://") || ["tag:", "urn:"].iter().any(|sign| id.starts_with(sign));
    if is_global { Cow::Borrowed(id) } else { Cow::Owned(format!("{scope}:{id}")) }
}

/// Whether more than a tenth of what is told is told more than once.
fn is_repeated<'e>(told: impl Iterator<Item = &'e str>) -> bool {
    let (mut different, mut all) = (HashSet::new(), 0);
    for text in told.filter(|text| !text.is_empty()) {
        different.insert(text);
        all += 1;
    }
    all > 1 && (all - different.len()) * 10 > all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(guid: &str, link: &str, title: &str) -> Entry {
        let mut entry = Entry { guid: guid.to_owned(), link: link.to_owned(), ..Entry::default() };
        title.clone_into(&mut entry.title.text);
        entry
    }

    #[test]
    fn what_does_not_tell_entries_apart_is_given_up_for_good() {
        let well = [entry("1", "https://h/1", "a"), entry("2", "https://h/1", "b")];
        assert_eq!(Naming::Guid.learned(&well), Naming::Guid);
        let repeated = [entry("x", "https://h/1", "a"), entry("x", "https://h/2", "b")];
        assert_eq!(Naming::Guid.learned(&repeated), Naming::Link);
        assert_eq!(Naming::Link.learned(&well), Naming::Words);
        assert_eq!(Naming::Words.learned(&repeated), Naming::Words);
        assert_eq!(Naming::Guid.learned(&repeated[..1]), Naming::Guid, "one says nothing");
    }

    #[test]
    fn ids_are_unique_in_the_world() {
        let id = |guid: &str, link: &str| Naming::Guid.id(&entry(guid, link, "a"), "f1");
        assert_eq!(id("http://h/?p=1", ""), "https://h/?p=1");
        assert_eq!(id("https://h/?p=1", ""), "https://h/?p=1");
        assert_eq!(id("tag:h,2026:1", ""), "tag:h,2026:1");
        assert_eq!(id("12", "https://h/12"), "f1:12");
        assert_eq!(id("", "https://h/12"), "https://h/12");
        assert!(id("", "").starts_with("f1:") && id("", "").len() == 19);
        assert!(id(&"x".repeat(400), "").len() < 40);
    }
}
