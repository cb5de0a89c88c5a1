//! Where does each relay go on? By the time that the latest note of it claims, less some hours: notes
//! come late, and only their authors say when they were written.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};

/// How far before the latest note to go on, in seconds.
const OVERLAP_S: i64 = 2 * 60 * 60;
/// Articles whose versions are remembered.
const ARTICLES_MAX: usize = 1_000;
/// Notes that are known by their ids, over all relays.
const KNOWN_MAX: usize = 200_000;

/// Where to go on, as a cursor keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// By the addresses of relays.
    #[serde(default)]
    pub(super) relays: BTreeMap<String, Mark>,
    /// Versions of articles: a hash of the name of each, and when it was written.
    #[serde(default)]
    pub(super) articles: Vec<(u64, i64)>,
    /// The keys of accounts that are named as their sites do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) named: BTreeMap<String, String>,
}

/// How far a relay was taken, in seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// When listening began; nothing before it is asked for.
    pub(super) floor: i64,
    /// Everything up to this time was taken.
    pub(super) filled: i64,
}

impl Mark {
    /// A relay that is heard from a time on.
    pub(super) fn at(floor: i64) -> Self {
        Self { floor, filled: floor }
    }

    /// From when on to ask.
    pub(super) fn since(self) -> i64 {
        self.filled.saturating_sub(OVERLAP_S).max(self.floor)
    }
}

/// The latest versions of articles.
#[derive(Debug, Default)]
pub(super) struct Articles {
    versions: HashMap<u64, i64>,
    order: VecDeque<u64>,
}

/// What a version of an article is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// The first that is known.
    First,
    /// A newer one.
    Newer,
    /// One that is known, or older.
    Old,
}

impl Articles {
    /// Those of a cursor.
    pub(super) fn of(kept: Vec<(u64, i64)>) -> Self {
        let mut articles = Self::default();
        for (name, created_at) in kept {
            articles.meet(name, created_at);
        }
        articles
    }

    /// What a version is, which is known from now on.
    pub(super) fn meet(&mut self, name: u64, created_at: i64) -> Version {
        let version = match self.versions.get(&name) {
            None => Version::First,
            Some(known) if *known < created_at => Version::Newer,
            Some(_) => return Version::Old,
        };
        if self.versions.insert(name, created_at).is_none() {
            self.order.push_back(name);
        }
        if self.order.len() > ARTICLES_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.versions.remove(&oldest);
        }
        version
    }

    /// Whether a version is known that was written after a time.
    pub(super) fn has_newer(&self, name: u64, time: i64) -> bool {
        self.versions.get(&name).is_some_and(|known| *known > time)
    }

    /// All of them, the longest known first.
    pub(super) fn kept(&self) -> Vec<(u64, i64)> {
        self.order.iter().filter_map(|name| Some((*name, *self.versions.get(name)?))).collect()
    }
}

/// Notes that came before, from whichever relay.
#[derive(Debug, Default)]
pub(super) struct Known {
    ids: std::collections::HashSet<u64>,
    order: VecDeque<u64>,
}

impl Known {
    /// Whether a note came before.
    pub(super) fn holds(&self, id: &[u8; 32]) -> bool {
        self.ids.contains(&short(id))
    }

    /// Remembers a note whose signature was right.
    pub(super) fn insert(&mut self, id: &[u8; 32]) {
        if self.ids.insert(short(id)) {
            self.order.push_back(short(id));
        }
        if self.order.len() > KNOWN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }
}

/// Ids are hashes: their first bytes tell them apart.
fn short(id: &[u8; 32]) -> u64 {
    id.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_hours_are_asked_for_again_but_nothing_before_listening_began() {
        let begun = 1_772_366_400;
        let rows =
            [(begun, begun), (begun + 60, begun), (begun + 3 * OVERLAP_S, begun + 2 * OVERLAP_S)];
        for (filled, since) in rows {
            assert_eq!(Mark { floor: begun, filled }.since(), since);
        }
    }

    #[test]
    fn of_an_article_the_latest_version_counts_whatever_the_order() {
        let mut articles = Articles::default();
        let met = [5, 4, 5, 9, 8].map(|at| articles.meet(1, at));
        use Version::{First, Newer, Old};
        assert_eq!(met, [First, Old, Old, Newer, Old]);
        let mut again = Articles::of(articles.kept());
        assert_eq!((again.meet(1, 9), again.meet(1, 10)), (Old, Newer));
    }
}
