//! What can a source say? Posts, new versions of them, and what is taken back.

use serde::{Deserialize, Serialize};

use super::{AuthorKey, Post, PostKey, SourceId};
use crate::time::EventTime;

/// What the engine must still know of a post that mentions no topic and is not kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passed {
    /// Where it came from.
    pub source: SourceId,
    /// Which post.
    pub key: PostKey,
    /// When its author says it was written.
    pub posted_at: EventTime,
    /// When it reached us.
    pub received_at: EventTime,
}

impl Passed {
    /// What must be known of a post that passes.
    #[must_use]
    pub fn of(post: &Post, key: PostKey) -> Self {
        Self {
            source: post.source.clone(),
            key,
            posted_at: post.posted_at,
            received_at: post.received_at,
        }
    }
}

/// A post that was analyzed elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The post.
    pub post: Post,
    /// What it says of which topic, as `portable::Carried` is written.
    pub carried: Box<[u8]>,
}

/// What a source says happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A new post.
    Create(Box<Post>),
    /// A new post of which is known already that it mentions no topic.
    Pass(Passed),
    /// A new version of a post seen before.
    Edit(Box<Post>),
    /// A post was withdrawn.
    Delete {
        /// Where it was.
        source: SourceId,
        /// Which post.
        id: Box<str>,
        /// Whose post it must be, where anybody can send a withdrawal; `None` where the source has
        /// seen to that itself.
        by: Option<AuthorKey>,
        /// When the withdrawal reached us.
        received_at: EventTime,
    },
    /// An account was deleted, and all its posts with it.
    Purge {
        /// Where it was.
        source: SourceId,
        /// Whose it was.
        author: AuthorKey,
        /// When the deletion reached us.
        received_at: EventTime,
    },
    /// An account's posts are told anew: what was received of it before is void, and those that
    /// are left follow as [`Event::Edit`].
    Renew {
        /// Where it is.
        source: SourceId,
        /// Whose posts.
        author: AuthorKey,
        /// When this reached us.
        received_at: EventTime,
    },
    /// A new post of which is known already what it says.
    Found(Box<Found>),
}

impl Event {
    /// The bytes of its text.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Create(post) | Self::Edit(post) => post.text.len(),
            Self::Found(found) => found.post.text.len(),
            Self::Pass(_) | Self::Delete { .. } | Self::Purge { .. } | Self::Renew { .. } => 0,
        }
    }

    /// Where it happened.
    #[must_use]
    pub fn source(&self) -> &SourceId {
        match self {
            Self::Create(post) | Self::Edit(post) => &post.source,
            Self::Found(found) => &found.post.source,
            Self::Pass(passed) => &passed.source,
            Self::Delete { source, .. }
            | Self::Purge { source, .. }
            | Self::Renew { source, .. } => source,
        }
    }
}
