//! Which posts need not be carried any further? Those that mention no topic, where only matched
//! posts are kept.
//!
//! The answer is had before a post is copied out of its frame: most posts of an archive mention
//! nothing, and for those the engine needs their identity and their times only.

use std::fmt;
use std::sync::Arc;

use crate::analyze::{Analyzer, AnyScratch};
use crate::mention::Context;

/// Tells posts that mention a topic from those that pass.
pub struct Sieve {
    analyzer: Arc<Analyzer>,
    scratch: AnyScratch,
}

impl Sieve {
    /// A sieve for the analyzer's topics.
    #[must_use]
    pub fn new(analyzer: Arc<Analyzer>) -> Self {
        Self { analyzer, scratch: AnyScratch::default() }
    }

    /// Whether the post mentions a topic.
    pub(super) fn holds(&mut self, text: &str, context: Context<'_>) -> bool {
        self.analyzer.mentions_any(text, context, &mut self.scratch)
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
