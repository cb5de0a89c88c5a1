//! Which names do rows carry? Those of topics, rules and scorers, by their numbers.

use crate::alert::Rule;
use crate::config::{Archive, Shard};
use crate::mention::Topic;
use crate::post::{Post, TopicId};
use crate::privacy::AuthorHasher;

/// The names that rows carry.
#[derive(Debug, Clone)]
pub struct Labels {
    /// Topics by id.
    pub topics: Vec<Topic>,
    /// Rules by place.
    pub rules: Vec<Rule>,
    /// Versions of the scorer by topic.
    pub scorers: Vec<String>,
    /// Which posts are kept.
    pub archive: Archive,
    /// Of a shard which one, since all of them read every post.
    pub shard: Option<Shard>,
    /// Under whose keys posts come.
    pub authors: AuthorHasher,
}

impl Labels {
    /// Whether a post that mentions nothing is ours to keep, where every one is kept.
    #[must_use]
    pub fn keeps(&self, post: &Post) -> bool {
        self.shard.is_none_or(|shard| shard.keeps(self.authors.post_key(&post.source, &post.id)))
    }

    /// Version of the scorer for a topic.
    #[must_use]
    pub fn scorer(&self, topic: TopicId) -> &str {
        self.scorers.get(topic.0 as usize).map_or("", String::as_str)
    }
}
