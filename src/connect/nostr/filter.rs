//! What is a relay asked for? One subscription for each filter, so that each can be refused, and read
//! back to its end, alone.

use serde_json::{Map, Value, json};

use super::settings::NostrSettings;
use crate::decode::nostr::{
    ARTICLE, COMMENT, DELETION, GENERIC_REPOST, NOTE, PROFILE, REACTION, REPOST, VANISHING,
};

/// What is heard as posts.
const POSTS: [u32; 5] = [NOTE, REPOST, GENERIC_REPOST, COMMENT, ARTICLE];
/// What people make of a post.
const ANSWERS: [u32; 5] = [REACTION, REPOST, GENERIC_REPOST, NOTE, COMMENT];

/// One thing that a relay is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter {
    /// What it is for, in words.
    pub(super) about: String,
    /// Whether only relays that search can be asked for it.
    pub(super) is_search: bool,
    /// Whether it brings posts.
    pub(super) brings_posts: bool,
    asks: Map<String, Value>,
}

/// All that a relay is asked for.
pub(super) fn filters(settings: &NostrSettings) -> Vec<Filter> {
    let posts = |about: String, key: Option<(&str, Value)>| {
        let mut asks = Map::from_iter([("kinds".to_owned(), json!(POSTS))]);
        let is_search = key.as_ref().is_some_and(|(name, _)| *name == "search");
        asks.extend(key.map(|(name, value)| (name.to_owned(), value)));
        Filter { about, is_search, brings_posts: true, asks }
    };
    let mut filters = Vec::new();
    if settings.public {
        filters.push(posts("all public notes".to_owned(), None));
    } else {
        if !settings.hashtags.is_empty() {
            let tags = ("#t", json!(settings.hashtags));
            filters.push(posts("hashtags".to_owned(), Some(tags)));
        }
        if !settings.accounts.is_empty() {
            let said = ("authors", json!(settings.accounts));
            filters.push(posts("what the accounts say".to_owned(), Some(said)));
            let told = ("#p", json!(settings.accounts));
            filters.push(posts("what is said to the accounts".to_owned(), Some(told)));
        }
        for words in &settings.search {
            let about = format!("the search for \"{words}\"");
            filters.push(posts(about, Some(("search", json!(words)))));
        }
    }
    let asks = Map::from_iter([("kinds".to_owned(), json!([DELETION, VANISHING]))]);
    let about = "deletions".to_owned();
    filters.push(Filter { about, is_search: false, brings_posts: false, asks });
    filters
}

impl Filter {
    /// The request for it, from a time on and up to another, in seconds.
    pub(super) fn request(&self, name: &str, since: i64, until: Option<i64>) -> String {
        let mut asks = self.asks.clone();
        asks.insert("since".to_owned(), since.into());
        asks.extend(until.map(|until| ("until".to_owned(), until.into())));
        json!(["REQ", name, asks]).to_string()
    }
}

/// The request for what people made of these notes, by their ids.
pub(super) fn answers(name: &str, ids: &[String]) -> String {
    json!(["REQ", name, {"kinds": ANSWERS, "#e": ids}]).to_string()
}

/// The request for what accounts go by.
pub(super) fn profiles(name: &str, accounts: &[String]) -> String {
    json!(["REQ", name, {"kinds": [PROFILE], "authors": accounts}]).to_string()
}

/// The end of a subscription.
pub(super) fn close(name: &str) -> String {
    json!(["CLOSE", name]).to_string()
}
