//! What does a query say? The boolean query language, parsed.
//!
//! ```text
//! query    = all { "OR" all }
//! all      = near { [ "AND" ] near }               two terms side by side mean AND
//! near     = unary { distance unary }              operands: terms, phrases, OR groups of them
//! distance = "NEAR/" number [ "f" ] | "ONEAR/" number
//! unary    = ( "NOT" | "-" ) unary | primary
//! primary  = "(" query ")" | field ":" value | { option ":" } term
//! option   = "raw" | "inflect" | "compound"        raw stands alone
//! term     = word | '"' phrase '"' [ "~" number ]
//! field    = "author" | "source" | "lang" | "site" | "url" | "kind" | "in-reply-to" | "thread"
//!          | "followers" | "engagement"
//! value    = word | '"' phrase '"'
//! ```
//! NOT binds tighter than NEAR, NEAR tighter than AND, AND tighter than OR. Operators are written
//! in capitals; `or` is a word to look for. A word ends at white space, at a parenthesis, at a
//! quote or at a comma. `*` stands for any run of word characters, `?` for one of them; a raw term
//! has no wildcards. Quotes may be curly, dashes long. What other tools write for these operators
//! is read as such and remarked on (`signs.rs`, `link.rs`, `leaf.rs`). The manual for analysts is
//! `src/mention/queries.md`.

use super::cursor::{Parser, QUERY_BYTES_MAX};
use super::error::QueryError;
use super::expr::Expr;
use super::link::operand;
use super::never::contradiction;
use super::signs::{is_close, is_open};

/// A query as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What it says.
    pub expr: Expr,
    /// What may not say what was meant, in the order of the query.
    pub remarks: Vec<QueryError>,
}

/// Parses a query; the grammar stands at the head of this module's source, the manual in
/// `src/mention/queries.md`.
///
/// # Errors
/// With the place, for a query that does not follow the grammar, that nests deeper than 64 or is
/// longer than 64 KiB, or that could match a post which holds none of its terms (`NOT spam`
/// alone).
///
/// # Example
/// ```
/// use resonanz_core::mention::parse;
/// let expr = parse(r#"acme ("customer service"~2 OR support*) NOT job"#)?;
/// assert_eq!(expr.to_string(), r#"acme AND ("customer service"~2 OR support*) AND NOT job"#);
/// assert_eq!(parse("acme AND").unwrap_err().at, 8);
/// # Ok::<(), resonanz_core::mention::QueryError>(())
/// ```
pub fn parse(query: &str) -> Result<Expr, QueryError> {
    read(query).map(|reading| reading.expr)
}

/// Parses a query, and remarks on what may not say what was meant: operators of other tools or in
/// small letters, fields that there are not, terms without letters.
///
/// # Errors
/// As [`parse`].
///
/// # Example
/// ```
/// use resonanz_core::mention::read;
/// let reading = read("acme | globex")?;
/// assert_eq!(reading.expr.to_string(), "acme OR globex");
/// assert_eq!((reading.remarks[0].at, &*reading.remarks[0].message), (5, "| is read as OR"));
/// # Ok::<(), resonanz_core::mention::QueryError>(())
/// ```
pub fn read(query: &str) -> Result<Reading, QueryError> {
    let mut parser = Parser::new(query);
    if query.len() > QUERY_BYTES_MAX {
        parser.at = query.floor_char_boundary(QUERY_BYTES_MAX);
        return Err(parser.error("the query is longer than 64 KiB", "split the topic in two"));
    }
    let expr = parser.any()?;
    parser.skip_space();
    if parser.at < query.len() {
        return Err(parser.error("a closing parenthesis without an opening one", "remove it"));
    }
    if !expr.is_anchored() {
        return Err(QueryError {
            at: if matches!(expr, Expr::Or(_)) { parser.unanchored } else { 0 },
            message: "the query matches posts that hold none of its terms".to_owned(),
            hint: "join each NOT and each field with a term, as: acme NOT job",
        });
    }
    parser.remark_lines();
    if let Some(QueryError { at, message, hint }) = contradiction(&expr, query) {
        parser.remark(at, message, hint);
    }
    let mut remarks = parser.remarks;
    remarks.sort_by_key(|remark| remark.at);
    Ok(Reading { expr, remarks })
}

impl Parser<'_> {
    pub(super) fn any(&mut self) -> Result<Expr, QueryError> {
        let mut unanchored = None;
        let mut parts = Vec::new();
        loop {
            self.skip_ors(parts.is_empty());
            if self.sees_end() && !parts.is_empty() {
                break;
            }
            let start = self.at;
            let part = self.all()?;
            if !part.is_anchored() {
                unanchored = unanchored.or(Some(start));
            }
            match part {
                Expr::Or(inner) => parts.extend(inner),
                part => parts.push(part),
            }
            if !self.sees_or() {
                break;
            }
        }
        self.unanchored = unanchored.unwrap_or(0);
        Ok(single_or(parts, Expr::Or))
    }

    /// Takes the OR before a part, and those that are too many: before the first part all, at the end
    /// the last.
    fn skip_ors(&mut self, first: bool) {
        let hint = "remove it, or add what was meant to stand here";
        let mut spare = first;
        loop {
            self.skip_space();
            let at = self.at;
            if !self.sees_or() {
                return;
            }
            self.take_or();
            self.skip_space();
            if spare || self.sees_end() {
                self.remark(at, "nothing stands beside this OR, which is passed over", hint);
            }
            spare = true;
        }
    }

    fn all(&mut self) -> Result<Expr, QueryError> {
        let mut parts = Vec::new();
        loop {
            match self.near()? {
                Expr::And(inner) => parts.extend(inner),
                part => parts.push(part),
            }
            let explicit = self.take_and();
            self.skip_space();
            if !explicit && (self.sees_end() || self.sees_or()) {
                return Ok(single_or(parts, Expr::And));
            }
        }
    }

    fn near(&mut self) -> Result<Expr, QueryError> {
        self.skip_space();
        let mut start = self.at;
        let first = self.unary()?;
        let Some(link) = self.take_link()? else { return Ok(first) };
        let mut operands = vec![operand(first, start)?];
        let mut links = vec![link];
        loop {
            self.skip_space();
            start = self.at;
            let next = self.unary()?;
            operands.push(operand(next, start)?);
            match self.take_link()? {
                Some(link) => links.push(link),
                None => return Ok(Expr::Near { operands, links }),
            }
        }
    }

    fn unary(&mut self) -> Result<Expr, QueryError> {
        if !self.take_not() {
            self.skip_plus();
            return self.primary();
        }
        self.enter()?;
        let inner = self.unary()?;
        self.leave();
        Ok(Expr::Not(Box::new(inner)))
    }

    pub(super) fn primary(&mut self) -> Result<Expr, QueryError> {
        self.skip_space();
        let open = self.at;
        match self.rest().chars().next() {
            None => Err(self.error(
                "the query ends where a term is expected",
                "add a term or remove the operator",
            )),
            Some(c) if is_close(c) => Err(self
                .error("a closing parenthesis where a term is expected", "put a term before it")),
            Some(c) if is_open(c) => {
                self.enter()?;
                if matches!(c, '[' | '{') {
                    let hint = "write ( ), or put the term in quotes to look for the bracket";
                    self.remark(open, format!("{c} is read as a parenthesis"), hint);
                }
                self.at += c.len_utf8();
                let inner = self.any()?;
                self.skip_space();
                let Some(close) = self.rest().chars().next().filter(|&c| is_close(c)) else {
                    self.at = open;
                    return Err(
                        self.error("this parenthesis is never closed", "add a closing parenthesis")
                    );
                };
                self.at += close.len_utf8();
                self.leave();
                self.group_distance(inner, open)
            }
            Some('|') => Err(self.error(
                "| where a term is expected",
                "put a term before and after it, or put it in quotes",
            )),
            Some('&') if self.rest().starts_with("&&") => Err(self.error(
                "&& where a term is expected",
                "put a term before and after it, or put it in quotes",
            )),
            Some(_) => self.leaf(),
        }
    }
}

fn single_or(mut parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}
