//! Which query can match nothing, however the post reads? Parts that must hold and exclude each other.

use super::error::QueryError;
use super::expr::{Expr, Term};
use super::field::Field;

/// Pairs of parts that are compared at most.
const PAIRS_MAX: usize = 100_000;

/// Why a query, or a part of it, matches no post; none if nothing speaks against it.
pub(super) fn contradiction(expr: &Expr, query: &str) -> Option<QueryError> {
    let parts = match expr {
        Expr::And(parts) => parts.as_slice(),
        Expr::Or(parts) => return parts.iter().find_map(|part| contradiction(part, query)),
        _ => return None,
    };
    let excluded: Vec<&Expr> = parts.iter().flat_map(excluded).collect();
    // A remark is worth no long search.
    if parts.len().saturating_mul(parts.len().max(excluded.len())) > PAIRS_MAX {
        return None;
    }
    let both = excluded.iter().find(|out| parts.iter().any(|part| implies(part, out)));
    if let Some(found) = both {
        let message = format!("this part matches nothing: {found} must be there and must not");
        return Some(at(query, found, message, "leave out one of the two"));
    }
    let fields = || parts.iter().filter(|part| matches!(part, Expr::Field(_)));
    for (i, one) in fields().enumerate() {
        if let Some(other) = fields().skip(i + 1).find(|other| exclude(one, other)) {
            let message = format!("this part matches nothing: no post has both {one} and {other}");
            let hint = "write OR between them, as (lang:en OR lang:de)";
            return Some(at(query, other, message, hint));
        }
    }
    parts.iter().find_map(|part| contradiction(part, query))
}

/// What a part excludes.
fn excluded(part: &Expr) -> &[Expr] {
    match part {
        Expr::Not(inner) => match &**inner {
            Expr::Or(parts) => parts,
            one => std::slice::from_ref(one),
        },
        _ => &[],
    }
}

/// Where a part stands in the query, as far as it can be told.
fn at(query: &str, part: &Expr, message: String, hint: &'static str) -> QueryError {
    let text = part.to_string();
    let at = query.rfind(text.trim_matches('"')).unwrap_or(0);
    QueryError { at, message, hint }
}

/// Whether a post that matches one part matches the other as well.
fn implies(part: &Expr, other: &Expr) -> bool {
    match (part, other) {
        (Expr::Term(term), Expr::Term(word)) => holds(term, word),
        (Expr::Or(parts), other) => parts.iter().all(|part| implies(part, other)),
        (Expr::Field(one), Expr::Field(other)) => one == other,
        _ => false,
    }
}

/// Whether a text that holds a term holds a word of it, too.
fn holds(term: &Term, word: &Term) -> bool {
    let plain = |term: &Term| !term.raw && !term.text.contains(['*', '?']);
    if !plain(term) || !plain(word) || term.inflect || term.compound {
        return term == word;
    }
    term.text == word.text
        || term.text.split(' ').any(|part| part == word.text)
            && word.text.chars().all(char::is_alphanumeric)
}

/// Whether no post has both.
fn exclude(one: &Expr, other: &Expr) -> bool {
    let (Expr::Field(one), Expr::Field(other)) = (one, other) else { return false };
    match (one, other) {
        (Field::Lang(one), Field::Lang(other)) => one != other,
        (Field::Kind(one), Field::Kind(other)) => one != other,
        (Field::Source(one), Field::Source(other)) => one != other,
        (Field::Author(one), Field::Author(other)) => one != other,
        (Field::Thread(one), Field::Thread(other)) => one != other,
        (Field::InReplyTo(one), Field::InReplyTo(other)) => one != other,
        (Field::Site(one), Field::Site(other)) => {
            let below = |one: &str, other: &str| {
                one.strip_suffix(other).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            };
            !below(one, other) && !below(other, one)
        }
        (Field::Followers(one), Field::Followers(other))
        | (Field::Engagement(one), Field::Engagement(other)) => {
            one.max < other.min || other.max < one.min
        }
        _ => false,
    }
}
