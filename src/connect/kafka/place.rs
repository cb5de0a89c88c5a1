//! Where does a topic go on, partition by partition?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::connect::health::Gap;
use crate::decode::Cursor;

/// Where to go on, as a cursor keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The offset to read next, by partition.
    pub(super) next: BTreeMap<i32, i64>,
}

impl Place {
    /// The earliest place of each partition in which all have read; of the others the oldest record comes
    /// next.
    pub(super) fn earliest(places: &[Cursor]) -> Option<Cursor> {
        let mut places =
            places.iter().map(Cursor::read::<Self>).collect::<Option<Vec<_>>>()?.into_iter();
        let first = places.next()?;
        let least = places.fold(first, |mut least, place| {
            least.next.retain(|partition, next| {
                let other = place.next.get(partition);
                *next = other.map_or(*next, |other| *other.min(next));
                other.is_some()
            });
            least
        });
        Some(Cursor::of(&least))
    }
}

/// Where a partition goes on that does not have `next` any more, or not yet again; it has the offsets
/// from `oldest` up to before `end`.
///
/// One that ends far before was made anew, and all of it is new; one that ends shortly before has lost
/// its end with a broker.
pub(super) fn out_of_range(partition: i32, next: i64, (oldest, end): (i64, i64)) -> (i64, Gap) {
    let named = |offset: i64| format!("partition {partition}, offset {offset}");
    if next < oldest {
        let reason = "the topic does not keep records that old".to_owned();
        return (oldest, Gap { from: named(next), to: named(oldest - 1), reason });
    }
    let (begin, reason) = if end <= next / 2 {
        (oldest, "the topic was made anew")
    } else {
        (end, "the topic has lost records that were read before")
    };
    (begin, Gap { from: named(end), to: named(next - 1), reason: reason.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_read_least_of_a_partition_says_where_all_go_on() {
        let at = |next: &[(i32, i64)]| Cursor::of(&Place { next: next.iter().copied().collect() });
        let earliest = Place::earliest(&[at(&[(0, 9), (1, 4), (2, 7)]), at(&[(0, 6), (1, 8)])]);
        assert_eq!(earliest, Some(at(&[(0, 6), (1, 4)])));
        assert_eq!(Place::earliest(&[at(&[(0, 9)]), Cursor::of(&"elsewhere")]), None);
    }

    #[test]
    fn an_offset_that_is_gone_is_a_gap() {
        let (next, gap) = out_of_range(2, 5, (8, 20));
        assert_eq!((next, gap.to.as_str()), (8, "partition 2, offset 7"));
        let (next, gap) = out_of_range(0, 50, (3, 48));
        assert_eq!((next, gap.from.as_str()), (48, "partition 0, offset 48"));
        let (next, gap) = out_of_range(0, 50, (3, 20));
        assert_eq!((next, gap.reason.as_str()), (3, "the topic was made anew"));
    }
}
