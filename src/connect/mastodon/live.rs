//! How do the streams of an instance come? All over one WebSocket, or each by server-sent events.

use futures_util::FutureExt;
use futures_util::future::select_all;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use url::Url;

use super::settings::Transport;
use super::timeline::{Timeline, below};
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{
    EventReader, EventStream, Http, Incoming, Refusal, Sent, SentEvent, WebSocket,
};
use crate::secret::Secret;

/// Things taken at once, and their bytes.
const TAKEN_MAX: usize = 1_024;
const TAKEN_BYTES_MAX: usize = 1 << 20;

/// What came.
#[derive(Debug)]
pub(super) enum Heard {
    /// A frame of the WebSocket.
    Frame(Vec<u8>),
    /// An event on the stream of the timeline at this place.
    Event(usize, SentEvent),
    /// Something of this many bytes, passed over.
    TooLarge(u64),
}

/// Open streams.
#[derive(Debug)]
pub(super) enum Live {
    Socket(Box<WebSocket>),
    Events(Vec<EventStream>),
    /// The instance has no streams: only its timelines tell.
    None,
}

/// How streams are opened.
#[derive(Debug)]
pub(super) struct Opening<'a> {
    pub(super) http: &'a Http,
    pub(super) streaming: &'a Url,
    pub(super) token: &'a Secret,
    pub(super) timelines: &'a [Timeline],
}

impl Opening<'_> {
    /// Opens every stream: over a WebSocket unless the user wants it otherwise or the server has
    /// none.
    ///
    /// # Errors
    /// Why they do not open, and whose fault that is.
    pub(super) async fn open(
        &self,
        transport: Option<Transport>,
        readers: &mut Vec<EventReader>,
        outlet: &Outlet,
    ) -> Result<Live, Fault> {
        if transport != Some(Transport::Events) {
            match self.socket(outlet).await? {
                Ok(socket) => return Ok(Live::Socket(Box::new(socket))),
                Err(refusal) => {
                    let status = refusal.status.map_or(0, |status| status.as_u16());
                    // What a server or proxy without WebSockets says.
                    let has_none = matches!(status, 200 | 400 | 404 | 405 | 426 | 501);
                    if !has_none || transport.is_some() {
                        return Err(socket_fault(refusal));
                    }
                    tracing::info!(reason = refusal.reason, "no WebSocket, so by events");
                }
            }
        }
        readers.resize_with(self.timelines.len(), EventReader::default);
        let mut streams = Vec::new();
        for (timeline, reader) in self.timelines.iter().zip(readers) {
            let url = timeline.stream_url(self.streaming);
            let request = self.http.get(url.as_str()).bearer_auth(self.token.expose());
            let reader = std::mem::take(reader);
            match EventStream::open(self.http, request, reader, outlet).await {
                // As Pixelfed has it.
                Err(Fault::User { reason, .. }) if transport.is_none() && is_absence(&reason) => {
                    return Ok(Live::None);
                }
                opened => streams.push(opened?),
            }
        }
        Ok(Live::Events(streams))
    }

    async fn socket(&self, outlet: &Outlet) -> Result<Result<WebSocket, Refusal>, Fault> {
        let url = below(self.streaming, &["api", "v1", "streaming"]);
        // Some servers open no socket that asks for nothing.
        let first = self.timelines.first().map(|timeline| timeline.asked(url.clone()));
        let url = first.unwrap_or(url);
        let url = url.as_str().replacen("http", "ws", 1);
        let dialed = tokio::select! {
            dialed = WebSocket::dial_with(&url, self.headers()?) => dialed,
            () = outlet.closing() => return Err(Fault::Closed),
        };
        let Ok(mut socket) = dialed else { return Ok(dialed) };
        for timeline in self.timelines {
            socket.say(&timeline.subscription()).await.map_err(Fault::external)?;
        }
        Ok(Ok(socket))
    }

    fn headers(&self) -> Result<HeaderMap, Fault> {
        let mut value =
            HeaderValue::try_from(format!("Bearer {}", self.token.expose())).map_err(|_| {
                Fault::user("the token holds characters that no token has", "copy it again")
            })?;
        value.set_sensitive(true);
        let mut headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        // Where Pleroma and its kin look for it.
        if let Ok(mut token) = HeaderValue::try_from(self.token.expose()) {
            token.set_sensitive(true);
            headers.insert(SEC_WEBSOCKET_PROTOCOL, token);
        }
        Ok(headers)
    }
}

/// Whether a refusal says that there is no such thing.
fn is_absence(reason: &str) -> bool {
    let says = |status: &str| reason.starts_with(&format!("the server answers {status}"));
    ["404", "405", "410"].into_iter().any(says)
}

fn socket_fault(refusal: Refusal) -> Fault {
    let hint = match refusal.status.map(|status| status.as_u16()) {
        Some(401) => "make a new access token: Preferences, Development, your application",
        Some(403) => "give the token's application the scope read:statuses, and make a new token",
        _ => return refusal.fault(),
    };
    Fault::user(refusal.reason, hint)
}

impl Live {
    /// Waits until something comes. May be dropped while it waits.
    ///
    /// # Errors
    /// Why a stream is lost; what came before is in `heard`.
    pub(super) async fn wait(&mut self, heard: &mut Vec<Heard>) -> Result<(), String> {
        match self {
            Self::Socket(socket) => socket.fill().await,
            Self::None => std::future::pending().await,
            Self::Events(streams) => {
                let filling = streams.iter_mut().enumerate().map(|(place, stream)| {
                    async move {
                        let mut found = Vec::new();
                        let filled = stream.fill(&mut found).await;
                        (place, found, filled)
                    }
                    .boxed()
                });
                let ((place, found, filled), ..) = select_all(filling).await;
                heard.extend(found.into_iter().map(|sent| match sent {
                    Sent::Event(event) => Heard::Event(place, event),
                    Sent::TooLarge(length) => {
                        Heard::TooLarge(u64::try_from(length).unwrap_or(u64::MAX))
                    }
                }));
                filled
            }
        }
    }

    /// Takes what is there.
    ///
    /// # Errors
    /// Why a stream is lost; what came before is in `heard`.
    pub(super) async fn take(&mut self, heard: &mut Vec<Heard>) -> Result<(), String> {
        match self {
            Self::Socket(socket) => take_all(socket, heard).await,
            Self::Events(_) | Self::None => Ok(()),
        }
    }

    /// Says goodbye.
    pub(super) async fn close(self) {
        if let Self::Socket(socket) = self {
            socket.close().await;
        }
    }

    /// What is to be remembered of streams that ended.
    pub(super) fn into_readers(self) -> Vec<EventReader> {
        match self {
            Self::Socket(_) | Self::None => Vec::new(),
            Self::Events(streams) => streams.into_iter().map(EventStream::into_reader).collect(),
        }
    }
}

async fn take_all(socket: &mut WebSocket, heard: &mut Vec<Heard>) -> Result<(), String> {
    let mut taken = 0;
    loop {
        match socket.next()? {
            Some(Incoming::Message(bytes)) => {
                taken += bytes.len();
                heard.push(Heard::Frame(bytes.to_vec()));
            }
            Some(Incoming::TooLarge(length)) => heard.push(Heard::TooLarge(length)),
            Some(Incoming::Ping(payload)) => socket.pong(&payload).await?,
            Some(Incoming::Pong) => {}
            Some(Incoming::Close(why)) => return Err(format!("the server closed {why}")),
            None if heard.len() >= TAKEN_MAX || taken >= TAKEN_BYTES_MAX => return Ok(()),
            None => {
                if !socket.fill_now()? {
                    return Ok(());
                }
            }
        }
    }
}
