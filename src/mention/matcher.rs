//! Which topics does a text mention, and in which bytes?
//!
//! All terms of all topics are one Aho-Corasick automaton. A scan over the folded text yields the
//! terms present; an inverted index leads to the topics that use them; only those are evaluated.
//! Cost per post: linear in the text, plus the candidates. Memory: see `aho_corasick`.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};

use super::Topic;
use super::query::{Expr, QueryError, parse};
use crate::post::{Kind, Lang, Span, TopicId};
use crate::text::Folded;

/// A topic found in a post; its spans lie in the buffer that [`Matcher::find`] filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mention {
    /// Which topic.
    pub topic: TopicId,
    /// Index of its first span.
    pub spans_start: u32,
    /// One past its last span.
    pub spans_end: u32,
}

/// What a query may ask of a post besides its text.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Declared language.
    pub lang: Lang,
    /// Name of the source.
    pub source: &'a str,
    /// What sort of post it is.
    pub kind: Kind,
}

/// Buffers of one thread for [`Matcher::find`].
#[derive(Debug, Default)]
pub struct MentionScratch {
    folded: Folded,
    hits: Vec<Hit>,
    present: Present,
}

/// Which atoms a text holds, and which topics that makes worth a look.
#[derive(Debug, Default)]
struct Present {
    /// Per atom, the last round in which it was seen.
    atom_round: Vec<u32>,
    /// Per topic, the last round in which it became a candidate.
    topic_round: Vec<u32>,
    candidates: Vec<u32>,
    round: u32,
}

#[derive(Debug, Clone, Copy)]
struct Hit {
    atom: u32,
    start: u32,
    end: u32,
}

/// All topics, compiled.
#[derive(Debug)]
pub struct Matcher {
    automaton: AhoCorasick,
    atoms: Vec<Atom>,
    rules: Vec<Rule>,
}

/// A folded term; two topics that look for the same term share it.
#[derive(Debug)]
struct Atom {
    /// Whether the term must end at a word boundary: false for prefixes.
    bound_right: bool,
    /// Topics that use the term outside a negation.
    topics: Vec<u32>,
}

/// One topic's query over atoms.
#[derive(Debug)]
struct Rule {
    node: Node,
    /// Atoms outside negations, sorted: those whose hits are the mention's spans.
    positive: Vec<u32>,
}

#[derive(Debug)]
enum Node {
    Atom(u32),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Lang(Lang),
    Source(String),
    Kind(Kind),
}

impl Matcher {
    /// Compiles topics; a topic's [`TopicId`] is its place in the slice.
    ///
    /// # Errors
    /// Every topic whose query cannot be parsed, by its place in the slice; all at once.
    ///
    /// # Example
    /// ```
    /// use resonanz::mention::{Context, Matcher, MentionScratch, Topic};
    /// use resonanz::post::{Kind, Lang};
    /// let topic = Topic { name: "acme".into(), query: "acme NOT job".into(), ..Topic::default() };
    /// let matcher = Matcher::compile(&[topic]).expect("the query is correct");
    /// let (mut mentions, mut spans) = (Vec::new(), Vec::new());
    /// let context = Context { lang: Lang::EN, source: "blog", kind: Kind::Original };
    /// matcher.find("I like ACME!", context, &mut MentionScratch::default(), &mut mentions, &mut spans);
    /// assert_eq!((mentions.len(), spans[0].start, spans[0].end), (1, 7, 11));
    /// ```
    pub fn compile(topics: &[Topic]) -> Result<Self, Vec<(usize, QueryError)>> {
        let mut compiler = Compiler::default();
        let mut errors = Vec::new();
        let mut rules = Vec::with_capacity(topics.len());
        for (index, topic) in topics.iter().enumerate() {
            match parse(&topic.query) {
                Ok(expr) => rules.push(compiler.rule(&expr, rules.len())),
                Err(error) => errors.push((index, error)),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&compiler.patterns)
            .map_err(|error| {
                vec![(
                    0,
                    QueryError {
                        at: 0,
                        message: format!("all terms together are too large: {error}"),
                        hint: "split the topics over two processes",
                    },
                )]
            })?;
        Ok(Self { automaton, atoms: compiler.atoms, rules })
    }

    /// Number of topics.
    #[must_use]
    pub fn topics_len(&self) -> usize {
        self.rules.len()
    }

    /// Appends the topics that `text` mentions to `mentions`, in topic order, and their places in
    /// the original text to `spans`: sorted, without overlaps.
    pub fn find(
        &self,
        text: &str,
        context: Context<'_>,
        scratch: &mut MentionScratch,
        mentions: &mut Vec<Mention>,
        spans: &mut Vec<Span>,
    ) {
        scratch.hits.clear();
        scratch.present.begin(self.atoms.len(), self.rules.len());
        scratch.folded.fold(text);
        self.scan(scratch);
        scratch.present.candidates.sort_unstable();
        for &candidate in &scratch.present.candidates {
            let Some(rule) = self.rules.get(candidate as usize) else { continue };
            if !scratch.present.holds(&rule.node, context) {
                continue;
            }
            let spans_start = spans.len();
            scratch.push_spans(&rule.positive, spans);
            mentions.push(Mention {
                topic: TopicId(candidate),
                spans_start: u32::try_from(spans_start).unwrap_or(u32::MAX),
                spans_end: u32::try_from(spans.len()).unwrap_or(u32::MAX),
            });
        }
    }

    /// Notes which atoms occur as whole words, and the topics they make candidates.
    fn scan(&self, scratch: &mut MentionScratch) {
        let MentionScratch { folded, hits, present } = scratch;
        for found in self.automaton.find_overlapping_iter(folded.as_bytes()) {
            let id = found.pattern().as_u32();
            let Some(atom) = self.atoms.get(id as usize) else { continue };
            let cut_left = folded.is_inside_word(found.start());
            let cut_right = atom.bound_right && folded.is_inside_word(found.end());
            if cut_left || cut_right {
                continue;
            }
            let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
            hits.push(Hit { atom: id, start: at(found.start()), end: at(found.end()) });
            if present.see_atom(id) {
                for &topic in &atom.topics {
                    present.see_topic(topic);
                }
            }
        }
    }
}

impl Present {
    fn begin(&mut self, atoms: usize, topics: usize) {
        self.candidates.clear();
        if self.round == u32::MAX
            || self.atom_round.len() != atoms
            || self.topic_round.len() != topics
        {
            self.atom_round = vec![0; atoms];
            self.topic_round = vec![0; topics];
            self.round = 0;
        }
        self.round += 1;
    }

    /// Notes an atom; whether it is new in this text.
    fn see_atom(&mut self, atom: u32) -> bool {
        match self.atom_round.get_mut(atom as usize) {
            Some(seen) if *seen != self.round => {
                *seen = self.round;
                true
            }
            _ => false,
        }
    }

    fn see_topic(&mut self, topic: u32) {
        if let Some(seen) = self.topic_round.get_mut(topic as usize)
            && *seen != self.round
        {
            *seen = self.round;
            self.candidates.push(topic);
        }
    }

    fn holds(&self, node: &Node, context: Context<'_>) -> bool {
        match node {
            Node::Atom(atom) => self.atom_round.get(*atom as usize) == Some(&self.round),
            Node::And(parts) => parts.iter().all(|part| self.holds(part, context)),
            Node::Or(parts) => parts.iter().any(|part| self.holds(part, context)),
            Node::Not(inner) => !self.holds(inner, context),
            Node::Lang(lang) => *lang == context.lang,
            Node::Source(source) => source == context.source,
            Node::Kind(kind) => *kind == context.kind,
        }
    }
}

impl MentionScratch {
    /// Appends the hits of these atoms as merged spans of the original. Hits come in order of
    /// their end, so only the last span can overlap the next.
    fn push_spans(&self, positive: &[u32], spans: &mut Vec<Span>) {
        let first = spans.len();
        for hit in self.hits.iter().filter(|hit| positive.binary_search(&hit.atom).is_ok()) {
            let mut span = self.folded.original(hit.start as usize, hit.end as usize);
            while spans.len() > first
                && let Some(last) = spans.pop_if(|last| last.end > span.start)
            {
                span.start = span.start.min(last.start);
                span.end = span.end.max(last.end);
            }
            spans.push(span);
        }
    }
}

#[derive(Debug, Default)]
struct Compiler {
    patterns: Vec<String>,
    atoms: Vec<Atom>,
    known: HashMap<(String, bool), u32>,
}

impl Compiler {
    fn rule(&mut self, expr: &Expr, topic: usize) -> Rule {
        let mut positive = Vec::new();
        let node = self.node(expr, Side::Positive, &mut positive);
        positive.sort_unstable();
        positive.dedup();
        for &atom in &positive {
            if let Some(atom) = self.atoms.get_mut(atom as usize) {
                atom.topics.push(u32::try_from(topic).unwrap_or(u32::MAX));
            }
        }
        Rule { node, positive }
    }

    fn node(&mut self, expr: &Expr, side: Side, positive: &mut Vec<u32>) -> Node {
        let mut list =
            |parts: &[Expr]| parts.iter().map(|part| self.node(part, side, positive)).collect();
        match expr {
            Expr::And(parts) => Node::And(list(parts)),
            Expr::Or(parts) => Node::Or(list(parts)),
            Expr::Not(inner) => Node::Not(Box::new(self.node(inner, side.flipped(), positive))),
            Expr::Lang(lang) => Node::Lang(*lang),
            Expr::Source(source) => Node::Source(source.clone()),
            Expr::Kind(kind) => Node::Kind(*kind),
            Expr::Term { folded, prefix } => {
                let atom = self.atom(folded, *prefix);
                if side == Side::Positive {
                    positive.push(atom);
                }
                Node::Atom(atom)
            }
        }
    }

    fn atom(&mut self, folded: &str, prefix: bool) -> u32 {
        let next = u32::try_from(self.atoms.len()).unwrap_or(u32::MAX);
        let id = *self.known.entry((folded.to_owned(), prefix)).or_insert(next);
        if id == next {
            self.patterns.push(folded.to_owned());
            self.atoms.push(Atom { bound_right: !prefix, topics: Vec::new() });
        }
        id
    }
}

/// Whether a term counts for or against a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Positive,
    Negative,
}

impl Side {
    fn flipped(self) -> Self {
        match self {
            Self::Positive => Self::Negative,
            Self::Negative => Self::Positive,
        }
    }
}
