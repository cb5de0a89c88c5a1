//! Where does an importer stand in a rule of another tool? Words, quotes, distances, places.

use super::dialect::Dialect;
use super::error::QueryError;
use super::signs::is_quote;

/// Deepest nesting of groups.
const DEPTH_MAX: usize = 64;

/// A rule while it is read.
#[derive(Debug)]
pub(super) struct Reader<'r> {
    pub(super) dialect: Dialect,
    pub(super) rule: &'r str,
    pub(super) at: usize,
    depth: usize,
    pub(super) lost: Vec<String>,
}

impl<'r> Reader<'r> {
    pub(super) fn new(dialect: Dialect, rule: &'r str) -> Self {
        Self { dialect, rule, at: 0, depth: 0, lost: Vec::new() }
    }

    /// Takes a distance right behind a quote or a parenthesis.
    pub(super) fn slop(&mut self) -> Option<u32> {
        let rest = self.rest().strip_prefix('~')?;
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let words_max = rest.get(..digits)?.parse().ok()?;
        self.at += 1 + digits;
        Some(words_max)
    }

    pub(super) fn quoted(&mut self, open: char) -> Result<&'r str, QueryError> {
        let body = self.rest().get(open.len_utf8()..).unwrap_or_default();
        let straight = if open == '"' { body.find('"') } else { None };
        let Some(end) = straight.or_else(|| body.find(is_quote)) else {
            return Err(self.error("this quote is never closed", "add a closing quote"));
        };
        let close = body.get(end..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        self.at += open.len_utf8() + end + close;
        Ok(body.get(..end).unwrap_or_default())
    }

    pub(super) fn enter(&mut self) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error("groups nest deeper than 64", "split the query in two"));
        }
        Ok(())
    }

    pub(super) fn take(&mut self, operator: &str) -> bool {
        self.skip_space();
        let seen = self.sees(operator);
        if seen {
            self.at += operator.len();
        }
        seen
    }

    pub(super) fn sees(&self, operator: &str) -> bool {
        let word = self.next_word();
        word == operator || (self.dialect.any_case() && word.eq_ignore_ascii_case(operator))
    }

    pub(super) fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            // What stands between these is a note to other people.
            let note = self.rest().strip_prefix("<<<").and_then(|rest| rest.split_once(">>>"));
            let Some((note, _)) = note.filter(|_| self.dialect == Dialect::Brandwatch) else {
                return;
            };
            self.at += "<<<".len() + note.len() + ">>>".len();
        }
    }

    pub(super) fn take_word(&mut self) -> &'r str {
        let word = self.next_word();
        self.at += word.len();
        word
    }

    pub(super) fn next_word(&self) -> &'r str {
        let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')') || is_quote(c);
        self.rest().get(..self.rest().find(ends).unwrap_or(self.rest().len())).unwrap_or_default()
    }

    pub(super) fn rest(&self) -> &'r str {
        self.rule.get(self.at..).unwrap_or_default()
    }

    pub(super) fn written(&self, start: usize) -> &'r str {
        self.rule.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn error(&self, message: &str, hint: &'static str) -> QueryError {
        QueryError { at: self.at, message: message.to_owned(), hint }
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }
}
