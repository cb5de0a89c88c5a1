//! How is a text written in SQL?

/// A text as an SQL literal, whatever it holds.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
