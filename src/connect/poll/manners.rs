//! How does a platform want to be treated, and how does it refuse? Tokens, budgets, logins, and the
//! codes of its refusals.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::asks::Ask;
use super::span::Span;
use super::template::{Pointer, Template};
use super::test::Test;

/// What a token is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) about: String,
    #[serde(default)]
    pub(super) optional: bool,
    /// The key of the source with which none is needed.
    #[serde(default)]
    pub(super) unless: Option<String>,
    /// How long it lives once it is made.
    #[serde(default)]
    pub(super) lives: Option<Span>,
}

/// How a platform says what is wrong.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Problem {
    /// What makes an answer one of failure, whatever its status.
    #[serde(default)]
    pub(super) when: Option<Test>,
    /// Where its code stands; the first that is there counts.
    #[serde(default)]
    pub(super) code: Vec<Pointer>,
    /// Where its words stand.
    #[serde(default)]
    pub(super) says: Vec<Pointer>,
    /// What codes mean.
    #[serde(default)]
    pub(super) means: BTreeMap<String, Means>,
    /// What to do about codes that the user must mend.
    #[serde(default)]
    pub(super) hints: BTreeMap<String, String>,
    /// What to do where it leads to another page instead.
    #[serde(default)]
    pub(super) moved: Option<String>,
}

/// What a code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Means {
    /// The user must mend it.
    User,
    /// It passes.
    Later,
    /// The day's budget is used up.
    Quota,
    /// There is nothing to hear now.
    Nothing,
    /// What was asked for is not there.
    Missing,
}

/// What a day may cost.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Budget {
    pub(super) per_day: u32,
    /// Where a day ends at midnight.
    pub(super) zone: String,
}

/// Where a token is exchanged for one that is sent as `{access}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    /// The key of the source without which the user's token is sent itself.
    #[serde(default)]
    pub(super) when: Option<String>,
    pub(super) url: Template,
    /// Name and password of basic authentication.
    #[serde(default)]
    pub(super) user: Option<Template>,
    #[serde(default)]
    pub(super) password: Option<Template>,
    /// The fields that are posted.
    pub(super) form: BTreeMap<String, Template>,
    /// Where the answer holds the token, and its life in seconds.
    pub(super) access: Pointer,
    pub(super) expires: Pointer,
    /// Where it holds the token that takes the place of the user's, and that one's life.
    #[serde(default)]
    pub(super) refresh: Option<Pointer>,
    #[serde(default)]
    pub(super) refresh_expires: Option<Pointer>,
}

/// Where the key of a service account, given as the token, is exchanged for one that is sent as
/// `{access}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    pub(super) url: Template,
    /// What its token is to be good for.
    pub(super) scope: String,
}

/// Where a token that lives long is exchanged for the next one before it ends.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Renew {
    #[serde(flatten)]
    pub(super) ask: Ask,
    /// Where the answer holds the next token.
    pub(super) token: Pointer,
    /// At which age; at half of its life if not said.
    #[serde(default)]
    pub(super) after: Option<Span>,
}

impl Token {
    /// Whether a source with these keys needs one.
    pub(super) fn is_needed(&self, set: &BTreeMap<String, String>) -> bool {
        let is_spared = self.unless.as_ref().is_some_and(|key| set.contains_key(key));
        !self.optional && !is_spared
    }
}
