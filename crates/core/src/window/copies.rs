//! Has this been said before? Tells the first post with a text from those that repeat it, in the
//! same or nearly the same words, and a repost from its original.
//!
//! Judged in order of posting time as ticks are released, so the order of arrival does not matter.
//! A copy is compared with first posts only, never with other copies: what is passed on from mouth
//! to mouth does not drift into one cluster with something else. A first post is remembered for a
//! day and a half of event time: what is sent out daily is still a copy, and what people say anew
//! in the next crisis counts anew.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use super::likeness::Likeness;
use super::observation::{Observation, Originality};
use crate::post::{Polarity, TopicId};
use crate::time::{EventTime, MINUTE_US};

/// For how long after its posting a first post is remembered.
const MEMORY_US: i64 = 36 * 60 * MINUTE_US;

/// First posts that are remembered over all topics; beyond, the oldest leaves before its time.
const FIRSTS_MAX: usize = 8_192;
/// First posts compared under one mark, the latest ones: a bound for marks that many texts share.
const MARKED_MAX: usize = 64;

/// The first posts seen lately: at most about 1 kB each.
#[derive(Debug, Default)]
pub(super) struct Copies {
    firsts: VecDeque<First>,
    /// Number of the oldest of them; the others follow.
    oldest: u64,
    /// Numbers by what near-copies share.
    marked: HashMap<(TopicId, u64), Numbers, RandomState>,
}

/// Numbers of first posts, ascending, at least one: most marks have one alone.
#[derive(Debug)]
enum Numbers {
    One(u64),
    Many(Vec<u64>),
}

impl Numbers {
    fn as_slice(&self) -> &[u64] {
        match self {
            Self::One(number) => std::slice::from_ref(number),
            Self::Many(numbers) => numbers,
        }
    }

    /// Adds the next, of the latest of which so many are kept.
    fn push(&mut self, number: u64, most: usize) {
        match self {
            Self::One(first) => *self = Self::Many(vec![*first, number]),
            Self::Many(numbers) => {
                numbers.push(number);
                if numbers.len() > most {
                    numbers.remove(0);
                }
            }
        }
    }

    /// Removes one; whether none is left.
    fn remove(&mut self, number: u64) -> bool {
        match self {
            Self::One(only) => *only == number,
            Self::Many(numbers) => {
                numbers.retain(|&known| known != number);
                numbers.is_empty()
            }
        }
    }
}

/// The first post of a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct First {
    pub(super) topic: TopicId,
    at: EventTime,
    polarity: Polarity,
    /// Of the post itself, or of the one that it passes on.
    identity: u64,
    likeness: Option<Arc<Likeness>>,
    /// Mentions in the cluster so far.
    mentions: u32,
}

impl First {
    /// The cluster's name: as the text, or as the post where the text is too short to tell.
    fn cluster(&self) -> u64 {
        self.likeness.as_ref().map_or(self.identity, |likeness| likeness.exact())
    }

    fn marks(&self) -> impl Iterator<Item = u64> + '_ {
        marks(self.identity, self.likeness.as_deref())
    }

    /// Whether a mention repeats this post. Near-copies must agree in polarity: the word that
    /// differs may be the one that matters.
    fn is_repeated_by(&self, mention: &Observation) -> bool {
        if self.identity == mention.identity {
            return true;
        }
        let (Some(mine), Some(theirs)) = (&self.likeness, &mention.likeness) else { return false };
        mine.exact() == theirs.exact()
            || (self.polarity == mention.polarity && mine.resembles(theirs))
    }
}

fn marks(identity: u64, likeness: Option<&Likeness>) -> impl Iterator<Item = u64> + '_ {
    std::iter::once(identity).chain(likeness.into_iter().flat_map(Likeness::marks))
}

impl Copies {
    pub(super) fn from_state(firsts: Vec<First>) -> Self {
        let mut copies = Self::default();
        firsts.into_iter().for_each(|first| copies.remember(first));
        copies
    }

    pub(super) fn to_state(&self) -> Vec<First> {
        self.firsts.iter().cloned().collect()
    }

    /// Puts the mentions of one tick into clusters, the earliest first. Sorts them.
    pub(super) fn mark(&mut self, mentions: &mut [Observation]) {
        mentions.sort_by(|left, right| order(left).cmp(&order(right)));
        for mention in mentions {
            self.forget_before(mention.posted_at.shift(-MEMORY_US));
            self.take_in(mention);
        }
    }

    /// Marks mentions as [`Copies::mark`] would, and remembers none of them. Sorts them.
    pub(super) fn foresee(&self, mentions: &mut [Observation]) {
        mentions.sort_by(|left, right| order(left).cmp(&order(right)));
        let mut young = Self::default();
        for mention in mentions {
            let known = self.find(mention, mention.posted_at.shift(-MEMORY_US));
            match known.and_then(|place| self.firsts.get(place)) {
                Some(first) => {
                    mention.originality = Originality::Copy;
                    mention.cluster = first.cluster();
                }
                None => young.take_in(mention),
            }
        }
    }

    /// Puts a mention into its cluster, or begins one with it.
    fn take_in(&mut self, mention: &mut Observation) {
        if self.join(mention, mention.posted_at) {
            return;
        }
        let first = First {
            topic: mention.topic,
            at: mention.posted_at,
            polarity: mention.polarity,
            identity: mention.identity,
            likeness: mention.likeness.clone(),
            mentions: 1,
        };
        mention.cluster = first.cluster();
        self.remember(first);
    }

    /// Puts a mention into a cluster that is known at an instant; whether there is one.
    pub(super) fn join(&mut self, mention: &mut Observation, at: EventTime) -> bool {
        let found = self.find(mention, at.shift(-MEMORY_US));
        let Some(first) = found.and_then(|place| self.firsts.get_mut(place)) else {
            mention.cluster =
                mention.likeness.as_ref().map_or(mention.identity, |likeness| likeness.exact());
            return false;
        };
        first.mentions = first.mentions.saturating_add(1);
        mention.originality = Originality::Copy;
        mention.cluster = first.cluster();
        true
    }

    /// Mentions of a topic in a cluster since its first post; `None` when that is forgotten at this
    /// instant, whether another topic's mention has made room since or not.
    pub(super) fn size(&self, topic: TopicId, cluster: u64, at: EventTime) -> Option<u32> {
        let numbers = self.marked.get(&(topic, cluster)).map_or([].as_slice(), Numbers::as_slice);
        let firsts = numbers.iter().filter_map(|&number| self.firsts.get(self.place(number)?));
        let since = at.shift(-MEMORY_US);
        let own = firsts.filter(|first| first.cluster() == cluster && first.at >= since);
        own.map(|first| first.mentions).max()
    }

    /// The earliest first post, not before an instant, that a mention repeats.
    fn find(&self, mention: &Observation, since: EventTime) -> Option<usize> {
        let numbers = marks(mention.identity, mention.likeness.as_deref())
            .filter_map(|mark| self.marked.get(&(mention.topic, mark)))
            .flat_map(Numbers::as_slice);
        let places = numbers.filter_map(|&number| self.place(number));
        let repeated = |&place: &usize| {
            let first = self.firsts.get(place);
            first.is_some_and(|first| first.at >= since && first.is_repeated_by(mention))
        };
        places.filter(repeated).min()
    }

    fn remember(&mut self, first: First) {
        let number = self.oldest + self.firsts.len() as u64;
        for mark in first.marks() {
            self.marked
                .entry((first.topic, mark))
                .and_modify(|numbers| numbers.push(number, MARKED_MAX))
                .or_insert(Numbers::One(number));
        }
        self.firsts.push_back(first);
        if self.firsts.len() > FIRSTS_MAX
            && let Some(first) = self.firsts.pop_front()
        {
            self.forget(&first);
        }
    }

    fn forget_before(&mut self, at: EventTime) {
        while let Some(first) = self.firsts.pop_front_if(|first| first.at < at) {
            self.forget(&first);
        }
    }

    fn forget(&mut self, first: &First) {
        for mark in first.marks() {
            let key = (first.topic, mark);
            if self.marked.get_mut(&key).is_some_and(|numbers| numbers.remove(self.oldest)) {
                self.marked.remove(&key);
            }
        }
        self.oldest += 1;
    }

    fn place(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.oldest)?).ok()
    }
}

/// Mentions that are equal in all of this can change places without a trace.
fn order(mention: &Observation) -> impl Ord + '_ {
    let who = (&mention.source, mention.lang, mention.author);
    let what = (mention.score, mention.reach, mention.engagement);
    (mention.posted_at, mention.topic, who, what, mention.identity, mention.post)
}
