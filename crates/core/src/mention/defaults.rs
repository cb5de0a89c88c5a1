//! What do a topic's defaults make of its query? Options for each term, and hashtags of phrases.

use super::expr::{Expr, Term};
use super::{Topic, Umlauts};
use crate::text::is_word_char;

/// How the terms of a topic are meant unless they say otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Defaults {
    pub(super) inflect: bool,
    pub(super) compounds: bool,
    pub(super) hashtags: bool,
    pub(super) umlauts: Umlauts,
}

impl Defaults {
    pub(super) fn of(topic: &Topic) -> Self {
        Self {
            inflect: topic.inflect,
            compounds: topic.compounds,
            hashtags: topic.hashtags,
            umlauts: topic.umlauts,
        }
    }

    /// Writes the defaults into a query, so that nothing after it needs to know them.
    pub(super) fn apply(&self, expr: Expr) -> Expr {
        match expr {
            Expr::Term(term) => {
                let alternatives = self.alternatives(term);
                any(alternatives.into_iter().map(Expr::Term).collect())
            }
            Expr::Slop { phrase, words_max } => {
                let tag = self.tag(phrase.text.split(' '), phrase.raw);
                let slop = Expr::Slop { phrase: self.term(phrase), words_max };
                any(std::iter::once(slop).chain(tag.map(Expr::Term)).collect())
            }
            Expr::Near { operands, links } => {
                let widen = |terms: Vec<Term>| {
                    terms.into_iter().flat_map(|term| self.alternatives(term)).collect()
                };
                Expr::Near { operands: operands.into_iter().map(widen).collect(), links }
            }
            Expr::And(parts) => self.all(parts),
            Expr::Or(parts) => Expr::Or(parts.into_iter().map(|part| self.apply(part)).collect()),
            Expr::Not(inner) => Expr::Not(Box::new(self.apply(*inner))),
            Expr::Field(field) => Expr::Field(field),
        }
    }

    /// A term, and its hashtag if it has several words.
    fn alternatives(&self, term: Term) -> Vec<Term> {
        let several = term.text.contains(' ');
        let tag = if several { self.tag(term.text.split(' '), term.raw) } else { None };
        std::iter::once(self.term(term)).chain(tag).collect()
    }

    /// Single words side by side also count as one hashtag: `deutsche bahn` as #deutschebahn.
    fn all(&self, parts: Vec<Expr>) -> Expr {
        let mut joined = Vec::new();
        let mut run = Vec::new();
        for part in parts {
            match part {
                Expr::Term(term) if !term.raw && is_word(&term.text) => run.push(term),
                other => {
                    self.close_run(&mut run, &mut joined);
                    joined.push(self.apply(other));
                }
            }
        }
        self.close_run(&mut run, &mut joined);
        match joined.pop() {
            Some(only) if joined.is_empty() => only,
            last => {
                joined.extend(last);
                Expr::And(joined)
            }
        }
    }

    fn close_run(&self, run: &mut Vec<Term>, joined: &mut Vec<Expr>) {
        let words = run.iter().map(|term| term.text.as_str());
        let tag = if run.len() > 1 { self.tag(words, false) } else { None };
        let terms = run.drain(..).map(|term| Expr::Term(self.term(term)));
        match tag {
            Some(tag) => {
                joined.push(Expr::Or(vec![Expr::And(terms.collect()), Expr::Term(tag)]));
            }
            None => joined.extend(terms),
        }
    }

    fn tag<'t>(&self, words: impl Iterator<Item = &'t str>, raw: bool) -> Option<Term> {
        if raw || !self.hashtags {
            return None;
        }
        let mut text = "#".to_owned();
        for word in words {
            if !is_word(word) {
                return None;
            }
            text.push_str(word);
        }
        Some(Term { text, raw: false, inflect: false, compound: false })
    }

    /// The term with the topic's options; signs such as `#` and `@` keep a term as it is.
    fn term(&self, term: Term) -> Term {
        let plain = |c: char| is_word_char(c) || matches!(c, ' ' | '-' | '\'' | '*' | '?');
        let signs = !term.text.chars().all(plain) || term.text.starts_with(['-', '\'']);
        if term.raw || signs {
            return term;
        }
        let wild = term.text.contains(['*', '?']);
        Term {
            inflect: term.inflect || (self.inflect && !wild),
            compound: term.compound || self.compounds,
            ..term
        }
    }
}

fn is_word(text: &str) -> bool {
    text.chars().all(is_word_char)
}

fn any(mut parts: Vec<Expr>) -> Expr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            Expr::Or(parts)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mention::parse;

    #[test]
    fn defaults_are_written_into_the_query() {
        let all =
            Defaults { inflect: true, compounds: true, hashtags: true, umlauts: Umlauts::Equal };
        let tags = Defaults { hashtags: true, ..Defaults::default() };
        let rows = [
            (all, "bahn", "inflect:compound:bahn"),
            (all, "bahn* raw:X #y", "compound:bahn* AND raw:X AND #y"),
            (tags, "deutsche bahn", "deutsche AND bahn OR #deutschebahn"),
            (tags, "deutsche bahn -x", "(deutsche AND bahn OR #deutschebahn) AND NOT x"),
            (tags, "\"deutsche bahn\"", "\"deutsche bahn\" OR #deutschebahn"),
            (tags, "\"deutsche bahn\"~2", "\"deutsche bahn\"~2 OR #deutschebahn"),
            (tags, "\"a b\" NEAR/2 c", "(\"a b\" OR #ab) NEAR/2 c"),
            (tags, "a \"b.c d\"", "a AND \"b.c d\""),
        ];
        for (defaults, query, want) in rows {
            let applied = parse(query).map(|expr| defaults.apply(expr).to_string());
            assert_eq!(applied, Ok(want.to_owned()), "{query}");
        }
    }
}
