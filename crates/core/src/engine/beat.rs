//! When are rules looked at before the watermark comes? At the first beat after a mention was heard.
//!
//! Beats are instants of reception time, and every post moves that, whatever it mentions: so when a
//! topic is looked at depends on no other topic, and shards of one stream look when one engine does.
//! What is looked at is all that came before the first post of the beat or later.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Engine, Outcome};
use crate::post::TopicId;
use crate::time::EventTime;

/// The topics that were heard of since the last look, and when the next is due.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Beat {
    due: Option<EventTime>,
    topics: BTreeSet<TopicId>,
}

impl Beat {
    /// Renumbers topics after a change of configuration.
    pub(super) fn renumbered(self, topic: impl Fn(TopicId) -> Option<TopicId>) -> Self {
        let topics: BTreeSet<TopicId> = self.topics.into_iter().filter_map(topic).collect();
        Self { due: self.due.filter(|_| !topics.is_empty()), topics }
    }
}

impl Engine {
    /// Lets `passed_us` of silence pass for looks ahead alone: while a source is lost nobody knows
    /// what it will still bring, and windows wait for it; but what was heard can be told. It does not
    /// add up over calls.
    pub fn look(&mut self, passed_us: i64, outcome: &mut Outcome) {
        outcome.clear();
        let now = self.watermark.clock().map(|clock| clock.shift(passed_us));
        self.look_by(now, outcome);
    }

    /// Looks, if that is due when a post with these times comes.
    pub(super) fn look_before(
        &mut self,
        posted_at: EventTime,
        received_at: EventTime,
        outcome: &mut Outcome,
    ) {
        if self.beat.due.is_some() {
            self.look_by(self.watermark.moves_to(posted_at, received_at), outcome);
        }
    }

    /// Looks, if that is due at this instant.
    pub(super) fn look_by(&mut self, now: Option<EventTime>, outcome: &mut Outcome) {
        if let Some(due) = self.beat.due.filter(|due| Some(*due) <= now) {
            let Beat { topics, .. } = std::mem::take(&mut self.beat);
            self.judge.look_ahead(due, &topics, &self.windows, &mut outcome.alerts);
        }
    }

    /// Looks at what was heard of last.
    pub(super) fn look_at_last(&mut self, outcome: &mut Outcome) {
        self.look_by(self.beat.due, outcome);
    }

    /// Takes note of the topics of the post in hand, which time has passed with.
    pub(super) fn hear(&mut self, outcome: &mut Outcome) {
        let clock = self.watermark.clock();
        // Time can step further than a post alone could tell.
        self.look_by(clock, outcome);
        let beat = self.config.beat_us.zip(clock).filter(|_| !self.heard.is_empty());
        if let Some((beat_us, clock)) = beat {
            self.beat.due.get_or_insert(clock.floor(beat_us).shift(beat_us));
            self.beat.topics.extend(&self.heard);
        }
        self.heard.clear();
    }
}
