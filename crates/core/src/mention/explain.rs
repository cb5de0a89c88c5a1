//! Why does a post match a topic, or not? The query as a tree, with what held and where.

use std::fmt;

use super::around::Searched;
use super::expr::Expr;
use super::field::Context;
use super::hit::Hit;
use super::matcher::{Matcher, MentionScratch, push_spans};
use super::parse::parse;
use super::rules::{Sight, hits_of};
use crate::post::{Span, TopicId};

/// A node of a query, and whether it held for a text.
///
/// Shown as an indented tree with `yes` or `no` before each node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The node: an operator's name, or a term or field as in a query.
    pub label: String,
    /// Whether it held.
    pub held: bool,
    /// The places that made it hold, in bytes of the text; none for a node that did not.
    pub spans: Vec<Span>,
    /// What it is made of.
    pub parts: Vec<Explanation>,
}

impl Matcher {
    /// Says for each node of a topic's query whether it holds for `text`, and where; `None` for a
    /// topic that does not exist.
    ///
    /// The topic's defaults stand in the nodes: a topic with `inflect` shows `inflect:kunde`.
    /// Takes a scan of the text and a parse of the query: for people, not for streams.
    ///
    /// # Example
    /// ```
    /// use resonanz_core::mention::{Context, Matcher, Topic};
    /// use resonanz_core::post::TopicId;
    /// let topic = Topic { query: "acme NOT job".into(), ..Topic::default() };
    /// let matcher = Matcher::compile(&[topic], &|_| Vec::new()).expect("the query is correct");
    /// let why = matcher.explain("a job at Acme", Context::default(), TopicId(0)).expect("a topic");
    /// assert_eq!(why.to_string(), "no   AND\nyes    acme\nno     NOT\nyes      job\n");
    /// ```
    #[must_use]
    pub fn explain(&self, text: &str, context: Context<'_>, topic: TopicId) -> Option<Explanation> {
        let compiled = self.topics.get(topic.0 as usize)?;
        let expr = compiled.defaults.apply(parse(&compiled.query).ok()?);
        let mut scratch = MentionScratch::default();
        self.see_all(text, &mut scratch);
        let mut sight = scratch.sight(&self.rules, &context);
        Some(explain(&mut sight, text, &expr, compiled.root))
    }
}

/// Explains a node, which says the same as `expr`.
fn explain(sight: &mut Sight<'_>, text: &str, expr: &Expr, node: u32) -> Explanation {
    let rules = sight.rules;
    let held = sight.holds(node);
    let mut hits = Vec::new();
    if held {
        sight.begin_list();
        sight.collect(node, true, &mut hits);
    }
    let mut explanation = Explanation {
        label: expr.label(),
        held,
        spans: spans(sight, text, &hits),
        parts: Vec::new(),
    };
    if let (Expr::Near { operands, .. }, Some(super::rules::Node::Near(index))) =
        (expr, rules.nodes.get(node as usize))
        && let Some(near) = rules.nears.get(*index as usize)
    {
        explanation.label = expr.to_string();
        for (terms, atoms) in operands.iter().zip(&near.operands) {
            for (term, &atom) in terms.iter().zip(atoms) {
                let spans = spans(sight, text, hits_of(sight.hits, atom));
                let (label, held) = (term.to_string(), !spans.is_empty());
                explanation.parts.push(Explanation { label, held, spans, parts: Vec::new() });
            }
        }
    }
    let parts: Vec<u32> = rules.parts(node).collect();
    let known = expr.parts().iter().zip(parts);
    explanation.parts.extend(known.map(|(expr, node)| explain(sight, text, expr, node)));
    explanation
}

fn spans(sight: &Sight<'_>, text: &str, hits: &[Hit]) -> Vec<Span> {
    let mut spans = Vec::new();
    push_spans(hits, Searched { text, folded: sight.folded }, &mut spans);
    spans
}

impl Explanation {
    fn write(&self, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = if self.held { "yes" } else { "no" };
        writeln!(f, "{held:3}  {:width$}{}", "", self.label, width = depth * 2)?;
        self.parts.iter().try_for_each(|part| part.write(depth + 1, f))
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(0, f)
    }
}
