//! What is X asked beside its stream? Its rules, what was missed, and what became of posts.

use std::collections::HashSet;

use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde_json::json;

use super::ladder::Loss;
use super::rule::{Rule, tag_of};
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{Answer, Http};
use crate::secret::Secret;

/// What every post is asked for with; nothing that X bills for itself.
const FIELDS: [(&str, &str); 3] = [
    (
        "tweet.fields",
        "created_at,lang,public_metrics,referenced_tweets,conversation_id,edit_history_tweet_ids,author_id,note_tweet",
    ),
    ("expansions", "author_id"),
    ("user.fields", "username,public_metrics,protected"),
];
const RULES: &str = "/2/tweets/search/stream/rules";
/// Most posts on a page, and looked up at once.
pub(super) const PAGE_POSTS: usize = 100;
/// Fewest posts that a page of the search may be asked for.
pub(super) const PAGE_POSTS_MIN: u64 = 10;

/// The API with a token.
#[derive(Debug, Clone)]
pub(super) struct Api {
    pub(super) http: Http,
    pub(super) url: String,
    pub(super) token: Secret,
}

/// What X refuses, and how that bears on the next try.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) fault: Fault,
    pub(super) loss: Loss,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { fault, loss: Loss::Broken }
    }
}

#[derive(Deserialize)]
struct Rules {
    #[serde(default)]
    data: Vec<Set>,
}

/// A rule as it is set.
#[derive(Deserialize)]
struct Set {
    id: String,
    value: String,
    #[serde(default)]
    tag: Option<String>,
}

impl Api {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, &format!("{}{path}", self.url)).bearer_auth(self.token.expose())
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// The request for the rules that are set.
    pub(super) fn rules(&self) -> RequestBuilder {
        self.get(RULES)
    }

    /// The request that opens the stream.
    pub(super) fn stream(&self) -> RequestBuilder {
        self.asked("/2/tweets/search/stream", &[])
    }

    /// A page of what was said lately and meets a rule.
    pub(super) fn recent(&self, more: &[(&str, &str)]) -> RequestBuilder {
        self.asked("/2/tweets/search/recent", more)
    }

    /// Posts by their ids.
    pub(super) fn posts(&self, ids: &[String]) -> RequestBuilder {
        self.asked("/2/tweets", &[("ids", ids.join(",").as_str())])
    }

    fn asked(&self, path: &str, more: &[(&str, &str)]) -> RequestBuilder {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(FIELDS).extend_pairs(more);
        self.request(Method::GET, &format!("{path}?{}", query.finish()))
    }

    /// Sends a request whose answer must be well.
    pub(super) async fn send(
        &self,
        request: RequestBuilder,
        outlet: &Outlet,
    ) -> Result<Answer, Refusal> {
        let answer = self.http.send(request, outlet).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(refusal(&answer)) }
    }

    /// Sets the rules of this source as its topics want them; those of others stay.
    ///
    /// # Errors
    /// What X refuses.
    pub(super) async fn set_rules(
        &self,
        source: &str,
        wanted: &[Rule],
        outlet: &Outlet,
    ) -> Result<(), Refusal> {
        let answer = self.send(self.rules(), outlet).await?;
        let rules: Rules = serde_json::from_slice(&answer.body)
            .map_err(|error| Fault::external(format!("rules that cannot be read: {error}")))?;
        let ours = tag_of(source, "");
        let is_ours = |set: &&Set| set.tag.as_ref().is_some_and(|tag| tag.starts_with(&ours));
        let is_wanted = |set: &Set| {
            wanted.iter().any(|rule| set.value == rule.value && set.tag.as_ref() == Some(&rule.tag))
        };
        let old: Vec<&str> = rules
            .data
            .iter()
            .filter(is_ours)
            .filter(|set| !is_wanted(set))
            .map(|set| &*set.id)
            .collect();
        // One value twice is refused: of another's rule with it, posts come as well.
        let there: HashSet<&str> = rules
            .data
            .iter()
            .filter(|set| !is_ours(set) || is_wanted(set))
            .map(|set| &*set.value)
            .collect();
        let new: Vec<_> = wanted.iter().filter(|rule| !there.contains(&*rule.value)).collect();
        if !old.is_empty() {
            let body = json!({"delete": {"ids": old}}).to_string();
            self.send(self.post(RULES, body), outlet).await?;
        }
        if !new.is_empty() {
            let add = new.iter().map(|rule| json!({"value": rule.value, "tag": rule.tag}));
            let body = json!({"add": add.collect::<Vec<_>>()}).to_string();
            let answer = self.send(self.post(RULES, body), outlet).await?;
            check_added(&answer)?;
        }
        Ok(())
    }

    fn post(&self, path: &str, body: String) -> RequestBuilder {
        self.request(Method::POST, path).header("content-type", "application/json").body(body)
    }
}

/// Whether every rule was taken: X says so with 201 all the same.
fn check_added(answer: &Answer) -> Result<(), Refusal> {
    #[derive(Deserialize)]
    struct Added {
        #[serde(default)]
        errors: Vec<Wrong>,
    }
    #[derive(Deserialize)]
    struct Wrong {
        #[serde(default)]
        title: String,
        #[serde(default)]
        value: Option<String>,
        #[serde(default)]
        details: Vec<String>,
    }
    let added = serde_json::from_slice(&answer.body).unwrap_or(Added { errors: Vec::new() });
    let Some(wrong) = added.errors.into_iter().find(|wrong| wrong.title != "DuplicateRule") else {
        return Ok(());
    };
    let (value, details) = (wrong.value.unwrap_or_default(), wrong.details.join("; "));
    let reason = format!("X refuses the rule {value}: {} {details}", wrong.title);
    Err(Fault::user(reason, "change the query of the topic that this rule stands for").into())
}

/// Whose fault a refusal is, in the words of X's rights.
pub(super) fn refusal(answer: &Answer) -> Refusal {
    let status = answer.status.as_u16();
    let hint = match status {
        401 => "make a new bearer token of the app at developer.x.com",
        402 | 403 => "the app's plan or credits do not allow this: see developer.x.com",
        _ => "",
    };
    let loss = match status {
        429 => Loss::TooMany,
        500.. => Loss::Server,
        _ => Loss::Broken,
    };
    let fault = match answer.fault() {
        Fault::User { reason, .. } if !hint.is_empty() => Fault::user(reason, hint),
        Fault::External { reason, .. } if status == 402 => Fault::user(reason, hint),
        other => other,
    };
    Refusal { fault, loss }
}
