//! What did people decide about mentions? On its way to the engine's thread, so that rules on replies
//! know it.
//!
//! The lake task hands over each change that it moves into table `triage`, and each review that is new
//! since it began.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::post::{Polarity, PostKey, TopicId};
use crate::state::{Change, Review, Reviews, Standing, StateError};

/// Mentions about which it is remembered what was decided.
const DECIDED_MAX: usize = 4_096;

/// Decisions on their way; taken twice a second.
#[derive(Debug, Default)]
pub struct Decisions(Mutex<Vec<Decision>>);

/// What people decided about a mention.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) topic: String,
    pub(super) source: String,
    pub(super) post_id: String,
    pub(super) says: Says,
}

/// What a decision says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Says {
    /// How the mention stands in the inbox.
    State(Standing),
    /// Whether it wants no answer, since it is no complaint or not about the topic.
    Reviewed(bool),
}

/// The reviews of a lake, and the latest that is known.
#[derive(Debug)]
pub struct NewReviews {
    reviews: Reviews,
    bytes: u64,
    latest: Option<String>,
}

impl Decisions {
    /// Takes in changes of how mentions stand.
    pub(super) fn change(&self, changes: Vec<Change>) {
        self.add(changes.into_iter().map(|change| {
            let Change { topic, source, post_id, state, .. } = change;
            Decision { topic, source, post_id, says: Says::State(state) }
        }));
    }

    /// Takes in reviews; one that lets a verdict stand decides nothing.
    pub(super) fn review(&self, reviews: Vec<Review>) {
        self.add(reviews.into_iter().filter_map(|review| {
            let is_done = !review.relevant || review.polarity != Polarity::Negative;
            let Review { topic, source, post_id, was, .. } = review;
            let changes = is_done || was != Polarity::Negative;
            let says = Says::Reviewed(is_done);
            changes.then_some(Decision { topic, source, post_id, says })
        }));
    }

    fn add(&self, decisions: impl Iterator<Item = Decision>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(decisions);
    }

    pub(super) fn take(&self) -> Vec<Decision> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What people decided about mentions that rules on replies look at; the oldest leaves.
#[derive(Debug, Default)]
pub(super) struct Decided {
    by_mention: HashMap<(TopicId, PostKey), Done>,
    order: VecDeque<(TopicId, PostKey)>,
}

/// For which reasons a mention wants no answer.
#[derive(Debug, Default, Clone, Copy)]
struct Done {
    by_state: bool,
    by_review: bool,
}

impl Decided {
    /// Whether a mention is done with once this is decided; `None` where that is left to what is known
    /// of replies.
    pub(super) fn take(&mut self, mention: (TopicId, PostKey), says: Says) -> Option<bool> {
        if !self.by_mention.contains_key(&mention) {
            self.order.push_back(mention);
            if self.order.len() > DECIDED_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.by_mention.remove(&oldest);
            }
        }
        let done = self.by_mention.entry(mention).or_default();
        let was = done.by_state || done.by_review;
        match says {
            Says::State(state) => {
                done.by_state = matches!(state, Standing::Answered | Standing::Ignored);
            }
            Says::Reviewed(is_done) => done.by_review = is_done,
        }
        let is = done.by_state || done.by_review;
        // Who only takes care of one that a reply has answered does not let it wait again.
        let is_reopened = matches!(says, Says::State(Standing::Open));
        (is || was || is_reopened).then_some(is)
    }
}

impl NewReviews {
    /// Those that are made from now on.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn of(reviews: Reviews) -> Result<Self, StateError> {
        let (bytes, latest) = (reviews.bytes(), reviews.all()?.pop().map(|review| review.id));
        Ok(Self { reviews, bytes, latest })
    }

    /// Those since the last call; all of them where the latest one known was taken out. The file is
    /// read only where its length changed.
    pub(super) fn take(&mut self) -> Result<Vec<Review>, StateError> {
        let bytes = self.reviews.bytes();
        if bytes == self.bytes {
            return Ok(Vec::new());
        }
        let mut all = self.reviews.all()?;
        let latest = self.latest.take();
        self.latest = all.last().map(|review| review.id.clone());
        self.bytes = bytes;
        let known = all.iter().position(|review| Some(&review.id) == latest.as_ref());
        Ok(all.split_off(known.map_or(0, |place| place + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_waits_again_only_where_nothing_speaks_against_it() {
        use Standing::{Answered, Assigned, Open};
        let mention = (TopicId(0), PostKey(7));
        let rows = [
            // Whoever takes care of what a reply has answered leaves it answered.
            (vec![Says::State(Assigned)], None),
            (vec![Says::State(Open)], Some(false)),
            (vec![Says::State(Answered), Says::Reviewed(false)], Some(true)),
            (vec![Says::Reviewed(true), Says::State(Assigned)], Some(true)),
            (vec![Says::Reviewed(true), Says::Reviewed(false)], Some(false)),
            (vec![Says::State(Answered), Says::State(Open)], Some(false)),
        ];
        for (said, wanted) in rows {
            let mut decided = Decided::default();
            let last = said.iter().map(|&says| decided.take(mention, says)).last().flatten();
            assert_eq!(last, wanted, "{said:?}");
        }
    }
}
