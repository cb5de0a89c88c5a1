//! How much does a source say, whether or not it mentions anything? Posts per minute.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::post::SourceId;
use crate::time::{EventTime, MINUTE_US};

/// Posts of the sources that a rule listens to, by minute: about 60 bytes a minute and source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Volumes {
    /// The sources, each once.
    listened: Vec<SourceId>,
    /// By minute, then by place in the list.
    minutes: BTreeMap<EventTime, BTreeMap<usize, u64>>,
}

impl Volumes {
    /// Counts these sources from now on, and forgets others.
    pub(super) fn listen_to(&mut self, sources: impl Iterator<Item = SourceId>) {
        let mut listened: Vec<SourceId> = sources.collect();
        listened.sort();
        listened.dedup();
        let place = |old: usize| {
            let known = self.listened.get(old)?;
            listened.iter().position(|source| source == known)
        };
        let renumber = |minute: &BTreeMap<usize, u64>| {
            minute.iter().filter_map(|(&old, &posts)| Some((place(old)?, posts))).collect()
        };
        self.minutes = self.minutes.iter().map(|(&at, minute)| (at, renumber(minute))).collect();
        self.listened = listened;
    }

    /// Counts a post.
    pub(super) fn hear(&mut self, source: &SourceId, posted_at: EventTime) {
        if let Some(place) = self.listened.iter().position(|listened| listened == source) {
            let minute = self.minutes.entry(posted_at.floor(MINUTE_US)).or_default();
            *minute.entry(place).or_default() += 1;
        }
    }

    /// Posts of a source in the minutes that begin in `from..to`.
    pub(super) fn heard(&self, source: &SourceId, from: EventTime, to: EventTime) -> u64 {
        let place = self.listened.iter().position(|listened| listened == source);
        let minutes = self.minutes.range(from..to.max(from));
        place.map_or(0, |place| minutes.filter_map(|(_, minute)| minute.get(&place)).sum())
    }

    /// Forgets minutes before this instant.
    pub(super) fn forget_before(&mut self, at: EventTime) {
        if self.minutes.keys().next().is_some_and(|first| *first < at) {
            self.minutes = self.minutes.split_off(&at);
        }
    }
}
