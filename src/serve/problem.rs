//! What does whoever asked wrongly read? Problem details of RFC 9457, with what to do about it.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::report::ReportError;
use crate::sql::{SqlError, SqlFault};

/// The media type of problems.
const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not answered as asked, after RFC 9457.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    /// `urn:resonanz:problem:` and the kind.
    #[serde(rename = "type")]
    pub(super) name: String,
    /// For programs: `wrong`, `unauthorized`, `forbidden`, `unknown`, `method`, `slow`, `conflict`,
    /// `changed`, `unconditional`, `large`, `media-type`, `limit`, `internal`, `stateless` or `busy`.
    pub(super) kind: String,
    /// What that means in general.
    pub(super) title: String,
    /// The HTTP status.
    pub(super) status: u16,
    /// What is wrong here.
    pub(super) detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<String>,
    /// In a statement, the line of the mistake, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u64>,
    /// In that line, its column, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) column: Option<u64>,
    /// The line with a mark below the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shown: Option<String>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let (kind, title) = match status.as_u16() {
            400 => ("wrong", "The request cannot be understood"),
            401 => ("unauthorized", "Who asks is not known"),
            403 => ("forbidden", "This is not allowed from here"),
            404 => ("unknown", "There is nothing of this name"),
            405 => ("method", "The path knows other methods"),
            408 => ("slow", "The request took too long to arrive"),
            409 => ("conflict", "That does not fit how things stand"),
            413 => ("large", "The request is too large"),
            415 => ("media-type", "The body is of another type"),
            422 => ("limit", "The answer needs more than is allowed"),
            412 => ("changed", "It has changed since you saw it"),
            428 => ("unconditional", "Say which version you mean"),
            429 => ("busy", "Too many are asking"),
            501 => ("stateless", "The lake has no state folder here"),
            503 => ("busy", "Too many are asking"),
            _ => ("internal", "Something failed here"),
        };
        Self {
            name: format!("urn:resonanz:problem:{kind}"),
            kind: kind.to_owned(),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            ..Self::default()
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let media_type = header::HeaderValue::from_static(MEDIA_TYPE);
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let soon = header::HeaderValue::from_static("1");
            response.headers_mut().insert(header::RETRY_AFTER, soon);
        }
        response
    }
}

impl From<&SqlError> for Problem {
    fn from(error: &SqlError) -> Self {
        let status = match error.fault {
            SqlFault::Statement => StatusCode::BAD_REQUEST,
            SqlFault::Limit => StatusCode::UNPROCESSABLE_ENTITY,
            SqlFault::Damage | SqlFault::Other => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let place = error.place.map(|(line, column)| (line as u64, column as u64));
        let (line, column) = place.unzip();
        let shown = Some(error.shown.to_string()).filter(|shown| !shown.is_empty());
        Self { line, column, shown, ..Self::new(status, error.message.clone()) }
            .hint(error.hint.clone())
    }
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        let status = match &error {
            ReportError::Wrong { .. } => StatusCode::BAD_REQUEST,
            ReportError::Unknown { .. } => StatusCode::NOT_FOUND,
            ReportError::Sql(_) if error.is_limit() => StatusCode::UNPROCESSABLE_ENTITY,
            ReportError::Sql(_) | ReportError::Other(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string()).hint(error.hint())
    }
}

/// A problem that needs no more than a sentence.
pub(super) fn failure(status: StatusCode, detail: &str) -> Response {
    Problem::new(status, detail).into_response()
}

/// Why a question of ours has no answer.
pub(super) fn failed(error: &anyhow::Error) -> Response {
    match error.downcast_ref::<SqlError>() {
        Some(limit) if limit.fault == SqlFault::Limit => {
            failure(StatusCode::UNPROCESSABLE_ENTITY, &limit.to_string())
        }
        _ => failure(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error:#}")),
    }
}
