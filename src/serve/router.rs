//! Which paths are there? Every door of the HTTP API, and where it leads.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::api::Api;
use super::parameters::bare;
use super::problem::{Problem, failure};
use super::{
    admit, apart, contract, desk, door, ingest, intake, mcp, metrics, pages, sources, warm,
};

/// Serves until the task is aborted; each request what `apis` holds by then.
pub async fn serve(listener: TcpListener, mut apis: watch::Receiver<Api>) {
    let api = apis.borrow_and_update().clone();
    let (tls, time, doors) = (api.tls.clone(), api.sql.limits.time, Arc::clone(&api.sql.doors));
    let warming = warm::warm(api.clone());
    let (renew, routers) = watch::channel(router(api));
    let renewing = async {
        while apis.changed().await.is_ok() {
            let api = apis.borrow_and_update().clone();
            drop(renew.send_replace(router(api)));
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = door::serve(listener, routers, tls, (time, &doors)) => {}
        () = renewing => {}
        () = warming => {}
    }
}

fn router(api: Api) -> Router {
    let incoming = ingest::routes(api.doors.clone(), api.access.clone(), api.progress.clone());
    Router::new()
        .merge(pages::routes().layer(from_fn(apart::apart)))
        .route("/api", get(index))
        .route("/healthz", get(sources::health))
        .route("/metrics", get(prometheus))
        .merge(contract::router(&api))
        .merge(
            Router::new()
                .route("/mcp", post(mcp::answer))
                .layer(from_fn(apart::apart))
                .layer(from_fn_with_state(api.clone(), desk::guard)),
        )
        .route("/api/{*path}", any(moved))
        .fallback(nothing)
        .method_not_allowed_fallback(not_so)
        .layer(from_fn_with_state(api.clone(), intake::hear))
        .layer(from_fn_with_state(api.clone(), admit::admit))
        .with_state(api)
        .merge(incoming)
}

/// Serves what a process without a lake has to say, and leads what others send to its doors, until the
/// task is aborted.
pub async fn serve_relay(listener: TcpListener, api: Api) {
    let (tls, time, doors) = (api.tls.clone(), api.sql.limits.time, Arc::clone(&api.sql.doors));
    let incoming = ingest::routes(api.doors.clone(), api.access.clone(), api.progress.clone());
    let router = Router::new()
        .route("/healthz", get(sources::health))
        .route("/metrics", get(prometheus))
        .route("/api/v1/sources", get(sources::list).layer(from_fn(bare)))
        .fallback(no_lake)
        .layer(from_fn_with_state(api.clone(), intake::hear))
        .layer(from_fn_with_state(api.clone(), admit::admit))
        .with_state(api)
        .merge(incoming);
    door::serve(listener, watch::channel(router).1, tls, (time, &doors)).await;
}

async fn no_lake() -> Response {
    let detail = "this is a relay, which keeps no lake: it has /healthz, /metrics, /api/v1/sources and /ingest/SOURCE";
    failure(StatusCode::NOT_FOUND, detail)
}

async fn index() -> &'static str {
    "resonanz\n\
     GET /healthz\n\
     GET /metrics\n\
     GET /api/v1/openapi.json: all that follows, with parameters and answers\n\
     GET /api/v1/overview?period=7d&zone=Europe/Berlin\n\
     GET, POST /api/v1/topics\n\
     GET, PUT /api/v1/topics/NAME\n\
     POST /api/v1/topics/test\n\
     GET /api/v1/trends?topic=NAME&period=week&step=day\n\
     GET /api/v1/sentiment?topic=NAME\n\
     GET /api/v1/voices?group=NAME\n\
     GET /api/v1/changes?topic=NAME\n\
     GET /api/v1/drivers?topic=NAME&from=RFC3339&to=RFC3339\n\
     GET /api/v1/waits?topic=NAME\n\
     GET /api/v1/goals\n\
     GET /api/v1/service?topic=NAME&period=week\n\
     GET /api/v1/inbox?topic=NAME&state=open,assigned\n\
     GET, POST /api/v1/inbox/ID\n\
     GET /api/v1/mentions?q=WORDS&topic=NAME&polarity=negative&order=worst\n\
     GET /api/v1/mentions/ID\n\
     POST /api/v1/mentions/ID/correction, GET /api/v1/mentions/ID/reviews\n\
     GET /api/v1/reviews/queue?topic=NAME, /api/v1/reviews/agreement\n\
     GET /api/v1/alerts?state=firing&topic=NAME\n\
     GET /api/v1/alerts/ID\n\
     POST, DELETE /api/v1/alerts/ID/ack\n\
     POST /api/v1/messages/ID/resend\n\
     GET, POST /api/v1/silences\n\
     DELETE /api/v1/silences/ID\n\
     POST /api/v1/reload\n\
     GET /api/v1/sources\n\
     GET /api/v1/report?period=week&format=md\n\
     POST /api/v1/score\n\
     GET /api/v1/live: server-sent events\n\
     GET /api/v1/sql?q=SELECT&format=json, csv, excel or arrow; POST with the SQL as body\n\
     POST /mcp: for assistants\n\
     POST /ingest/SOURCE\n"
}

async fn nothing(State(api): State<Api>, request: Request) -> Response {
    let status = StatusCode::NOT_FOUND;
    if is_browser(&request) {
        return pages::refused(api, request, Problem::new(status, "there is no such page")).await;
    }
    failure(status, "no such path; the list of paths is at /api")
}

async fn not_so(State(api): State<Api>, request: Request) -> Response {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    if is_browser(&request) {
        let problem = Problem::new(status, "this is no page to be opened, only a form's target");
        return pages::refused(api, request, problem).await;
    }
    failure(status, "the path exists, but not with this method; see /api")
}

/// Whether somebody looks at the answer; what does not say what it takes is a program.
fn is_browser(request: &Request) -> bool {
    request.headers().contains_key(header::ACCEPT) && admit::is_page(request)
}

/// Paths without a version lead to those of version 1.
async fn moved(uri: Uri) -> Response {
    let nothing = || failure(StatusCode::NOT_FOUND, "no such path; the list of paths is at /api");
    let Some(rest) = uri.path().strip_prefix("/api/").filter(|rest| !rest.starts_with("v1/"))
    else {
        return nothing();
    };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let place = format!("/api/v1/{rest}{query}");
    let detail = format!("this path is now /api/v1/{rest}");
    let mut response = Problem::new(StatusCode::PERMANENT_REDIRECT, detail).into_response();
    match header::HeaderValue::from_str(&place) {
        Ok(place) => drop(response.headers_mut().insert(header::LOCATION, place)),
        Err(_) => return nothing(),
    }
    response
}

async fn prometheus(State(api): State<Api>) -> Response {
    let progress = api.progress.borrow().clone();
    let reviews = sources::reviews_due(&api).len();
    match metrics::render(progress, &api.sql.doors, api.sql.snapshots.logs_read(), reviews) {
        Ok(text) => (
            [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")],
            text,
        )
            .into_response(),
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
