//! Which posts speak of which topic, and where? Query language, compiler and matcher.

mod query;
mod matcher;

pub use matcher::{Context, Matcher, Mention, MentionScratch};
pub use query::{Expr, QueryError, parse};

/// What somebody listens for: a named boolean query with labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topic {
    /// Unique name, as it appears in the lake and in alerts.
    pub name: String,
    /// The query; see [`parse`] for the grammar.
    pub query: String,
    /// The brand this topic belongs to, for share of voice.
    pub brand: Option<String>,
    /// A free grouping, such as a market or a team.
    pub group: Option<String>,
}
