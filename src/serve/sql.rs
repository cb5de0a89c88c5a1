//! How is SQL asked over HTTP? Answers stream, within limits; errors are JSON with the place.
//!
//! What fails before the first rows is answered with a status; what fails later breaks the
//! connection off, so that a part never passes for the whole.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::timeout_at;

use super::access::Viewer;
use super::api::Api;
use super::parameters::{Parameters, parse, says_json};
use super::problem::{Problem, failure};
use crate::config::Role;
use crate::lake::{Folder, LakeError};
use crate::sql::{Answer, AnswerWriter, QueryFormat, Sheet, SqlError};

/// Longest answer in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// A statement, and how its rows are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// One SELECT.
    q: Option<String>,
    /// `json`, `csv`, `excel` (CSV that Excel opens as it is) or `arrow`; by the header `accept` without it.
    format: Option<String>,
    /// `en` or `de`: how numbers are written for Excel.
    lang: Option<String>,
}

/// A statement as JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedInJson {
    /// One SELECT.
    sql: String,
}

/// Any SELECT over tables, views and functions of the lake.
pub(super) async fn by_address(
    State(api): State<Api>,
    Extension(viewer): Extension<Viewer>,
    Parameters(asked): Parameters<Asked>,
    headers: HeaderMap,
) -> Response {
    let Some(sql) = &asked.q else {
        return failure(StatusCode::BAD_REQUEST, "q is missing; write /api/v1/sql?q=SELECT ...");
    };
    ask((&api, &viewer), sql, &asked, &headers).await
}

/// The same with the statement as body: as text, or `{"sql": "..."}` as JSON. `q` is not read.
pub(super) async fn by_body(
    State(api): State<Api>,
    Extension(viewer): Extension<Viewer>,
    Parameters(asked): Parameters<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !says_json(&headers) {
        let Ok(sql) = std::str::from_utf8(&body) else {
            return failure(StatusCode::BAD_REQUEST, "body: the statement is not UTF-8");
        };
        return ask((&api, &viewer), sql, &asked, &headers).await;
    }
    match parse::<AskedInJson>(&body) {
        Ok(json) => ask((&api, &viewer), &json.sql, &asked, &headers).await,
        Err(why) => failure(StatusCode::BAD_REQUEST, &why),
    }
}

async fn ask(
    (api, viewer): (&Api, &Viewer),
    sql: &str,
    asked: &Asked,
    headers: &HeaderMap,
) -> Response {
    let Some(format) = format(asked, headers) else {
        let wrong = "format: write json, csv, excel or arrow; lang: write en or de";
        return failure(StatusCode::BAD_REQUEST, wrong);
    };
    let Ok(permit) = Arc::clone(&api.sql.free).try_acquire_owned() else {
        return failure(StatusCode::SERVICE_UNAVAILABLE, "too many queries at once");
    };
    let session = async {
        let folder = Folder::read(&api.lake)?;
        let session = api.sql.snapshots.session(&folder, api.sql.limits).await?;
        let mut session = session.aside(folder.site(), None);
        if viewer.role.allows(Role::Admin) {
            session.add_audit(&folder, sql).await?;
        }
        Ok::<_, LakeError>(session)
    };
    let session = match session.await {
        Ok(session) => session,
        Err(error) => return failure(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    let flow = session.query(sql).await.and_then(|answer| Flow::begin(answer, format, permit));
    let mut parts = match flow {
        Ok(flow) => flow.parts(),
        Err(error) => return Problem::from(&error).into_response(),
    };
    match next(&mut parts).await {
        Ok(first) => {
            let rest = stream::try_unfold(parts, |mut parts| async {
                Ok::<_, SqlError>(next(&mut parts).await?.map(|chunk| (chunk, parts)))
            });
            let chunks = stream::iter(first.map(Ok)).chain(rest);
            let kind = [(header::CONTENT_TYPE, media_type(format))];
            let mut answer = (kind, Body::from_stream(chunks)).into_response();
            if let QueryFormat::Sheet(_) = format {
                let named = HeaderValue::from_static("attachment; filename=\"resonanz.csv\"");
                answer.headers_mut().insert(header::CONTENT_DISPOSITION, named);
            }
            answer
        }
        Err(error) => Problem::from(&error).into_response(),
    }
}

/// Parts of an answer as they come; `None` inside is its end.
type Parts = mpsc::Receiver<Result<Option<Vec<u8>>, SqlError>>;

/// The next part; `None` at the end. Parts that stop without an end were not taken in time.
async fn next(parts: &mut Parts) -> Result<Option<Vec<u8>>, SqlError> {
    parts.recv().await.unwrap_or_else(|| Err(SqlError::broken("it was interrupted")))
}

fn format(asked: &Asked, headers: &HeaderMap) -> Option<QueryFormat> {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let decimal = match asked.lang.as_deref() {
        None | Some("en") => '.',
        Some("de") => ',',
        Some(_) => return None,
    };
    match (asked.format.as_deref(), accepted.unwrap_or_default()) {
        (Some("excel"), _) => Some(QueryFormat::Sheet(Sheet::excel(decimal))),
        (Some("json"), _) => Some(QueryFormat::Json),
        (Some("csv"), _) => Some(QueryFormat::Csv),
        (Some("arrow"), _) => Some(QueryFormat::Arrow),
        (Some(_), _) => None,
        (None, accepted) if accepted.contains("application/vnd.apache.arrow.stream") => {
            Some(QueryFormat::Arrow)
        }
        (None, accepted) if accepted.contains("text/csv") => Some(QueryFormat::Csv),
        (None, _) => Some(QueryFormat::Json),
    }
}

fn media_type(format: QueryFormat) -> &'static str {
    match format {
        QueryFormat::Json => "application/json",
        QueryFormat::Csv | QueryFormat::Sheet(_) => "text/csv; charset=utf-8",
        QueryFormat::Arrow => "application/vnd.apache.arrow.stream",
        QueryFormat::Table => "text/plain; charset=utf-8",
    }
}

/// An answer on its way out.
struct Flow {
    answer: Answer,
    /// None after the end.
    writer: Option<AnswerWriter<Chunk>>,
    chunk: Chunk,
    sent_bytes: usize,
    _permit: OwnedSemaphorePermit,
}

impl Flow {
    fn begin(
        answer: Answer,
        format: QueryFormat,
        permit: OwnedSemaphorePermit,
    ) -> Result<Self, SqlError> {
        let chunk = Chunk::default();
        let writer = AnswerWriter::new(format, chunk.clone(), &answer.schema())?;
        Ok(Self { answer, writer: Some(writer), chunk, sent_bytes: 0, _permit: permit })
    }

    /// Its parts, made as they are taken, until the query's time is over: then it ends and leaves
    /// its place, whether somebody still reads or not.
    fn parts(mut self) -> Parts {
        let (sender, parts) = mpsc::channel(1);
        let end = self.answer.end();
        tokio::spawn(async move {
            loop {
                let part = self.next().await;
                let is_last = !matches!(part, Ok(Some(_)));
                let taken = timeout_at(end, sender.send(part)).await;
                if is_last || !matches!(taken, Ok(Ok(()))) {
                    return;
                }
            }
        });
        parts
    }

    /// The next bytes; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, SqlError> {
        while let Some(mut writer) = self.writer.take() {
            match self.answer.next().await? {
                Some(batch) => {
                    writer.write(&batch)?;
                    self.writer = Some(writer);
                }
                None => drop(writer.finish()?),
            }
            let bytes = self.chunk.take();
            self.sent_bytes += bytes.len();
            if self.sent_bytes > ANSWER_BYTES_MAX {
                return Err(SqlError::too_long(ANSWER_BYTES_MAX));
            }
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

/// Bytes between the writer and the body.
#[derive(Debug, Clone, Default)]
struct Chunk(Arc<Mutex<Vec<u8>>>);

impl Chunk {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Chunk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
