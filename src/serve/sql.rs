//! How is SQL asked over HTTP? Answers stream, within limits; errors are JSON with the place.
//!
//! What fails before the first rows is answered with a status; what fails later breaks the
//! connection off, so that a part never passes for the whole.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{timeout, timeout_at};

use super::api::{Api, failure};
use super::door::Doors;
use super::parameters::{Parameters, parse, says_json};
use crate::config::SqlConfig;
use crate::lake::{Folder, LakeError};
use crate::sql::{
    Answer, AnswerWriter, Limits, QueryFormat, Session, Snapshots, SqlError, SqlFault,
};

/// Longest answer in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// What queries from outside may use together.
#[derive(Debug, Clone)]
pub struct SqlGate {
    pub(super) limits: Limits,
    pub(super) free: Arc<Semaphore>,
    /// For questions whose SQL is ours, which are answered where SQL is switched off, too.
    pub(super) own: Arc<Semaphore>,
    pub(super) doors: Arc<Doors>,
    /// The tables as questions over HTTP last found them.
    pub(super) snapshots: Arc<Snapshots>,
}

impl SqlGate {
    /// So many queries at once, each within limits.
    #[must_use]
    pub fn new(limits: Limits, concurrent: usize) -> Self {
        Self {
            limits,
            free: Arc::new(Semaphore::new(concurrent)),
            own: Arc::new(Semaphore::new(concurrent.max(1))),
            doors: Arc::default(),
            snapshots: Arc::default(),
        }
    }

    /// What a configuration allows.
    #[must_use]
    pub fn of(config: SqlConfig) -> Self {
        let time = Duration::from_micros(u64::try_from(config.timeout_us).unwrap_or_default());
        Self::new(Limits { time, memory_mib: config.memory_mib }, config.concurrent)
    }
}

/// A question of ours: the lake, open within the limits of all SQL, and its place among others.
pub(super) struct Own {
    pub(super) folder: Folder,
    pub(super) session: Session,
    _place: OwnedSemaphorePermit,
}

impl Own {
    /// Who comes while too many are answered waits as long as a query may take.
    ///
    /// # Errors
    /// What to answer, when there is no place in time, or the lake cannot be read.
    pub(super) async fn begin(api: &Api) -> Result<Self, Response> {
        let limits = api.sql.limits;
        let waited = timeout(limits.time, Arc::clone(&api.sql.own).acquire_owned());
        let Ok(Ok(place)) = waited.await else {
            return Err(failure(StatusCode::SERVICE_UNAVAILABLE, "too many queries at once"));
        };
        let opened = async {
            let folder = Folder::read(&api.lake)?;
            let session = api.sql.snapshots.session(&folder, limits).await?;
            Ok::<_, LakeError>(Self { folder, session, _place: place })
        };
        opened.await.map_err(|error| failed(&error.into()))
    }
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

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/api/sql", get(by_address).post(by_body))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    q: Option<String>,
    format: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedInJson {
    sql: String,
}

async fn by_address(
    State(api): State<Api>,
    Parameters(asked): Parameters<Asked>,
    headers: HeaderMap,
) -> Response {
    let Some(sql) = &asked.q else {
        return failure(StatusCode::BAD_REQUEST, "q is missing; write /api/sql?q=SELECT ...");
    };
    ask(&api, sql, &asked, &headers).await
}

/// The body is SQL, or `{"sql": "..."}` as JSON.
async fn by_body(
    State(api): State<Api>,
    Parameters(asked): Parameters<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !says_json(&headers) {
        let Ok(sql) = std::str::from_utf8(&body) else {
            return failure(StatusCode::BAD_REQUEST, "body: the statement is not UTF-8");
        };
        return ask(&api, sql, &asked, &headers).await;
    }
    match parse::<AskedInJson>(&body) {
        Ok(json) => ask(&api, &json.sql, &asked, &headers).await,
        Err(why) => failure(StatusCode::BAD_REQUEST, &why),
    }
}

async fn ask(api: &Api, sql: &str, asked: &Asked, headers: &HeaderMap) -> Response {
    let Some(format) = format(asked.format.as_deref(), headers) else {
        return failure(StatusCode::BAD_REQUEST, "format: write json, csv or arrow");
    };
    let Ok(permit) = Arc::clone(&api.sql.free).try_acquire_owned() else {
        let busy = failure(StatusCode::SERVICE_UNAVAILABLE, "too many queries at once");
        return ([(header::RETRY_AFTER, "1")], busy).into_response();
    };
    let session = async {
        let folder = Folder::read(&api.lake)?;
        api.sql.snapshots.session(&folder, api.sql.limits).await
    };
    let session = match session.await {
        Ok(session) => session,
        Err(error) => return failure(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    let flow = session.query(sql).await.and_then(|answer| Flow::begin(answer, format, permit));
    let mut parts = match flow {
        Ok(flow) => flow.parts(),
        Err(error) => return wrong(&error),
    };
    match next(&mut parts).await {
        Ok(first) => {
            let rest = stream::try_unfold(parts, |mut parts| async {
                Ok::<_, SqlError>(next(&mut parts).await?.map(|chunk| (chunk, parts)))
            });
            let chunks = stream::iter(first.map(Ok)).chain(rest);
            ([(header::CONTENT_TYPE, media_type(format))], Body::from_stream(chunks))
                .into_response()
        }
        Err(error) => wrong(&error),
    }
}

/// Parts of an answer as they come; `None` inside is its end.
type Parts = mpsc::Receiver<Result<Option<Vec<u8>>, SqlError>>;

/// The next part; `None` at the end. Parts that stop without an end were not taken in time.
async fn next(parts: &mut Parts) -> Result<Option<Vec<u8>>, SqlError> {
    parts.recv().await.unwrap_or_else(|| Err(SqlError::broken("it was broken off")))
}

fn format(asked: Option<&str>, headers: &HeaderMap) -> Option<QueryFormat> {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    match (asked, accepted.unwrap_or_default()) {
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
        QueryFormat::Csv => "text/csv; charset=utf-8",
        QueryFormat::Arrow => "application/vnd.apache.arrow.stream",
        QueryFormat::Table => "text/plain; charset=utf-8",
    }
}

fn wrong(error: &SqlError) -> Response {
    let status = match error.fault {
        SqlFault::Statement => StatusCode::BAD_REQUEST,
        SqlFault::Limit => StatusCode::UNPROCESSABLE_ENTITY,
        SqlFault::Damage | SqlFault::Other => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let (line, column) = error.place.unzip();
    let body = json!({
        "error": error.message,
        "line": line,
        "column": column,
        "shown": error.shown,
        "hint": error.hint,
    });
    (status, axum::Json(body)).into_response()
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
