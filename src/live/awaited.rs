//! For whom must a commit come soon? Parcels whose senders wait until they are durable.

use std::time::Duration;

use crate::decode::{Landed, Ticket};
use crate::engine::Tally;
use crate::post::SourceId;

/// Least distance of commits for which somebody waits.
const COMMITS: Duration = Duration::from_millis(500);
/// How often it is looked whether such a commit is due.
const LOOK: Duration = Duration::from_millis(100);

/// Parcels that the next commit covers, and for which somebody waits.
#[derive(Debug, Default)]
pub(super) struct Awaited(Vec<(SourceId, Ticket)>);

impl Awaited {
    /// Notes what became of a parcel: what was counted since `before`.
    pub(super) fn add(&mut self, source: SourceId, ticket: Ticket, before: Tally, now: Tally) {
        let taken = |tally: Tally| tally.analyzed + tally.edits + tally.deletes + tally.purges;
        let landed = Landed {
            taken: taken(now) - taken(before),
            duplicates: now.duplicate - before.duplicate,
            erased: now.erased - before.erased,
        };
        self.0.push((source, Ticket { landed, ..ticket }));
    }

    /// The interval of commits, shorter while somebody waits.
    pub(super) fn interval(&self, usual: Duration) -> Duration {
        if self.0.is_empty() { usual } else { usual.min(COMMITS) }
    }

    /// How long nothing may come before it is looked whether something is due.
    pub(super) fn look(&self, usual: Duration) -> Duration {
        if self.0.is_empty() { usual } else { usual.min(LOOK) }
    }

    /// Takes them all, once a commit covers them.
    pub(super) fn take(&mut self) -> Vec<(SourceId, Ticket)> {
        std::mem::take(&mut self.0)
    }
}
