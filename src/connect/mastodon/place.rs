//! Where does each timeline go on? By the id of the latest post up to which everything was taken.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::EventTime;

/// How far before the latest post to go on, in milliseconds: posts of other instances come late,
/// with the time of their writing in their ids.
const OVERLAP_MS: u64 = 5 * 60 * 1_000;
/// Below it an id does not tell a time.
const TIMED_ID_MIN: u64 = 1 << 48;
/// The digits of GoToSocial's ids.
const ULID_DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

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
        let rewound = rewound(&self.filled).unwrap_or_else(|| self.filled.clone());
        if is_later(&rewound, &self.floor) { rewound } else { self.floor.clone() }
    }
}

/// An id some minutes before another, of a server whose ids tell when posts were written.
fn rewound(id: &str) -> Option<String> {
    if let Some(number) = id.parse::<u64>().ok().filter(|id| *id >= TIMED_ID_MIN) {
        return Some(number.saturating_sub(OVERLAP_MS << 16).to_string());
    }
    let ms = ulid_ms(id)?.saturating_sub(OVERLAP_MS);
    let digit = |place: u32| ULID_DIGITS.get(usize::try_from((ms >> (5 * place)) & 31).ok()?);
    let time: Option<Vec<u8>> = (0..10).rev().map(|place| digit(place).copied()).collect();
    String::from_utf8(time?).ok().map(|time| time + "0000000000000000")
}

/// When a post was written, in milliseconds, as an id of GoToSocial's tells it: a ULID, whose first
/// ten digits are the time.
fn ulid_ms(id: &str) -> Option<u64> {
    let digit = |byte: u8| ULID_DIGITS.iter().position(|digit| *digit == byte);
    if id.len() != 26 {
        return None;
    }
    id.bytes().take(10).try_fold(0u64, |ms, byte| Some(ms << 5 | u64::try_from(digit(byte)?).ok()?))
}

/// When a post was written, as its id tells it.
pub(super) fn time_of(id: &str) -> Option<EventTime> {
    let ms = id.parse::<u64>().ok().map(|id| id >> 16).or_else(|| ulid_ms(id))?;
    EventTime::of_int(i64::try_from(ms).ok()?).ok()
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
        assert_eq!(mark.rewound(), "01JABC49GG0000000000000000", "five minutes");
        assert!(is_later("100", "99") && !is_later("99", "99"));
    }

    #[test]
    fn ids_of_gotosocial_go_back_by_their_time_and_those_of_others_stay() {
        let id = "01J9ZQ5V3M7T0000000000ADA1";
        let mark = Mark { floor: "00000000000000000000000000".to_owned(), filled: id.to_owned() };
        let time = |id: &str| time_of(id).expect("a time");
        assert_eq!(time(id).since(time(&mark.rewound())), 300_000_000);
        let flake = Mark {
            floor: "9hCHaWXtvM8DFMXGGV".to_owned(),
            filled: "9hCHaWXtvM8DFMXGGW".to_owned(),
        };
        assert_eq!(
            (flake.rewound().as_str(), time_of(&flake.filled)),
            ("9hCHaWXtvM8DFMXGGW", None)
        );
    }
}
