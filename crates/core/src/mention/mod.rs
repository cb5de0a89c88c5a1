//! Which posts speak of which topic, and where? Query language, compiler and matcher.
//!
//! A query is parsed into an [`Expr`], its topic's defaults are worked into it (`defaults.rs`), and
//! all topics are compiled into one [`Matcher`]: an automaton over all literals (`scan.rs`), what
//! must stand around them (`around.rs`), an index from terms to topics (`compile.rs`), and the
//! trees that decide (`rules.rs`).
#![doc = include_str!("queries.md")]

mod error;
mod field;
mod expr;
mod signs;
mod cursor;
mod oddity;
mod link;
mod values;
mod leaf;
mod never;
mod parse;
mod german;
mod defaults;
mod pattern;
mod hit;
mod effort;
mod around;
mod scan;
mod near;
mod rules;
mod compile;
mod matcher;
mod explain;
mod dialect;
mod reader;
mod import;

pub use dialect::Dialect;
pub use error::{QueryError, pointer};
pub use explain::Explanation;
pub use expr::{Expr, Link, Order, Term};
pub use field::{Bounds, Context, Field};
pub use import::{Imported, import};
pub use matcher::{Matcher, Mention, MentionScratch};
pub use parse::{Reading, parse, read};

/// What somebody listens for: a named boolean query with labels, and how its terms are meant.
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
    /// Name of the topic above it, such as the brand of a product, whose alerts speak for its own.
    pub parent: Option<String>,
    /// Our own accounts, as the sources name them, whose replies answer its mentions and those of
    /// topics of the same brand.
    pub accounts: Vec<String>,
    /// Whether each term counts with German endings, as if `inflect:` stood before it.
    pub inflect: bool,
    /// Whether each term counts inside longer words, as if `compound:` stood before it.
    pub compounds: bool,
    /// Whether several words, in a phrase or side by side, also count as one hashtag.
    pub hashtags: bool,
    /// Whether terms count inside links and e-mail addresses as well.
    pub links: bool,
    /// Whether ä and ae, ö and oe, ü and ue, ß and ss are the same.
    pub umlauts: Umlauts,
}

/// Raised by one whenever the same query finds something else.
const QUERIES_VERSION: u32 = 2;

impl Topic {
    /// The accounts that speak for this one of all topics: its own, and those of its brand.
    pub fn accounts_among<'t>(&'t self, topics: &'t [Self]) -> impl Iterator<Item = &'t str> {
        let related = |topic: &&Self| {
            topic.name == self.name || (topic.brand.is_some() && topic.brand == self.brand)
        };
        topics.iter().filter(related).flat_map(|topic| topic.accounts.iter().map(String::as_str))
    }

    /// A hash of the query and how its terms are meant, of eight hexadecimal digits: topics of
    /// equal versions match alike.
    #[must_use]
    pub fn version(&self) -> String {
        let apart = self.umlauts == Umlauts::Apart;
        let flags = [self.inflect, self.compounds, self.hashtags, apart, self.links];
        let mut hasher = blake3::Hasher::new();
        hasher.update(&QUERIES_VERSION.to_le_bytes()).update(&flags.map(u8::from));
        let hash = hasher.update(self.query.as_bytes()).finalize().to_hex();
        hash.get(..8).unwrap_or_default().to_owned()
    }
}

/// Whether ä and ae, ö and oe, ü and ue, ß and ss are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Umlauts {
    /// They are: `Mueller` finds Müller.
    #[default]
    Equal,
    /// They are not.
    Apart,
}
