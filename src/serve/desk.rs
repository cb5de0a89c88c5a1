//! What can people ask of the desk over HTTP? Alerts, acknowledgements, silences.
//!
//! Only these routes change anything. A web page that somebody visits must not be able to use them
//! through his browser, so they want JSON (which no form sends, and which other pages may not send
//! without our leave), and refuse requests that another page made (`Origin`). Without a token they
//! take requests from this machine alone, and under no name that somebody's DNS may have bound to it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use serde::Deserialize;

use super::api::{Api, ROWS_MAX, failure};
use super::parameters::{Parameters, Sent};
use super::sql::{Own, failed};
use crate::desk::Silence;
use crate::lake::Folder;
use crate::notify::{self, Again, AlertState, OrderError, Wanted, stories};
use crate::state::{DeskFiles, Home, StateError};
use crate::system::wall_clock;
use crate::time::{EventTime, parse_span};

/// The routes.
pub(super) fn routes(api: &Api) -> Router<Api> {
    let changes = Router::new()
        .route("/api/alerts/{id}/ack", post(acknowledge).delete(unacknowledge))
        .route("/api/messages/{id}/resend", post(resend))
        .route("/api/messages/{id}/replay", post(resend))
        .route("/api/silences", post(silence))
        .route("/api/silences/{id}", delete(unsilence))
        .layer(from_fn_with_state(api.clone(), guard));
    Router::new()
        .route("/api/alerts", get(alerts))
        .route("/api/alerts/{id}", get(alert))
        .route("/api/silences", get(silences))
        .merge(changes)
}

/// An answer that is no success.
struct Refusal {
    status: StatusCode,
    message: String,
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
async fn guard(State(api): State<Api>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(address)| address.ip());
    match check(request.headers(), peer, api.token.as_deref()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn check(headers: &HeaderMap, peer: Option<IpAddr>, token: Option<&str>) -> Result<(), Refusal> {
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
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AlertQuery {
    topic: Option<String>,
    state: Option<String>,
}

async fn alerts(State(api): State<Api>, Parameters(asked): Parameters<AlertQuery>) -> Response {
    let state = asked.state.as_deref().map(AlertState::named);
    if state == Some(None) {
        return refuse(StatusCode::BAD_REQUEST, "state: firing or resolved").into_response();
    }
    let wanted = Wanted { topic: asked.topic, state: state.flatten(), limit: ROWS_MAX };
    let own = match Own::begin(&api).await {
        Ok(own) => own,
        Err(refusal) => return refusal,
    };
    answer(stories(&own.session, &own.folder, &wanted).await.map_err(OrderError::from))
}

async fn alert(State(api): State<Api>, Path(id): Path<String>) -> Response {
    match Own::begin(&api).await {
        Ok(own) => answer(notify::told(&own.session, &own.folder, &id).await),
        Err(refusal) => refusal,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AckBody {
    author: String,
    #[serde(default)]
    comment: String,
    /// In the place of an acknowledgement that is there.
    #[serde(default)]
    replace: bool,
}

async fn acknowledge(
    State(api): State<Api>,
    Path(id): Path<String>,
    Sent(asked): Sent<AckBody>,
) -> Response {
    let AckBody { author, comment, replace } = asked;
    let again = if replace { Again::Replace } else { Again::Refuse };
    let own = match Own::begin(&api).await {
        Ok(own) => own,
        Err(refusal) => return refusal,
    };
    let who = (author, comment);
    answer(notify::acknowledge(&own.session, &own.folder, &id, who, again).await)
}

async fn unacknowledge(State(api): State<Api>, Path(id): Path<String>) -> Response {
    let own = match Own::begin(&api).await {
        Ok(own) => own,
        Err(refusal) => return refusal,
    };
    let undone = notify::unacknowledge(&own.session, &own.folder, &id).await;
    answer(undone.map(|_| serde_json::json!({})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResendBody {
    receiver: Option<String>,
}

async fn resend(
    State(api): State<Api>,
    Path(id): Path<String>,
    Sent(asked): Sent<ResendBody>,
) -> Response {
    let folder = Folder::read(&api.lake).map_err(OrderError::from);
    answer(folder.and_then(|folder| notify::resend(&folder, &id, asked.receiver.as_deref())))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SilenceBody {
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

async fn silence(State(api): State<Api>, Sent(asked): Sent<SilenceBody>) -> Response {
    let now = wall_clock();
    let (starts, ends) = match asked.times(now) {
        Ok(times) => times,
        Err(message) => return refuse(StatusCode::BAD_REQUEST, message).into_response(),
    };
    let SilenceBody { topic, rule, labels, author, comment, .. } = asked;
    let id = String::new();
    let silence = Silence { id, topic, rule, labels, starts, ends, author, comment };
    let topics: Vec<&str> = api.topics.iter().map(|topic| topic.name.as_str()).collect();
    let put = match Folder::read(&api.lake) {
        Ok(folder) => notify::silence(&folder, &topics, silence).await,
        Err(error) => Err(error.into()),
    };
    match put {
        Ok(silence) => (StatusCode::CREATED, axum::Json(silence)).into_response(),
        other => answer(other),
    }
}

async fn silences(State(api): State<Api>, Parameters(()): Parameters<()>) -> Response {
    let home = Home::read(&api.lake);
    answer(home.and_then(|home| DeskFiles::of(&home).silences()).map_err(OrderError::from))
}

async fn unsilence(State(api): State<Api>, Path(id): Path<String>) -> Response {
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
        OrderError::Unknown { what: "topic", .. } => StatusCode::BAD_REQUEST,
        OrderError::Unknown { .. } => StatusCode::NOT_FOUND,
        OrderError::Ambiguous { .. } | OrderError::TooLong | OrderError::Silence(_) => {
            StatusCode::BAD_REQUEST
        }
        OrderError::Resolved(_) | OrderError::Taken(_) => StatusCode::CONFLICT,
        OrderError::Lake(error) => match error.downcast_ref() {
            Some(StateError::NoState { .. }) => StatusCode::NOT_IMPLEMENTED,
            _ => return failed(error),
        },
    };
    let near = match &error {
        OrderError::Unknown { near: Some(near), .. } => format!("; did you mean \"{near}\"?"),
        _ => String::new(),
    };
    let message = match &error {
        OrderError::Lake(error) => format!("{error:#}"),
        other => format!("{other}{near}"),
    };
    failure(status, &message)
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
