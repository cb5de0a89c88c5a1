//! Where does each timeline go on? By the id of the latest post up to which everything was taken.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How far before the latest post to go on, in milliseconds: posts of other instances come late,
/// with the time of their writing in their ids.
const OVERLAP_MS: u64 = 5 * 60 * 1_000;
/// Below it an id does not tell a time.
const TIMED_ID_MIN: u64 = 1 << 48;

/// Where to go on, as a cursor keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// By the names of timelines.
    #[serde(default)]
    pub(super) marks: BTreeMap<String, Mark>,
    /// The latest posts with the time of their last edit in microseconds, to be looked up again.
    #[serde(default)]
    pub(super) young: Vec<(String, i64)>,
}

/// How far a timeline was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The latest post when listening began; nothing before it is asked for.
    pub(super) floor: String,
    /// Everything up to this post was taken.
    pub(super) filled: String,
}

impl Mark {
    /// A timeline whose latest post is `id`.
    pub(super) fn at(id: String) -> Self {
        Self { floor: id.clone(), filled: id }
    }

    /// Moves on to a later post.
    pub(super) fn reach(&mut self, id: &str) {
        if is_later(id, &self.filled) {
            id.clone_into(&mut self.filled);
        }
    }

    /// After which post to ask for what was missed.
    pub(super) fn rewound(&self) -> String {
        let timed = self.filled.parse::<u64>().ok().filter(|id| *id >= TIMED_ID_MIN);
        let Some(id) = timed else { return self.filled.clone() };
        let rewound = id.saturating_sub(OVERLAP_MS << 16).to_string();
        if is_later(&rewound, &self.floor) { rewound } else { self.floor.clone() }
    }
}

/// Whether one id is later than another: numbers by their size, other ids of one length by letters.
pub(super) fn is_later(id: &str, than: &str) -> bool {
    (id.len(), id) > (than.len(), than)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_goes_back_a_little_but_not_before_the_beginning() {
        let minute = 60_000u64 << 16;
        let begin = 117_020_593_741_189_701u64;
        let mut mark = Mark::at(begin.to_string());
        assert_eq!(mark.rewound(), begin.to_string());
        mark.reach(&(begin + 60 * minute).to_string());
        mark.reach(&(begin + 50 * minute).to_string());
        assert_eq!(mark.rewound(), (begin + 55 * minute).to_string());
        let mut mark = Mark::at("0".to_owned());
        mark.reach("01JABCDEFGHJKMNPQRSTVWXYZ0");
        assert_eq!(mark.rewound(), "01JABCDEFGHJKMNPQRSTVWXYZ0");
        assert!(is_later("100", "99") && !is_later("99", "99"));
    }
}
