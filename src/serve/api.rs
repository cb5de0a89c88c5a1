//! What can be asked over HTTP?

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::parameters::Parameters;
use super::sql::{self, Own, SqlGate, failed};
use super::{desk, door, intake, metrics, sources};
use crate::lake::quoted;
use crate::live::Progress;
use crate::mention::Topic;
use crate::sql::QueryFormat;
use crate::state::Site;
use crate::time::{EventTime, parse_span};

/// Most rows of one answer.
pub(super) const ROWS_MAX: usize = 10_000;

/// What the API reads.
#[derive(Debug, Clone)]
pub struct Api {
    /// State of the running process.
    pub progress: watch::Receiver<Progress>,
    /// Where the lake is.
    pub lake: Site,
    /// What is listened for.
    pub topics: Arc<[Topic]>,
    /// What whoever wants to change something must know, if anything.
    pub token: Option<Arc<str>>,
    /// Names under which it is asked, beside addresses and names without a dot.
    pub hosts: Arc<[String]>,
    /// What queries may use.
    pub sql: SqlGate,
}

impl FromRef<Api> for watch::Receiver<Progress> {
    fn from_ref(api: &Api) -> Self {
        api.progress.clone()
    }
}

/// Serves until the task is aborted.
pub async fn serve(listener: TcpListener, api: Api) {
    let (time, doors) = (api.sql.limits.time, Arc::clone(&api.sql.doors));
    let router = Router::new()
        .route("/", get(index))
        .route("/healthz", get(sources::health))
        .route("/metrics", get(prometheus))
        .route("/api/sources", get(sources::list))
        .route("/api/topics", get(topics))
        .route("/api/trends", get(trends))
        .route("/api/drivers", get(drivers))
        .merge(desk::routes(&api))
        .merge(sql::routes())
        .fallback(nothing)
        .method_not_allowed_fallback(not_so)
        .layer(from_fn_with_state(api.clone(), intake::hear))
        .with_state(api);
    door::serve(listener, router, time, &doors).await;
}

async fn index() -> &'static str {
    "resonanz\n\
     GET /healthz\n\
     GET /metrics\n\
     GET /api/sources\n\
     GET /api/topics\n\
     GET /api/trends?topic=NAME&from=RFC3339&to=RFC3339&step=1h\n\
     GET /api/drivers?topic=NAME&from=RFC3339&to=RFC3339&against_from=RFC3339&against_to=RFC3339\n\
     GET /api/alerts?state=firing&topic=NAME\n\
     GET /api/alerts/ID\n\
     POST, DELETE /api/alerts/ID/ack\n\
     POST /api/messages/ID/resend\n\
     GET, POST /api/silences\n\
     DELETE /api/silences/ID\n\
     GET /api/sql?q=SELECT&format=json, csv or arrow; POST with the SQL as body\n"
}

async fn nothing() -> Response {
    failure(StatusCode::NOT_FOUND, "no such path; the list of paths is at /")
}

async fn not_so() -> Response {
    failure(StatusCode::METHOD_NOT_ALLOWED, "the path exists, but not with this method; see /")
}

async fn prometheus(State(api): State<Api>) -> Response {
    let progress = api.progress.borrow().clone();
    match metrics::render(progress, &api.sql.doors, api.sql.snapshots.logs_read()) {
        Ok(text) => (
            [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")],
            text,
        )
            .into_response(),
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

async fn topics(State(api): State<Api>) -> axum::Json<Value> {
    let progress = api.progress.borrow();
    let counts = progress.topics.iter().map(|count| (count.name.as_str(), count));
    let counts: std::collections::HashMap<_, _> = counts.collect();
    let list = api.topics.iter().map(|topic| {
        let count = counts.get(topic.name.as_str());
        json!({
            "name": topic.name,
            "query": topic.query,
            "brand": topic.brand,
            "group": topic.group,
            "mentions": count.map_or(0, |count| count.mentions),
            "negative": count.map_or(0, |count| count.negative),
        })
    });
    axum::Json(Value::Array(list.collect()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrendQuery {
    topic: Option<String>,
    from: Option<String>,
    to: Option<String>,
    step: Option<String>,
}

/// Closed panes summed by topic and step.
async fn trends(State(api): State<Api>, Parameters(asked): Parameters<TrendQuery>) -> Response {
    let step_us = match parse_span(asked.step.as_deref().unwrap_or("1h")) {
        Ok(step_us) if step_us >= crate::time::MINUTE_US => step_us,
        Ok(_) => {
            return failure(
                StatusCode::BAD_REQUEST,
                "step: panes are one minute wide; give 1m or more",
            );
        }
        Err(error) => return failure(StatusCode::BAD_REQUEST, &format!("step: {error}")),
    };
    let mut wanted = vec!["true".to_owned()];
    for (column, operator, value) in [("from", ">=", &asked.from), ("to", "<", &asked.to)] {
        let Some(value) = value else { continue };
        match EventTime::parse(value) {
            Ok(time) => wanted.push(format!("start {operator} to_timestamp_micros({})", time.0)),
            Err(error) => return failure(StatusCode::BAD_REQUEST, &format!("{column}: {error}")),
        }
    }
    wanted.extend(asked.topic.as_deref().map(equals));
    let step = format!("INTERVAL '{} seconds'", step_us / crate::time::SECOND_US);
    let sql = format!(
        "SELECT date_bin({step}, start) AS start, topic, sum(mentions) AS mentions, sum(negative) AS negative, \
         sum(neutral) AS neutral, sum(positive) AS positive, \
         round(sum(score_sum) / 10000.0 / sum(mentions), 4) AS mean_score \
         FROM panes WHERE {} GROUP BY 1, 2 ORDER BY 1, 2 LIMIT {ROWS_MAX}",
        wanted.join(" AND "),
    );
    answer(&api, &sql).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DriverQuery {
    topic: String,
    from: String,
    to: String,
    against_from: Option<String>,
    against_to: Option<String>,
    polarity: Option<String>,
}

/// What tells one span of a topic from another, by the table function of the same name.
async fn drivers(State(api): State<Api>, Parameters(asked): Parameters<DriverQuery>) -> Response {
    let mut spans = vec![("from", asked.from), ("to", asked.to)];
    match (asked.against_from, asked.against_to) {
        (Some(from), Some(to)) => spans.extend([("against_from", from), ("against_to", to)]),
        (None, None) => {}
        _ => {
            return failure(
                StatusCode::BAD_REQUEST,
                "give against_from and against_to, or neither",
            );
        }
    }
    let mut times = Vec::new();
    for (name, value) in spans {
        match EventTime::parse(&value) {
            Ok(time) => times.push(time),
            Err(error) => return failure(StatusCode::BAD_REQUEST, &format!("{name}: {error}")),
        }
    }
    if let &[from, to, ..] = times.as_slice()
        && times.len() == 2
    {
        times.extend([from.shift(-to.since(from)), from]);
    }
    if times.chunks(2).any(|span| span.first() >= span.last()) {
        return failure(StatusCode::BAD_REQUEST, "a span ends after it begins");
    }
    let polarity = asked.polarity.unwrap_or_else(|| "negative".to_owned());
    if !["negative", "neutral", "positive", "all"].contains(&polarity.as_str()) {
        let known = "polarity: give negative, neutral, positive or all";
        return failure(StatusCode::BAD_REQUEST, known);
    }
    let times = times.iter().map(|time| quoted(&time.to_string())).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT term, posts, usual, round(z, 2) AS z FROM drivers({}, {times}, {})",
        quoted(&asked.topic),
        quoted(&polarity),
    );
    answer(&api, &sql).await
}

/// A condition on the topic.
fn equals(topic: &str) -> String {
    format!("topic = {}", quoted(topic))
}

/// Answers a question of ours.
async fn answer(api: &Api, sql: &str) -> Response {
    let own = match Own::begin(api).await {
        Ok(own) => own,
        Err(refusal) => return refusal,
    };
    let read = async {
        let mut body = Vec::new();
        own.session.query(sql).await?.write(QueryFormat::Json, &mut body).await?;
        anyhow::Ok(body)
    };
    match read.await {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => failed(&error),
    }
}

/// An error as JSON.
pub(super) fn failure(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(json!({"error": message}))).into_response()
}
