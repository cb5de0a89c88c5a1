//! Which posts show what a window holds? The most negative ones, each text once.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::observation::Observation;
use crate::post::{Score, SourceId};
use crate::privacy::Rotation;

/// Most posts kept per pane and source.
const SAMPLES_MAX: usize = 3;

/// A post to show as evidence. Ordered by score, then reach (largest first), then id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Target score.
    pub score: Score,
    /// How sure it is that the post is negative, in percent.
    pub confidence: u8,
    /// Followers or views, 0 when unknown.
    pub reach: u64,
    /// From where.
    pub source: SourceId,
    /// The post.
    pub post_id: Box<str>,
    /// The beginning of its text.
    pub text: Box<str>,
    /// Where a person can read it.
    pub url: Option<Box<str>>,
    /// Hashes of the words that the query matched in it, as [`super::OwnWords`].
    pub own: Box<[u32]>,
}

impl Sample {
    /// The same without what tells of the post.
    pub(super) fn blank(&self) -> Self {
        let (post_id, text, own) = (Box::default(), Box::default(), Box::default());
        let (score, confidence, source) = (self.score, self.confidence, self.source.clone());
        Self { score, confidence, reach: 0, source, post_id, text, url: None, own }
    }

    /// The same after the key of the author hashes was rotated.
    pub(super) fn rotate(&mut self, rotation: &Rotation) {
        let turned = rotation.id(Cow::Borrowed(&self.post_id));
        if let Cow::Owned(turned) = turned {
            self.post_id = turned.into();
        }
    }

    fn rank(&self) -> (Score, Reverse<u64>, &SourceId, &str) {
        (self.score, Reverse(self.reach), &self.source, &self.post_id)
    }
}

/// A sample that stands for a cluster of near-copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exhibit {
    /// The post.
    pub sample: Arc<Sample>,
    /// As [`Observation::cluster`].
    pub cluster: u64,
    /// Mentions of the topic in the cluster since its first post.
    pub mentions: u32,
}

/// A sample, and the cluster that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shown {
    pub(super) sample: Arc<Sample>,
    pub(super) cluster: u64,
}

/// The best samples, best first, one per source and cluster; any order of adding gives the same.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Samples(Vec<Shown>);

impl Samples {
    pub(super) fn observe(&mut self, mention: &Observation) {
        if let Some(sample) = &mention.sample {
            self.add(&Shown { sample: Arc::clone(sample), cluster: mention.cluster });
        }
    }

    /// Forgets posts by their ids.
    pub(super) fn forget(&mut self, is_gone: impl Fn(&str) -> bool) {
        self.0.retain(|shown| !is_gone(&shown.sample.post_id));
    }

    pub(super) fn rotate(&mut self, rotation: &Rotation) {
        self.0.iter_mut().for_each(|shown| Arc::make_mut(&mut shown.sample).rotate(rotation));
        self.0.sort_by(|left, right| left.sample.rank().cmp(&right.sample.rank()));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Shown> {
        self.0.iter()
    }

    fn add(&mut self, new: &Shown) {
        let own = |shown: &Shown| shown.sample.source == new.sample.source;
        let same = |shown: &Shown| own(shown) && shown.cluster == new.cluster;
        match self.0.iter_mut().find(|shown| same(shown)) {
            Some(known) if known.sample.rank() <= new.sample.rank() => return,
            Some(known) => known.sample = Arc::clone(&new.sample),
            None => {
                // Most panes show one post, and a vector makes room for four.
                self.0.reserve_exact(1);
                self.0.push(new.clone());
            }
        }
        self.0.sort_by(|left, right| left.sample.rank().cmp(&right.sample.rank()));
        if self.0.iter().filter(|shown| own(shown)).count() > SAMPLES_MAX
            && let Some(last) = self.0.iter().rposition(own)
        {
            self.0.remove(last);
        }
    }
}

/// The best of many, best first, one per cluster, and one of those that are too short for one.
pub(super) fn best(mut samples: Vec<Shown>, most: usize) -> Vec<Shown> {
    samples.sort_by(|left, right| left.sample.rank().cmp(&right.sample.rank()));
    let mut best: Vec<Shown> = Vec::new();
    for shown in samples {
        let known = best
            .iter()
            .any(|known| known.cluster == shown.cluster || known.sample.text == shown.sample.text);
        if best.len() < most && !known {
            best.push(shown);
        }
    }
    best
}
