//! How does a query of another tool read here? X, Brandwatch, Talkwalker, Sprinklr, Meltwater.
//!
//! Read as their public documentation describes them: words, phrases, wildcards, groups, AND, OR and
//! NOT, distances, and fields (`dialect.rs`). AND binds tighter than OR there as here. What asks for
//! something that posts do not carry here is left out and named, as written.

use super::dialect::{Carried, Dialect, carry};
use super::error::QueryError;
use super::expr::{Expr, Link, Order, Term};
use super::link::operand;
use super::parse::parse;
use super::reader::Reader;
use super::signs::{is_dash, is_quote};

/// Most words that a distance may span here.
const WORDS_MAX: u32 = 100;

/// A query of another tool as a query of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The query.
    pub query: String,
    /// What could not be carried over, as written.
    pub lost: Vec<String>,
}

/// Rewrites a query of another tool; and names what it could not carry over.
///
/// Leaving a part out makes the query match more posts where the part stood beside others, fewer
/// where it was an alternative of an OR, and the reverse below a negation: look at the list before
/// you rely on the query. Of fields such as `title:` the words are kept, and the field is named.
///
/// # Errors
/// With the place in `rule`, if a quote or a parenthesis has no partner; or if what is left is no
/// query, for example because no term is left.
///
/// # Example
/// ```
/// use resonanz_core::mention::{Dialect, import};
/// let imported = import(Dialect::X, "(acme OR \"acme inc\") -is:retweet has:media")?;
/// assert_eq!(imported.query, "(acme OR \"acme inc\"~0) AND NOT kind:repost");
/// assert_eq!(imported.lost, ["has:media"]);
/// let imported = import(Dialect::Brandwatch, "(acme OR globex) NEAR/4f title:refund*")?;
/// assert_eq!(imported.query, "(acme OR globex) NEAR/4f refund*");
/// assert_eq!(imported.lost, ["title:"]);
/// # Ok::<(), resonanz_core::mention::QueryError>(())
/// ```
pub fn import(dialect: Dialect, rule: &str) -> Result<Imported, QueryError> {
    let mut reader = Reader::new(dialect, rule);
    let expr = reader.any()?;
    if reader.at < rule.len() {
        return Err(reader.error("a closing parenthesis without an opening one", "remove it"));
    }
    let query = expr.map(|expr| expr.to_string()).unwrap_or_default();
    let none = |error: QueryError| QueryError {
        at: 0,
        message: format!("nothing is left that could be a query here: {}", error.message),
        hint: "write the query anew; the manual is src/mention/queries.md",
    };
    let query = parse(&query).map_err(none)?.to_string();
    Ok(Imported { query, lost: reader.lost })
}

impl<'r> Reader<'r> {
    fn any(&mut self) -> Result<Option<Expr>, QueryError> {
        let mut parts = Vec::new();
        loop {
            parts.extend(self.all()?);
            if !self.take("OR") {
                return Ok(join(parts, Expr::Or));
            }
        }
    }

    fn all(&mut self) -> Result<Option<Expr>, QueryError> {
        let mut parts = Vec::new();
        loop {
            self.skip_space();
            if self.rest().is_empty() || self.rest().starts_with(')') || self.sees("OR") {
                return Ok(join(parts, Expr::And));
            }
            if !self.take("AND") {
                parts.extend(self.near()?);
            }
        }
    }

    fn near(&mut self) -> Result<Option<Expr>, QueryError> {
        let mut operands = vec![self.unary()?];
        let (mut links, mut written) = (Vec::new(), Vec::new());
        while let Some((link, text)) = self.take_link() {
            links.push(link);
            written.push(text);
            self.skip_space();
            operands.push(self.unary()?);
        }
        if links.is_empty() {
            return Ok(operands.pop().flatten());
        }
        let terms = |part: &Option<Expr>| part.clone().and_then(|part| operand(part, 0).ok());
        let near: Option<Vec<Vec<Term>>> = operands.iter().map(terms).collect();
        let links: Option<Vec<Link>> = links.into_iter().collect();
        match (near, links) {
            (Some(operands), Some(links)) => Ok(Some(Expr::Near { operands, links })),
            _ => {
                // Both, without the distance, is the nearest thing.
                self.lost.extend(written.iter().map(|text| (*text).to_owned()));
                Ok(join(operands.into_iter().flatten().collect(), Expr::And))
            }
        }
    }

    fn unary(&mut self) -> Result<Option<Expr>, QueryError> {
        let next = self.rest().chars().next();
        let minus = next.filter(|&c| is_dash(c));
        if let Some(minus) = minus {
            self.at += minus.len_utf8();
        } else if !self.take("NOT") {
            return self.part();
        }
        self.enter()?;
        self.skip_space();
        // What must not stand near is excluded wherever it stands.
        if let Some((_, distance)) = self.take_link() {
            self.lost.push(distance.to_owned());
            self.skip_space();
        }
        let inner = self.unary()?;
        self.leave();
        Ok(inner.map(|inner| Expr::Not(Box::new(inner))))
    }

    fn part(&mut self) -> Result<Option<Expr>, QueryError> {
        let start = self.at;
        let Some(first) = self.rest().chars().next().filter(|&c| c != ')') else {
            return Ok(None);
        };
        if first == '(' {
            return self.group();
        }
        if is_quote(first) {
            let phrase = self.quoted(first)?;
            let slop = self.slop();
            let leaf = self.phrase(phrase, slop);
            return Ok(self.kept(leaf, start));
        }
        if first == '{'
            && matches!(self.dialect, Dialect::Brandwatch | Dialect::Meltwater)
            && let Some((word, _)) = self.rest().get(1..).and_then(|rest| rest.split_once('}'))
        {
            // Braces ask for the word with its capitals and signs.
            self.at += word.len() + "{}".len();
            return Ok(self.kept(parse_leaf(&format!("raw:\"{}\"", word.trim())), start));
        }
        if first == '+' {
            // Elsewhere it asks for the very form of the word, or for what is the rule here.
            self.at += 1;
            self.lost.extend((self.dialect != Dialect::X).then(|| "+".to_owned()));
            return self.part();
        }
        let word = self.take_word();
        if let Some((name, value)) = word.split_once(':')
            && !value.starts_with("//")
            && !name.is_empty()
        {
            return self.field(name, value, start);
        }
        if self.dialect.is_context(word) {
            self.lost.push(word.to_owned());
            return Ok(None);
        }
        let leaf = self.word(word);
        Ok(self.kept(leaf, start))
    }

    fn group(&mut self) -> Result<Option<Expr>, QueryError> {
        let open = self.at;
        self.enter()?;
        self.at += 1;
        let inner = self.any()?;
        self.skip_space();
        if !self.rest().starts_with(')') {
            self.at = open;
            return Err(self.error("this parenthesis is never closed", "add a closing parenthesis"));
        }
        self.at += 1;
        self.leave();
        let place = self.at;
        let (Some(words_max), Some(inner)) = (self.slop(), inner.clone()) else { return Ok(inner) };
        let parts = match inner.clone() {
            Expr::And(parts) => parts,
            other => vec![other],
        };
        let near: Option<Vec<Vec<Term>>> =
            parts.into_iter().map(|part| operand(part, 0).ok()).collect();
        Ok(Some(match near {
            Some(operands) if operands.len() > 1 && words_max <= WORDS_MAX => {
                let link = Link { words_max, order: Order::Any };
                let links = vec![link; operands.len() - 1];
                Expr::Near { operands, links }
            }
            _ => {
                self.lost.push(self.written(place).to_owned());
                inner
            }
        }))
    }

    /// A field whose name and the start of whose value were taken.
    fn field(
        &mut self,
        name: &'r str,
        value: &'r str,
        start: usize,
    ) -> Result<Option<Expr>, QueryError> {
        if value.is_empty() && self.dialect != Dialect::X {
            self.skip_space();
        }
        let first = self.rest().chars().next().filter(|_| value.is_empty());
        match first {
            Some('(') => {
                let text = carry(self.dialect, name, "x");
                let lost = self.lost.len();
                let inner = self.group()?;
                if matches!(text, Carried::Text(_)) {
                    self.lost.insert(lost, format!("{name}:"));
                    return Ok(inner);
                }
                self.lost.truncate(lost);
                let values = inner.map(|inner| operand(inner, 0)).and_then(Result::ok);
                let each = |term: Term| match carry(self.dialect, name, &term.text) {
                    Carried::Query(text) => parse_leaf(&text),
                    _ => None,
                };
                let fields: Option<Vec<Expr>> =
                    values.and_then(|values| values.into_iter().map(each).collect());
                let fields = fields.and_then(|fields| join(fields, Expr::Or));
                Ok(self.kept(fields, start))
            }
            Some('[') => {
                let inner = self.rest().split_once(']').map(|(inner, _)| inner);
                let Some(inner) = inner else {
                    return Err(self.error("this bracket is never closed", "add a closing bracket"));
                };
                let value = inner.get(1..).unwrap_or_default();
                self.at += inner.len() + 1;
                Ok(self.carried(name, value, start))
            }
            Some(quote) if is_quote(quote) => {
                let value = self.quoted(quote)?;
                Ok(self.carried(name, value, start))
            }
            _ => {
                // A word that reads [1 TO 5] or [1..5] goes on to its bracket.
                let rest = self.rule.get(start + name.len() + 1..).unwrap_or_default();
                let whole = if value.starts_with('[') { rest.find(']') } else { None };
                if let Some(end) = whole {
                    self.at = start + name.len() + 1 + end + 1;
                    return Ok(self.carried(name, rest.get(1..end).unwrap_or_default(), start));
                }
                let value = if value.is_empty() { self.take_word() } else { value };
                Ok(self.carried(name, value, start))
            }
        }
    }

    fn carried(&mut self, name: &str, value: &str, start: usize) -> Option<Expr> {
        match carry(self.dialect, name, value) {
            Carried::Query(text) => {
                let leaf = parse_leaf(&text);
                self.kept(leaf, start)
            }
            Carried::Text(text) => {
                self.lost.push(format!("{name}:"));
                let leaf =
                    if text.contains(' ') { self.phrase(&text, None) } else { self.word(&text) };
                self.kept(leaf, start)
            }
            Carried::Nothing => self.kept(None, start),
        }
    }

    /// Names what was read since `start` if nothing came of it.
    fn kept(&mut self, leaf: Option<Expr>, start: usize) -> Option<Expr> {
        if leaf.is_none() {
            self.lost.push(self.written(start).to_owned());
        }
        leaf
    }

    /// A word; wildcards of ours are none of X's.
    fn word(&self, word: &str) -> Option<Expr> {
        let raw = self.dialect == Dialect::X && word.contains(['*', '?']);
        parse_leaf(&if raw { format!("raw:\"{word}\"") } else { format!("\"{word}\"") })
    }

    /// A phrase, with so many other words between its own if a distance stands behind it.
    fn phrase(&self, phrase: &str, slop: Option<u32>) -> Option<Expr> {
        let phrase = parse_leaf(&format!("\"{phrase}\""))?;
        let Expr::Term(term) = phrase else { return Some(phrase) };
        let words: Vec<&str> = term.text.split(' ').collect();
        match (slop.map(|words_max| words_max.min(WORDS_MAX)), words.as_slice()) {
            (_, [_]) => Some(Expr::Term(term)),
            // Elsewhere the two may stand in either order.
            (Some(words_max), [_, _]) if self.dialect != Dialect::X => {
                let word = |text: &&str| vec![Term { text: (*text).to_owned(), ..term.clone() }];
                let links = vec![Link { words_max, order: Order::Any }];
                Some(Expr::Near { operands: words.iter().map(word).collect(), links })
            }
            (Some(words_max), _) => Some(Expr::Slop { phrase: term, words_max }),
            // X compares words, so that "coca cola" finds coca-cola.
            (None, _) if self.dialect == Dialect::X => {
                Some(Expr::Slop { phrase: term, words_max: 0 })
            }
            (None, _) => Some(Expr::Term(term)),
        }
    }

    /// Takes a distance between two parts: as a link, if it can be one, and as written.
    fn take_link(&mut self) -> Option<(Option<Link>, &'r str)> {
        self.skip_space();
        let word = self.next_word();
        let (words_max, forward) = self.dialect.distance(word)?;
        self.at += word.len();
        let order = if forward { Order::Forward } else { Order::Any };
        let link = words_max.filter(|&words| words <= WORDS_MAX);
        Some((link.map(|words_max| Link { words_max, order }), word))
    }
}

fn join(mut parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Option<Expr> {
    match parts.pop() {
        Some(only) if parts.is_empty() => Some(only),
        last => {
            parts.extend(last);
            (!parts.is_empty()).then(|| join(parts))
        }
    }
}

/// One term or field of ours, or a group of them; `None` if it is none.
fn parse_leaf(text: &str) -> Option<Expr> {
    let mut parser = super::cursor::Parser::new(text);
    let leaf = parser.any().ok()?;
    parser.sees_end().then_some(leaf)
}
