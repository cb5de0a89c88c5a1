//! How do many queries become one program? Terms shared, queries flattened, topics indexed.
//!
//! Each topic is indexed under the fewest and rarest terms one of which a match must hold: of an
//! AND the best part, of an OR all parts, of a NEAR the best operand. How rare a term is has to be
//! guessed: by its length, and by how many topics use it, since words that many share (`service`)
//! are common in texts too, while names are not.

use std::collections::HashMap;

use super::effort::{operand_places_max, term_steps_max};
use super::expr::{Expr, Link, Order, Term};
use super::field::Field;
use super::near::{Near, WORDS_ANY};
use super::pattern::{Pattern, patterns};
use super::rules::{FieldTest, Node, Rules};
use super::scan::Use;
use super::{Topic, Umlauts};
use crate::post::AuthorKey;
use crate::text::{AddressForm, addresses};

/// From handles to the keys of authors.
pub(super) type Authors<'f> = &'f dyn Fn(&str) -> Vec<AuthorKey>;

/// What is compiled so far.
#[derive(Debug, Default)]
pub(super) struct Compiler {
    pub(super) rules: Rules,
    /// The first node of each topic.
    pub(super) roots: Vec<u32>,
    pub(super) literals: Vec<Vec<u8>>,
    pub(super) uses: Vec<Use>,
    pub(super) arounds: Vec<super::pattern::Around>,
    /// By term, how much looking around it may do in a text.
    pub(super) steps_max: Vec<u32>,
    /// By term, whether it counts inside addresses.
    pub(super) in_links: Vec<bool>,
    atoms: HashMap<(Term, Umlauts, bool), u32>,
    known: HashMap<Vec<u8>, u32>,
    weights: Vec<Weight>,
}

/// How the terms of one topic are meant.
#[derive(Debug, Clone, Copy)]
struct Meaning {
    umlauts: Umlauts,
    links: bool,
    topic: u32,
    /// What each of its terms and each operand of NEAR may cost in a text.
    steps_max: u32,
    places_max: u32,
}

/// What is guessed about how common a term is.
#[derive(Debug, Clone, Copy)]
struct Weight {
    /// Share of texts that hold it, more or less.
    share: f64,
    topics: u32,
    /// The last topic that used it.
    last: u32,
}

/// From each term to the topics worth a look when it is seen.
#[derive(Debug, Default)]
pub(super) struct Index {
    topics: Vec<u32>,
    /// Per atom, where its topics begin; and the end of the last.
    starts: Vec<u32>,
}

impl Index {
    /// The topics to look at when a term is seen.
    pub(super) fn topics(&self, atom: u32) -> &[u32] {
        let bound = |index: usize| self.starts.get(index).map_or(0, |&at| at as usize);
        self.topics.get(bound(atom as usize)..bound(atom as usize + 1)).unwrap_or_default()
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        (self.topics.capacity() + self.starts.capacity()) * 4
    }
}

impl Compiler {
    /// Adds the next topic's query, with its defaults worked in.
    pub(super) fn add(&mut self, expr: &Expr, topic: &Topic, authors: Authors<'_>) {
        let (mut terms, mut operands) = (0, 0);
        count(expr, &mut terms, &mut operands);
        let meaning = Meaning {
            umlauts: topic.umlauts,
            links: topic.links,
            topic: place(self.roots.len()),
            steps_max: term_steps_max(terms),
            places_max: operand_places_max(operands),
        };
        self.roots.push(place(self.rules.nodes.len()));
        self.push(expr, &meaning, authors);
    }

    /// Appends a query's nodes. Recursion is bounded by the parser.
    fn push(&mut self, expr: &Expr, meaning: &Meaning, authors: Authors<'_>) {
        match expr {
            Expr::Term(term) => {
                let atom = self.atom(term, meaning);
                self.rules.nodes.push(Node::Atom(atom));
            }
            Expr::And(parts) | Expr::Or(parts) => {
                let own = self.rules.nodes.len();
                self.rules.nodes.push(Node::Not);
                for part in parts {
                    self.push(part, meaning, authors);
                }
                let end = place(self.rules.nodes.len());
                let all = matches!(expr, Expr::And(_));
                if let Some(node) = self.rules.nodes.get_mut(own) {
                    *node = if all { Node::And { end } } else { Node::Or { end } };
                }
            }
            Expr::Not(inner) => {
                self.rules.nodes.push(Node::Not);
                self.push(inner, meaning, authors);
            }
            Expr::Near { operands, links } => {
                let mut atoms =
                    |terms: &Vec<Term>| terms.iter().map(|term| self.atom(term, meaning)).collect();
                let operands = operands.iter().map(&mut atoms).collect();
                self.push_near(operands, links.clone(), WORDS_ANY, meaning);
            }
            Expr::Slop { phrase, words_max } => {
                let words = phrase.text.split_whitespace().map(|word| {
                    let term = Term { text: word.to_owned(), ..phrase.clone() };
                    [self.atom(&term, meaning)].into()
                });
                let operands: Box<[Box<[u32]>]> = words.collect();
                let link = Link { words_max: *words_max, order: Order::Forward };
                let links = vec![link; operands.len().saturating_sub(1)];
                self.push_near(operands, links, *words_max, meaning);
            }
            Expr::Field(field) => {
                let authors = match field {
                    Field::Author(handle) => authors(handle).into(),
                    _ => [].into(),
                };
                self.rules.nodes.push(Node::Field(place(self.rules.fields.len())));
                self.rules.fields.push(FieldTest { field: field.clone(), authors });
            }
        }
    }

    fn push_near(
        &mut self,
        operands: Box<[Box<[u32]>]>,
        links: Vec<Link>,
        words_max: u32,
        meaning: &Meaning,
    ) {
        self.rules.nodes.push(Node::Near(place(self.rules.nears.len())));
        let places_max = meaning.places_max;
        self.rules.nears.push(Near { operands, links: links.into(), words_max, places_max });
    }

    fn atom(&mut self, term: &Term, meaning: &Meaning) -> u32 {
        let links = meaning.links || is_address(&term.text);
        let key = (term.clone(), meaning.umlauts, links);
        let atom = match self.atoms.get(&key) {
            Some(&atom) => atom,
            None => {
                let atom = place(self.weights.len());
                self.atoms.insert(key, atom);
                let share = self.define(atom, patterns(term, meaning.umlauts));
                self.weights.push(Weight { share, topics: 0, last: u32::MAX });
                self.steps_max.push(0);
                self.in_links.push(links);
                atom
            }
        };
        if let Some(weight) = self.weights.get_mut(atom as usize)
            && weight.last != meaning.topic
        {
            weight.last = meaning.topic;
            weight.topics += 1;
        }
        if let Some(steps_max) = self.steps_max.get_mut(atom as usize) {
            *steps_max = meaning.steps_max.max(*steps_max);
        }
        atom
    }

    /// Notes the literals of a term; the share of texts that may hold it.
    fn define(&mut self, atom: u32, patterns: Vec<Pattern>) -> f64 {
        let mut share = 0.0;
        for pattern in patterns {
            // A letter more makes a word about three times as rare, to a bound; phrases are rarer.
            let words = pattern.literal.split(|&byte| byte == b' ').count();
            let bytes_max = if words > 1 { 12 } else { 6 };
            share += (-1.5 * pattern.literal.len().min(bytes_max) as f64).exp2();
            let around = pattern.around.map(|around| {
                self.arounds.push(*around);
                place(self.arounds.len() - 1)
            });
            let next = place(self.literals.len());
            let literal = *self.known.entry(pattern.literal.clone()).or_insert(next);
            if literal == next {
                self.literals.push(pattern.literal);
            }
            self.uses.push(Use { literal, atom, around });
        }
        share
    }

    /// Chooses under which terms each topic is found.
    pub(super) fn index(&self) -> Index {
        let mut pairs = Vec::new();
        for (topic, &root) in (0u32..).zip(&self.roots) {
            let choice = self.choose(root);
            pairs.extend(choice.into_iter().flat_map(|(_, atoms)| atoms).map(|atom| (atom, topic)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut index = Index::default();
        let mut next = 0;
        for atom in 0..=place(self.weights.len()) {
            next += pairs.get(next..).unwrap_or_default().iter().take_while(|p| p.0 < atom).count();
            index.starts.push(place(next));
        }
        index.topics = pairs.into_iter().map(|(_, topic)| topic).collect();
        index
    }

    /// The cheapest terms one of which must be there for a node to hold, if any must.
    fn choose(&self, node: u32) -> Option<(f64, Vec<u32>)> {
        let parts = || self.rules.parts(node).map(|part| self.choose(part));
        match self.rules.nodes.get(node as usize)? {
            Node::Atom(atom) => Some((self.cost(*atom), vec![*atom])),
            Node::And { .. } => parts().flatten().min_by(|left, right| left.0.total_cmp(&right.0)),
            Node::Or { .. } => parts().reduce(|all, part| {
                let ((cost, mut atoms), (more, others)) = (all?, part?);
                atoms.extend(others);
                Some((cost + more, atoms))
            })?,
            Node::Near(index) => {
                let operands = &self.rules.nears.get(*index as usize)?.operands;
                let cost = |atoms: &[u32]| atoms.iter().map(|&atom| self.cost(atom)).sum::<f64>();
                let costs = operands.iter().map(|atoms| (cost(atoms), atoms.to_vec()));
                costs.min_by(|left, right| left.0.total_cmp(&right.0))
            }
            Node::Not | Node::Field(_) => None,
        }
    }

    fn cost(&self, atom: u32) -> f64 {
        let weight = self.weights.get(atom as usize);
        // Squared: seen once it costs a look at each topic, and it is seen the more often.
        weight.map_or(1.0, |weight| weight.share * f64::from(weight.topics).powi(2))
    }
}

fn place(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Counts the terms of a query that are more than a literal, and the operands of NEAR and words with
/// slop.
fn count(expr: &Expr, terms: &mut usize, operands: &mut usize) {
    let more = |term: &Term| {
        usize::from(term.raw || term.inflect || term.compound || term.text.contains(['*', '?']))
    };
    match expr {
        Expr::Term(term) => *terms += more(term),
        Expr::Near { operands: own, .. } => {
            *terms += own.iter().flatten().map(more).sum::<usize>();
            *operands += own.len();
        }
        Expr::Slop { phrase, .. } => {
            let words = phrase.text.split_whitespace().count();
            *terms += more(phrase) * words;
            *operands += words;
        }
        Expr::And(parts) | Expr::Or(parts) => {
            parts.iter().for_each(|part| count(part, terms, operands));
        }
        Expr::Not(inner) => count(inner, terms, operands),
        Expr::Field(_) => {}
    }
}

/// Whether a term is itself something to follow or to write to, so that it is meant to be found in
/// addresses.
fn is_address(term: &str) -> bool {
    let mut found = Vec::new();
    let term = term.replace(['*', '?'], "x");
    addresses(&term, &mut found);
    found.first().is_some_and(|address| {
        address.form != AddressForm::Name && address.start == 0 && address.end == term.len()
    })
}
