//! Does a query hold for a text, given its hits, and which of them made it so?
//!
//! Queries lie in one flat list of nodes, each before its parts, so that ten thousand of them are
//! one allocation and a query is read in one go.

use super::effort::Effort;
use super::field::{Context, Field};
use super::hit::Hit;
use super::near::{Near, NearScratch};
use crate::post::AuthorKey;
use crate::text::Folded;

/// A node of a query. Its parts follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    /// A term by its number.
    Atom(u32),
    /// All parts up to the node `end`.
    And { end: u32 },
    /// Any of the parts up to the node `end`.
    Or { end: u32 },
    /// Not the part that follows.
    Not,
    /// A place in [`Rules::nears`].
    Near(u32),
    /// A place in [`Rules::fields`].
    Field(u32),
}

/// A field, and the authors its handle stands for.
#[derive(Debug)]
pub(super) struct FieldTest {
    pub(super) field: Field,
    pub(super) authors: Box<[AuthorKey]>,
}

/// The queries of all topics.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) nodes: Vec<Node>,
    pub(super) nears: Vec<Near>,
    pub(super) fields: Vec<FieldTest>,
}

impl Rules {
    /// The node after a node and all its parts.
    pub(super) fn after(&self, node: u32) -> u32 {
        match self.nodes.get(node as usize) {
            Some(Node::And { end } | Node::Or { end }) => *end,
            Some(Node::Not) => self.after(node + 1),
            _ => node + 1,
        }
    }

    /// The parts of a node.
    pub(super) fn parts(&self, node: u32) -> Parts<'_> {
        Parts { rules: self, next: node + 1, end: self.after(node) }
    }

    /// Bytes on the heap, roughly.
    pub(super) fn heap_bytes(&self) -> usize {
        let near = |near: &Near| {
            size_of::<Near>()
                + near.operands.iter().map(|operand| operand.len() * 4 + 16).sum::<usize>()
                + near.links.len() * 8
        };
        self.nodes.capacity() * size_of::<Node>()
            + self.nears.iter().map(near).sum::<usize>()
            + self.fields.capacity() * size_of::<FieldTest>()
    }
}

/// Goes over the parts of a node.
#[derive(Debug, Clone)]
pub(super) struct Parts<'r> {
    rules: &'r Rules,
    next: u32,
    end: u32,
}

impl Iterator for Parts<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        if self.next >= self.end {
            return None;
        }
        let part = self.next;
        self.next = self.rules.after(part);
        Some(part)
    }
}

/// Nodes of more parts than these are evaluated once a text; smaller ones as often as asked.
const NODES_KEPT_MIN: u32 = 16;

/// Which nodes held, so that no deep query is evaluated again at each of its levels.
#[derive(Debug, Default)]
pub(super) struct Memo {
    turn: u32,
    /// By node: the text, and whether it held in the lowest bit.
    nodes: Vec<u32>,
}

impl Memo {
    /// Begins a text, by its number.
    pub(super) fn begin(&mut self, turn: u32) {
        if turn < self.turn {
            self.nodes.clear();
        }
        self.turn = turn;
    }

    fn recall(&self, node: u32) -> Option<bool> {
        let kept = self.nodes.get(node as usize).copied().unwrap_or(0);
        (kept >> 1 == self.turn).then_some(kept & 1 == 1)
    }

    fn keep(&mut self, node: u32, held: bool) {
        let place = node as usize;
        if place >= self.nodes.len() {
            self.nodes.resize(place + 1, 0);
        }
        self.nodes[place] = self.turn << 1 | u32::from(held);
    }
}

/// What is known of a text while queries are asked of it.
#[derive(Debug)]
pub(super) struct Sight<'s> {
    pub(super) rules: &'s Rules,
    pub(super) folded: &'s Folded,
    /// By term, then by start; one for each start.
    pub(super) hits: &'s [Hit],
    pub(super) context: &'s Context<'s>,
    pub(super) near: &'s mut NearScratch,
    pub(super) memo: &'s mut Memo,
    pub(super) effort: &'s mut Effort,
}

impl Sight<'_> {
    /// Whether a node holds.
    pub(super) fn holds(&mut self, node: u32) -> bool {
        self.effort.count(1);
        let rules = self.rules;
        match rules.nodes.get(node as usize) {
            Some(Node::Atom(atom)) => self.has(*atom),
            Some(Node::And { end }) => self.kept(node, *end > node + NODES_KEPT_MIN, |sight| {
                rules.parts(node).all(|part| sight.holds(part))
            }),
            Some(Node::Or { end }) => self.kept(node, *end > node + NODES_KEPT_MIN, |sight| {
                rules.parts(node).any(|part| sight.holds(part))
            }),
            Some(Node::Not) => !self.holds(node + 1),
            Some(Node::Near(index)) => rules.nears.get(*index as usize).is_some_and(|near| {
                self.effort.count(near.operands.iter().map(|atoms| atoms.len()).sum());
                let all = near.operands.iter().all(|atoms| atoms.iter().any(|&a| self.has(a)));
                all && self.kept(node, true, |sight| {
                    sight.count_words();
                    let hits = sight.hits;
                    let held = sight.near.holds(near, |atom| hits_of(hits, atom));
                    sight.effort.count(sight.near.places_len());
                    held
                })
            }),
            Some(Node::Field(index)) => rules
                .fields
                .get(*index as usize)
                .is_some_and(|test| test.field.holds(self.context, &test.authors)),
            None => false,
        }
    }

    /// Whether a node holds, asked once a text if that is `worth` a note.
    fn kept(&mut self, node: u32, worth: bool, ask: impl FnOnce(&mut Self) -> bool) -> bool {
        if !worth {
            return ask(self);
        }
        if let Some(held) = self.memo.recall(node) {
            return held;
        }
        let held = ask(self);
        self.memo.keep(node, held);
        held
    }

    /// Appends the hits that made a node hold, or (`held` false) that made it fail: those of the
    /// parts that decided, with each NOT turning the question around.
    pub(super) fn collect(&mut self, node: u32, held: bool, out: &mut Vec<Hit>) {
        let rules = self.rules;
        match rules.nodes.get(node as usize) {
            Some(Node::Atom(atom)) if held => self.collect_atom(*atom, out),
            Some(Node::Near(index)) if held => {
                if let Some(near) = rules.nears.get(*index as usize) {
                    self.count_words();
                    let hits = self.hits;
                    self.near.collect(near, |atom| hits_of(hits, atom), out);
                    self.effort.count(2 * self.near.places_len());
                }
            }
            Some(Node::Not) => self.collect(node + 1, !held, out),
            Some(Node::And { .. } | Node::Or { .. }) => {
                for part in rules.parts(node) {
                    if self.holds(part) == held {
                        self.collect(part, held, out);
                    }
                }
            }
            _ => {}
        }
    }

    /// Appends the hits of the query's first part, which names the subject: the first term of an
    /// AND, the left side of a NEAR, any side of an OR that holds.
    pub(super) fn collect_subject(&mut self, node: u32, out: &mut Vec<Hit>) {
        let rules = self.rules;
        match rules.nodes.get(node as usize) {
            Some(Node::And { .. }) => {
                let names = |part: &u32| {
                    !matches!(rules.nodes.get(*part as usize), Some(Node::Not | Node::Field(_)))
                };
                let first = rules.parts(node).find(names);
                first.into_iter().for_each(|part| self.collect_subject(part, out));
            }
            Some(Node::Or { .. }) => {
                for part in rules.parts(node) {
                    if self.holds(part) {
                        self.collect_subject(part, out);
                    }
                }
            }
            Some(Node::Near(index)) => match rules.nears.get(*index as usize) {
                Some(near) if !near.is_phrase() => {
                    let left = near.operands.first().into_iter().flatten();
                    left.for_each(|&atom| self.collect_atom(atom, out));
                }
                _ => self.collect(node, true, out),
            },
            _ => self.collect(node, true, out),
        }
    }

    /// Begins a list of hits, in which those of each term stand once.
    pub(super) fn begin_list(&mut self) {
        self.effort.begin_list();
    }

    fn collect_atom(&mut self, atom: u32, out: &mut Vec<Hit>) {
        self.effort.count(1);
        if self.effort.is_unlisted(atom, out.len()) {
            out.extend_from_slice(hits_of(self.hits, atom));
        }
    }

    fn has(&self, atom: u32) -> bool {
        self.hits.binary_search_by_key(&atom, |hit| hit.atom).is_ok()
    }

    fn count_words(&mut self) {
        if !self.near.counted {
            self.folded.word_starts(&mut self.near.word_starts);
            self.effort.count(self.folded.as_bytes().len());
            self.near.counted = true;
        }
    }
}

/// The hits of one term, by start.
pub(super) fn hits_of(hits: &[Hit], atom: u32) -> &[Hit] {
    let start = hits.partition_point(|hit| hit.atom < atom);
    let tail = hits.get(start..).unwrap_or_default();
    tail.get(..tail.partition_point(|hit| hit.atom == atom)).unwrap_or_default()
}
