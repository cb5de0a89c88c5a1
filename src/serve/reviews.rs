//! How are verdicts reviewed over HTTP? Corrections, the queue of the least certain, and how often
//! people agreed.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;

use super::access::Viewer;
use super::api::{Api, Own};
use super::asked::SpanQuery;
use super::parameters::{Parameters, Sent};
use super::problem::{Problem, failed};
use crate::intent::Intent;
use crate::report::{Mention, ReportError, intent, none_of};
use crate::review::{Agreement, Correction, ReviewError, Seen, correct, reviews_of};
use crate::state::{StateError, verdict};

/// Mentions of a queue where nothing is said.
const QUEUE: usize = 20;

fn refused(error: ReportError) -> Response {
    Problem::from(error).into_response()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CorrectionBody {
    /// `negative`, `neutral` or `positive`: how the post is meant.
    polarity: Option<String>,
    /// Whether it speaks of the topic.
    relevant: Option<bool>,
    /// What its writer wants, as `["complaint", "churn"]`; `[]` for nothing.
    intents: Option<Vec<String>>,
    /// The verdict was found right.
    #[serde(default)]
    confirms: bool,
    /// Why.
    #[serde(default)]
    note: String,
    /// Who says so.
    author: String,
    /// Revision of the review that the author saw; 0 if there was none.
    #[serde(default)]
    revision: u64,
}

impl CorrectionBody {
    /// The correction; or what is wrong with it.
    fn correction(self) -> Result<Correction, ReportError> {
        let hint = "write negative, neutral or positive";
        let meant = |word: &str| verdict(word).ok_or_else(|| none_of("polarity", word, hint));
        let wanted = |names: Vec<String>| -> Result<Vec<Intent>, ReportError> {
            names.iter().map(|name| intent(name)).collect()
        };
        Ok(Correction {
            polarity: self.polarity.as_deref().map(meant).transpose()?,
            relevant: self.relevant,
            intents: self.intents.map(wanted).transpose()?,
            confirms: self.confirms,
            note: self.note,
            author: self.author,
            revision: self.revision,
        })
    }
}

/// Notes what a person says of a verdict; durable before it is answered.
pub(super) async fn review(
    State(api): State<Api>,
    Path(id): Path<String>,
    Extension(viewer): Extension<Viewer>,
    Sent(asked): Sent<CorrectionBody>,
) -> Result<Response, Response> {
    let asked = CorrectionBody { author: viewer.signs(asked.author), ..asked };
    let correction = asked.correction().map_err(refused)?;
    let own = Own::begin(&api).await?;
    match correct(&own.folder, api.sql.limits, &id, correction).await {
        Ok(review) => Ok((StatusCode::CREATED, Json(review)).into_response()),
        Err(error) => Err(problem(error)),
    }
}

fn problem(error: ReviewError) -> Response {
    let (hint, detail) = (error.hint(), error.to_string());
    let status = match error {
        ReviewError::Report(error) => return refused(error),
        ReviewError::Conflict(_) => StatusCode::CONFLICT,
        ReviewError::Nothing | ReviewError::Nobody | ReviewError::TooLong => {
            StatusCode::BAD_REQUEST
        }
        ReviewError::Lake(error) => match error.downcast_ref() {
            Some(StateError::NoState { .. }) => StatusCode::NOT_IMPLEMENTED,
            Some(StateError::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
            _ => return failed(&error),
        },
    };
    Problem::new(status, detail).hint(hint).into_response()
}

/// What people said of a mention, latest first.
pub(super) async fn of_mention(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Vec<Seen>>, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let mention = ask.plain_mention(&id).await.map_err(refused)?;
    let post = [mention.topic.as_str(), &mention.source, &mention.post_id];
    reviews_of(&ask, post).await.map(Json).map_err(refused)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QueueQuery {
    /// Name of the topic; without it all together.
    topic: Option<String>,
    /// As in `/api/v1/overview`; without it all that is kept.
    period: Option<String>,
    /// As in `/api/v1/overview`.
    zone: Option<String>,
    /// 1 to 100; 20 without it.
    limit: Option<usize>,
}

/// Mentions whose verdict is least certain and that nobody looked at.
pub(super) async fn queue(
    State(api): State<Api>,
    Parameters(asked): Parameters<QueueQuery>,
) -> Result<Json<Vec<Mention>>, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let QueueQuery { topic, period, zone, limit } = asked;
    let span = SpanQuery { period, from: None, to: None, zone };
    let span = span.span_if_any(&ask).map_err(refused)?;
    if let Some(topic) = &topic {
        ask.known_topic(topic).await.map_err(refused)?;
    }
    let found = ask.review_queue(topic.as_deref(), span.as_ref(), limit.unwrap_or(QUEUE)).await;
    found.map(Json).map_err(refused)
}

/// How often reviews found the scorer right; never by person.
pub(super) async fn agreement(
    State(api): State<Api>,
    Parameters(()): Parameters<()>,
) -> Result<Json<Agreement>, Response> {
    let own = Own::begin(&api).await?;
    own.ask(&api).await?.agreement().await.map(Json).map_err(refused)
}
