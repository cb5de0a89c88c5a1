//! What can people ask of the desk over HTTP? Alerts, acknowledgements, silences.
//!
//! A web page that somebody visits must not be able to use them
//! through his browser, so they want JSON (which no form sends, and which other pages may not send
//! without our leave), and refuse requests that another page made (`Origin`). Where nobody logs in
//! and without a token they take requests from this machine alone, and under no name that somebody's
//! DNS may have bound to it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use axum::Extension;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::access::Viewer;
use super::api::{Api, Own, ROWS_MAX};
use super::files::{self, Decimal, ListForm, file};
use super::parameters::{Parameters, Sent};
use super::problem::{Problem, failed, failure};
use super::site::host_name;
use crate::config::Language;
use crate::desk::Silence;
use crate::lake::Folder;
use crate::notify::{self, Again, AlertState, AlertStory, OrderError, Wanted, stories};
use crate::policy::Policies;
use crate::report::none_of;
use crate::state::{DeskFiles, Home, StateError};
use crate::system::wall_clock;
use crate::time::{EventTime, parse_span};

/// An answer that is no success.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        failure(self.status, &self.message)
    }
}

fn refuse(status: StatusCode, message: impl Into<String>) -> Refusal {
    Refusal { status, message: message.into() }
}

/// Lets changes through that a person or a program asked for, and no foreign web page.
pub(super) async fn guard(State(api): State<Api>, request: Request, next: Next) -> Response {
    // Who may come here was decided before.
    if api.access.is_closed() {
        return next.run(request).await;
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(address)| address.ip());
    match check(request.headers(), peer, api.token.as_deref()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

pub(super) fn check(
    headers: &HeaderMap,
    peer: Option<IpAddr>,
    token: Option<&str>,
) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    if let Some(origin) = text(header::ORIGIN)
        && origin.split_once("://").is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host))
    {
        let message = "another web page may not change anything here";
        return Err(refuse(StatusCode::FORBIDDEN, message));
    }
    let Some(token) = token else {
        let local = peer.is_some_and(|peer| peer.to_canonical().is_loopback()) && is_local(host);
        let message =
            "set [serve] token_env to make changes from elsewhere or under this host name";
        return if local { Ok(()) } else { Err(refuse(StatusCode::FORBIDDEN, message)) };
    };
    let given = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    // Hashes, so that the time of comparing says nothing about the token.
    if given.is_some_and(|given| blake3::hash(given.as_bytes()) == blake3::hash(token.as_bytes())) {
        Ok(())
    } else {
        let message = "changes need the header: authorization: Bearer TOKEN";
        Err(refuse(StatusCode::UNAUTHORIZED, message))
    }
}

/// Whether a `Host` names this machine itself or an address, and no name that somebody's DNS gave.
fn is_local(host: &str) -> bool {
    host_name(host).is_some_and(|name| {
        name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlertQuery {
    topic: Option<String>,
    state: Option<String>,
    /// `json` without it; `csv` or `excel` for a file.
    format: Option<ListForm>,
    /// `point` without it, or `comma`: how numbers are written for Excel.
    decimal: Option<Decimal>,
}

/// Alerts: firing first, then latest first; as JSON or as a file.
pub(super) async fn alerts(
    State(api): State<Api>,
    Parameters(asked): Parameters<AlertQuery>,
) -> Response {
    let state = asked.state.as_deref().map(|name| {
        AlertState::named(name).ok_or_else(|| none_of("state", name, "write firing or resolved"))
    });
    let state = match state.transpose() {
        Ok(state) => state,
        Err(error) => return Problem::from(error).into_response(),
    };
    let own = match Own::begin(&api).await {
        Ok(own) => own,
        Err(refusal) => return refusal,
    };
    if let Some(topic) = &asked.topic {
        let ask = match own.ask(&api).await {
            Ok(ask) => ask,
            Err(refusal) => return refusal,
        };
        if let Err(error) = ask.known_topic(topic).await {
            return Problem::from(error).into_response();
        }
    }
    let sheet = asked.format.unwrap_or_default().sheet(asked.decimal);
    let wanted = Wanted { topic: asked.topic, state, limit: ROWS_MAX };
    match (stories(&own.session, &own.folder, &wanted).await, sheet) {
        (Ok(found), Some(sheet)) => file(sheet, ("alerts", files::ALERTS), &found, None),
        (found, _) => answer(found.map_err(OrderError::from)),
    }
}

/// The whole story of one alert.
pub(super) async fn alert(State(api): State<Api>, Path(id): Path<String>) -> Response {
    match Own::begin(&api).await {
        Ok(own) => {
            let story = notify::told(&own.session, &own.folder, &id).await;
            answer(story.map(|story| with_policy(&api, &story)))
        }
        Err(refusal) => refusal,
    }
}

/// A story with the page that says what to do; null without one, or where it cannot be read.
fn with_policy(api: &Api, story: &AlertStory) -> serde_json::Value {
    let mut told = serde_json::to_value(story).unwrap_or_default();
    let policies = Policies::of(&api.charter.policies);
    let page = api.charter.pages.get(&story.rule);
    let page = page.and_then(|name| policies.page(name, Language::En).ok());
    told["policy"] = serde_json::json!(page);
    told
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AckBody {
    author: String,
    #[serde(default)]
    comment: String,
    /// In the place of an acknowledgement that is there.
    #[serde(default)]
    replace: bool,
}

/// Says that somebody takes care of a firing alert.
pub(super) async fn acknowledge(
    State(api): State<Api>,
    Path(id): Path<String>,
    Extension(viewer): Extension<Viewer>,
    Sent(asked): Sent<AckBody>,
) -> Response {
    let AckBody { author, comment, replace } = asked;
    let author = viewer.signs(author);
    let again = if replace { Again::Replace } else { Again::Refuse };
    let own = match Own::begin(&api).await {
        Ok(own) => own,
        Err(refusal) => return refusal,
    };
    let who = (author, comment);
    answer(notify::acknowledge(&own.session, &own.folder, &id, who, again).await)
}

/// Takes an acknowledgement back.
pub(super) async fn unacknowledge(State(api): State<Api>, Path(id): Path<String>) -> Response {
    let own = match Own::begin(&api).await {
        Ok(own) => own,
        Err(refusal) => return refusal,
    };
    let undone = notify::unacknowledge(&own.session, &own.folder, &id).await;
    answer(undone.map(|_| serde_json::json!({})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResendBody {
    receiver: Option<String>,
}

/// Sends a message once more.
pub(super) async fn resend(
    State(api): State<Api>,
    Path(id): Path<String>,
    Sent(asked): Sent<ResendBody>,
) -> Response {
    let folder = Folder::read(&api.lake).map_err(OrderError::from);
    answer(folder.and_then(|folder| notify::resend(&folder, &id, asked.receiver.as_deref())))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SilenceBody {
    topic: Option<String>,
    rule: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    starts: Option<String>,
    ends: Option<String>,
    #[serde(rename = "for")]
    span: Option<String>,
    author: String,
    comment: String,
}

impl SilenceBody {
    /// When it starts and ends.
    fn times(&self, now: EventTime) -> Result<(EventTime, EventTime), String> {
        let parse = |text: &String| EventTime::parse(text).map_err(|error| error.to_string());
        let starts = self.starts.as_ref().map_or(Ok(now), parse)?;
        let ends = match (&self.ends, &self.span) {
            (Some(ends), None) => parse(ends)?,
            (None, Some(span)) => {
                starts.shift(parse_span(span).map_err(|error| error.to_string())?)
            }
            _ => return Err("give either ends, as 2026-03-01T12:00:00Z, or for, as 2h".to_owned()),
        };
        Ok((starts, ends))
    }
}

/// Tells nobody of alerts for a while.
pub(super) async fn silence(
    State(api): State<Api>,
    Extension(viewer): Extension<Viewer>,
    Sent(asked): Sent<SilenceBody>,
) -> Response {
    let now = wall_clock();
    let (starts, ends) = match asked.times(now) {
        Ok(times) => times,
        Err(message) => return refuse(StatusCode::BAD_REQUEST, message).into_response(),
    };
    let SilenceBody { topic, rule, labels, author, comment, .. } = asked;
    let author = viewer.signs(author);
    let id = String::new();
    let silence = Silence { id, topic, rule, labels, starts, ends, author, comment };
    let configured = api.configured();
    // The lake is asked only for what the configuration does not know.
    let own = match configured.lacks(&silence) {
        false => None,
        true => match Own::begin(&api).await {
            Ok(own) => Some(own),
            Err(refusal) => return refusal,
        },
    };
    let put = match Folder::read(&api.lake) {
        Ok(folder) => {
            let session = own.as_ref().map(|own| &own.session);
            notify::silence(&folder, session, &configured, silence).await
        }
        Err(error) => Err(error.into()),
    };
    match put {
        Ok(silence) => (StatusCode::CREATED, axum::Json(silence)).into_response(),
        other => answer(other),
    }
}

/// Silences, those that ended within the last week too.
pub(super) async fn silences(State(api): State<Api>, Parameters(()): Parameters<()>) -> Response {
    let home = Home::read(&api.lake);
    answer(home.and_then(|home| DeskFiles::of(&home).silences()).map_err(OrderError::from))
}

/// Ends a silence.
pub(super) async fn unsilence(State(api): State<Api>, Path(id): Path<String>) -> Response {
    let folder = Folder::read(&api.lake).map_err(OrderError::from);
    answer(folder.and_then(|folder| notify::unsilence(&folder, &id)))
}

/// What was found or done, why it was not, or what went wrong with us.
fn answer<T: serde::Serialize>(found: Result<T, OrderError>) -> Response {
    let error = match found {
        Ok(value) => return axum::Json(value).into_response(),
        Err(error) => error,
    };
    let status = match &error {
        OrderError::Unknown { what: "topic" | "rule", .. } => StatusCode::BAD_REQUEST,
        OrderError::Unknown { .. } => StatusCode::NOT_FOUND,
        OrderError::Ambiguous { .. }
        | OrderError::Nobody
        | OrderError::TooLong
        | OrderError::Silence(_) => StatusCode::BAD_REQUEST,
        OrderError::Resolved(_) | OrderError::Taken(_) => StatusCode::CONFLICT,
        OrderError::Lake(error) => match error.downcast_ref() {
            Some(StateError::NoState { .. } | StateError::United { .. }) => {
                StatusCode::NOT_IMPLEMENTED
            }
            _ => return failed(error),
        },
    };
    let detail = match &error {
        OrderError::Lake(error) => format!("{error:#}"),
        other => other.to_string(),
    };
    let hint = match &error {
        OrderError::Unknown { near: Some(near), .. } => format!("did you mean \"{near}\"?"),
        OrderError::Taken(_) => "replace it with \"replace\": true".to_owned(),
        _ => String::new(),
    };
    Problem::new(status, detail).hint(hint).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_should_may_change_something() {
        let (ours, token) = ("127.0.0.1:8600", Some("secret"));
        let rows = [
            (ours, None, None, None, true),
            ("localhost:8600", Some("http://localhost:8600"), None, None, true),
            ("[::1]:8600", None, None, None, true),
            (ours, Some("http://127.0.0.1:8601"), None, None, false),
            (ours, Some("null"), None, None, false),
            ("", None, None, None, false),
            ("evil.example", Some("http://evil.example"), None, None, false),
            ("127.0.0.1.evil.example", None, None, None, false),
            ("desk.example", Some("https://desk.example"), Some("Bearer secret"), token, true),
            ("desk.example", None, Some("Bearer secre"), token, false),
            ("desk.example", None, Some("secret"), token, false),
            ("desk.example", Some("https://evil.example"), Some("Bearer secret"), token, false),
            (ours, None, None, token, false),
        ];
        let here: IpAddr = "127.0.0.1".parse().expect("an address");
        let host = HeaderMap::from_iter([(header::HOST, "127.0.0.1".parse().expect("a header"))]);
        assert!(
            check(&host, "192.168.1.2".parse().ok(), None).is_err()
                && check(&host, None, None).is_err()
        );
        for (host, origin, authorization, token, allowed) in rows {
            let mut headers = HeaderMap::new();
            let given = [
                (header::HOST, Some(host)),
                (header::ORIGIN, origin),
                (header::AUTHORIZATION, authorization),
            ];
            for (name, value) in given {
                let value = value.map(|value| value.parse().expect("a header"));
                value.into_iter().for_each(|value| drop(headers.insert(&name, value)));
            }
            assert_eq!(
                check(&headers, Some(here), token).is_ok(),
                allowed,
                "{host} {origin:?} {authorization:?}"
            );
        }
    }
}
