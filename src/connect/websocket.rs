//! How do posts come in over a WebSocket? Jetstream, with cursor, liveness and reconnection.
//!
//! A closed socket is a fault, never an end: the connector dials again from the last frame it saw,
//! a few seconds earlier, since servers drop and reorder at the hand-over; the engine drops what it
//! has seen. A socket that is half open is found by pings and an idle limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, error::CapacityError};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::Inbox;
use super::backoff::Backoff;
use crate::decode::{Cursor, Decoder, Parcel, Refused};
use crate::post::SourceId;
use crate::time::SECOND_US;

/// Largest frame taken; Jetstream is asked not to send larger ones.
const FRAME_BYTES_MAX: usize = 1 << 20;
/// Frames per parcel.
const PARCEL_FRAMES_MAX: usize = 1_024;
/// How far before the last frame to go on after a reconnection.
const REWIND_US: i64 = 5 * SECOND_US;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const PING_INTERVAL: Duration = Duration::from_secs(30);
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// One WebSocket source.
#[derive(Debug)]
pub struct WebSocketSource {
    /// Its name.
    pub source: SourceId,
    /// Its address without a cursor.
    pub url: String,
    /// Where to begin; `None` is the live tail.
    pub cursor: Option<Cursor>,
    /// Decoder of its frames.
    pub decoder: Decoder,
    /// How many sources are without a connection; this one counts itself.
    pub lost: Arc<AtomicU32>,
}

/// Why a connection ended.
enum Ended {
    /// Nobody reads the inbox any more.
    Inbox,
    /// The peer closed, or the network failed.
    Lost(String),
    /// A frame was too large to take.
    TooLarge(String),
}

/// Reads a source until the inbox is closed, dialing again after every fault.
///
/// Waits between attempts: none after the first loss, then up to a minute with jitter.
pub async fn websocket(mut source: WebSocketSource, inbox: Inbox) {
    let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(60));
    let mut parcel = Parcel::new(&source.source);
    let mut skip_us = 0;
    source.lost.fetch_add(1, Ordering::Relaxed);
    while !inbox.is_closed() {
        let ended = match dial(&source.url, source.cursor, skip_us).await {
            Ok(socket) => {
                tracing::info!(source = %source.source, "connected");
                source.lost.fetch_sub(1, Ordering::Relaxed);
                let before = source.cursor;
                let ended = read(socket, &mut source, &mut parcel, &inbox).await;
                source.lost.fetch_add(1, Ordering::Relaxed);
                if source.cursor != before {
                    backoff.reset();
                    skip_us = 0;
                }
                ended
            }
            Err(reason) => Ended::Lost(reason),
        };
        parcel.reconnects += 1;
        match ended {
            Ended::Inbox => return,
            Ended::Lost(reason) => {
                tracing::warn!(source = %source.source, reason, "connection lost")
            }
            Ended::TooLarge(reason) => {
                // The frame would come again: go on behind it, further each time.
                skip_us = (skip_us * 10).max(1) + if skip_us == 0 { REWIND_US } else { 0 };
                tracing::error!(source = %source.source, reason, "frame refused");
                parcel.refused.push(Refused { reason, raw: Vec::new() });
            }
        }
        tokio::select! {
            () = tokio::time::sleep(backoff.next_wait()) => {}
            () = inbox.closed() => return,
        }
    }
}

async fn dial(url: &str, cursor: Option<Cursor>, skip_us: i64) -> Result<Socket, String> {
    let url = with_query(url, cursor, skip_us);
    let limits = WebSocketConfig::default()
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX));
    match timeout(CONNECT_TIMEOUT, connect_async_with_config(url.as_str(), Some(limits), true))
        .await
    {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {CONNECT_TIMEOUT:?}")),
    }
}

/// Adds the cursor, and the largest frame that we take.
fn with_query(url: &str, cursor: Option<Cursor>, skip_us: i64) -> String {
    let mut url = url.to_owned();
    let mut add = |name: &str, value: String| {
        if !url.contains(&format!("{name}=")) {
            let join = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{join}{name}={value}");
        }
    };
    add("maxMessageSizeBytes", FRAME_BYTES_MAX.to_string());
    if let Some(Cursor::TimeUs(time_us)) = cursor {
        add("cursor", (time_us - REWIND_US + skip_us).max(0).to_string());
    }
    url
}

async fn read(
    mut socket: Socket,
    source: &mut WebSocketSource,
    parcel: &mut Parcel,
    inbox: &Inbox,
) -> Ended {
    let mut pings = tokio::time::interval_at(Instant::now() + PING_INTERVAL, PING_INTERVAL);
    loop {
        let first = tokio::select! {
            message = timeout(IDLE_TIMEOUT, socket.next()) => message,
            _ = pings.tick() => {
                if let Err(error) = socket.send(Message::Ping(Vec::new().into())).await {
                    return Ended::Lost(error.to_string());
                }
                continue;
            }
            () = inbox.closed() => {
                // A polite close; the answer is not awaited.
                let _ = timeout(Duration::from_secs(1), socket.close(None)).await;
                return Ended::Inbox;
            }
        };
        let Ok(mut next) = first else {
            return Ended::Lost(format!("nothing came for {IDLE_TIMEOUT:?}"));
        };
        let ended = loop {
            if let Some(ended) = take(next, source, parcel) {
                break Some(ended);
            }
            if parcel.events.len() >= PARCEL_FRAMES_MAX {
                break None;
            }
            match socket.next().now_or_never() {
                Some(ready) => next = ready,
                None => break None,
            }
        };
        let full = !parcel.events.is_empty() || parcel.ignored > 0 || !parcel.refused.is_empty();
        if full && inbox.send(parcel.take()).await.is_err() {
            return Ended::Inbox;
        }
        if let Some(ended) = ended {
            return ended;
        }
    }
}

/// Takes one message; says why the connection ended, if it did.
fn take(
    message: Option<Result<Message, Error>>,
    source: &mut WebSocketSource,
    parcel: &mut Parcel,
) -> Option<Ended> {
    match message {
        Some(Ok(Message::Text(text))) => source.decoder.decode(text.as_bytes(), parcel),
        Some(Ok(Message::Binary(bytes))) => source.decoder.decode(&bytes, parcel),
        Some(Ok(Message::Close(frame))) => {
            let why = frame.map_or_else(
                || "without a reason".to_owned(),
                |frame| format!("with {}: {}", frame.code, frame.reason),
            );
            return Some(Ended::Lost(format!("the server closed {why}")));
        }
        Some(Ok(_)) => {}
        Some(Err(Error::Capacity(CapacityError::MessageTooLong { size, max_size }))) => {
            return Some(Ended::TooLarge(format!(
                "a frame of {size} bytes; at most {max_size} are taken"
            )));
        }
        Some(Err(error)) => return Some(Ended::Lost(error.to_string())),
        None => return Some(Ended::Lost("the server closed without a goodbye".to_owned())),
    }
    source.cursor = parcel.cursor.map_or(source.cursor, |now| Some(now.latest(source.cursor)));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_rewound_and_the_users_query_kept() {
        let cursor = Some(Cursor::TimeUs(10_000_000));
        let rows = [
            ("ws://h/subscribe", None, "ws://h/subscribe?maxMessageSizeBytes=1048576"),
            ("ws://h/s?a=b", cursor, "ws://h/s?a=b&maxMessageSizeBytes=1048576&cursor=5000000"),
            (
                "ws://h/s?cursor=7&maxMessageSizeBytes=0",
                cursor,
                "ws://h/s?cursor=7&maxMessageSizeBytes=0",
            ),
        ];
        for (url, cursor, want) in rows {
            assert_eq!(with_query(url, cursor, 0), want);
        }
    }
}
