//! How is a verdict corrected? Under a lock, against what is known then, and durable at once.

use super::error::ReviewError;
use super::queue::{Seen, reviews_of};
use crate::intent::Intent;
use crate::lake::Folder;
use crate::post::Polarity;
use crate::report::{Ask, Known, ReportError};
use crate::sql::{Limits, Session};
use crate::state::{Review, Reviews, verdict};
use crate::system::wall_clock;

/// Longest name of an author, and longest note, in bytes.
const AUTHOR_BYTES_MAX: usize = 256;
const NOTE_BYTES_MAX: usize = 2_048;
/// Digits of a mention's short name.
const HANDLE: usize = 8;

/// What a person says of a verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Correction {
    /// How the post is meant; `None` lets the verdict stand.
    pub polarity: Option<Polarity>,
    /// Whether it speaks of the topic; `None` leaves that as it is.
    pub relevant: Option<bool>,
    /// What its writer wants, nothing too; `None` leaves that as it is.
    pub intents: Option<Vec<Intent>>,
    /// Whether the verdict was found right: then nothing else need be said.
    pub confirms: bool,
    /// Why.
    pub note: String,
    /// Who says so.
    pub author: String,
    /// Revision of the review that the author saw; 0 if there was none.
    pub revision: u64,
}

impl Correction {
    /// Whether it says something of the verdict.
    fn judges(&self) -> bool {
        self.polarity.is_some() || self.confirms
    }

    fn check(&self) -> Result<(), ReviewError> {
        if !self.judges() && self.relevant.is_none() && self.intents.is_none() {
            return Err(ReviewError::Nothing);
        }
        if self.author.trim().is_empty() {
            return Err(ReviewError::Nobody);
        }
        if self.author.len() > AUTHOR_BYTES_MAX || self.note.len() > NOTE_BYTES_MAX {
            return Err(ReviewError::TooLong);
        }
        Ok(())
    }
}

/// Notes, durably, what a person says of the verdict on a mention.
///
/// # Errors
/// For an unknown mention, a correction that says nothing, or one that did not see the latest review;
/// when the lake or a file of ours cannot be used.
pub async fn correct(
    folder: &Folder,
    limits: Limits,
    id: &str,
    correction: Correction,
) -> Result<Review, ReviewError> {
    correction.check()?;
    let reviews = Reviews::of(folder);
    let locked = reviews.clone();
    let lock = tokio::task::spawn_blocking(move || locked.lock()).await;
    let lock = lock.map_err(|error| ReviewError::Lake(error.into()))??;
    // What is read from here on stays so until the lock is let go.
    let session = Session::open_within(folder, limits).await?;
    let ask = Ask::new(&session, folder, &[], Known::default()).await?;
    let mention = match ask.plain_mention(id).await {
        // People also have the short name that the inbox shows.
        Err(ReportError::Unknown { .. }) if id.len() <= HANDLE => ask.waiting(id).await?.mention,
        found => found?,
    };
    let post = [mention.topic.as_str(), &mention.source, &mention.post_id];
    let last = reviews_of(&ask, post).await?.into_iter().next();
    let revision = last.as_ref().map_or(0, |last| last.revision);
    if let Some(last) = last.clone().filter(|_| revision != correction.revision) {
        return Err(ReviewError::Conflict(Box::new(last)));
    }
    let was = last.as_ref().map_or(mention.polarity.as_str(), |last| &last.polarity);
    let was = verdict(was).unwrap_or(Polarity::Neutral);
    let judged = correction.judges() || last.as_ref().is_some_and(|last| last.judged);
    let note = Some(correction.note.trim().to_owned()).filter(|note| !note.is_empty());
    let mut intents = correction.intents;
    if let Some(intents) = &mut intents {
        intents.sort_unstable();
        intents.dedup();
    }
    let id = reviews.fresh_id()?;
    let review = Review {
        id,
        at: wall_clock(),
        revision: revision + 1,
        polarity: correction.polarity.unwrap_or(was),
        relevant: correction.relevant.or(last.as_ref().map(|last| last.relevant)).unwrap_or(true),
        was,
        judged,
        intents: intents.or_else(|| last.and_then(Seen::kept_intents)),
        topic: mention.topic,
        source: mention.source,
        post_id: mention.post_id,
        author: mention.author,
        scorer: mention.scorer,
        note,
        reviewed_by: correction.author.trim().to_owned(),
    };
    let put = review.clone();
    let written = tokio::task::spawn_blocking(move || reviews.add(&put, &lock)).await;
    written.map_err(|error| ReviewError::Lake(error.into()))??;
    Ok(review)
}
