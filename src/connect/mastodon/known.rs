//! Which posts of an instance are known already, in which version, and under which id?
//!
//! The same post comes on several streams, again on pages, and under a new id after an instance
//! forgot it. The engine's memory is the durable one; this one tells versions apart.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use crate::decode::mastodon::Status;

/// Posts remembered.
const KNOWN_MAX: usize = 20_000;
/// The latest of them, which are looked up again after a gap.
pub(super) const YOUNG_MAX: usize = 400;

/// What is new about a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// It was not known.
    New,
    /// A newer version of what is known.
    Edited,
    /// Nothing.
    Nothing,
}

/// The posts that are known.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// When each was edited last, in microseconds, 0 for never, and the hash of its `uri`.
    versions: HashMap<Box<str>, (i64, u64)>,
    ids: HashMap<u64, Box<str>>,
    /// Oldest first; may hold ids that were forgotten since.
    order: VecDeque<Box<str>>,
    random: RandomState,
}

impl Known {
    /// Those of a cursor: ids and versions.
    pub(super) fn of(young: Vec<(String, i64)>) -> Self {
        let mut known = Self::default();
        young.into_iter().for_each(|(id, version)| known.insert(id.into(), version, 0));
        known
    }

    /// What is new about a status, which is known from now on.
    pub(super) fn meet(&mut self, status: &Status) -> News {
        let version = status.edited_at.map_or(0, |time| time.0);
        let uri = self.random.hash_one(&status.uri).max(1);
        if self.ids.get(&uri).is_some_and(|id| **id != *status.id) {
            return News::Nothing;
        }
        let before = self.versions.get(&*status.id).map(|(version, _)| *version);
        match before {
            Some(before) if before >= version => return News::Nothing,
            _ => self.insert(status.id.as_str().into(), version, uri),
        }
        if before.is_some() { News::Edited } else { News::New }
    }

    /// Forgets a post that was deleted.
    pub(super) fn forget(&mut self, id: &str) {
        if let Some((_, uri)) = self.versions.remove(id) {
            self.ids.remove(&uri);
        }
    }

    /// The latest posts, oldest first, each with its version.
    pub(super) fn young(&self) -> Vec<(String, i64)> {
        let latest = self.order.iter().rev();
        let known = latest.filter_map(|id| Some((id.to_string(), self.versions.get(id)?.0)));
        let mut young: Vec<(String, i64)> = known.take(YOUNG_MAX).collect();
        young.reverse();
        young
    }

    fn insert(&mut self, id: Box<str>, version: i64, uri: u64) {
        if uri != 0 {
            self.ids.insert(uri, id.clone());
        }
        if self.versions.insert(id.clone(), (version, uri)).is_none() {
            self.order.push_back(id);
        }
        while self.order.len() > KNOWN_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.forget(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::AuthorHasher;
    use crate::decode::mastodon::{Said, Statuses};
    use crate::post::SourceId;
    use crate::time::EventTime;

    fn status(id: u64, uri: &str, edited: &str) -> Status {
        let statuses = Statuses {
            source: SourceId::new("fedi"),
            authors: AuthorHasher::new([0; 32]),
            domain: "x".to_owned(),
        };
        let json = format!(
            r#"{{"id":"{id}","uri":"{uri}","created_at":"2026-03-01T12:00:00Z","visibility":"public",
                "edited_at":{edited},"account":{{"acct":"ada"}}}}"#
        );
        match statuses.read(&json, EventTime(1_772_366_401_000_000)) {
            Ok(Said::Status(status)) => *status,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_post_is_new_once_and_edited_when_its_version_is_newer() {
        let mut known = Known::of(vec![("5".to_owned(), 0)]);
        let edited = "\"2026-03-01T12:05:00Z\"";
        let steps = [
            (5, "a", "null", News::Nothing),
            (5, "a", edited, News::Edited),
            (5, "a", edited, News::Nothing),
            (6, "b", "null", News::New),
            // Forgotten by its instance, and fetched anew.
            (7, "b", "null", News::Nothing),
        ];
        for (id, uri, edited, wanted) in steps {
            assert_eq!(known.meet(&status(id, uri, edited)), wanted, "{id} {uri} {edited}");
        }
        known.forget("6");
        assert_eq!(known.meet(&status(8, "b", "null")), News::New);
        let young: Vec<String> = known.young().into_iter().map(|(id, _)| id).collect();
        assert_eq!(young, ["5", "8"]);
        for id in 10..30_000 {
            known.meet(&status(id, &format!("u{id}"), "null"));
        }
        assert_eq!((known.order.len(), known.young().len()), (KNOWN_MAX, YOUNG_MAX));
        assert!(known.versions.len() <= KNOWN_MAX && known.ids.len() <= KNOWN_MAX);
    }
}
