//! How do requests reach the doors of sources? By the name of the source, under `/ingest`.
//!
//! A door knows who may send something, so host names of `[serve]` do not count here. A token of
//! `[serve]` with the role `ingest` opens those doors whose senders show a token.
//! Bodies that are read or taken in at once are bounded over all doors.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::access::Access;
use super::length::is_length;
use crate::config::Role;
use crate::connect::{Door, Head, Reply, Said};
use crate::live::Progress;

/// Longest time for a body.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// Bodies that are read or taken in at once, in KiB.
const ROOM_KIB: usize = 128 << 10;

/// Longest wait of a request while another configuration is taken.
const RELOAD_TIME_MAX: Duration = Duration::from_secs(20);

type Named = Arc<[(String, Arc<dyn Door>)]>;

/// The doors of the sources of a process. Clones are the same doors.
#[derive(Debug, Clone)]
pub struct Doors {
    list: Arc<RwLock<Named>>,
    room: Arc<Semaphore>,
}

/// What these routes need.
#[derive(Debug, Clone)]
struct Hall {
    doors: Doors,
    access: Access,
    progress: watch::Receiver<Progress>,
}

impl Doors {
    /// Doors by the names of their sources.
    #[must_use]
    pub fn new(list: impl Iterator<Item = (String, Arc<dyn Door>)>) -> Self {
        let list = Arc::new(RwLock::new(list.collect()));
        Self { list, room: Arc::new(Semaphore::new(ROOM_KIB)) }
    }

    /// Puts other doors in the place of these, for all clones.
    pub fn replace(&self, list: impl Iterator<Item = (String, Arc<dyn Door>)>) {
        *self.list.write().unwrap_or_else(PoisonError::into_inner) = list.collect();
    }

    fn find(&self, name: Option<&str>) -> Result<Arc<dyn Door>, Reply> {
        let list = Arc::clone(&self.list.read().unwrap_or_else(PoisonError::into_inner));
        let names: Vec<&str> = list.iter().map(|(name, _)| name.as_str()).collect();
        let hint = match names.as_slice() {
            [] => "add a [[source]] with type = \"ingest\" to what runs here".to_owned(),
            names => format!("send to /ingest/NAME, with one of {}", names.join(", ")),
        };
        let found = match (name, &*list) {
            (None, [(_, only)]) => Some(only),
            (None, _) => None,
            (Some(name), list) => list.iter().find(|(own, _)| own == name).map(|(_, door)| door),
        };
        let error = name.map_or_else(
            || "which source is meant?".to_owned(),
            |name| format!("no source that takes requests is called \"{name}\""),
        );
        found.cloned().ok_or_else(|| Reply::refusal(404, &error, &hint))
    }
}

impl Default for Doors {
    fn default() -> Self {
        Self::new(std::iter::empty())
    }
}

/// The routes; without the state of the API, which they do not share.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(
    doors: Doors,
    access: Access,
    progress: watch::Receiver<Progress>,
) -> Router<S> {
    let hall = Hall { doors, access, progress };
    Router::new().route("/ingest", any(only)).route("/ingest/{name}", any(named)).with_state(hall)
}

async fn only(State(hall): State<Hall>, request: Request) -> Response {
    hall.answer(None, request).await
}

async fn named(State(hall): State<Hall>, Path(name): Path<String>, request: Request) -> Response {
    hall.answer(Some(&name), request).await
}

impl Hall {
    async fn answer(&self, name: Option<&str>, request: Request) -> Response {
        let mut head = head(&request);
        let known = self.access.token(request.headers());
        head.is_trusted = known.is_some_and(|viewer| viewer.role.allows(Role::Ingest));
        let body = request.into_body();
        let read = match self.read(name, &head, body).await {
            Ok(read) => read,
            Err(reply) => {
                let mut refused = response(*reply);
                // The rest of the body is not waited for.
                let close = HeaderValue::from_static("close");
                refused.headers_mut().insert(header::CONNECTION, close);
                return refused;
            }
        };
        let (door, body, _room) = read;
        response(door.take(&head, &body).await)
    }

    /// The door, and the whole body, if somebody may send it and there is room.
    async fn read(
        &self,
        name: Option<&str>,
        head: &Head,
        body: Body,
    ) -> Result<(Arc<dyn Door>, Vec<u8>, OwnedSemaphorePermit), Box<Reply>> {
        // Who comes while another configuration is taken is led to its doors.
        let mut progress = self.progress.clone();
        let taken = progress.wait_for(|progress| !progress.rounds.under_way);
        let _ = tokio::time::timeout(RELOAD_TIME_MAX, taken).await;
        let door = self.doors.find(name)?;
        if self.access.is_closed() && !door.is_guarded() && !head.is_trusted {
            let hint =
                "send the header authorization: Bearer TOKEN, with a token of the role ingest";
            return Err(Box::new(Reply::refusal(401, "this source wants a token", hint)));
        }
        door.ready().await;
        door.admit(head)?;
        if let Some(trouble) = &self.progress.borrow().trouble {
            let error = format!("the lake cannot be written: {}", trouble.why);
            let hint = format!("send it again later. {}", trouble.hint);
            return Err(Box::new(Reply::later(503, &error, hint.trim(), 10)));
        }
        let most = door.body_bytes_max();
        let length = head.header("content-length").and_then(|length| length.parse().ok());
        if body.size_hint().lower() > u64::try_from(most).unwrap_or(u64::MAX) {
            return Err(Box::new(too_large(most)));
        }
        // What is packed may become as long as a body can be.
        let is_plain = head.header("content-encoding").is_none();
        let needed = length.filter(|_| is_plain).map_or(most, |length: usize| length.min(most));
        let needed = u32::try_from(needed.div_ceil(1 << 10)).unwrap_or(u32::MAX).max(1);
        let room = Arc::clone(&self.doors.room).try_acquire_many_owned(needed);
        let room = room.map_err(|_| {
            let hint = "send it again, with the same idempotency-key if it had one";
            Box::new(Reply::later(429, "requests arrive faster than they can be stored", hint, 5))
        })?;
        let read = tokio::time::timeout(BODY_TIME_MAX, to_bytes(body, most)).await;
        let read = read.map_err(|_| {
            let error = format!("the body did not come within {} s", BODY_TIME_MAX.as_secs());
            Reply::refusal(408, &error, "send less at once")
        })?;
        let bytes = read.map_err(|error| {
            if is_length(&error) {
                return too_large(most);
            }
            Reply::refusal(400, "the body did not come whole", "send it again")
        })?;
        Ok((door, bytes.to_vec(), room))
    }
}

fn too_large(most: usize) -> Reply {
    let error = format!("the body has more than {} MiB", most >> 20);
    Reply::refusal(413, &error, "send less at once, or set body_mib of this source")
}

fn head(request: &Request) -> Head {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let headers = request.headers().iter();
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    Head {
        method: request.method().as_str().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: headers.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        peer: peer.map(|ConnectInfo(address)| address.ip()),
        is_trusted: false,
    }
}

fn response(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match reply.body {
        Said::Json(body) => (status, axum::Json(body)).into_response(),
        Said::Plain(text) => (status, text).into_response(),
    };
    if let Some(seconds) = reply.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
