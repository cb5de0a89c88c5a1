//! What does a preset say of a platform? Where to ask, what an item means, and how to behave.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::asks::{Account, Ask, List, More, Recheck};
use super::field::Places;
use super::manners::{Budget, Login, Problem, Renew, Service, Token};
use super::span::Span;
use super::template::{Pointer, Template};
use super::test::Test;
use super::written::Written;
use crate::decode::FIELDS;
use crate::post::Kind;

/// Names that have a value without being set.
const NAMES: [&str; 14] = [
    "part",
    "handle",
    "token",
    "secret",
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
    /// How keys may be written, where that is not as they are sent.
    #[serde(default)]
    pub(super) written: BTreeMap<String, Written>,
    /// Keys of which at least one must be set.
    #[serde(default)]
    pub(super) one_of: Vec<String>,
    /// What the token is, if one is used.
    #[serde(default)]
    pub(super) token: Option<Token>,
    /// What the other secret is that a login needs, if it does.
    #[serde(default)]
    pub(super) secret: Option<Token>,
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
    /// Asked for the id of an account that is named by its handle.
    #[serde(default)]
    pub(super) account: Option<Account>,
    /// How a platform says what is wrong.
    #[serde(default)]
    pub(super) problem: Problem,
    /// What a day may cost.
    #[serde(default)]
    pub(super) budget: Option<Budget>,
    /// Where a token is exchanged for one that is sent.
    #[serde(default)]
    pub(super) login: Option<Login>,
    /// Where the key of a service account is, if one may be the token.
    #[serde(default)]
    pub(super) service: Option<Service>,
    /// Where a token is exchanged for the next one, before it ends.
    #[serde(default)]
    pub(super) renew: Option<Renew>,
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

fn day() -> Span {
    Span(crate::time::DAY_US)
}

fn moment() -> Span {
    Span(5 * crate::time::SECOND_US)
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

    /// Whether logins may bring a token that takes the place of the user's.
    pub(super) fn rotates(&self) -> bool {
        self.login.as_ref().is_some_and(|login| login.refresh.is_some())
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
        let is_key = |key: &&String| self.needs.contains_key(*key) || self.takes.contains_key(*key);
        if let Some(key) = self.written.keys().find(|key| !is_key(key)) {
            return Err(format!("[written] names \"{key}\", which is not under needs or takes"));
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
        let mut asks: Vec<&Ask> = vec![&self.list.ask];
        asks.extend(self.more.iter().map(|more| &more.ask));
        asks.extend(self.recheck.iter().map(|recheck| &recheck.ask));
        asks.extend(self.account.iter().map(|account| &account.ask));
        asks.extend(self.renew.iter().map(|renew| &renew.ask));
        let texts = asks.into_iter().map(|ask| {
            let texts = [&ask.url].into_iter().chain(ask.query.values());
            texts.chain(ask.headers.values()).collect::<Vec<_>>()
        });
        let login = self.login.iter().map(|login| {
            let texts = [&login.url].into_iter().chain(login.form.values());
            texts.chain(&login.user).chain(&login.password).collect()
        });
        let service = self.service.iter().map(|service| vec![&service.url]);
        for texts in texts.chain(login).chain(service) {
            for name in texts.into_iter().flat_map(Template::names) {
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
