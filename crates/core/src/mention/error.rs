//! Where and why can a query not be understood, and how does one show it?

use std::fmt;

use crate::text::is_emoji;

/// Columns of a query line shown on either side of the place.
const COLUMNS_AROUND: usize = 60;

/// A place in a query where it cannot be understood, or may not say what was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// Byte offset in the query.
    pub at: usize,
    /// What is wrong, without the place.
    pub message: String,
    /// How to mend it.
    pub hint: &'static str,
}

impl QueryError {
    /// Shows the line of `query` that holds the place, a caret under it, and the hint.
    ///
    /// The caret stands by terminal columns: wide characters count two, marks none. Long lines are
    /// cut on both sides.
    ///
    /// # Example
    /// ```
    /// let query = "acme AND (job OR hiring";
    /// let error = resonanz_core::mention::parse(query).unwrap_err();
    /// let want = "  acme AND (job OR hiring
    ///            ^ this parenthesis is never closed\n  hint: add a closing parenthesis";
    /// assert_eq!(error.render(query), want);
    /// ```
    #[must_use]
    pub fn render(&self, query: &str) -> String {
        format!("{} {}\n  hint: {}", pointer(query, self.at), self.message, self.hint)
    }
}

/// The line of a text that holds byte `at`, and below it a caret under the place.
pub fn pointer(text: &str, at: usize) -> String {
    let (before, after) = text.split_at(text.floor_char_boundary(at));
    let before = before.rsplit('\n').next().unwrap_or_default();
    let after = after.split('\n').next().unwrap_or_default().trim_end_matches('\r');
    let before_cut = last_columns(before);
    let after_cut: String = after.chars().take(COLUMNS_AROUND).collect();
    let left = if before_cut.len() < before.len() { "…" } else { "" };
    let right = if after_cut.len() < after.len() { "…" } else { "" };
    let columns = columns(left) + columns(before_cut);
    let line = format!("{left}{before_cut}{after_cut}{right}").replace('\t', " ");
    format!("  {line}\n  {:columns$}^", "")
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.at + 1, self.message)
    }
}

impl std::error::Error for QueryError {}

fn last_columns(text: &str) -> &str {
    let start = text.char_indices().rev().take(COLUMNS_AROUND).last().map_or(0, |(at, _)| at);
    text.get(start..).unwrap_or(text)
}

fn columns(text: &str) -> usize {
    let mut joined = false;
    text.chars()
        .map(|c| {
            let width = if joined { 0 } else { column_width(c) };
            joined = c == '\u{200D}';
            width
        })
        .sum()
}

/// Terminal columns of a character: East Asian Wide and emoji two, marks and format characters none.
fn column_width(c: char) -> usize {
    let hidden = matches!(u32::from(c),
        0x200B..=0x200F | 0x2060..=0x2064 | 0xFE00..=0xFE0F | 0xFEFF | 0x1F3FB..=0x1F3FF
        | 0xE0000..=0xE0FFF);
    if hidden || (!c.is_ascii() && unicode_normalization::char::is_combining_mark(c)) {
        return 0;
    }
    let wide = matches!(u32::from(c),
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x20000..=0x3FFFD)
        || (is_emoji(c) && u32::from(c) >= 0x1F000 && !matches!(c, '\u{1F1E6}'..='\u{1F1FF}'));
    if wide { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        let rows = [
            ("a (b", 2, "  a (b\n    ^ m\n  hint: h"),
            ("東京 (b", 7, "  東京 (b\n       ^ m\n  hint: h"),
            ("e\u{301} (b", 4, "  e\u{301} (b\n    ^ m\n  hint: h"),
            ("👨‍👩‍👧 (b", 19, "  👨‍👩‍👧 (b\n     ^ m\n  hint: h"),
            ("one\na (b\nthree", 6, "  a (b\n    ^ m\n  hint: h"),
            ("a", 99, "  a\n   ^ m\n  hint: h"),
        ];
        for (query, at, want) in rows {
            let error = QueryError { at, message: "m".to_owned(), hint: "h" };
            assert_eq!(error.render(query), want, "{query}");
        }
        let long = "x".repeat(500);
        let error = QueryError { at: 250, message: "m".to_owned(), hint: "h" };
        assert!(error.render(&long).lines().all(|line| line.chars().count() < 130));
    }
}
