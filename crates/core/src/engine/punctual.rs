//! At which time does a post count? When it was written, or when a source that is asked now and
//! then could first show it; and how its mentions were counted.

use std::collections::BTreeMap;

use crate::post::SourceId;
use crate::time::EventTime;

/// By source, how long after it was written a post may come by the nature of the source, in
/// microseconds. A platform that is asked every quarter of an hour shows posts up to that late.
pub type Delays = BTreeMap<SourceId, i64>;

/// How a finding was counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Placing {
    /// As [`Likeness::similarity`](crate::window::Likeness::similarity); `None` for a text too short to tell copies.
    pub similarity: Option<u64>,
    /// For one that came late: up to where everything had been judged by then.
    pub late_at: Option<EventTime>,
    /// For one that counts from its reception, since its source shows posts late by nature: that
    /// instant.
    pub counted_at: Option<EventTime>,
}

/// When a post counts for windows and rules: at its reception if it came as late as its source
/// does by nature, else when it was written. What comes later still is late, so that a first look
/// at the past is no wave.
#[derive(Debug, Clone, Default)]
pub(super) struct Punctual(pub(super) Delays);

impl Punctual {
    /// The time that counts, and whether it is the reception.
    pub(super) fn at(
        &self,
        source: &SourceId,
        posted_at: EventTime,
        received_at: EventTime,
    ) -> (EventTime, bool) {
        if self.0.is_empty() {
            return (posted_at, false);
        }
        let delay = self.0.get(source).copied().unwrap_or(0);
        let is_delayed = (1..=delay).contains(&received_at.since(posted_at));
        (if is_delayed { received_at } else { posted_at }, is_delayed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MINUTE_US;

    #[test]
    fn only_what_its_source_delays_counts_when_it_came() {
        let (asked, stream) = (SourceId::new("asked"), SourceId::new("stream"));
        let punctual = Punctual(Delays::from([(asked.clone(), 30 * MINUTE_US)]));
        let at = |minute: i64| EventTime(minute * MINUTE_US);
        let rows = [
            (&asked, 10, 25, (25, true)),
            (&asked, 10, 40, (40, true)),
            (&asked, 10, 41, (10, false)),
            (&asked, 10, 10, (10, false)),
            (&asked, 10, 9, (10, false)),
            (&stream, 10, 25, (10, false)),
        ];
        for (source, posted, received, (counted, delayed)) in rows {
            let found = punctual.at(source, at(posted), at(received));
            assert_eq!(found, (at(counted), delayed), "{source} {posted} {received}");
        }
    }
}
