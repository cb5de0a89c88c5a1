//! What does a query say? The boolean query language, parsed.
//!
//! ```text
//! query   = all { "OR" all }
//! all     = unary { [ "AND" ] unary }          two terms side by side mean AND
//! unary   = ( "NOT" | "-" ) unary | primary
//! primary = "(" query ")" | '"' phrase '"' | field ":" value | term
//! term    = word [ "*" ]                       a star at the end: any continuation
//! field   = "lang" | "source" | "kind"
//! ```
//! NOT binds tighter than AND, AND tighter than OR. Operators are written in capitals; `or` is a
//! word to look for. Terms match whole words in folded text, so case, width and umlaut spelling
//! do not matter; `#tag` and `@handle` match only with their sign.

use std::fmt;

use crate::post::{Kind, Lang};
use crate::text::fold_pattern;

/// Deepest nesting of groups and negations in one query.
const DEPTH_MAX: usize = 64;

/// A parsed query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A word or phrase in folded form.
    Term {
        /// The folded text to find.
        folded: String,
        /// Whether any continuation of the last word counts.
        prefix: bool,
    },
    /// All of them.
    And(Vec<Expr>),
    /// Any of them.
    Or(Vec<Expr>),
    /// Not this.
    Not(Box<Expr>),
    /// The post's language.
    Lang(Lang),
    /// The name of the post's source.
    Source(String),
    /// What sort of post it is.
    Kind(Kind),
}

impl Expr {
    /// Whether a post can match only if it holds at least one of the query's terms.
    ///
    /// Only such queries can be found through an index of terms.
    #[must_use]
    pub fn is_anchored(&self) -> bool {
        match self {
            Self::Term { .. } => true,
            Self::And(parts) => parts.iter().any(Self::is_anchored),
            Self::Or(parts) => parts.iter().all(Self::is_anchored),
            Self::Not(_) | Self::Lang(_) | Self::Source(_) | Self::Kind(_) => false,
        }
    }
}

/// A place in a query where it cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// Byte offset in the query.
    pub at: usize,
    /// What is wrong, without the place.
    pub message: String,
    /// How to mend it.
    pub hint: &'static str,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.at + 1, self.message)
    }
}

impl std::error::Error for QueryError {}

/// Parses a query; the grammar stands at the head of this module's source and in the README.
///
/// # Errors
/// With the place, for a query that does not follow the grammar, that nests deeper than 64, or
/// that could match a post which holds none of its terms (`NOT spam` alone).
///
/// # Example
/// ```
/// use resonanz::mention::parse;
/// assert!(parse(r#"acme AND ("customer service" OR support*) NOT job"#).is_ok());
/// assert_eq!(parse("acme AND").unwrap_err().at, 8);
/// ```
pub fn parse(query: &str) -> Result<Expr, QueryError> {
    let mut parser = Parser { query, at: 0, depth: 0 };
    let expr = parser.any()?;
    parser.skip_space();
    if parser.at < query.len() {
        return Err(parser.error("a closing parenthesis without an opening one", "remove it"));
    }
    if !expr.is_anchored() {
        return Err(QueryError {
            at: 0,
            message: "the query matches posts that hold none of its terms".to_owned(),
            hint: "join each NOT and each field with a term, as: acme NOT job",
        });
    }
    Ok(expr)
}

struct Parser<'q> {
    query: &'q str,
    at: usize,
    depth: usize,
}

impl<'q> Parser<'q> {
    fn any(&mut self) -> Result<Expr, QueryError> {
        let mut parts = vec![self.all()?];
        while self.take_operator("OR") {
            parts.push(self.all()?);
        }
        Ok(single_or(parts, Expr::Or))
    }

    fn all(&mut self) -> Result<Expr, QueryError> {
        let mut parts = vec![self.unary()?];
        loop {
            let explicit = self.take_operator("AND");
            self.skip_space();
            let rest = self.rest();
            if !explicit && (rest.is_empty() || rest.starts_with(')') || self.sees_operator("OR")) {
                return Ok(single_or(parts, Expr::And));
            }
            parts.push(self.unary()?);
        }
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
            Some('"') => self.phrase(),
            Some(_) => self.word(),
        }
    }

    fn phrase(&mut self) -> Result<Expr, QueryError> {
        let open = self.at;
        let body = self.query.get(open + 1..).unwrap_or_default();
        let Some(length) = body.find('"') else {
            return Err(self.error("this quote is never closed", "add a closing quote"));
        };
        self.at = open + length + 2;
        self.term(body.get(..length).unwrap_or_default(), open)
    }

    fn word(&mut self) -> Result<Expr, QueryError> {
        let start = self.at;
        let rest = self.rest();
        let length = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"'))
            .unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        if let Some(operator) = ["AND", "OR"].into_iter().find(|&operator| operator == word) {
            return Err(self.error(
                &format!("{operator} where a term is expected"),
                "put a term before it, or write it in lower case to look for the word",
            ));
        }
        if word.starts_with('~') || word.starts_with("NEAR/") || word.starts_with("ONEAR/") {
            return Err(self.error(
                "proximity is not known",
                "join the terms with AND, or write an exact \"phrase\"",
            ));
        }
        self.at = start + length;
        match word.split_once(':') {
            Some((name, value)) if is_field_name(name) => field(name, value, start),
            _ => self.term(word, start),
        }
    }

    fn term(&self, text: &str, at: usize) -> Result<Expr, QueryError> {
        let (text, prefix) = match text.strip_suffix('*') {
            Some(stem) => (stem, true),
            None => (text, false),
        };
        let error = |message: &str, hint| QueryError { at, message: message.to_owned(), hint };
        if text.contains(['*', '?']) {
            return Err(error(
                "a wildcard inside a term",
                "only a star at the end is known, as in: support*",
            ));
        }
        let folded = fold_pattern(text);
        if folded.is_empty() {
            return Err(error("a term without any letters", "write the word to look for"));
        }
        Ok(Expr::Term { folded, prefix })
    }

    fn enter(&mut self) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error("groups nest deeper than 64", "split the topic in two"));
        }
        Ok(())
    }

    fn take_operator(&mut self, operator: &str) -> bool {
        self.skip_space();
        let seen = self.sees_operator(operator);
        if seen {
            self.at += operator.len();
        }
        seen
    }

    fn sees_operator(&self, operator: &str) -> bool {
        self.rest().strip_prefix(operator).is_some_and(|after| {
            after.chars().next().is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')' | '"'))
        })
    }

    fn take_minus(&mut self) -> bool {
        let seen = self
            .rest()
            .strip_prefix('-')
            .and_then(|after| after.chars().next())
            .is_some_and(|c| !c.is_whitespace());
        if seen {
            self.at += 1;
        }
        seen
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn rest(&self) -> &'q str {
        self.query.get(self.at..).unwrap_or_default()
    }

    fn error(&self, message: &str, hint: &'static str) -> QueryError {
        QueryError { at: self.at, message: message.to_owned(), hint }
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

/// Words before a colon that name a field, now or in other tools; `http:` and `12:30` do not.
fn is_field_name(name: &str) -> bool {
    const NAMES: [&str; 9] =
        ["lang", "source", "kind", "author", "site", "url", "in-reply-to", "followers", "raw"];
    NAMES.contains(&name)
}

fn field(name: &str, value: &str, at: usize) -> Result<Expr, QueryError> {
    let error = |message: String, hint| QueryError { at, message, hint };
    if value.is_empty() {
        return Err(error(
            format!("field {name} has no value"),
            "write it without a space, as lang:de",
        ));
    }
    match name {
        "lang" => match Lang::parse(value) {
            Lang::UND if value != "und" => Err(error(
                format!("\"{value}\" is no language"),
                "write an ISO 639 code, as lang:de",
            )),
            lang => Ok(Expr::Lang(lang)),
        },
        "source" => Ok(Expr::Source(value.to_owned())),
        "kind" => {
            let kinds = [
                Kind::Original,
                Kind::Reply,
                Kind::Repost,
                Kind::Quote,
                Kind::Comment,
                Kind::Review,
                Kind::Article,
            ];
            kinds.into_iter().find(|kind| kind.as_str() == value).map(Expr::Kind).ok_or_else(|| {
                error(
                    format!("\"{value}\" is no kind of post"),
                    "one of original, reply, repost, quote, comment, review, article",
                )
            })
        }
        _ => {
            Err(error(format!("field {name} is not known"), "the fields are lang, source and kind"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(expr: &Expr) -> String {
        let list = |parts: &[Expr]| parts.iter().map(show).collect::<Vec<_>>().join(" ");
        match expr {
            Expr::Term { folded, prefix } => format!("{folded}{}", if *prefix { "*" } else { "" }),
            Expr::And(parts) => format!("(and {})", list(parts)),
            Expr::Or(parts) => format!("(or {})", list(parts)),
            Expr::Not(inner) => format!("(not {})", show(inner)),
            Expr::Lang(lang) => format!("lang:{lang}"),
            Expr::Source(source) => format!("source:{source}"),
            Expr::Kind(kind) => format!("kind:{}", kind.as_str()),
        }
    }

    #[test]
    fn precedence_is_not_and_or() {
        let rows = [
            ("Acme", "acme"),
            ("a b OR c", "(or (and a b) c)"),
            ("a AND NOT b OR c", "(or (and a (not b)) c)"),
            ("a -b", "(and a (not b))"),
            ("a (b OR \"c  D\") lang:de", "(and a (or b c d) lang:de)"),
            ("Größe* or", "(and groesse* or)"),
            ("https://acme.example/x", "https://acme.example/x"),
        ];
        for (query, want) in rows {
            assert_eq!(parse(query).map(|expr| show(&expr)), Ok(want.to_owned()), "{query}");
        }
    }

    #[test]
    fn errors_name_the_place() {
        let deep = format!("{}a", "(".repeat(100));
        let rows = [
            ("", 0),
            ("a OR", 4),
            ("AND a", 0),
            ("(a", 0),
            ("a )", 2),
            ("a \"b", 2),
            ("NOT a", 0),
            ("a OR lang:de", 0),
            ("a kind:tweet", 2),
            ("a lang:", 2),
            ("a*b", 0),
            ("a \"\"", 2),
            ("a author:x", 2),
            ("\"a b\"~3", 5),
            ("a NEAR/5 b", 2),
            (&deep, 64),
        ];
        for (query, at) in rows {
            assert_eq!(parse(query).map_err(|error| error.at), Err(at), "{query}");
        }
    }
}
