//! What is asked of a platform? Requests with places to fill, and how their answers go on.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::field::Places;
use super::span::Span;
use super::template::{Pointer, Template};

/// A request, with places to fill.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Ask {
    /// The address.
    pub(super) url: Template,
    /// Parameters; one with a place that has no value is left out.
    #[serde(default)]
    pub(super) query: BTreeMap<String, Template>,
    /// Headers; the same holds.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Template>,
    /// Units of the budget that it costs.
    #[serde(default = "one")]
    pub(super) cost: u32,
}

/// How what is new is asked for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct List {
    #[serde(flatten)]
    pub(super) ask: Ask,
    /// Where in the answer the items are; empty for the answer itself.
    pub(super) items: Pointer,
    /// Whether an answer without them is one without items, not a wrong one.
    #[serde(default)]
    pub(super) items_optional: bool,
    /// Which end of the list comes first.
    pub(super) order: Order,
    #[serde(default)]
    pub(super) paging: Paging,
    /// Most items that the platform shows, however many there are.
    #[serde(default)]
    pub(super) depth: Option<usize>,
    /// Whether to ask for changes only, by `ETag` and `Last-Modified`.
    #[serde(default)]
    pub(super) conditional: bool,
    /// Seconds that the answer itself asks to wait.
    #[serde(default)]
    pub(super) wait: Option<Pointer>,
}

/// Which end of a list comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Order {
    Newest,
    Oldest,
}

/// How the next page is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase", tag = "style")]
pub(super) enum Paging {
    /// There is one page.
    #[default]
    None,
    /// `{page}` counts up.
    Page {
        #[serde(default = "one")]
        first: u32,
        /// Items of a full page; a shorter one is the last.
        size: usize,
    },
    /// `{offset}` counts items.
    Offset { size: usize },
    /// `{next}` is a token that the page before held.
    Token { at: Pointer },
    /// The page before gives the address in its `Link` header.
    Link,
    /// The page before gives the address in its body.
    Url { at: Pointer },
    /// `{until}` is the time of the oldest item so far.
    Until { size: usize },
}

/// How what an item leaves out is asked for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct More {
    #[serde(flatten)]
    pub(super) ask: Ask,
    /// Where the item says how many there are.
    pub(super) count: Places,
    /// Where the item lists those that it holds; if not named, it holds none.
    #[serde(default)]
    pub(super) listed: Option<Pointer>,
    /// Where the item says its own id.
    pub(super) id: Pointer,
    pub(super) items: Pointer,
    /// Whether an answer without them is one without items, not a wrong one.
    #[serde(default)]
    pub(super) items_optional: bool,
    #[serde(default)]
    pub(super) paging: Paging,
    /// The mapping of these items.
    pub(super) reads: String,
}

/// How the id of an account is asked for, by which its posts name it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Account {
    #[serde(flatten)]
    pub(super) ask: Ask,
    /// Where the answer holds it.
    pub(super) id: Pointer,
    /// How ids begin, which are not asked for.
    #[serde(default)]
    pub(super) ids: Option<String>,
}

/// How posts that are young are asked for again.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Recheck {
    #[serde(flatten)]
    pub(super) ask: Ask,
    /// The mapping whose posts are asked for again.
    pub(super) of: String,
    /// Where the items are.
    pub(super) items: Pointer,
    /// Whether an answer without them is one without items, not a wrong one.
    #[serde(default)]
    pub(super) items_optional: bool,
    /// Whether what these items leave out is asked for, too, though `reads` names their mapping.
    #[serde(default)]
    pub(super) more: bool,
    /// Which posts are asked for together, if not those of a batch.
    #[serde(default)]
    pub(super) together: Option<Together>,
    /// The mapping of the items; those of the list if not named.
    #[serde(default)]
    pub(super) reads: Option<String>,
    /// Whether the answer says only what is gone, because it writes texts in another way.
    #[serde(default)]
    pub(super) only_gone: bool,
    /// What stands between the ids.
    #[serde(default = "comma")]
    pub(super) join: String,
    /// Most ids of one request, which are `{ids}`; with 1, the id is `{id}`.
    #[serde(default = "hundred")]
    pub(super) batch: usize,
    /// At which ages.
    pub(super) ages: Vec<Span>,
}

/// Posts whose ids have a part in common, which is `{part}`: comments of one photo.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Together {
    /// What stands between parts.
    pub(super) split: String,
    /// Which part it is, from 0.
    pub(super) part: usize,
}

fn one() -> u32 {
    1
}

fn comma() -> String {
    ",".to_owned()
}

fn hundred() -> usize {
    100
}
