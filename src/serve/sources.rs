//! How are the sources, and is the whole well? What monitoring asks over HTTP.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::access::Viewer;
use super::api::Api;
use crate::chart::zoned;
use crate::config::Role;
use crate::connect::{SourceHealth, SourceState, SourcesHealth};
use crate::live::Progress;
use crate::system::wall_clock;
use crate::time::{EventTime, MINUTE_US};

/// For how long every source may be out of reach before the process counts as down.
const DOWN_US: i64 = MINUTE_US;

/// How well the sources are, all in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Ok,
    /// Some source is not well, or a configuration was refused.
    Degraded,
    /// No source can be read, nor could be for a while.
    Down,
}

pub(super) async fn health(State(api): State<Api>, viewer: Option<Extension<Viewer>>) -> Response {
    let progress = api.progress.borrow().clone();
    let refusal = progress.rounds.refusal.as_ref();
    let standing = match standing(&progress.sources, wall_clock()) {
        // What was asked for is not what runs.
        Standing::Ok if refusal.is_some() => Standing::Degraded,
        standing => standing,
    };
    let (status, word) = match standing {
        Standing::Ok => (StatusCode::OK, "ok"),
        Standing::Degraded => (StatusCode::OK, "degraded"),
        Standing::Down => (StatusCode::SERVICE_UNAVAILABLE, "down"),
    };
    // Probes need no login, and are told no more than they need.
    if viewer.is_none_or(|Extension(viewer)| !viewer.role.allows(Role::Read)) {
        let (status, word) = match &progress.trouble {
            Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "failing"),
            None => (status, word),
        };
        return (status, axum::Json(json!({"status": word}))).into_response();
    }
    let sources: serde_json::Map<String, Value> = progress
        .sources
        .iter()
        .map(|source| (source.name().to_string(), source.state().as_str().into()))
        .collect();
    let mut body = json!({
        "status": word,
        "events": progress.tally.events,
        "watermark": progress.watermark.map(|mark| mark.to_string()),
        "commits": progress.commits,
        "sources": sources,
        "reloads": progress.rounds.reloads,
        "engine_restarts": progress.rounds.restarts,
    });
    let reviews = reviews_due(&api);
    if !reviews.is_empty() {
        let list = reviews.iter();
        let list = list.map(|(topic, due)| json!({"topic": topic, "due": due.to_string()}));
        body["reviews_due"] = list.collect();
    }
    if let Some((at, why)) = refusal {
        body["reload_refused"] = json!({ "at": at.to_string(), "why": why });
    }
    let Some(trouble) = &progress.trouble else {
        return (status, axum::Json(body)).into_response();
    };
    body["status"] = json!("failing");
    body["reason"] = json!(trouble.why);
    body["hint"] = json!(trouble.hint);
    body["since"] = json!(trouble.since.to_string());
    (StatusCode::SERVICE_UNAVAILABLE, axum::Json(body)).into_response()
}

/// Topics whose purpose and legal ground must be looked at again, and since when.
pub(super) fn reviews_due(api: &Api) -> Vec<(&str, Date)> {
    api.charter.reviews_due(zoned(wall_clock(), &TimeZone::UTC).date())
}

/// Every source with what it does and counted.
pub(super) async fn list(State(progress): State<watch::Receiver<Progress>>) -> axum::Json<Value> {
    let sources = progress.borrow().sources.clone();
    axum::Json(Value::Array(sources.iter().map(|source| one(source)).collect()))
}

/// One source as JSON.
pub(super) fn one(source: &SourceHealth) -> Value {
    let now = source.now();
    let written = |text: String| (!text.is_empty()).then_some(text);
    let gaps: Vec<Value> = now
        .gaps
        .iter()
        .map(|(at, gap)| {
            json!({"at": at.to_string(), "from": gap.from, "to": gap.to, "reason": gap.reason})
        })
        .collect();
    json!({
        "name": source.name().as_str(),
        "state": now.state.as_str(),
        "since": now.since.map(|since| since.to_string()),
        "reason": written(now.reason),
        "hint": written(now.hint),
        "limits": written(now.limits),
        "token_expires": now.expires.map(|at| at.to_string()),
        "events": source.events(),
        "malformed": source.malformed(),
        "ignored": source.ignored(),
        "reconnects": source.reconnects(),
        "last_event": source.last_event().map(|at| at.to_string()),
        "gaps": source.gaps(),
        "latest_gaps": gaps,
    })
}

fn standing(sources: &SourcesHealth, now: EventTime) -> Standing {
    use SourceState::{Down, Ended, Failed, Starting, Up, Waiting};
    let (mut unwell, mut readable, mut any) = (false, false, false);
    for source in sources.iter() {
        any = true;
        let what = source.now();
        let lasts = what.since.is_none_or(|since| now.since(since) > DOWN_US);
        unwell |= matches!(what.state, Down | Waiting | Failed);
        readable |= match what.state {
            Up | Ended => true,
            Starting | Down | Waiting => !lasts,
            Failed => false,
        };
    }
    match (any && !readable, unwell) {
        (true, _) => Standing::Down,
        (false, true) => Standing::Degraded,
        (false, false) => Standing::Ok,
    }
}
