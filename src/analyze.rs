//! What does a batch of posts say of which topic? Matching and scoring over rayon.
//!
//! Order of posts is kept, so the outcome does not depend on the number of threads.

use rayon::prelude::*;

use crate::mention::{Context, Matcher, Mention, MentionScratch};
use crate::post::{Post, Span, TopicId};
use crate::sentiment::{Scorer, Scratch, Verdict};

/// Posts a rayon task takes at once: large enough to hide the task, small enough to balance.
const CHUNK_POSTS: usize = 128;

/// One post speaking of one topic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// Place of the post in its batch.
    pub post: u32,
    /// Which topic.
    pub topic: TopicId,
    /// Index of the first span in [`Findings::spans`].
    pub spans_start: u32,
    /// One past the last span.
    pub spans_end: u32,
    /// How it speaks of it.
    pub verdict: Verdict,
}

/// The findings of one batch, by post and then by topic.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Findings {
    /// The findings.
    pub list: Vec<Finding>,
    /// The places of the mentions, in bytes of each post's text.
    pub spans: Vec<Span>,
}

impl Findings {
    /// Where the finding's topic stands in its post.
    #[must_use]
    pub fn spans_of(&self, finding: &Finding) -> &[Span] {
        self.spans.get(finding.spans_start as usize..finding.spans_end as usize).unwrap_or_default()
    }

    fn append(&mut self, other: &Self, posts_before: usize) {
        let shift = |at: u32, by: usize| at.saturating_add(u32::try_from(by).unwrap_or(u32::MAX));
        let spans_before = self.spans.len();
        self.spans.extend_from_slice(&other.spans);
        self.list.extend(other.list.iter().map(|finding| Finding {
            post: shift(finding.post, posts_before),
            spans_start: shift(finding.spans_start, spans_before),
            spans_end: shift(finding.spans_end, spans_before),
            ..*finding
        }));
    }
}

/// Matcher and scorer together: the pure function from posts to findings.
#[derive(Debug)]
pub struct Analyzer {
    matcher: Matcher,
    scorer: Scorer,
}

impl Analyzer {
    /// Joins a matcher and a scorer.
    #[must_use]
    pub fn new(matcher: Matcher, scorer: Scorer) -> Self {
        Self { matcher, scorer }
    }

    /// The scorer's version, stored with every finding.
    #[must_use]
    pub fn scorer_version(&self) -> &str {
        self.scorer.version()
    }

    /// Whether a text mentions any topic, without looking at how.
    pub fn mentions_any(&self, text: &str, context: Context<'_>, scratch: &mut AnyScratch) -> bool {
        scratch.mentions.clear();
        scratch.spans.clear();
        let (mentions, spans) = (&mut scratch.mentions, &mut scratch.spans);
        self.matcher.find(text, context, &mut scratch.mention, mentions, spans);
        !mentions.is_empty()
    }

    /// Analyzes a batch on rayon's threads. Linear in the texts.
    #[must_use]
    pub fn analyze_batch(&self, posts: &[Post]) -> Findings {
        let chunks: Vec<Findings> = posts
            .par_chunks(CHUNK_POSTS)
            .map_init(ThreadScratch::default, |scratch, chunk| self.analyze_chunk(chunk, scratch))
            .collect();
        let mut findings = Findings::default();
        for (index, chunk) in chunks.iter().enumerate() {
            findings.append(chunk, index * CHUNK_POSTS);
        }
        findings
    }

    fn analyze_chunk(&self, posts: &[Post], scratch: &mut ThreadScratch) -> Findings {
        let mut findings = Findings::default();
        for (index, post) in (0u32..).zip(posts) {
            scratch.mentions.clear();
            let context =
                Context { lang: post.lang, source: post.source.as_str(), kind: post.kind };
            let (mentions, spans) = (&mut scratch.mentions, &mut findings.spans);
            self.matcher.find(&post.text, context, &mut scratch.mention, mentions, spans);
            for mention in &scratch.mentions {
                let span_range = mention.spans_start as usize..mention.spans_end as usize;
                let spans = findings.spans.get(span_range).unwrap_or_default();
                findings.list.push(Finding {
                    post: index,
                    topic: mention.topic,
                    spans_start: mention.spans_start,
                    spans_end: mention.spans_end,
                    verdict: self.scorer.verdict(
                        &post.text,
                        post.lang,
                        spans,
                        &mut scratch.sentiment,
                    ),
                });
            }
        }
        findings
    }
}

/// Buffers of one thread for [`Analyzer::mentions_any`].
#[derive(Debug, Default)]
pub struct AnyScratch {
    mention: MentionScratch,
    mentions: Vec<Mention>,
    spans: Vec<Span>,
}

#[derive(Debug, Default)]
struct ThreadScratch {
    mention: MentionScratch,
    mentions: Vec<Mention>,
    sentiment: Scratch,
}
