//! What do windows see of a finding? Its numbers, a sample of the negative ones, and what tells
//! copies.

use std::collections::HashSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::alert::{Condition, Rule};
use crate::analyze::Finding;
use crate::post::{AuthorKey, Kind, Polarity, Post, PostKey, Span, TopicId, cut_text};
use crate::privacy::AuthorHasher;
use crate::time::EventTime;
use crate::window::{Likeness, Observation, Originality, OwnWords, Reply, Sample};

/// Longest text of an evidence post in bytes.
const SAMPLE_BYTES_MAX: usize = 280;
/// Longest address of an evidence post in bytes; longer ones are left out.
const URL_BYTES_MAX: usize = 1_024;

/// What all findings of a post share.
#[derive(Debug)]
pub(super) struct Traits {
    pub(super) post: PostKey,
    likeness: Option<Arc<Likeness>>,
    identity: PostKey,
    author: AuthorKey,
}

impl Traits {
    pub(super) fn of(
        post: &Post,
        key: PostKey,
        likeness: Option<Arc<Likeness>>,
        authors: &AuthorHasher,
    ) -> Self {
        let passed_on = post.parent.as_ref().filter(|_| post.kind == Kind::Repost);
        let unknown = post.author == AuthorKey::default();
        Self {
            post: key,
            likeness,
            identity: passed_on.map_or(key, |parent| authors.post_key(&post.source, parent)),
            author: if unknown { AuthorKey::of_post(key) } else { post.author },
        }
    }

    pub(super) fn similarity(&self) -> Option<u64> {
        self.likeness.as_ref().map(|likeness| likeness.similarity())
    }
}

/// What tells copies of each post with findings, in order.
pub(super) fn likenesses(posts: &[Post], findings: &[Finding]) -> Vec<Option<Arc<Likeness>>> {
    let runs: Vec<&[Finding]> = findings.chunk_by(|one, next| one.post == next.post).collect();
    let post = |run: &&[Finding]| posts.get(run.first()?.post as usize);
    runs.par_iter().map(|run| Likeness::of(&post(run)?.text).map(Arc::new)).collect()
}

/// Topics whose negative mentions want a reply.
pub(super) fn wanting(rules: &[Rule]) -> HashSet<TopicId> {
    let asks = |rule: &&Rule| matches!(rule.condition, Condition::Unanswered { .. });
    rules.iter().filter(asks).flat_map(|rule| rule.topics.iter().copied()).collect()
}

/// What a post of ours, that speaks for these topics, answers.
pub(super) fn reply(
    post: &Post,
    at: EventTime,
    topics: &[TopicId],
    authors: &AuthorHasher,
) -> Option<Reply> {
    if topics.is_empty() || (post.parent.is_none() && post.thread.is_none()) {
        return None;
    }
    let key = |id: &str| authors.post_key(&post.source, id).0;
    let (parent, thread) = (post.parent.as_deref(), post.thread.as_deref());
    Some(Reply {
        posted_at: at,
        topics: topics.to_vec(),
        answers: parent.into_iter().chain(thread).map(key).collect(),
        thread: thread.filter(|_| parent.is_none()).map(key),
    })
}

/// `spans` are what the topic's query matched; `wants` are there where the topic's negative
/// mentions want a reply of ours, to know threads by.
///
/// `at` is when the post counts.
pub(super) fn observation(
    post: &Post,
    at: EventTime,
    (finding, spans): (&Finding, &[Span]),
    traits: &Traits,
    wants: Option<&AuthorHasher>,
) -> Observation {
    let verdict = &finding.verdict;
    let reach = post.reach.unwrap_or(0);
    let sample = (verdict.polarity == Polarity::Negative).then(|| {
        Arc::new(Sample {
            score: verdict.target,
            confidence: verdict.confidence,
            reach,
            source: post.source.clone(),
            post_id: post.id.clone(),
            text: cut_text(&post.text, SAMPLE_BYTES_MAX).into(),
            url: post.url.clone().filter(|url| url.len() <= URL_BYTES_MAX),
            own: own_words(post, spans),
        })
    });
    Observation {
        posted_at: at,
        topic: finding.topic,
        source: post.source.clone(),
        lang: verdict.language.lang,
        author: traits.author,
        score: verdict.target,
        polarity: verdict.polarity,
        confidence: verdict.confidence,
        reach,
        engagement: post.engagement.unwrap_or(0),
        post: traits.post.0,
        identity: traits.identity.0,
        thread: sample.as_ref().and(wants).map(|authors| match &post.thread {
            Some(thread) => authors.post_key(&post.source, thread).0,
            None => traits.post.0,
        }),
        likeness: traits.likeness.clone(),
        originality: Originality::Original,
        cluster: 0,
        sample,
    }
}

fn own_words(post: &Post, spans: &[Span]) -> Box<[u32]> {
    let mut own = OwnWords::default();
    own.learn(
        spans.iter().filter_map(|span| post.text.get(span.start as usize..span.end as usize)),
    );
    own.iter().collect()
}
