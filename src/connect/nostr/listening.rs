//! Does a post mention a topic? Asked here for what is only done for mentions.

use std::fmt;

use crate::connect::network::SourceSpec;
use crate::mention::{Context, Matcher, MentionScratch};
use crate::post::Post;

/// Finds what mentions a topic.
pub(super) struct Listening {
    matcher: Matcher,
    scratch: MentionScratch,
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listening")
    }
}

impl Listening {
    /// For the topics of a source, if these can be listened for.
    pub(super) fn new(spec: &SourceSpec) -> Option<Self> {
        let authors = &spec.authors;
        let matcher =
            Matcher::compile(&spec.topics, &|handle| vec![authors.author(handle)]).ok()?;
        Some(Self { matcher, scratch: MentionScratch::default() })
    }

    /// Whether a post mentions a topic.
    pub(super) fn hears(&mut self, post: &Post) -> bool {
        self.matcher.finds_any(&post.text, Context::of(post), &mut self.scratch)
    }
}
