//! What would a topic's windows hold if all that waits were in its panes? For a look at them before
//! the watermark comes.
//!
//! Marks copies as their tick will, and keeps nothing: what waits goes on waiting.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::observation::Observation;
use super::pane::Pane;
use super::panes::Windows;
use crate::post::TopicId;
use crate::time::{EventTime, MINUTE_US};

/// The waiting mentions of one topic, as panes.
#[derive(Debug, Default)]
pub struct Ahead {
    panes: BTreeMap<EventTime, Pane>,
    /// How many of the mentions are in each cluster of near-copies.
    clusters: HashMap<u64, u32, RandomState>,
}

impl Windows {
    /// The mentions of a topic that wait before `to`, also those before a window: what repeats them is
    /// a copy. Linear in all that wait of the topic.
    #[must_use]
    pub fn ahead(&self, topic: TopicId, to: EventTime) -> Ahead {
        let before = |mention: &&Observation| mention.posted_at < to;
        let mut mentions: Vec<Observation> =
            self.waiting_of(topic).filter(before).cloned().collect();
        self.copies.foresee(&mut mentions);
        let mut ahead = Ahead::default();
        for mention in &mentions {
            let pane = ahead.panes.entry(mention.posted_at.floor(MINUTE_US)).or_default();
            pane.observe(mention, &self.demanded);
            *ahead.clusters.entry(mention.cluster).or_default() += 1;
        }
        ahead
    }
}

impl Ahead {
    /// Panes that begin in `from..to`.
    pub(super) fn panes(&self, from: EventTime, to: EventTime) -> impl Iterator<Item = &Pane> {
        self.panes.range(from..to).map(|(_, pane)| pane)
    }

    /// How many of the mentions are in a cluster.
    pub(super) fn cluster_size(&self, cluster: u64) -> u32 {
        self.clusters.get(&cluster).copied().unwrap_or(0)
    }
}
