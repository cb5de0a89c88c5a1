//! Where did each event go? Counts whose sum is the number of events.

use serde::{Deserialize, Serialize};

use crate::post::Polarity;
use crate::sentiment::{LanguageSource, Verdict};

/// Where each event went. In = analyzed + duplicate + refused + erased + edits + deletes + purges +
/// renewals.
///
/// New fields are added at the end: what an older checkpoint lacks is 0.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Events taken in.
    pub events: u64,
    /// Posts matched and scored.
    pub analyzed: u64,
    /// Posts whose id was seen before.
    pub duplicate: u64,
    /// Posts dated more than a minute ahead of their reception.
    pub refused_future: u64,
    /// New versions of posts.
    pub edits: u64,
    /// Withdrawals of posts.
    pub deletes: u64,
    /// Posts that mention at least one topic.
    pub matched: u64,
    /// Post and topic pairs.
    pub mentions: u64,
    /// Mentions with a negative target score.
    pub negative: u64,
    /// Mentions whose post declares no language, or one that its words speak against.
    pub language_detected: u64,
    /// Mentions whose language neither the post nor its words tell.
    pub language_unknown: u64,
    /// Mentions too late for their pane; stored all the same.
    pub late: u64,
    /// Posts that were erased before, or whose authors were.
    pub erased: u64,
    /// Deletions of accounts.
    pub purges: u64,
    /// Accounts whose posts were told anew.
    pub renewals: u64,
}

impl Tally {
    /// Counts a mention with this verdict.
    pub(super) fn mention(&mut self, verdict: &Verdict) {
        self.mentions += 1;
        self.negative += u64::from(verdict.polarity == Polarity::Negative);
        match verdict.language.source {
            LanguageSource::Declared => {}
            LanguageSource::Detected => self.language_detected += 1,
            LanguageSource::Unknown => self.language_unknown += 1,
        }
    }

    /// Adds another tally.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.analyzed += other.analyzed;
        self.duplicate += other.duplicate;
        self.refused_future += other.refused_future;
        self.edits += other.edits;
        self.deletes += other.deletes;
        self.matched += other.matched;
        self.mentions += other.mentions;
        self.negative += other.negative;
        self.language_detected += other.language_detected;
        self.language_unknown += other.language_unknown;
        self.late += other.late;
        self.erased += other.erased;
        self.purges += other.purges;
        self.renewals += other.renewals;
    }
}
