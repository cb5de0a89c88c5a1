//! What does a batch of posts say of which topic? Matching and scoring over rayon.
//!
//! Order of posts is kept, so the outcome does not depend on the number of threads.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::intent::Intents;
use crate::mention::{Context, Matcher, Mention, MentionScratch};
use crate::portable::{Carried, CarriedFinding};
use crate::post::{AuthorKey, Lang, Polarity, Post, Span, TopicId};
use crate::privacy::Redactor;
use crate::sentiment::{Overlay, Scorer, Scratch, Verdict};

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
    /// How it speaks of it. Never negative for a topic's own accounts, whatever the score: what a
    /// company says of its faults is no complaint.
    pub verdict: Verdict,
    /// Whether one of the topic's own accounts wrote it.
    pub own: bool,
}

/// A post that an account of ours wrote, whether it mentions a topic or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ours {
    /// Place of the post in its batch.
    pub post: u32,
    /// The topics for which the account speaks.
    pub topics: Vec<TopicId>,
}

/// The findings of one batch, by post and then by topic.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Findings {
    /// The findings.
    pub list: Vec<Finding>,
    /// The places of the mentions, in bytes of each post's text.
    pub spans: Vec<Span>,
    /// Posts of our own accounts, by place.
    pub ours: Vec<Ours>,
}

impl Findings {
    /// Where the finding's topic stands in its post.
    #[must_use]
    pub fn spans_of(&self, finding: &Finding) -> &[Span] {
        self.spans.get(finding.spans_start as usize..finding.spans_end as usize).unwrap_or_default()
    }

    /// What was found in each of the posts, to be counted elsewhere; linear in the texts.
    #[must_use]
    pub fn carried(&self, posts: &[Post]) -> Vec<Carried> {
        let (mut rest, mut ours) = (self.list.iter().peekable(), self.ours.iter().peekable());
        let mut carried = Vec::with_capacity(posts.len());
        for (index, post) in (0u32..).zip(posts) {
            let mut own = Vec::new();
            while let Some(finding) = rest.next_if(|finding| finding.post == index) {
                // Behind the spans of each finding lie those of its subject.
                let end = rest.peek().map_or(self.spans.len(), |next| next.spans_start as usize);
                let subject = self.spans.get(finding.spans_end as usize..end).unwrap_or_default();
                own.push(CarriedFinding {
                    topic: finding.topic,
                    verdict: finding.verdict,
                    own: finding.own,
                    spans: self.spans_of(finding).to_vec(),
                    subject: subject.to_vec(),
                });
            }
            let ours = ours.next_if(|ours| ours.post == index);
            let ours = ours.map_or(Vec::new(), |ours| ours.topics.clone());
            carried.push(Carried::of(&post.text, own, ours));
        }
        carried
    }

    /// Adds what was found elsewhere in the post of this place.
    fn admit(&mut self, post: u32, carried: &Carried) {
        if !carried.ours.is_empty() {
            self.ours.push(Ours { post, topics: carried.ours.clone() });
        }
        let narrow = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        for &CarriedFinding { topic, verdict, own, ref spans, ref subject } in &carried.findings {
            let spans_start = narrow(self.spans.len());
            self.spans.extend_from_slice(spans);
            let spans_end = narrow(self.spans.len());
            self.spans.extend_from_slice(subject);
            self.list.push(Finding { post, topic, spans_start, spans_end, verdict, own });
        }
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
        self.ours.extend(other.ours.iter().map(|ours| Ours {
            post: shift(ours.post, posts_before),
            topics: ours.topics.clone(),
        }));
    }
}

/// Matcher and scorer together: the pure function from posts to findings.
#[derive(Debug)]
pub struct Analyzer {
    matcher: Matcher,
    scorer: Arc<Scorer>,
    /// By topic; topics beyond its end have none.
    overlays: Vec<Option<Overlay>>,
    /// By topic, as the overlays.
    versions: Vec<String>,
    /// Topics by the accounts that speak for them.
    accounts: HashMap<AuthorKey, Vec<TopicId>>,
    /// What is taken out of texts once they are read.
    redactor: Redactor,
}

impl Analyzer {
    /// Joins a matcher, a scorer, and the words that count for single topics, by topic.
    #[must_use]
    pub fn new(
        matcher: Matcher,
        scorer: impl Into<Arc<Scorer>>,
        overlays: Vec<Option<Overlay>>,
    ) -> Self {
        let scorer = scorer.into();
        let version = |overlay: &Option<Overlay>| match overlay {
            Some(overlay) => format!("{}+{}", scorer.version(), overlay.version()),
            None => scorer.version().to_owned(),
        };
        let versions = overlays.iter().map(version).collect();
        let (accounts, redactor) = (HashMap::new(), Redactor::default());
        Self { matcher, scorer, overlays, versions, accounts, redactor }
    }

    /// The same, with personal data taken out of texts behind matching and scoring.
    #[must_use]
    pub fn with_redactor(self, redactor: Redactor) -> Self {
        Self { redactor, ..self }
    }

    /// What takes personal data out of texts.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// The same, with our own accounts and the topics that they speak for.
    #[must_use]
    pub fn with_accounts(self, accounts: HashMap<AuthorKey, Vec<TopicId>>) -> Self {
        Self { accounts, ..self }
    }

    /// The topics for which an account of ours speaks; none for an account of others.
    #[must_use]
    pub fn topics_of(&self, author: AuthorKey) -> &[TopicId] {
        if self.accounts.is_empty() {
            return &[];
        }
        self.accounts.get(&author).map_or(&[], Vec::as_slice)
    }

    /// Whether it matters who wrote a post.
    #[must_use]
    pub fn asks_author(&self) -> bool {
        self.matcher.asks_author() || !self.accounts.is_empty()
    }

    /// The matcher.
    #[must_use]
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// The scorer.
    #[must_use]
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// The words that count for one topic only.
    #[must_use]
    pub fn overlay(&self, topic: TopicId) -> Option<&Overlay> {
        self.overlays.get(topic.0 as usize)?.as_ref()
    }

    /// The version of the scorer for a topic, stored with every finding: its own, then the one of
    /// the topic's lexicons, as `resonanz-1a2b3c4d+5e6f7a8b`.
    #[must_use]
    pub fn scorer_version(&self, topic: TopicId) -> &str {
        self.versions.get(topic.0 as usize).map_or(self.scorer.version(), String::as_str)
    }

    /// Whether a text mentions any topic, without looking at how.
    pub fn mentions_any(
        &self,
        text: &str,
        context: Context<'_>,
        scratch: &mut AnalyzeScratch,
    ) -> bool {
        let context = self.read(text, context, &mut scratch.sentiment);
        self.matcher.finds_any(text, context, &mut scratch.mention)
    }

    /// The context with the language in which the text is read, where a query asks for it.
    fn read<'a>(&self, text: &str, context: Context<'a>, scratch: &mut Scratch) -> Context<'a> {
        if context.lang != Lang::UND || !self.matcher.asks_language() {
            return context;
        }
        Context { lang: self.scorer.language(text, context.lang, scratch).lang, ..context }
    }

    /// What queries may ask of a post, with the language in which it is read where it declares none.
    pub fn context_of<'a>(&self, post: &'a Post, scratch: &mut Scratch) -> Context<'a> {
        self.read(&post.text, Context::of(post), scratch)
    }

    /// Analyzes a batch on rayon's threads, and takes personal data out of its texts if that is
    /// wanted: what was said is matched and scored, what is left goes on. Linear in the texts.
    #[must_use]
    pub fn analyze_batch(&self, posts: &mut [Post]) -> Findings {
        self.analyze_rest(posts, &[])
    }

    /// The same, where of some posts it is known already what they say, by their place.
    #[must_use]
    pub fn analyze_rest(&self, posts: &mut [Post], known: &[Option<Carried>]) -> Findings {
        let chunks: Vec<Findings> = posts
            .par_chunks_mut(CHUNK_POSTS)
            .enumerate()
            .map_init(AnalyzeScratch::default, |scratch, (place, chunk)| {
                let known = known.get(place * CHUNK_POSTS..).unwrap_or_default();
                self.analyze_chunk(chunk, known, scratch)
            })
            .collect();
        let mut findings = Findings::default();
        for (index, chunk) in chunks.iter().enumerate() {
            findings.append(chunk, index * CHUNK_POSTS);
        }
        findings
    }

    fn analyze_chunk(
        &self,
        posts: &mut [Post],
        known: &[Option<Carried>],
        scratch: &mut AnalyzeScratch,
    ) -> Findings {
        let mut findings = Findings::default();
        let known = known.iter().map(Option::as_ref).chain(std::iter::repeat(None));
        for ((index, post), known) in (0u32..).zip(posts).zip(known) {
            let first_span = findings.spans.len();
            match known {
                Some(carried) => findings.admit(index, carried),
                None => self.find(index, post, scratch, &mut findings),
            }
            if !self.redactor.is_idle() {
                let spans = findings.spans.get_mut(first_span..).unwrap_or_default();
                if let Some(text) = self.redactor.redacted_around(&post.text, spans) {
                    post.text = text.into();
                }
            }
        }
        findings
    }

    /// Finds the topics of a post, and how it speaks of each.
    fn find(&self, index: u32, post: &Post, scratch: &mut AnalyzeScratch, findings: &mut Findings) {
        scratch.mentions.clear();
        let context = self.context_of(post, &mut scratch.sentiment);
        let (mentions, spans) = (&mut scratch.mentions, &mut findings.spans);
        self.matcher.find(&post.text, context, &mut scratch.mention, mentions, spans);
        let ours = self.topics_of(post.author);
        if !ours.is_empty() {
            findings.ours.push(Ours { post: index, topics: ours.to_vec() });
        }
        for mention in &scratch.mentions {
            let subject = mention.spans_end as usize..mention.subject_end as usize;
            let subject = findings.spans.get(subject).unwrap_or_default();
            let verdict = self.scorer.verdict_over(
                &post.text,
                post.lang,
                subject,
                self.overlay(mention.topic),
                &mut scratch.sentiment,
            );
            let own = ours.contains(&mention.topic);
            findings.list.push(Finding {
                post: index,
                topic: mention.topic,
                spans_start: mention.spans_start,
                spans_end: mention.spans_end,
                verdict: if own { without_complaint(verdict) } else { verdict },
                own,
            });
        }
    }
}

/// The verdict as it counts for a post of the topic's own accounts: no complaint, and no intent of
/// a customer.
#[must_use]
pub fn without_complaint(verdict: Verdict) -> Verdict {
    let polarity = match verdict.polarity {
        Polarity::Negative => Polarity::Neutral,
        other @ (Polarity::Neutral | Polarity::Positive) => other,
    };
    Verdict { polarity, intents: Intents::default(), ..verdict }
}

/// The working memory of one thread.
#[derive(Debug, Default)]
pub struct AnalyzeScratch {
    mention: MentionScratch,
    mentions: Vec<Mention>,
    sentiment: Scratch,
}
