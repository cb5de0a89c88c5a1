//! Where does a topic go on, partition by partition?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::connect::health::Gap;

/// Where to go on, as a cursor keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The offset to read next, by partition.
    pub(super) next: BTreeMap<i32, i64>,
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
    fn an_offset_that_is_gone_is_a_gap() {
        let (next, gap) = out_of_range(2, 5, (8, 20));
        assert_eq!((next, gap.to.as_str()), (8, "partition 2, offset 7"));
        let (next, gap) = out_of_range(0, 50, (3, 48));
        assert_eq!((next, gap.from.as_str()), (48, "partition 0, offset 48"));
        let (next, gap) = out_of_range(0, 50, (3, 20));
        assert_eq!((next, gap.reason.as_str()), (3, "the topic was made anew"));
    }
}
