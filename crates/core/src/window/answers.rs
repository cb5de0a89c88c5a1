//! Who still waits for us? Negative mentions without a reply by an account of ours.
//!
//! Mentions and replies are taken in by posting time as ticks are released, so the order of arrival
//! leaves no trace. A reply that comes late counts at once.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::observation::{Observation, Originality};
use super::sample::{Exhibit, Sample};
use crate::post::{SourceId, TopicId};
use crate::privacy::Rotation;
use crate::time::{EventTime, MINUTE_US};

/// Mentions that may wait for a reply over all topics, about 700 bytes each; the oldest leaves.
const CALLS_MAX: usize = 16_384;
/// Replies that may wait for their tick; beyond, the earliest counts at once.
const REPLIES_MAX: usize = 65_536;
/// What people decided about mentions that may still come; the oldest leaves.
const DECIDED_MAX: usize = 4_096;

/// A reply by an account of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// When it was posted.
    pub posted_at: EventTime,
    /// The topics that the account speaks for.
    pub topics: Vec<TopicId>,
    /// The posts that it answers, as [`crate::post::PostKey`]: the one above it, and the first of
    /// the thread.
    pub answers: Vec<u64>,
    /// Its thread, if it does not say which post it answers: then all that was said there before.
    pub thread: Option<u64>,
}

/// A negative mention that wants a reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Call {
    posted_at: EventTime,
    pub(super) topic: TopicId,
    source: SourceId,
    post: u64,
    thread: u64,
    answered: bool,
    cluster: u64,
    sample: Arc<Sample>,
}

/// Which mentions count as overdue.
#[derive(Debug, Clone, Copy)]
pub struct Overdue<'w> {
    /// Whose mentions.
    pub topic: TopicId,
    /// Mentions from this source only; `None` takes all.
    pub source: Option<&'w SourceId>,
    /// Those posted at this instant or later.
    pub from: EventTime,
    /// Now.
    pub at: EventTime,
    /// How long a reply may take in microseconds; ends with a full minute.
    pub within_us: i64,
    /// Least reach that wants a reply; an unknown reach counts as 0.
    pub reach: u64,
    /// Least confidence that wants one, in percent.
    pub confidence: u8,
}

/// Mentions that want a reply, and replies that wait for their tick.
#[derive(Debug, Default)]
pub(super) struct Answers {
    calls: VecDeque<Call>,
    /// Number of the oldest call; the others follow.
    oldest: u64,
    /// Numbers by topic, ascending.
    by_topic: HashMap<TopicId, VecDeque<u64>>,
    /// Replies by posting time.
    replies: BTreeMap<EventTime, Vec<Reply>>,
    replies_len: usize,
    /// What people decided about mentions that are none of the calls, the latest last. Whoever goes
    /// on from a checkpoint says it anew.
    decided: VecDeque<(TopicId, u64, bool)>,
}

/// [`Answers`] as stored in a checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct AnswersState {
    calls: Vec<Call>,
    replies: Vec<Reply>,
}

impl Call {
    /// Forgets what was said, if it is gone; then nobody waits for a reply.
    fn forget(&mut self, is_gone: impl Fn(&str) -> bool) {
        if is_gone(&self.sample.post_id) {
            self.answered = true;
            self.sample = Arc::new(self.sample.blank());
        }
    }
}

impl AnswersState {
    pub(super) fn forget(&mut self, is_gone: impl Fn(&str) -> bool) {
        self.calls.iter_mut().for_each(|call| call.forget(&is_gone));
    }

    pub(super) fn rotate(&mut self, rotation: &Rotation) {
        self.calls.iter_mut().for_each(|call| Arc::make_mut(&mut call.sample).rotate(rotation));
    }

    pub(super) fn renumbered(&mut self, topic: impl Fn(TopicId) -> Option<TopicId>) {
        self.calls.retain_mut(|call| topic(call.topic).map(|id| call.topic = id).is_some());
        for reply in &mut self.replies {
            reply.topics = reply.topics.iter().filter_map(|&old| topic(old)).collect();
        }
    }
}

impl Answers {
    pub(super) fn from_state(state: AnswersState) -> Self {
        let mut answers = Self::default();
        state.calls.into_iter().for_each(|call| answers.push(call));
        state.replies.into_iter().for_each(|reply| answers.wait(reply));
        answers
    }

    pub(super) fn to_state(&self) -> AnswersState {
        AnswersState {
            calls: self.calls.iter().cloned().collect(),
            replies: self.replies.values().flatten().cloned().collect(),
        }
    }

    /// Forgets mentions by the ids of their posts.
    pub(super) fn forget(&mut self, is_gone: impl Fn(&str) -> bool) {
        self.calls.iter_mut().for_each(|call| call.forget(&is_gone));
    }

    /// Lets a reply wait for its tick.
    pub(super) fn wait(&mut self, reply: Reply) {
        self.replies.entry(reply.posted_at).or_default().push(reply);
        self.replies_len += 1;
        if self.replies_len > REPLIES_MAX
            && let Some(earliest) = self.replies.keys().next().copied()
        {
            self.reply_before(earliest.shift(1));
        }
    }

    /// Lets the replies before this instant count.
    pub(super) fn reply_before(&mut self, end: EventTime) {
        if self.replies.is_empty() {
            return;
        }
        let later = self.replies.split_off(&end);
        for reply in std::mem::replace(&mut self.replies, later).into_values().flatten() {
            self.replies_len -= 1;
            self.reply(&reply);
        }
    }

    /// Lets a reply count. Linear in the calls of its topics.
    pub(super) fn reply(&mut self, reply: &Reply) {
        for topic in &reply.topics {
            for number in self.by_topic.get(topic).into_iter().flatten() {
                let place = usize::try_from(number - self.oldest).unwrap_or(usize::MAX);
                let Some(call) = self.calls.get_mut(place) else { continue };
                let in_thread =
                    reply.thread == Some(call.thread) && call.posted_at <= reply.posted_at;
                call.answered |= in_thread || reply.answers.contains(&call.post);
            }
        }
    }

    /// A person said whether a mention is done with; it holds until a reply counts.
    pub(super) fn decide(&mut self, topic: TopicId, post: u64, is_done: bool) {
        self.decided.retain(|(of, about, _)| (*of, *about) != (topic, post));
        let mut is_known = false;
        for number in self.by_topic.get(&topic).into_iter().flatten() {
            let place = usize::try_from(number - self.oldest).unwrap_or(usize::MAX);
            if let Some(call) = self.calls.get_mut(place).filter(|call| call.post == post) {
                call.answered = is_done;
                is_known = true;
            }
        }
        if !is_known {
            if self.decided.len() >= DECIDED_MAX {
                self.decided.pop_front();
            }
            self.decided.push_back((topic, post, is_done));
        }
    }

    /// Takes in the mentions of a tick, in order; copies of a text want no reply of their own.
    pub(super) fn call(&mut self, mentions: &[Observation]) {
        for mention in mentions {
            if let (Some(thread), Some(sample)) = (mention.thread, &mention.sample)
                && mention.originality == Originality::Original
            {
                self.push(Call {
                    posted_at: mention.posted_at,
                    topic: mention.topic,
                    source: mention.source.clone(),
                    post: mention.post,
                    thread,
                    answered: self.is_done(mention.topic, mention.post),
                    cluster: mention.cluster,
                    sample: Arc::clone(sample),
                });
            }
        }
    }

    /// Whether a person said so before the mention counted.
    fn is_done(&self, topic: TopicId, post: u64) -> bool {
        self.decided.contains(&(topic, post, true))
    }

    /// Forgets what was posted before this instant.
    pub(super) fn forget_before(&mut self, at: EventTime) {
        while self.calls.front().is_some_and(|call| call.posted_at < at) {
            self.pop();
        }
    }

    /// Mentions whose time has run out, the farthest-reaching first.
    pub(super) fn overdue(&self, wanted: &Overdue<'_>) -> Vec<Exhibit> {
        let Overdue { topic, source, from, at, within_us, reach, confidence } = *wanted;
        // Full minutes are always judged, so that the end of the time is never missed.
        let due = |call: &Call| call.posted_at.shift(within_us + MINUTE_US - 1).floor(MINUTE_US);
        let open = |call: &&Call| {
            !call.answered
                && call.posted_at >= from
                && due(call) <= at
                && call.sample.reach >= reach
                && call.sample.confidence >= confidence
                && source.is_none_or(|source| call.source == *source)
        };
        let numbers = self.by_topic.get(&topic).into_iter().flatten();
        let calls = numbers.filter_map(|number| {
            self.calls.get(usize::try_from(number - self.oldest).unwrap_or(usize::MAX))
        });
        let mut open: Vec<&Call> = calls.filter(open).collect();
        open.sort_by_key(|call| std::cmp::Reverse(call.sample.reach));
        let shown = open.into_iter();
        shown
            .map(|call| Exhibit {
                sample: Arc::clone(&call.sample),
                cluster: call.cluster,
                mentions: 1,
            })
            .collect()
    }

    fn push(&mut self, call: Call) {
        let number = self.oldest + self.calls.len() as u64;
        self.by_topic.entry(call.topic).or_default().push_back(number);
        self.calls.push_back(call);
        if self.calls.len() > CALLS_MAX {
            self.pop();
        }
    }

    fn pop(&mut self) {
        let Some(call) = self.calls.pop_front() else { return };
        if let Some(numbers) = self.by_topic.get_mut(&call.topic) {
            numbers.pop_front();
            if numbers.is_empty() {
                self.by_topic.remove(&call.topic);
            }
        }
        self.oldest += 1;
    }
}
