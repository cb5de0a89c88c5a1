//! What queries does the oracle ask? Its own trees, how they are drawn, and how they are written.

use proptest::prelude::*;

use super::text::{TOKENS_LEN, written};

#[derive(Debug, Clone)]
pub(crate) enum Query {
    Term(Term),
    Slop(Term, usize),
    Near(Vec<Vec<Term>>, Vec<(usize, bool)>),
    And(Vec<Query>),
    Or(Vec<Query>),
    Not(Box<Query>),
    Lang(&'static str),
}

#[derive(Debug, Clone)]
pub(crate) struct Term {
    pub(crate) tokens: Vec<usize>,
    pub(crate) options: Options,
    pub(crate) quoted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Options {
    None,
    Raw,
    Compound,
    /// Only for the words abe and bas, whose forms the oracle knows.
    Inflect,
    InflectCompound,
}

/// A topic's defaults.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defaults {
    pub(crate) compounds: bool,
    pub(crate) hashtags: bool,
    pub(crate) apart: bool,
}

pub(crate) const ABE: usize = TOKENS_LEN - 3;
pub(crate) const BAS: usize = TOKENS_LEN - 2;
const SPACE: usize = 7;

pub(crate) fn tokens(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![2 => 0..12usize, 1 => 0..TOKENS_LEN], len)
}

pub(crate) fn defaults() -> impl Strategy<Value = Defaults> {
    (prop::bool::weighted(0.2), prop::bool::weighted(0.3), prop::bool::weighted(0.3))
        .prop_map(|(compounds, hashtags, apart)| Defaults { compounds, hashtags, apart })
}

fn term() -> impl Strategy<Value = Term> {
    let options = prop_oneof![
        6 => Just(Options::None),
        1 => Just(Options::Raw),
        1 => Just(Options::Compound)
    ];
    let free = (tokens(1..5), options, any::<bool>()).prop_map(|(tokens, options, quoted)| Term {
        tokens,
        options,
        quoted,
    });
    let word = prop_oneof![Just(ABE), Just(BAS)];
    let options = prop_oneof![Just(Options::Inflect), Just(Options::InflectCompound)];
    let known = (prop::collection::vec(word, 1..3), options).prop_map(|(words, options)| {
        let mut tokens = Vec::new();
        for word in words {
            tokens.extend([SPACE, word]);
        }
        tokens.remove(0);
        Term { tokens, options, quoted: true }
    });
    prop_oneof![6 => free, 1 => known]
}

pub(crate) fn query() -> impl Strategy<Value = Query> {
    let near = (
        prop::collection::vec(prop::collection::vec(term(), 1..3), 2..4),
        prop::collection::vec((0..4usize, any::<bool>()), 3),
    )
        .prop_map(|(operands, mut links)| {
            links.truncate(operands.len() - 1);
            Query::Near(operands, links)
        });
    let leaf = prop_oneof![
        6 => term().prop_map(Query::Term),
        2 => (term(), 0..4usize).prop_map(|(term, words)| Query::Slop(term, words)),
        2 => near,
        1 => prop_oneof![Just("en"), Just("de")].prop_map(Query::Lang)
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(Query::And),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(Query::Or),
            1 => inner.prop_map(|inner| Query::Not(Box::new(inner)))
        ]
    })
}

impl Query {
    /// The query as text, each group in parentheses.
    pub(crate) fn write(&self) -> String {
        let list = |parts: &[Query], join: &str| {
            let parts: Vec<String> = parts.iter().map(Query::write).collect();
            format!("({})", parts.join(join))
        };
        match self {
            Query::Term(term) => term.write(),
            Query::Slop(term, words) => format!("{}~{words}", term.quoted().write()),
            Query::Near(operands, links) => {
                let group = |terms: &Vec<Term>| {
                    let terms: Vec<String> = terms.iter().map(Term::write).collect();
                    format!("({})", terms.join(" OR "))
                };
                let mut text = group(&operands[0]);
                for ((words, forward), operand) in links.iter().zip(&operands[1..]) {
                    let f = if *forward { "f" } else { "" };
                    text.push_str(&format!(" NEAR/{words}{f} {}", group(operand)));
                }
                format!("({text})")
            }
            Query::And(parts) => list(parts, " "),
            Query::Or(parts) => list(parts, " OR "),
            Query::Not(inner) => format!("NOT {}", inner.write()),
            Query::Lang(lang) => format!("lang:{lang}"),
        }
    }
}

impl Term {
    pub(crate) fn quoted(&self) -> Self {
        Self { quoted: true, ..self.clone() }
    }

    fn write(&self) -> String {
        let option = match self.options {
            Options::None => "",
            Options::Raw => "raw:",
            Options::Compound => "compound:",
            Options::Inflect => "inflect:",
            Options::InflectCompound => "inflect:compound:",
        };
        let text = written(&self.tokens);
        // Signs outside quotes may be read as those of other tools.
        let plain = |c: char| c.is_alphanumeric() || "#@*?".contains(c);
        if self.quoted || !text.chars().all(plain) || text.starts_with(['*', '?']) {
            return format!("{option}\"{text}\"");
        }
        format!("{option}{text}")
    }
}
