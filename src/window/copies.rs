//! Has this been said before? Tells the first post with a text from those that repeat it.
//!
//! Judged in order of posting time as ticks are released, so the order of arrival does not matter.

use std::collections::{HashSet, VecDeque};

use super::panes::{Observation, Originality};
use crate::post::TopicId;

/// Texts that are remembered over all topics, 12 bytes each in a checkpoint; the oldest leaves.
const TEXTS_MAX: usize = 8_192;

/// Texts seen lately, by topic and fingerprint.
#[derive(Debug, Default)]
pub(super) struct Copies {
    known: HashSet<(TopicId, u64)>,
    order: VecDeque<(TopicId, u64)>,
}

impl Copies {
    pub(super) fn from_state(texts: Vec<(TopicId, u64)>) -> Self {
        Self { known: texts.iter().copied().collect(), order: texts.into() }
    }

    pub(super) fn to_state(&self) -> Vec<(TopicId, u64)> {
        self.order.iter().copied().collect()
    }

    /// Marks the mentions of one tick that repeat a text, the earliest first; those without a
    /// fingerprint stay as they are. Sorts them.
    pub(super) fn mark(&mut self, mentions: &mut [Observation]) {
        mentions.sort_by(|left, right| order(left).cmp(&order(right)));
        for mention in mentions {
            let Some(fingerprint) = mention.fingerprint else { continue };
            let text = (mention.topic, fingerprint);
            if !self.known.insert(text) {
                mention.originality = Originality::Copy;
                continue;
            }
            self.order.push_back(text);
            if self.order.len() > TEXTS_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
        }
    }
}

/// Mentions that are equal in all of this can change places without a trace.
fn order(mention: &Observation) -> impl Ord + '_ {
    let who = (&mention.source, mention.lang, mention.author);
    let what = (mention.score, mention.reach, mention.engagement, mention.fingerprint);
    (mention.posted_at, mention.topic, who, what)
}
