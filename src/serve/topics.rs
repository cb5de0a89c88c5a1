//! How are topics tried, made and changed by programs? A query on the past, and topics in the
//! configuration, each change about a version that was seen.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::api::{Api, Own};
use super::config_file::{ConfigFile, Expected, WriteError, Written};
use super::deed::Changed;
use super::parameters::Sent;
use super::problem::{Problem, failure};
use crate::config::{EditError, topic_version};
use crate::mention::{Topic, Umlauts};
use crate::report::zone;

/// When a change of the configuration holds.
pub(super) const EFFECT: &str = "at the next reload";

/// A query that is tried.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrialBody {
    /// The query.
    pub(super) query: String,
    #[serde(default)]
    pub(super) inflect: bool,
    #[serde(default)]
    pub(super) compounds: bool,
    #[serde(default)]
    pub(super) hashtags: bool,
    #[serde(default)]
    pub(super) links: bool,
    #[serde(default)]
    pub(super) umlauts: UmlautsBody,
    /// Whose days are meant; UTC without it.
    pub(super) zone: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum UmlautsBody {
    #[default]
    Equal,
    Apart,
}

impl From<UmlautsBody> for Umlauts {
    fn from(body: UmlautsBody) -> Self {
        match body {
            UmlautsBody::Equal => Self::Equal,
            UmlautsBody::Apart => Self::Apart,
        }
    }
}

/// A topic as it is to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopicBody {
    /// May be left out where the address names it.
    name: Option<String>,
    query: String,
    brand: Option<String>,
    group: Option<String>,
    parent: Option<String>,
    #[serde(default)]
    accounts: Vec<String>,
    #[serde(default)]
    inflect: bool,
    #[serde(default)]
    compounds: bool,
    #[serde(default)]
    hashtags: bool,
    #[serde(default)]
    links: bool,
    #[serde(default)]
    umlauts: UmlautsBody,
}

impl TopicBody {
    fn topic(self, name: String) -> Topic {
        let Self { query, brand, group, parent, accounts, .. } = self;
        let Self { inflect, compounds, hashtags, links, umlauts, .. } = self;
        let umlauts = umlauts.into();
        Topic {
            name,
            query,
            brand,
            group,
            parent,
            accounts,
            inflect,
            compounds,
            hashtags,
            links,
            umlauts,
        }
    }
}

/// Tries a query on the posts that the lake keeps.
pub(super) async fn test(State(api): State<Api>, Sent(asked): Sent<TrialBody>) -> Response {
    let zone = match zone(asked.zone.as_deref().unwrap_or("UTC")) {
        Ok(zone) => zone,
        Err(error) => return Problem::from(error).into_response(),
    };
    let TrialBody { query, inflect, compounds, hashtags, links, umlauts, .. } = asked;
    let umlauts = umlauts.into();
    let topic = Topic { query, inflect, compounds, hashtags, links, umlauts, ..Topic::default() };
    if let Err(error) = crate::mention::read(&topic.query) {
        return told(&topic.query, &error).into_response();
    }
    let own = match Own::begin(&api).await {
        Ok(own) => own,
        Err(refusal) => return refusal,
    };
    let ask = match own.ask(&api).await {
        Ok(ask) => ask,
        Err(refusal) => return refusal,
    };
    match ask.attempt(&topic, &zone).await {
        Ok(trial) => axum::Json(trial).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// A query that cannot be understood, with its place.
fn told(query: &str, error: &crate::mention::QueryError) -> Problem {
    let before = query.get(..error.at.min(query.len())).unwrap_or(query);
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before.get(start..).unwrap_or_default().chars().count() as u64 + 1;
    let problem = Problem::new(StatusCode::BAD_REQUEST, format!("query: {}", error.message));
    Problem {
        line: Some(before.matches('\n').count() as u64 + 1),
        column: Some(column),
        shown: Some(crate::mention::pointer(query, error.at)),
        ..problem.hint(error.hint)
    }
}

/// One topic as the configuration has it, with its version.
pub(super) async fn show(State(api): State<Api>, Path(name): Path<String>) -> Response {
    let found = match &api.config {
        Some(file) => tokio::task::block_in_place(|| file.topic(&name)),
        None => Ok(None),
    };
    let running = || api.topics.iter().find(|topic| topic.name == name).cloned();
    match found {
        Ok(found) => match found.or_else(running) {
            Some(topic) => answer(&api, StatusCode::OK, &topic, json!({})),
            None => failure(StatusCode::NOT_FOUND, &format!("no topic is called \"{name}\"")),
        },
        Err(error) => refused(&error).into_response(),
    }
}

/// Adds a topic to the configuration.
pub(super) async fn create(State(api): State<Api>, Sent(mut asked): Sent<TopicBody>) -> Response {
    let Some(name) = asked.name.take().filter(|name| !name.trim().is_empty()) else {
        return failure(StatusCode::BAD_REQUEST, "name is missing");
    };
    put(&api, asked.topic(name), Expected::None).await
}

/// Changes a topic of the configuration that is as it was seen.
pub(super) async fn change(
    State(api): State<Api>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Sent(mut asked): Sent<TopicBody>,
) -> Response {
    if asked.name.take().is_some_and(|own| own != name) {
        let hint = "mentions bear their topic's name: make another topic instead";
        let problem = Problem::new(StatusCode::BAD_REQUEST, "a topic cannot be renamed");
        return problem.hint(hint).into_response();
    }
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let expected = match (text(header::IF_MATCH), text(header::IF_NONE_MATCH)) {
        (Some("*"), None) => Expected::Any,
        (Some(version), None) => {
            let version = version.trim().trim_start_matches("W/").trim_matches('"');
            Expected::Version(version.to_owned())
        }
        (None, Some("*")) => Expected::None,
        _ => {
            let detail = "say which version you saw, so that nobody's change is lost";
            let hint = "send If-Match with the ETag of GET, or If-None-Match: * for a new topic";
            let problem = Problem::new(StatusCode::PRECONDITION_REQUIRED, detail);
            return problem.hint(hint).into_response();
        }
    };
    put(&api, asked.topic(name), expected).await
}

async fn put(api: &Api, topic: Topic, expected: Expected) -> Response {
    match write(api.config.as_ref(), topic.clone(), expected).await {
        Ok(Written { warnings, is_new, .. }) => {
            let warnings: Vec<_> = warnings
                .iter()
                .map(|warning| json!({"line": warning.line, "message": warning.message, "hint": warning.hint}))
                .collect();
            let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
            let more = json!({"takes_effect": EFFECT, "warnings": warnings});
            let mut response = answer(api, status, &topic, more);
            response.extensions_mut().insert(Changed(topic.name));
            response
        }
        Err(problem) => problem.into_response(),
    }
}

/// Writes a topic into the configuration.
pub(super) async fn write(
    file: Option<&ConfigFile>,
    topic: Topic,
    expected: Expected,
) -> Result<Written, Problem> {
    let Some(file) = file else {
        let problem = Problem::new(StatusCode::CONFLICT, "this process has no configuration file");
        return Err(problem.hint("start it with: resonanz run, or serve --config FILE"));
    };
    file.put(topic, expected).await.map_err(|error| refused(&error))
}

fn refused(error: &WriteError) -> Problem {
    let status = match error {
        WriteError::Edit(EditError::Wrong(_)) => StatusCode::BAD_REQUEST,
        WriteError::Edit(_) | WriteError::There(_) => StatusCode::CONFLICT,
        WriteError::Missing(_) => StatusCode::NOT_FOUND,
        WriteError::Changed(_) => StatusCode::PRECONDITION_FAILED,
        WriteError::File { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let detail = match error {
        // The place is one of a file that was not written.
        WriteError::Edit(EditError::Wrong(error)) => error.message.clone(),
        other => other.to_string(),
    };
    Problem::new(status, detail).hint(error.hint())
}

fn answer(api: &Api, status: StatusCode, topic: &Topic, more: serde_json::Value) -> Response {
    let version = topic_version(topic);
    let mut body = json!({
        "name": topic.name,
        "query": topic.query,
        "brand": topic.brand,
        "group": topic.group,
        "parent": topic.parent,
        "accounts": topic.accounts,
        "inflect": topic.inflect,
        "compounds": topic.compounds,
        "hashtags": topic.hashtags,
        "links": topic.links,
        "umlauts": if topic.umlauts == Umlauts::Apart { "apart" } else { "equal" },
        "version": version,
        "listening": api.topics.iter().any(|own| own == topic),
    });
    if let (Some(body), serde_json::Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    let mut response = (status, axum::Json(body)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
