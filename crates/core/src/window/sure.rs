//! How many negative mentions are sure enough? Counted apart for each confidence that rules demand.
//!
//! Exact, authors included, and as mergeable as totals. Without such rules a pane keeps nothing here.

use serde::{Deserialize, Serialize};

use super::observation::{Observation, Originality};
use super::totals::{Authors, AuthorsState, Heard, Known};
use crate::post::Polarity;
use crate::privacy::Rotation;

/// Negative mentions of a pane or window by the least confidence that was demanded of them.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Sure(Vec<Tier>);

/// Negative mentions at least so sure. Copies are not among them: sentiment counts a text once.
#[derive(Debug, Clone)]
struct Tier {
    /// Percent.
    least: u8,
    mentions: u64,
    authors: Authors,
}

/// [`Sure`] as stored in a checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SureState(Vec<(u8, u64, AuthorsState)>);

impl SureState {
    /// The same after the key of the author hashes was rotated.
    pub(super) fn rotate(&mut self, rotation: &Rotation, heard: Known<'_>) {
        for (least, _, authors) in &mut self.0 {
            authors.rotate(rotation, &mut || heard(Heard::Sure(*least)));
        }
    }
}

impl Sure {
    /// Counts a mention for each demand that it meets.
    pub(super) fn observe(&mut self, mention: &Observation, demanded: &[u8]) {
        if mention.polarity != Polarity::Negative || mention.originality == Originality::Copy {
            return;
        }
        for &least in demanded.iter().filter(|&&least| mention.confidence >= least) {
            let tier = self.tier(least);
            tier.mentions += 1;
            tier.authors.observe(mention.author);
        }
    }

    /// Adds what another pane counted for one demand.
    pub(super) fn merge(&mut self, other: &Self, least: u8) {
        if let Some(theirs) = other.get(least) {
            let mine = self.tier(least);
            mine.mentions += theirs.mentions;
            mine.authors.merge(&theirs.authors);
        }
    }

    /// Mentions that meet a demand.
    pub(super) fn mentions(&self, least: u8) -> u64 {
        self.get(least).map_or(0, |tier| tier.mentions)
    }

    /// Estimated number of their distinct authors.
    pub(super) fn authors(&self, least: u8) -> u64 {
        self.get(least).map_or(0, |tier| tier.authors.estimate())
    }

    pub(super) fn to_state(&self) -> SureState {
        let tiers = self.0.iter();
        SureState(tiers.map(|tier| (tier.least, tier.mentions, tier.authors.to_state())).collect())
    }

    /// `None` when a sketch is damaged.
    pub(super) fn from_state(state: &SureState) -> Option<Self> {
        let tier = |(least, mentions, authors): &(u8, u64, AuthorsState)| {
            let authors = Authors::from_state(authors)?;
            Some(Tier { least: *least, mentions: *mentions, authors })
        };
        state.0.iter().map(tier).collect::<Option<Vec<_>>>().map(Self)
    }

    fn get(&self, least: u8) -> Option<&Tier> {
        self.0.iter().find(|tier| tier.least == least)
    }

    /// The tier of a demand, in order, so that the order of mentions leaves no trace.
    fn tier(&mut self, least: u8) -> &mut Tier {
        let place = self.0.partition_point(|tier| tier.least < least);
        if self.get(least).is_none() {
            self.0.insert(place, Tier { least, mentions: 0, authors: Authors::default() });
        }
        &mut self.0[place]
    }
}

impl PartialEq for Tier {
    fn eq(&self, other: &Self) -> bool {
        let of = |tier: &Self| (tier.least, tier.mentions, tier.authors.estimate());
        of(self) == of(other)
    }
}
