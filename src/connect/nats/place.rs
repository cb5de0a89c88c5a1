//! Where does a stream go on, and what of it is gone?

use serde::{Deserialize, Serialize};

use crate::connect::health::Gap;
use crate::decode::Cursor;

/// Where to go on, as a cursor keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The latest message.
    pub(super) sequence: u64,
    /// When the stream was made, in seconds since the Unix epoch: one made anew counts from 1 again.
    pub(super) created: i64,
}

/// How reading begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Start {
    /// The first message to ask for.
    pub(super) next: u64,
    /// The place before it.
    pub(super) place: Place,
    /// What cannot be had.
    pub(super) gap: Option<Gap>,
}

impl Place {
    /// How to begin behind a place, in a stream that was made at `created` and holds the messages
    /// from `first` to `last`; in an empty one the first is the one that comes next.
    pub(super) fn start(
        known: Option<Self>,
        from_oldest: bool,
        created: i64,
        (first, last): (u64, u64),
    ) -> Start {
        let first = first.max(1);
        let (next, gap) = match known {
            None if from_oldest => (first, None),
            None => (last + 1, None),
            Some(known) if known.created != created => {
                (first, Some(gap(known.sequence + 1, None, "the stream was made anew")))
            }
            Some(known) if known.sequence > last => {
                let reason = "the server has lost messages that were read before it did";
                (last + 1, Some(gap(last + 1, Some(known.sequence), reason)))
            }
            Some(known) if known.sequence + 1 < first => {
                let reason = "the stream does not keep messages that old";
                (first, Some(gap(known.sequence + 1, Some(first - 1), reason)))
            }
            Some(known) => (known.sequence + 1, None),
        };
        Start { next, place: Self { sequence: next - 1, created }, gap }
    }

    /// The earliest of places in one and the same stream.
    pub(super) fn earliest(places: &[Cursor]) -> Option<Cursor> {
        let places: Vec<Self> = places.iter().map(Cursor::read).collect::<Option<_>>()?;
        let first = places.iter().min_by_key(|place| place.sequence)?;
        let is_one = places.iter().all(|place| place.created == first.created);
        is_one.then(|| Cursor::of(first))
    }
}

fn gap(from: u64, to: Option<u64>, reason: &str) -> Gap {
    let to = to.map_or_else(|| "its end".to_owned(), |to| format!("message {to}"));
    Gap { from: format!("message {from}"), to, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_read_least_of_a_stream_says_where_all_go_on() {
        let at = |sequence, created| Cursor::of(&Place { sequence, created });
        let earliest = Place::earliest(&[at(9, 7), at(5, 7), at(6, 7)]);
        assert_eq!(earliest, Some(at(5, 7)));
        assert_eq!(Place::earliest(&[at(9, 7), at(5, 8)]), None, "it was made anew meanwhile");
        assert_eq!(Place::earliest(&[at(9, 7), Cursor::of(&"elsewhere")]), None);
        assert_eq!(Place::earliest(&[]), None);
    }

    #[test]
    fn a_position_that_the_server_no_longer_has_is_a_gap() {
        let at = |sequence| Some(Place { sequence, created: 7 });
        let rows = [
            (None, true, (1, 9), 1, None),
            (None, true, (4, 9), 4, None),
            (None, false, (4, 9), 10, None),
            (None, true, (0, 0), 1, None),
            (at(5), true, (1, 9), 6, None),
            (at(5), true, (6, 9), 6, None),
            (at(9), false, (1, 9), 10, None),
            (at(5), true, (8, 9), 8, Some(("message 6", "message 7"))),
            (at(9), true, (10, 9), 10, None),
            (at(9), true, (1, 4), 5, Some(("message 5", "message 9"))),
            (
                Some(Place { sequence: 5, created: 6 }),
                true,
                (1, 9),
                1,
                Some(("message 6", "its end")),
            ),
        ];
        for (known, from_oldest, ends, next, gap) in rows {
            let start = Place::start(known, from_oldest, 7, ends);
            assert_eq!((start.next, start.place.sequence), (next, next - 1), "{known:?} {ends:?}");
            let found = start.gap.as_ref().map(|gap| (gap.from.as_str(), gap.to.as_str()));
            assert_eq!(found, gap, "{known:?} {ends:?}");
        }
    }
}
