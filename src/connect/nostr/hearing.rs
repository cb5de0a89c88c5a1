//! How far is each subscription of a relay? What is stored is read page by page, then what is new is
//! heard; each may be refused alone.

use super::filter::Filter;
use crate::connect::health::Gap;
use crate::decode::nostr::Note;
use crate::time::{EventTime, SECOND_US};

/// How far one subscription is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// What is stored comes.
    Stored(Page),
    /// There is more before this time, in seconds.
    Waiting(i64),
    /// What is older than `until` comes.
    Older { until: i64, page: Page },
    /// The relay gives it to nobody whom it does not know, and we are to log in.
    Locked,
    /// Everything came, and new notes come as they are made.
    Live,
    /// The relay does not give it.
    Off,
}

/// What came of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) notes: u64,
    pub(super) oldest: i64,
}

impl Page {
    pub(super) fn count(&mut self, note: &Note) {
        self.notes += 1;
        self.oldest = self.oldest.min(note.created_at);
    }
}

pub(super) const EMPTY: Page = Page { notes: 0, oldest: i64::MAX };

/// One subscription.
#[derive(Debug)]
pub(super) struct Hearing {
    pub(super) filter: Filter,
    pub(super) stage: Stage,
    /// From when on it was asked for, in seconds.
    pub(super) since: i64,
    pub(super) pages: u32,
    /// Notes that came by themselves since the last comparison.
    pub(super) fresh: u64,
    /// Whether it was asked for since we are logged in.
    pub(super) is_asked_anew: bool,
}

impl Hearing {
    /// One that is asked for from a time on, if it is given.
    pub(super) fn new(filter: Filter, since: i64, is_given: bool) -> Self {
        let stage = if is_given { Stage::Stored(EMPTY) } else { Stage::Off };
        Self { filter, stage, since, pages: 0, fresh: 0, is_asked_anew: false }
    }

    /// Begins anew with what is stored, from a time on.
    pub(super) fn renew(&mut self, since: i64) {
        (self.stage, self.since, self.pages) = (Stage::Stored(EMPTY), since, 0);
    }

    /// Whether something is still to come of what is stored.
    pub(super) fn is_awaited(&self) -> bool {
        !matches!(self.stage, Stage::Live | Stage::Off)
    }
}

/// The name of the subscription for what is older than what came first.
pub(super) fn older(place: usize) -> String {
    format!("{place}-older")
}

pub(super) fn is_older(name: &str) -> bool {
    name.ends_with("-older")
}

/// The place that the name of a subscription tells.
pub(super) fn place(name: &str) -> Option<usize> {
    name.trim_end_matches("-older").parse().ok()
}

pub(super) fn gap(since: i64, until: i64, what: String) -> Gap {
    let time = |seconds: i64| EventTime(seconds.saturating_mul(SECOND_US)).to_string();
    Gap { from: time(since), to: time(until), reason: what + " were missed" }
}
