//! What do windows see of a mention?

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::likeness::Likeness;
use super::sample::Sample;
use crate::post::{AuthorKey, Lang, Polarity, Score, SourceId, TopicId};
use crate::time::EventTime;

/// One mention, as windows see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// When it was posted.
    pub posted_at: EventTime,
    /// Which topic.
    pub topic: TopicId,
    /// From where.
    pub source: SourceId,
    /// In which language.
    pub lang: Lang,
    /// By whom.
    pub author: AuthorKey,
    /// Target score.
    pub score: Score,
    /// As it counts: the sign of the target score, and never negative for our own accounts.
    pub polarity: Polarity,
    /// How sure the polarity is, in percent.
    pub confidence: u8,
    /// Followers or views, 0 when unknown.
    pub reach: u64,
    /// Likes, reposts and replies, 0 when unknown.
    pub engagement: u64,
    /// The post, as [`crate::post::PostKey`].
    pub post: u64,
    /// The post itself, or the one that it passes on unchanged, as [`crate::post::PostKey`].
    pub identity: u64,
    /// For a negative mention that wants a reply of ours: its thread, or the post itself where it
    /// begins one, as [`crate::post::PostKey`].
    pub thread: Option<u64>,
    /// What tells copies of its text; `None` for a text too short to tell.
    pub likeness: Option<Arc<Likeness>>,
    /// Whether its text is new; known once its tick is released.
    pub originality: Originality,
    /// The same for all mentions of a topic that say nearly the same; known with the originality.
    pub cluster: u64,
    /// For negative mentions, what to show as evidence.
    pub sample: Option<Arc<Sample>>,
}

/// Whether a text is new, or repeats one seen shortly before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Originality {
    /// It is new.
    #[default]
    Original,
    /// It repeats, or nearly repeats, another: it counts as a mention, but not as sentiment.
    Copy,
}

/// Whether a mention came in time for its pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeliness {
    /// It counts.
    InTime,
    /// Its tick was already judged: it is stored, and no pane counts it. Only alerts that fire
    /// already take note of it, if it lies in their window.
    Late {
        /// Up to where everything had been judged when it came.
        judged: EventTime,
    },
}
