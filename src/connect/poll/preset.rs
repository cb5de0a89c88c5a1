//! What does a preset say of a platform? Where to ask, what an item means, and how to behave.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::field::Places;
use super::manners::{Budget, Login, Problem, Span, Token};
use super::template::{Pointer, Template};
use super::test::Test;
use crate::decode::FIELDS;
use crate::post::Kind;

/// Names that have a value without being set.
const NAMES: [&str; 11] = [
    "token",
    "access",
    "since",
    "since_epoch",
    "newest",
    "page",
    "offset",
    "next",
    "until",
    "id",
    "ids",
];

/// Everything there is to know of a platform that answers in JSON.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Preset {
    /// What it hears, in a line.
    pub(super) about: String,
    /// What it can never hear, a sentence each.
    #[serde(default)]
    pub(super) never: Vec<String>,
    /// Keys that must be set, with what they are.
    #[serde(default)]
    pub(super) needs: BTreeMap<String, String>,
    /// Keys that may be set.
    #[serde(default)]
    pub(super) takes: BTreeMap<String, Taken>,
    /// Keys of which at least one must be set.
    #[serde(default)]
    pub(super) one_of: Vec<String>,
    /// What the token is, if one is used.
    #[serde(default)]
    pub(super) token: Option<Token>,
    /// How often to ask.
    pub(super) interval: Span,
    /// How far back the first look goes.
    #[serde(default = "day")]
    pub(super) since: Span,
    /// How far before the newest post each look begins, for what shows up late.
    #[serde(default = "moment")]
    pub(super) overlap: Span,
    /// Shortest pause between two requests.
    #[serde(default)]
    pub(super) pause: Span,
    /// What of posts is told.
    #[serde(default)]
    pub(super) tells: Tells,
    /// Asked for what is new.
    pub(super) list: List,
    /// Which posts an item holds.
    pub(super) post: Vec<Mapping>,
    /// Asked for what an item leaves out.
    #[serde(default)]
    pub(super) more: Option<More>,
    /// Asked again for posts that are young.
    #[serde(default)]
    pub(super) recheck: Vec<Recheck>,
    /// How a platform says what is wrong.
    #[serde(default)]
    pub(super) problem: Problem,
    /// What a day may cost.
    #[serde(default)]
    pub(super) budget: Option<Budget>,
    /// Where a token is exchanged for one that is sent.
    #[serde(default)]
    pub(super) login: Option<Login>,
}

/// A key that may be set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Taken {
    pub(super) about: String,
    #[serde(default)]
    pub(super) default: Option<String>,
}

/// Which numbers a platform gives.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tells {
    #[serde(default)]
    pub(super) reach: bool,
    #[serde(default)]
    pub(super) engagement: bool,
}

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

/// Which post stands in an item.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    /// Its name for other parts of the preset.
    pub(super) name: String,
    /// Where in the item it stands; a list there holds one post each.
    #[serde(default = "whole")]
    pub(super) at: Pointer,
    /// Whether only what is asked for again has this shape.
    #[serde(default)]
    pub(super) only_recheck: bool,
    /// What sort of post it is.
    pub(super) kind: Kind,
    /// What makes it another sort.
    #[serde(default)]
    pub(super) kinds: Vec<KindIf>,
    /// Where its fields stand.
    pub(super) fields: BTreeMap<String, Places>,
    /// What says that it is gone.
    #[serde(default)]
    pub(super) gone: Vec<Test>,
    /// What says that it is not a post.
    #[serde(default)]
    pub(super) skip: Vec<Test>,
}

/// A sort of post, and what says so.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct KindIf {
    #[serde(flatten)]
    pub(super) test: Test,
    pub(super) kind: Kind,
}

/// How what an item leaves out is asked for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct More {
    #[serde(flatten)]
    pub(super) ask: Ask,
    /// Where the item says how many there are.
    pub(super) count: Pointer,
    /// Where the item lists those that it holds.
    pub(super) listed: Pointer,
    /// Where the item says its own id.
    pub(super) id: Pointer,
    pub(super) items: Pointer,
    #[serde(default)]
    pub(super) paging: Paging,
    /// The mapping of these items.
    pub(super) reads: String,
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

fn day() -> Span {
    Span(crate::time::DAY_US)
}

fn moment() -> Span {
    Span(5 * crate::time::SECOND_US)
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

fn whole() -> Pointer {
    Pointer::try_from(String::new()).unwrap_or_else(|_| unreachable!("the empty path is a pointer"))
}

impl Preset {
    /// Reads a preset.
    ///
    /// # Errors
    /// In words, with the line, for what is not one.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let preset: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().and_then(|span| text.get(..span.start));
            let line = line.map_or(1, |before| before.matches('\n').count() + 1);
            format!("line {line}: {}", error.message().replace('\n', ", "))
        })?;
        preset.check()?;
        Ok(preset)
    }

    /// The place of a mapping by its name.
    pub(super) fn mapping(&self, name: &str) -> Option<usize> {
        self.post.iter().position(|mapping| mapping.name == name)
    }

    fn check(&self) -> Result<(), String> {
        for mapping in &self.post {
            for field in mapping.fields.keys() {
                if !FIELDS.contains(&field.as_str()) {
                    let fields = FIELDS.join(", ");
                    return Err(format!(
                        "\"{field}\" is not a field of a post; there are {fields}"
                    ));
                }
            }
            for needed in ["id", "text", "posted_at"] {
                if !mapping.fields.contains_key(needed) {
                    return Err(format!("the post \"{}\" does not say its {needed}", mapping.name));
                }
            }
        }
        let reads = self.recheck.iter().flat_map(|recheck| {
            [Some(recheck.of.as_str()), recheck.reads.as_deref()].into_iter().flatten()
        });
        for name in reads.chain(self.more.as_ref().map(|more| more.reads.as_str())) {
            if self.mapping(name).is_none() {
                return Err(format!("no [[post]] is called \"{name}\""));
            }
        }
        self.check_names()?;
        if self.interval.0 < 100_000 {
            return Err("interval is shorter than 100ms".to_owned());
        }
        if self.recheck.iter().any(|recheck| recheck.batch == 0 || recheck.ages.is_empty()) {
            return Err("a [[recheck]] needs ages, and a batch of at least 1".to_owned());
        }
        Ok(())
    }

    /// Whether every place of a request has a name that somebody gives a value.
    fn check_names(&self) -> Result<(), String> {
        let mut asks = vec![&self.list.ask];
        asks.extend(self.more.iter().map(|more| &more.ask));
        asks.extend(self.recheck.iter().map(|recheck| &recheck.ask));
        for ask in asks {
            let texts =
                [&ask.url].into_iter().chain(ask.query.values()).chain(ask.headers.values());
            for name in texts.flat_map(Template::names) {
                let is_known = NAMES.contains(&name)
                    || self.needs.contains_key(name)
                    || self.takes.contains_key(name);
                if !is_known {
                    return Err(format!(
                        "{{{name}}} has no value: name it under needs or takes, or use one of {}",
                        NAMES.join(", ")
                    ));
                }
            }
        }
        Ok(())
    }
}
