//! What did people decide about mentions? On its way to the engine's thread, so that rules on replies
//! know it.
//!
//! The lake task hands over each change that it moves into table `triage`, and each review that is new
//! since it began.

use std::sync::{Mutex, PoisonError};

use crate::post::Polarity;
use crate::state::{Change, Review, Reviews, Standing, StateError};

/// Decisions on their way; taken twice a second.
#[derive(Debug, Default)]
pub struct Decisions(Mutex<Vec<Decision>>);

/// Whether a mention is done with, as people see it.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) topic: String,
    pub(super) source: String,
    pub(super) post_id: String,
    pub(super) is_done: bool,
}

/// The reviews of a lake, and how many of them are known.
#[derive(Debug)]
pub struct NewReviews {
    reviews: Reviews,
    bytes: u64,
    known: usize,
}

impl Decisions {
    /// Takes in changes of how mentions stand.
    pub(super) fn change(&self, changes: Vec<Change>) {
        self.add(changes.into_iter().map(|change| {
            let Change { topic, source, post_id, state, .. } = change;
            let is_done = matches!(state, Standing::Answered | Standing::Ignored);
            Decision { topic, source, post_id, is_done }
        }));
    }

    /// Takes in reviews; one that lets a verdict stand decides nothing.
    pub(super) fn review(&self, reviews: Vec<Review>) {
        self.add(reviews.into_iter().filter_map(|review| {
            let is_done = !review.relevant || review.polarity != Polarity::Negative;
            let Review { topic, source, post_id, was, .. } = review;
            let changes = is_done || was != Polarity::Negative;
            changes.then_some(Decision { topic, source, post_id, is_done })
        }));
    }

    fn add(&self, decisions: impl Iterator<Item = Decision>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(decisions);
    }

    pub(super) fn take(&self) -> Vec<Decision> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl NewReviews {
    /// Those that are made from now on.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn of(reviews: Reviews) -> Result<Self, StateError> {
        let (bytes, known) = (reviews.bytes(), reviews.all()?.len());
        Ok(Self { reviews, bytes, known })
    }

    /// Those since the last call; the file is read only where its length changed.
    pub(super) fn take(&mut self) -> Result<Vec<Review>, StateError> {
        let bytes = self.reviews.bytes();
        if bytes == self.bytes {
            return Ok(Vec::new());
        }
        let all = self.reviews.all()?;
        let before = std::mem::replace(&mut self.known, all.len());
        self.bytes = bytes;
        Ok(all.into_iter().skip(before).collect())
    }
}
