//! Which posts need not be carried any further? Those that mention no topic, where only matched
//! posts are kept.
//!
//! The answer is had before a post is copied out of its frame: most posts of an archive mention
//! nothing, and for those the engine needs their identity and their times only.

use std::fmt;
use std::sync::Arc;

use crate::analyze::{AnalyzeScratch, Analyzer};
use crate::mention::Context;
use crate::post::{Post, TEXT_BYTES_MAX};

/// Tells posts that mention a topic from those that pass.
pub struct Sieve {
    analyzer: Arc<Analyzer>,
    scratch: AnalyzeScratch,
}

impl Sieve {
    /// A sieve for the analyzer's topics.
    #[must_use]
    pub fn new(analyzer: Arc<Analyzer>) -> Self {
        Self { analyzer, scratch: AnalyzeScratch::default() }
    }

    /// Whether a post must be carried on, and not only noted.
    pub(super) fn holds_post(&mut self, post: &Post) -> bool {
        let context = Context {
            lang: post.lang,
            source: post.source.as_str(),
            kind: post.kind,
            author: post.author,
            url: post.url.as_deref(),
            parent: post.parent.as_deref(),
            thread: post.thread.as_deref(),
            reach: post.reach,
            engagement: post.engagement,
        };
        post.text.len() > TEXT_BYTES_MAX || post.is_ahead() || self.holds(&post.text, context)
    }

    /// Whether it matters who wrote a post.
    pub(super) fn asks_author(&self) -> bool {
        self.analyzer.asks_author()
    }

    /// Whether it matters where a post stands.
    pub(super) fn asks_place(&self) -> bool {
        self.analyzer.matcher().asks_place()
    }

    /// Whether the post mentions a topic, or is one of ours, which may answer a mention.
    pub(super) fn holds(&mut self, text: &str, context: Context<'_>) -> bool {
        !self.analyzer.topics_of(context.author).is_empty()
            || self.analyzer.mentions_any(text, context, &mut self.scratch)
    }
}

impl Clone for Sieve {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.analyzer))
    }
}

impl fmt::Debug for Sieve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sieve")
    }
}
