//! Which topics does a text mention, and in which bytes?
//!
//! A scan over the folded text yields the terms present; an index leads to the topics worth a look;
//! only those are evaluated. Cost per post: linear in the text, plus the candidates; the number of
//! topics does not enter. Memory: about half a kilobyte a topic; see `benches/README.md`.

use super::Topic;
use super::around::{AroundScratch, Searched};
use super::compile::{Authors, Compiler, Index};
use super::defaults::Defaults;
use super::effort::keep_first;
use super::error::QueryError;
use super::field::{Context, Field};
use super::hit::Hit;
use super::near::NearScratch;
use super::parse::parse;
use super::rules::{Memo, Rules, Sight};
use super::scan::{Scanner, Sighting};
use crate::post::{AuthorKey, Span, TopicId};
use crate::text::{Address, AddressForm, Folded, addresses};

/// A topic found in a post; its spans lie in the buffer that [`Matcher::find`] filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mention {
    /// Which topic.
    pub topic: TopicId,
    /// Index of its first span.
    pub spans_start: u32,
    /// One past its last span, and the first of its subject: what the first part of the query
    /// found. `acme refund` speaks of acme; the refund only says which posts.
    pub spans_end: u32,
    /// One past the last span of its subject.
    pub subject_end: u32,
}

/// Buffers of one thread for [`Matcher::find`]; they grow with the longest text, not with the
/// topics.
#[derive(Debug, Default)]
pub struct MentionScratch {
    folded: Folded,
    around: AroundScratch,
    sightings: Vec<Sighting>,
    /// After [`Matcher::see`] by term, then by start; one for each start.
    hits: Vec<Hit>,
    candidates: Vec<u32>,
    near: NearScratch,
    memo: Memo,
    chosen: Vec<Hit>,
    addresses: Vec<Address>,
}

impl MentionScratch {
    /// What [`Matcher::see`] found, for queries to be evaluated on.
    pub(super) fn sight<'s>(&'s mut self, rules: &'s Rules, context: &'s Context<'s>) -> Sight<'s> {
        let Self { folded, hits, near, memo, around, .. } = self;
        Sight { rules, folded, hits, context, near, memo, effort: &mut around.effort }
    }

    /// How many steps the last text took, whatever the machine: for tests and benches.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.around.effort.steps()
    }
}

/// All topics, compiled.
#[derive(Debug)]
pub struct Matcher {
    scanner: Scanner,
    index: Index,
    /// By term, whether it counts inside addresses.
    in_links: Vec<bool>,
    pub(super) rules: Rules,
    pub(super) topics: Vec<Compiled>,
}

/// What is kept of a topic.
#[derive(Debug)]
pub(super) struct Compiled {
    /// Its first node.
    pub(super) root: u32,
    /// For [`Matcher::explain`].
    pub(super) query: Box<str>,
    pub(super) defaults: Defaults,
}

impl Matcher {
    /// Compiles topics; a topic's [`TopicId`] is its place in the slice.
    ///
    /// `authors` gives the keys under which a handle's posts are kept, as the field `author:` needs
    /// them: posts hold no names, only keyed hashes of what each source calls its author. It is
    /// asked with the handle as written in the query, without `@`. What a source hashes is its own
    /// matter (a handle, an account number, a DID), so the function may give several keys; a query
    /// holds for a post whose key is among them. Without the secret key, give none.
    ///
    /// # Errors
    /// Every topic whose query cannot be parsed, by its place in the slice; all at once.
    ///
    /// # Example
    /// ```
    /// use resonanz_core::mention::{Context, Matcher, MentionScratch, Topic};
    /// let topic = Topic { name: "acme".into(), query: "acme NOT job".into(), ..Topic::default() };
    /// let matcher = Matcher::compile(&[topic], &|_| Vec::new()).expect("the query is correct");
    /// let (mut mentions, mut spans) = (Vec::new(), Vec::new());
    /// let (context, mut scratch) = (Context::default(), MentionScratch::default());
    /// matcher.find("I like ACME!", context, &mut scratch, &mut mentions, &mut spans);
    /// assert_eq!((mentions.len(), spans[0].start, spans[0].end), (1, 7, 11));
    /// ```
    pub fn compile(
        topics: &[Topic],
        authors: &dyn Fn(&str) -> Vec<AuthorKey>,
    ) -> Result<Self, Vec<(usize, QueryError)>> {
        let authors: Authors<'_> = authors;
        let mut compiler = Compiler::default();
        let mut compiled = Vec::with_capacity(topics.len());
        let mut errors = Vec::new();
        for (place, topic) in topics.iter().enumerate() {
            let defaults = Defaults::of(topic);
            match parse(&topic.query) {
                Ok(expr) => {
                    compiler.add(&defaults.apply(expr), topic, authors);
                    let root = compiler.roots.last().copied().unwrap_or_default();
                    compiled.push(Compiled { root, query: topic.query.as_str().into(), defaults });
                }
                Err(error) => errors.push((place, error)),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let index = compiler.index();
        let Compiler { mut rules, literals, uses, arounds, steps_max, in_links, .. } = compiler;
        rules.nodes.shrink_to_fit();
        let leads = |atom| !index.topics(atom).is_empty();
        let scanner = Scanner::build(&literals, uses, arounds, steps_max, leads);
        let scanner = scanner.map_err(|error| {
            let message = format!("all terms together are too large: {error}");
            vec![(0, QueryError { at: 0, message, hint: "split the topics over two processes" })]
        })?;
        Ok(Self { scanner, index, in_links, rules, topics: compiled })
    }

    /// Number of topics.
    #[must_use]
    pub fn topics_len(&self) -> usize {
        self.topics.len()
    }

    /// Whether a query asks for the language of posts.
    #[must_use]
    pub fn asks_language(&self) -> bool {
        self.rules.fields.iter().any(|test| matches!(test.field, Field::Lang(_)))
    }

    /// Whether a query asks for the author of posts.
    #[must_use]
    pub fn asks_author(&self) -> bool {
        self.rules.fields.iter().any(|test| matches!(test.field, Field::Author(_)))
    }

    /// Whether a query asks where posts stand: their address, thread, or what they answer.
    #[must_use]
    pub fn asks_place(&self) -> bool {
        let asks = |field: &Field| {
            matches!(field, Field::Site(_) | Field::Url(_) | Field::InReplyTo(_) | Field::Thread(_))
        };
        self.rules.fields.iter().any(|test| asks(&test.field))
    }

    /// Bytes that the compiled topics take on the heap, roughly.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let query = |topic: &Compiled| size_of::<Compiled>() + topic.query.len();
        self.scanner.heap_bytes()
            + self.index.heap_bytes()
            + self.rules.heap_bytes()
            + self.topics.iter().map(query).sum::<usize>()
    }

    /// Appends the topics that `text` mentions to `mentions`, in topic order, and to `spans` the
    /// places in the original text that made each query hold: sorted, without overlaps.
    pub fn find(
        &self,
        text: &str,
        context: Context<'_>,
        scratch: &mut MentionScratch,
        mentions: &mut Vec<Mention>,
        spans: &mut Vec<Span>,
    ) {
        if !self.see(text, scratch) {
            return;
        }
        let candidates = std::mem::take(&mut scratch.candidates);
        let mut chosen = std::mem::take(&mut scratch.chosen);
        let mut sight = scratch.sight(&self.rules, &context);
        let searched = Searched { text, folded: sight.folded };
        for &candidate in &candidates {
            let Some(topic) = self.topics.get(candidate as usize) else { continue };
            if !sight.holds(topic.root) {
                continue;
            }
            chosen.clear();
            sight.begin_list();
            sight.collect(topic.root, true, &mut chosen);
            let spans_start = spans.len();
            push_spans(&chosen, searched, spans);
            let spans_end = spans.len();
            chosen.clear();
            sight.begin_list();
            sight.collect_subject(topic.root, &mut chosen);
            push_spans(&chosen, searched, spans);
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            mentions.push(Mention {
                topic: TopicId(candidate),
                spans_start: place(spans_start),
                spans_end: place(spans_end),
                subject_end: place(spans.len()),
            });
        }
        scratch.candidates = candidates;
        scratch.chosen = chosen;
    }

    /// Whether `text` mentions any topic. Stops at the first.
    #[must_use]
    pub fn finds_any(
        &self,
        text: &str,
        context: Context<'_>,
        scratch: &mut MentionScratch,
    ) -> bool {
        if !self.see(text, scratch) {
            return false;
        }
        let candidates = std::mem::take(&mut scratch.candidates);
        let mut sight = scratch.sight(&self.rules, &context);
        let roots = candidates.iter().filter_map(|&topic| self.topics.get(topic as usize));
        let found = roots.map(|topic| topic.root).any(|root| sight.holds(root));
        scratch.candidates = candidates;
        found
    }

    /// Finds the topics worth a look, by number, and the terms of the text if there are any.
    fn see(&self, text: &str, scratch: &mut MentionScratch) -> bool {
        let MentionScratch { folded, around, hits, sightings, candidates, near, memo, .. } =
            scratch;
        hits.clear();
        sightings.clear();
        candidates.clear();
        near.begin();
        memo.begin(around.begin());
        folded.fold(text);
        self.scanner.scan(Searched { text, folded }, around, hits, sightings);
        // A term's hits follow each other more often than not.
        let mut last = None;
        for hit in hits.iter() {
            if last.replace(hit.atom) != Some(hit.atom) {
                candidates.extend_from_slice(self.index.topics(hit.atom));
            }
        }
        if candidates.is_empty() {
            return false;
        }
        candidates.sort_unstable();
        candidates.dedup();
        self.look(text, scratch);
        true
    }

    /// Finds all terms of a text, for people who ask why no topic was worth a look.
    pub(super) fn see_all(&self, text: &str, scratch: &mut MentionScratch) {
        if !self.see(text, scratch) {
            self.look(text, scratch);
        }
    }

    fn look(&self, text: &str, scratch: &mut MentionScratch) {
        let MentionScratch { folded, around, hits, sightings, addresses: known, .. } = scratch;
        let searched = Searched { text, folded };
        self.scanner.look(sightings, searched, around, hits);
        hits.sort_unstable_by_key(|hit| (hit.atom, hit.start, std::cmp::Reverse(hit.end)));
        hits.dedup_by_key(|hit| (hit.atom, hit.start));
        keep_first(hits);
        known.clear();
        addresses(text, known);
        known.retain(|address| address.form != AddressForm::Name);
        if known.is_empty() {
            return;
        }
        hits.retain(|hit| {
            let at = searched.original(hit.start as usize, hit.end as usize).start as usize;
            let before = known.partition_point(|address| address.end <= at);
            let inside = known.get(before).is_some_and(|address| address.start <= at);
            !inside || self.in_links.get(hit.atom as usize).is_some_and(|&counts| counts)
        });
    }
}

/// Appends the places of hits in the original, merged where they overlap.
pub(super) fn push_spans(hits: &[Hit], searched: Searched<'_>, spans: &mut Vec<Span>) {
    let first = spans.len();
    spans.extend(hits.iter().map(|hit| searched.original(hit.start as usize, hit.end as usize)));
    let Some(own) = spans.get_mut(first..) else { return };
    own.sort_unstable();
    let mut kept = 0;
    for index in 1..own.len() {
        if own[index].start < own[kept].end {
            own[kept].end = own[kept].end.max(own[index].end);
        } else {
            kept += 1;
            own[kept] = own[index];
        }
    }
    let len = own.len().min(kept + 1);
    spans.truncate(first + len);
}
