//! Where does the parser stand in a query? Reading words and operators one after the other, and the
//! limits on a query's size.

use super::error::QueryError;
use super::field::FIELD_NAMES;

/// Deepest nesting of groups and negations in one query.
const DEPTH_MAX: usize = 64;
/// Longest query in bytes.
pub(super) const QUERY_BYTES_MAX: usize = 64 * 1024;
/// Longest distance of NEAR and of slop, in words.
const WORDS_MAX: u32 = 100;
/// What may stand before a term.
const OPTIONS: [&str; 3] = ["raw", "inflect", "compound"];

pub(super) struct Parser<'q> {
    pub(super) query: &'q str,
    pub(super) at: usize,
    pub(super) depth: usize,
    /// Where the first branch of the last OR begins that holds no term.
    pub(super) unanchored: usize,
}

impl<'q> Parser<'q> {
    pub(super) fn enter(&mut self) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error("groups nest deeper than 64", "split the topic in two"));
        }
        Ok(())
    }

    pub(super) fn take_operator(&mut self, operator: &str) -> bool {
        self.skip_space();
        let seen = self.sees_operator(operator);
        if seen {
            self.at += operator.len();
        }
        seen
    }

    pub(super) fn sees_operator(&self, operator: &str) -> bool {
        self.next_word() == operator
    }

    pub(super) fn take_minus(&mut self) -> bool {
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

    pub(super) fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    pub(super) fn rest(&self) -> &'q str {
        self.query.get(self.at..).unwrap_or_default()
    }

    /// Up to the next white space, parenthesis or quote.
    pub(super) fn next_word(&self) -> &'q str {
        let rest = self.rest();
        rest.get(..rest.find(ends_word).unwrap_or(rest.len())).unwrap_or_default()
    }

    pub(super) fn error(&self, message: &str, hint: &'static str) -> QueryError {
        QueryError { at: self.at, message: message.to_owned(), hint }
    }

    pub(super) fn distance(&self, digits: &str) -> Result<u32, QueryError> {
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = if plain { digits.parse().ok() } else { None };
        number.filter(|&words| words <= WORDS_MAX).ok_or_else(|| {
            self.error(
                "a distance that is no number of words from 0 to 100",
                "write it as: acme NEAR/5 service, acme NEAR/5f service or \"acme service\"~3",
            )
        })
    }
}

/// Whether a term's text would be read as something else if it stood without quotes.
pub(super) fn needs_quotes(text: &str) -> bool {
    let named = text.split_once(':').is_some_and(|(name, _)| is_named(name));
    named || text.starts_with(['-', '~']) || text.contains(ends_word)
}

/// Words before a colon that have a meaning; `http:` and `12:30` do not.
pub(super) fn is_named(name: &str) -> bool {
    FIELD_NAMES.contains(&name) || OPTIONS.contains(&name)
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '"')
}
