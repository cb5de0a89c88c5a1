//! Where does the parser stand in a query? Reading words and operators one after the other, what there
//! is to remark on them, and the limits on a query's size.

use super::error::QueryError;
use super::field::FIELD_NAMES;
use super::signs::{is_close, is_comma, is_dash, is_open, is_quote, word_bytes};

/// Deepest nesting of groups and negations in one query.
const DEPTH_MAX: usize = 64;
/// Longest query in bytes.
pub(super) const QUERY_BYTES_MAX: usize = 64 * 1024;
/// Longest distance of NEAR and of slop, in words.
const WORDS_MAX: u32 = 100;
/// Most remarks on one query; more would only repeat themselves.
const REMARKS_MAX: usize = 50;
/// What is said of `--job` and `-NOT job`.
const SECOND_NEGATION: &str = "a second negation says nothing more";
/// What may stand before a term.
const OPTIONS: [&str; 3] = ["raw", "inflect", "compound"];

/// Words that join terms; a longer one goes before those that it begins with.
const OPERATORS: [&str; 4] = ["ANDNOT", "AND", "OR", "NOT"];

#[derive(Debug)]
pub(super) struct Parser<'q> {
    pub(super) query: &'q str,
    pub(super) at: usize,
    depth: usize,
    /// Where the first branch of the last OR begins that holds no term.
    pub(super) unanchored: usize,
    pub(super) remarks: Vec<QueryError>,
}

impl<'q> Parser<'q> {
    pub(super) fn new(query: &'q str) -> Self {
        Self { query, at: 0, depth: 0, unanchored: 0, remarks: Vec::new() }
    }

    pub(super) fn enter(&mut self) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error("groups nest deeper than 64", "split the topic in two"));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Notes that something may not mean what was meant.
    pub(super) fn remark(&mut self, at: usize, message: impl Into<String>, hint: &'static str) {
        if self.remarks.len() < REMARKS_MAX && self.remarks.iter().all(|known| known.at != at) {
            self.remarks.push(QueryError { at, message: message.into(), hint });
        }
    }

    /// Takes `OR`, or the sign that others write for it.
    pub(super) fn take_or(&mut self) -> bool {
        self.skip_space();
        if !self.sees_or() {
            return false;
        }
        let bars = self.rest().len() - self.rest().trim_start_matches('|').len();
        if bars > 0 {
            self.remark(self.at, "| is read as OR", "write OR");
        }
        if bars == 0 {
            self.remark_run_on("OR");
        }
        self.at += if bars > 0 { bars } else { "OR".len() };
        true
    }

    pub(super) fn sees_or(&self) -> bool {
        self.next_operator() == "OR" || self.rest().starts_with('|')
    }

    /// The next word, or the operator that it begins with where a sign follows at once: `AND` of
    /// `AND-job`.
    fn next_operator(&self) -> &'q str {
        let word = self.next_word();
        let is_sign = |c: char| is_dash(c) || matches!(c, '+' | '!' | '#' | '@');
        let runs_on =
            |name: &&str| word.strip_prefix(name).is_some_and(|rest| rest.starts_with(is_sign));
        OPERATORS.into_iter().find(runs_on).unwrap_or(word)
    }

    /// Remarks on an operator that runs on into a sign.
    fn remark_run_on(&mut self, operator: &str) {
        let word = self.next_word();
        if word.len() > operator.len() {
            let hint =
                "write a space behind the operator, or put the word in quotes to look for it";
            self.remark(self.at, format!("{word} is read as {operator} and what follows"), hint);
        }
    }

    /// Takes `AND`, or the sign that others write for it.
    pub(super) fn take_and(&mut self) -> bool {
        self.skip_space();
        let sign = if self.rest().starts_with("&&") { "&&" } else { self.next_operator() };
        match sign {
            "AND" => self.remark_run_on(sign),
            "&" | "&&" => self.remark(self.at, format!("{sign} is read as AND"), "write AND"),
            _ => return false,
        }
        self.at += sign.len();
        true
    }

    /// Takes `NOT`, a minus sign or a dash right before a term, or the sign that others write for it.
    pub(super) fn take_not(&mut self) -> bool {
        self.skip_space();
        let word = self.next_operator();
        if matches!(word, "NOT" | "ANDNOT") {
            self.remark_run_on(word);
            self.at += word.len();
            self.skip_dash();
            return true;
        }
        let mut chars = self.rest().chars();
        let (Some(sign), Some(next)) = (chars.next(), chars.next()) else { return false };
        let stands_before = !next.is_whitespace() && !is_close(next);
        if sign == '!' && (next.is_alphanumeric() || is_quote(next) || is_open(next)) {
            self.remark(self.at, "! is read as NOT", "write NOT");
        } else if !is_dash(sign) || !stands_before {
            return false;
        }
        self.at += sign.len_utf8();
        self.skip_dash();
        if self.next_operator() == "NOT" {
            self.remark(self.at, SECOND_NEGATION, "leave one of them out");
            self.at += "NOT".len();
            self.skip_dash();
        }
        true
    }

    /// Passes over a minus sign behind NOT or another: who writes `NOT -job` or `--job` means it once.
    fn skip_dash(&mut self) {
        loop {
            let bare = self.rest().trim_start();
            let at = self.query.len() - bare.len();
            let mut chars = bare.chars();
            let (Some(sign), Some(next)) = (chars.next(), chars.next()) else { return };
            if !is_dash(sign) || next.is_whitespace() || is_close(next) {
                return;
            }
            // The sign of `NOT-job` was remarked on.
            let before = self.query.get(..at).unwrap_or_default();
            if at > self.at || before.ends_with(is_dash) {
                self.remark(at, SECOND_NEGATION, "leave one of them out");
            }
            self.at = at + sign.len_utf8();
        }
    }

    /// Passes over a `+` right before a term, which asks elsewhere for what is the rule here.
    pub(super) fn skip_plus(&mut self) {
        let bare = self.rest().trim_start_matches('+');
        let next = |c: char| c.is_alphabetic() || is_quote(c) || is_open(c);
        let signs = self.rest().len() - bare.len();
        if signs > 0 && bare.starts_with(next) {
            self.remark(self.at, "+ says nothing here", "leave it out: all terms must be there");
            self.at += signs;
        }
    }

    /// Passes over white space, and over commas, which part words.
    pub(super) fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            let comma = self.rest().chars().next().filter(|&c| is_comma(c));
            let Some(comma) = comma else { return };
            let hint = "write OR to find either, or put quotes around what belongs together";
            self.remark(
                self.at,
                format!("{comma} is read as a space, so that both must be there"),
                hint,
            );
            self.at += comma.len_utf8();
        }
    }

    pub(super) fn rest(&self) -> &'q str {
        self.query.get(self.at..).unwrap_or_default()
    }

    /// Whether a group or the query ends here.
    pub(super) fn sees_end(&self) -> bool {
        self.rest().chars().next().is_none_or(is_close)
    }

    /// Up to what ends a word.
    pub(super) fn next_word(&self) -> &'q str {
        let rest = self.rest();
        rest.get(..word_bytes(rest)).unwrap_or_default()
    }

    pub(super) fn error(&self, message: &str, hint: &'static str) -> QueryError {
        QueryError { at: self.at, message: message.to_owned(), hint }
    }

    pub(super) fn distance(&self, digits: &str) -> Result<u32, QueryError> {
        number(digits).filter(|&words| words <= WORDS_MAX).ok_or_else(|| {
            self.error(
                "a distance must be a number of words from 0 to 100",
                "write it as: acme NEAR/5 service, acme NEAR/5f service or \"acme service\"~3",
            )
        })
    }
}

/// A number of words.
pub(super) fn number(digits: &str) -> Option<u32> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

/// Words before a colon that have a meaning; `http:` and `12:30` do not.
pub(super) fn is_named(name: &str) -> bool {
    FIELD_NAMES.contains(&name) || OPTIONS.contains(&name)
}
