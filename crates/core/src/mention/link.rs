//! How is a distance between two terms written? `NEAR/5` and its kin, and what other tools write.

use super::cursor::{Parser, number};
use super::error::QueryError;
use super::expr::{Expr, Link, Order, Term};

/// What NEAR means without a number.
const WORDS_USUAL: u32 = 5;
const HINT: &str = "write NEAR/5, or NEAR/5f if the first must come first";

impl Parser<'_> {
    /// Takes `NEAR/5`, `NEAR/5f` or `ONEAR/5`, or the like of another tool.
    pub(super) fn take_link(&mut self) -> Result<Option<Link>, QueryError> {
        self.skip_space();
        let word = self.next_word();
        let (name, distance) = word.split_once('/').unwrap_or((word, ""));
        if !matches!(name, "NEAR" | "ONEAR") || !word.contains('/') {
            return Ok(self.take_foreign(word));
        }
        let (distance, forward) = match distance.strip_suffix('f') {
            Some(distance) => (distance, true),
            None => (distance, name == "ONEAR"),
        };
        let words_max = self.distance(distance)?;
        self.at += word.len();
        Ok(Some(link(words_max, forward)))
    }

    /// Takes what stands for NEAR elsewhere, if a term follows.
    fn take_foreign(&mut self, word: &str) -> Option<Link> {
        let start = self.at;
        let (words_max, forward) = match word {
            "NEAR" | "ONEAR" => {
                let (words_max, forward) = self.take_apart(word)?;
                (words_max, forward || word == "ONEAR")
            }
            "AROUND" => {
                let inner = self.rest().strip_prefix("AROUND(")?;
                let (digits, _) = inner.split_once(')')?;
                let words_max = number(digits)?;
                self.at += digits.len() + "()".len();
                (words_max, false)
            }
            _ => foreign(word)?,
        };
        self.at += word.len();
        self.skip_space();
        if words_max > 100 || self.sees_end() || self.sees_or() {
            self.at = start;
            return None;
        }
        let link = link(words_max, forward);
        let written = self.query.get(start..self.at).unwrap_or_default().trim_end();
        self.remark(start, format!("{written} is read as {link}"), HINT);
        Some(link)
    }

    /// The number of `NEAR /5` or `NEAR /5f`, which a space parts from it, taken; the usual one without
    /// any.
    fn take_apart(&mut self, word: &str) -> Option<(u32, bool)> {
        let after = self.rest().strip_prefix(word)?;
        let usual = Some((WORDS_USUAL, false));
        let Some(digits) = after.trim_start().strip_prefix('/') else { return usual };
        let (digits, behind) =
            digits.split_at(digits.bytes().take_while(u8::is_ascii_digit).count());
        let Some(words_max) = number(digits) else { return usual };
        let forward = behind.starts_with('f');
        let space = after.len() - after.trim_start().len();
        self.at += space + "/".len() + digits.len() + usize::from(forward);
        Some((words_max, forward))
    }

    /// A group of terms with a distance behind it, as `(acme battery)~5`.
    pub(super) fn group_distance(&mut self, group: Expr, open: usize) -> Result<Expr, QueryError> {
        let Some(rest) = self.rest().strip_prefix('~') else { return Ok(group) };
        let len = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let Some(words_max) = rest.get(..len).and_then(number) else { return Ok(group) };
        let place = self.at;
        self.at += 1;
        let words_max = self.distance(&words_max.to_string())?;
        self.at += len;
        let parts = match group {
            Expr::And(parts) => parts,
            other => vec![other],
        };
        let operands = parts.into_iter().map(|part| match part {
            Expr::Term(term) => Ok(vec![term]),
            other => operand(other, open),
        });
        let operands = operands.collect::<Result<Vec<_>, _>>()?;
        self.remark(place, "a distance behind a group is read as NEAR between its parts", HINT);
        Ok(match <[Vec<Term>; 1]>::try_from(operands) {
            Ok([terms]) => any_of(terms),
            Err(operands) => {
                let links = vec![link(words_max, false); operands.len() - 1];
                Expr::Near { operands, links }
            }
        })
    }
}

/// The alternatives of an operand as a query of their own.
fn any_of(terms: Vec<Term>) -> Expr {
    match <[Term; 1]>::try_from(terms) {
        Ok([only]) => Expr::Term(only),
        Err(terms) => Expr::Or(terms.into_iter().map(Expr::Term).collect()),
    }
}

fn link(words_max: u32, forward: bool) -> Link {
    Link { words_max, order: if forward { Order::Forward } else { Order::Any } }
}

/// Distances of other tools: `NEAR5`, `near/5`, `W/5`, `PRE/5`, `/5`, `~5`.
fn foreign(word: &str) -> Option<(u32, bool)> {
    let lower = word.to_lowercase();
    let digits = lower.trim_start_matches(|c: char| !c.is_ascii_digit());
    let name = lower.strip_suffix(digits)?;
    let digits = digits.strip_suffix('f').unwrap_or(digits);
    let is_forward = lower.ends_with('f')
        || matches!(name, "pre/" | "p/" | "adj/" | "adj" | "onear" | "before/");
    let known = matches!(
        name,
        "near"
            | "near/"
            | "near:"
            | "near~"
            | "near\\"
            | "onear"
            | "onear/"
            | "w/"
            | "within/"
            | "n/"
            | "pre/"
            | "p/"
            | "before/"
            | "adj/"
            | "adj"
            | "/"
            | "~"
    );
    // In small letters NEAR5 and adj5 may be names of things.
    let is_word = matches!(name, "near" | "onear" | "adj") && lower == word;
    if known && !is_word { Some((number(digits)?, is_forward)) } else { None }
}

/// What may stand beside NEAR: a term, a phrase, or a group of such joined by OR.
pub(super) fn operand(expr: Expr, at: usize) -> Result<Vec<Term>, QueryError> {
    let parts = match expr {
        Expr::Or(parts) => parts,
        other => vec![other],
    };
    let terms = parts.into_iter().map(|part| match part {
        Expr::Term(term) => Ok(term),
        other => Err(QueryError {
            at,
            message: format!("NEAR beside {}", other.label()),
            hint: "beside NEAR may stand a term, an exact phrase, or a group of them joined by OR; \
                   write NOT (a NEAR/5 b) to exclude",
        }),
    });
    terms.collect()
}
