//! Who waits for an answer of ours, and what do people decide, over HTTP?

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};

use super::access::Viewer;
use super::answers::{listed, refused};
use super::api::{Api, Own};
use super::asked::TopicQuery;
use super::files::{self, Decimal, ListForm, file};
use super::parameters::{Parameters, Sent};
use super::problem::{Problem, failed};
use crate::inbox::{InboxDesk, InboxError, InboxOrder, Outcome, Step};
use crate::report::{
    HistoryStep, InboxSearch, ReportError, ServiceFigures, Turn, Waiting, standing,
};
use crate::state::{Standing, StateError};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InboxQuery {
    /// Names of topics, separated by commas, as in the further lists.
    topic: Option<String>,
    /// Names of sources.
    source: Option<String>,
    /// `open`, `assigned`, `answered`, `ignored`; without it the first two.
    state: Option<String>,
    /// Who takes care.
    owner: Option<String>,
    /// Only those beyond the promise.
    overdue: Option<bool>,
    /// `priority` or `due`; without it the first.
    order: Option<String>,
    /// Most mentions of the page, 50 without it, 200 at most; 10,000 of a file.
    limit: Option<usize>,
    /// `next` of the page before.
    after: Option<String>,
    /// `json` without it; `csv` or `excel` for a file of 10,000 mentions at most.
    format: Option<ListForm>,
    /// `point` without it, or `comma`: how numbers are written for Excel.
    decimal: Option<Decimal>,
}

/// States of a list of names.
pub(super) fn states(names: Option<String>) -> Result<Vec<Standing>, ReportError> {
    listed(names).iter().map(|name| standing(name)).collect()
}

/// The order of this name.
pub(super) fn turn(name: Option<&str>) -> Result<Turn, ReportError> {
    name.map_or(Ok(Turn::default()), Turn::named)
}

/// Mentions that may want an answer, the most urgent first, page by page, or as a file.
pub(super) async fn inbox(
    State(api): State<Api>,
    Parameters(asked): Parameters<InboxQuery>,
) -> Result<Response, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let search = InboxSearch {
        topics: listed(asked.topic),
        sources: listed(asked.source),
        states: states(asked.state).map_err(refused)?,
        owner: asked.owner,
        overdue: asked.overdue.unwrap_or_default(),
        turn: turn(asked.order.as_deref()).map_err(refused)?,
        limit: asked.limit,
        after: asked.after,
    };
    let Some(sheet) = asked.format.unwrap_or_default().sheet(asked.decimal) else {
        return Ok(Json(ask.inbox(&search).await.map_err(refused)?).into_response());
    };
    let inbox = ask.inbox_for_file(&search).await.map_err(refused)?;
    Ok(file(sheet, ("inbox", files::INBOX), &inbox.entries, inbox.next.as_deref()))
}

/// A mention of the inbox with its history.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    entry: Waiting,
    history: Vec<HistoryStep>,
}

/// One mention of the inbox, and what happened with it.
pub(super) async fn one(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Told>, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let entry = ask.waiting(&id).await.map_err(refused)?;
    let history = ask.history(&entry.mention.id).await.map_err(refused)?;
    Ok(Json(Told { entry, history }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeBody {
    /// The number of the state that was seen.
    revision: u64,
    /// `open`, `assigned`, `answered` or `ignored`; without it only the note is kept.
    state: Option<Standing>,
    /// Who takes care, for `assigned`; without it whoever changes it.
    owner: Option<String>,
    /// What else there is to say.
    note: Option<String>,
    /// Who changes it.
    changed_by: String,
}

impl ChangeBody {
    fn order(self, mention: String) -> InboxOrder {
        let step = match self.state {
            Some(Standing::Assigned) => {
                Step::Assign { to: self.owner.unwrap_or_else(|| self.changed_by.clone()) }
            }
            Some(Standing::Answered) => Step::Answer,
            Some(Standing::Ignored) => Step::Ignore,
            Some(Standing::Open) => Step::Reopen,
            None => Step::Note,
        };
        InboxOrder { mention, seen: self.revision, step, note: self.note, by: self.changed_by }
    }
}

/// Changes how a mention stands; how it stands now.
pub(super) async fn change(
    State(api): State<Api>,
    Path(id): Path<String>,
    Extension(viewer): Extension<Viewer>,
    Sent(asked): Sent<ChangeBody>,
) -> Result<Json<Waiting>, Response> {
    let asked = ChangeBody { changed_by: viewer.signs(asked.changed_by), ..asked };
    apply(&api, asked.order(id.clone())).await.map_err(unchanged)?;
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    ask.waiting(&id).await.map(Json).map_err(refused)
}

/// Makes a change.
pub(super) async fn apply(api: &Api, order: InboxOrder) -> Result<Outcome, Unchanged> {
    // Whoever waits for his place must not keep others from theirs: the lock comes second.
    let mut own = Own::begin(api).await.map_err(Unchanged::Answer)?;
    let desk = InboxDesk::open(&own.folder).await?;
    own.renew(api).await.map_err(Unchanged::Answer)?;
    let ask = own.ask(api).await.map_err(Unchanged::Answer)?;
    Ok(desk.apply(&ask, order).await?)
}

/// Why nothing was changed.
pub(super) enum Unchanged {
    Order(InboxError),
    /// The lake could not be asked.
    Answer(Response),
}

impl From<InboxError> for Unchanged {
    fn from(error: InboxError) -> Self {
        Self::Order(error)
    }
}

fn unchanged(why: Unchanged) -> Response {
    let error = match why {
        Unchanged::Answer(response) => return response,
        Unchanged::Order(error) => error,
    };
    match status(&error) {
        StatusCode::INTERNAL_SERVER_ERROR => failed(&error.into()),
        status => Problem::new(status, error.to_string()).hint(error.hint()).into_response(),
    }
}

/// How HTTP says why a change was not made.
pub(super) fn status(error: &InboxError) -> StatusCode {
    match error {
        InboxError::Conflict(_) => StatusCode::CONFLICT,
        InboxError::Missing(_) | InboxError::TooLong => StatusCode::BAD_REQUEST,
        InboxError::Report(ReportError::Wrong { .. }) => StatusCode::BAD_REQUEST,
        InboxError::Report(ReportError::Unknown { .. }) => StatusCode::NOT_FOUND,
        InboxError::Report(error) if error.is_limit() => StatusCode::UNPROCESSABLE_ENTITY,
        InboxError::State(StateError::NoState { .. }) => StatusCode::NOT_IMPLEMENTED,
        InboxError::State(StateError::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        InboxError::Report(_) | InboxError::State(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// How well mentions of a span were answered.
pub(super) async fn service(
    State(api): State<Api>,
    Parameters(asked): Parameters<TopicQuery>,
) -> Result<Json<ServiceFigures>, Response> {
    let own = Own::begin(&api).await?;
    let ask = own.ask(&api).await?;
    let (topic, span) = asked.known(&ask).await.map_err(refused)?;
    ask.service(topic.as_slice(), &span).await.map(Json).map_err(refused)
}
