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
//! in capitals; `or` is a word to look for. A word ends at white space, at a parenthesis or at a
//! quote. `*` stands for any run of word characters, `?` for one of them; a raw term has no
//! wildcards. The manual for analysts is `src/mention/queries.md`.

use super::cursor::{Parser, QUERY_BYTES_MAX, is_named};
use super::error::QueryError;
use super::expr::{Expr, Link, Order, Term};
use super::field::field;
use crate::text::fold_letters;

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
/// use resonanz::mention::parse;
/// let expr = parse(r#"acme ("customer service"~2 OR support*) NOT job"#)?;
/// assert_eq!(expr.to_string(), r#"acme AND ("customer service"~2 OR support*) AND NOT job"#);
/// assert_eq!(parse("acme AND").unwrap_err().at, 8);
/// # Ok::<(), resonanz::mention::QueryError>(())
/// ```
pub fn parse(query: &str) -> Result<Expr, QueryError> {
    let mut parser = Parser { query, at: 0, depth: 0, unanchored: 0 };
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
    Ok(expr)
}

impl<'q> Parser<'q> {
    fn any(&mut self) -> Result<Expr, QueryError> {
        let mut unanchored = None;
        let mut parts = Vec::new();
        loop {
            self.skip_space();
            let start = self.at;
            let part = self.all()?;
            if !part.is_anchored() {
                unanchored = unanchored.or(Some(start));
            }
            match part {
                Expr::Or(inner) => parts.extend(inner),
                part => parts.push(part),
            }
            if !self.take_operator("OR") {
                self.unanchored = unanchored.unwrap_or(0);
                return Ok(single_or(parts, Expr::Or));
            }
        }
    }

    fn all(&mut self) -> Result<Expr, QueryError> {
        let mut parts = Vec::new();
        loop {
            match self.near()? {
                Expr::And(inner) => parts.extend(inner),
                part => parts.push(part),
            }
            let explicit = self.take_operator("AND");
            self.skip_space();
            let rest = self.rest();
            if !explicit && (rest.is_empty() || rest.starts_with(')') || self.sees_operator("OR")) {
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

    /// Takes `NEAR/5`, `NEAR/5f` or `ONEAR/5`.
    fn take_link(&mut self) -> Result<Option<Link>, QueryError> {
        self.skip_space();
        let word = self.next_word();
        let (name, distance) = word.split_once('/').unwrap_or((word, ""));
        if !matches!(name, "NEAR" | "ONEAR") {
            return Ok(None);
        }
        let (distance, forward) = match distance.strip_suffix('f') {
            Some(distance) => (distance, true),
            None => (distance, name == "ONEAR"),
        };
        let words_max = self.distance(distance)?;
        self.at += word.len();
        Ok(Some(Link { words_max, order: if forward { Order::Forward } else { Order::Any } }))
    }

    fn unary(&mut self) -> Result<Expr, QueryError> {
        self.skip_space();
        let negated = self.take_operator("NOT") || self.take_minus();
        if !negated {
            return self.primary();
        }
        self.enter()?;
        let inner = self.unary()?;
        self.depth -= 1;
        Ok(Expr::Not(Box::new(inner)))
    }

    fn primary(&mut self) -> Result<Expr, QueryError> {
        self.skip_space();
        let open = self.at;
        match self.rest().chars().next() {
            None => Err(self.error(
                "the query ends where a term is expected",
                "add a term or remove the operator",
            )),
            Some(')') => Err(self
                .error("a closing parenthesis where a term is expected", "put a term before it")),
            Some('(') => {
                self.enter()?;
                self.at += 1;
                let inner = self.any()?;
                self.skip_space();
                if !self.rest().starts_with(')') {
                    self.at = open;
                    return Err(
                        self.error("this parenthesis is never closed", "add a closing parenthesis")
                    );
                }
                self.at += 1;
                self.depth -= 1;
                Ok(inner)
            }
            Some(_) => self.leaf(),
        }
    }

    /// A field, or a term with its options.
    fn leaf(&mut self) -> Result<Expr, QueryError> {
        let start = self.at;
        let mut term = Term { text: String::new(), raw: false, inflect: false, compound: false };
        while let Some((name, _)) = self.next_word().split_once(':')
            && is_named(name)
        {
            self.at += name.len() + 1;
            match name {
                "raw" => term.raw = true,
                "inflect" => term.inflect = true,
                "compound" => term.compound = true,
                _ => {
                    if term.raw || term.inflect || term.compound {
                        self.at = start;
                        return Err(self.error("an option before a field", "remove the option"));
                    }
                    let (value, _) = self.take_text()?;
                    return field(name, value, start).map(Expr::Field);
                }
            }
        }
        if term.raw && (term.inflect || term.compound) {
            self.at = start;
            return Err(self.error(
                "raw together with inflect or compound",
                "raw asks for the very characters: keep one of them",
            ));
        }
        let (text, quoted) = self.take_text()?;
        let place = Place { start, quoted };
        check_word(text, &place)?;
        self.term(text, term, &place)
    }

    /// Takes a word or a phrase; whether it stood in quotes.
    fn take_text(&mut self) -> Result<(&'q str, bool), QueryError> {
        if !self.rest().starts_with('"') {
            let word = self.next_word();
            self.at += word.len();
            return Ok((word, false));
        }
        let body = self.query.get(self.at + 1..).unwrap_or_default();
        let Some(length) = body.find('"') else {
            return Err(self.error("this quote is never closed", "add a closing quote"));
        };
        self.at += length + 2;
        Ok((body.get(..length).unwrap_or_default(), true))
    }

    fn term(&mut self, text: &str, mut term: Term, place: &Place) -> Result<Expr, QueryError> {
        let folded = fold_letters(text);
        if folded.is_empty() {
            return Err(place.error(
                "a term without any letters",
                "write the word to look for right after the option or between the quotes",
            ));
        }
        if folded.contains('"') && !term.raw {
            return Err(place.error("a wide quotation mark inside a term", "write it as \" \""));
        }
        let wild = !term.raw && folded.contains(['*', '?']);
        let bare = |word: &str| word.chars().all(|c| matches!(c, '*' | '?'));
        if wild && folded.split(' ').any(bare) {
            return Err(place.error(
                "a wildcard without any letters",
                "give each word a letter to find it by, as support*; for any word between two \
                 write \"one two\"~1",
            ));
        }
        if wild && term.inflect {
            return Err(place.error(
                "inflect together with a wildcard",
                "a wildcard covers the endings: remove the option",
            ));
        }
        term.text = if term.raw { text.trim().to_owned() } else { folded };
        if !place.quoted || !self.rest().starts_with('~') {
            return Ok(Expr::Term(term));
        }
        self.at += 1;
        let digits = self.next_word();
        let words_max = self.distance(digits)?;
        self.at += digits.len();
        if !term.text.contains(char::is_whitespace) {
            return Ok(Expr::Term(term));
        }
        if term.text.split_whitespace().any(|word| fold_letters(word).is_empty()) {
            return Err(place.error("a word of which nothing is seen", "remove it"));
        }
        Ok(Expr::Slop { phrase: term, words_max })
    }
}

/// Where a term began, and whether it stood in quotes.
struct Place {
    start: usize,
    quoted: bool,
}

impl Place {
    fn error(&self, message: &str, hint: &'static str) -> QueryError {
        QueryError { at: self.start, message: message.to_owned(), hint }
    }
}

/// Refuses operators that stand where a term is expected.
fn check_word(word: &str, place: &Place) -> Result<(), QueryError> {
    let name = word.split_once('/').map_or(word, |(name, _)| name);
    if place.quoted {
        return Ok(());
    }
    if matches!(word, "AND" | "OR" | "NOT") || matches!(name, "NEAR" | "ONEAR") {
        return Err(place.error(
            &format!("{word} where a term is expected"),
            "put a term before and after it, or write it in lower case to look for the word",
        ));
    }
    if word.starts_with('~') {
        return Err(place.error(
            "a distance without a phrase before it",
            "write it right after the closing quote, as \"acme service\"~3",
        ));
    }
    Ok(())
}

/// What may stand beside NEAR: a term, a phrase, or a group of such joined by OR.
fn operand(expr: Expr, at: usize) -> Result<Vec<Term>, QueryError> {
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
