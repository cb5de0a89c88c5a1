//! How do messages come over a WebSocket? A connection that is dialed once, kept alive and watched.
//!
//! A socket that is half open is found by pings and an idle limit.

mod dial;
mod frame;

use std::time::Duration;

use futures_util::FutureExt;
use reqwest::Upgraded;
use reqwest::header::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

pub(in crate::connect) use dial::Refusal;
pub(in crate::connect) use frame::Incoming;
use frame::{Deframer, Outgoing, frame};

/// Largest message taken; a larger one is passed over.
pub(in crate::connect) const MESSAGE_BYTES_MAX: u64 = frame::MESSAGE_BYTES_MAX;
/// Bytes read at a time.
const READ_BYTES: usize = 64 << 10;
const PING_INTERVAL: Duration = Duration::from_secs(30);
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// An open connection.
#[derive(Debug)]
pub(in crate::connect) struct WebSocket {
    stream: Upgraded,
    deframer: Deframer,
    heard: Instant,
    pinged: Instant,
}

impl WebSocket {
    /// Dials an address that begins with `ws://` or `wss://`, with headers of one's own, such as a
    /// token.
    ///
    /// # Errors
    /// Why no WebSocket opens.
    pub(in crate::connect) async fn dial_with(
        url: &str,
        headers: HeaderMap,
    ) -> Result<Self, Refusal> {
        let stream = dial::dial(url, headers).await?;
        let now = Instant::now();
        Ok(Self { stream, deframer: Deframer::default(), heard: now, pinged: now })
    }

    /// Waits for more bytes. May be dropped while it waits.
    ///
    /// # Errors
    /// Why the connection is lost.
    pub(in crate::connect) async fn fill(&mut self) -> Result<(), String> {
        loop {
            let silence = self.heard + IDLE_TIMEOUT;
            let ping = self.pinged + PING_INTERVAL;
            match tokio::time::timeout_at(silence.min(ping), self.read()).await {
                Ok(read) => return read,
                Err(_) if Instant::now() >= silence => {
                    return Err(format!("nothing came for {IDLE_TIMEOUT:?}"));
                }
                Err(_) => {
                    self.pinged = Instant::now();
                    self.write(Outgoing::Ping, b"").await?;
                }
            }
        }
    }

    /// Takes more bytes if they are there already; whether they were.
    ///
    /// # Errors
    /// Why the connection is lost.
    pub(in crate::connect) fn fill_now(&mut self) -> Result<bool, String> {
        self.read().now_or_never().transpose().map(|read| read.is_some())
    }

    async fn read(&mut self) -> Result<(), String> {
        let buffer = self.deframer.buffer();
        buffer.reserve(READ_BYTES);
        let mut room = (&mut self.stream).take(READ_BYTES as u64);
        match room.read_buf(buffer).await {
            Ok(0) => Err("the server closed the connection without a close frame".to_owned()),
            Ok(_) => {
                self.heard = Instant::now();
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// The next thing among the bytes that are there.
    ///
    /// # Errors
    /// What breaks the protocol.
    pub(in crate::connect) fn next(&mut self) -> Result<Option<Incoming<'_>>, String> {
        self.deframer.next()
    }

    /// Sends a text, such as a subscription.
    ///
    /// # Errors
    /// Why the connection is lost.
    pub(in crate::connect) async fn say(&mut self, text: &str) -> Result<(), String> {
        self.write(Outgoing::Text, text.as_bytes()).await
    }

    /// Answers a ping.
    ///
    /// # Errors
    /// Why the connection is lost.
    pub(in crate::connect) async fn pong(&mut self, payload: &[u8]) -> Result<(), String> {
        self.write(Outgoing::Pong, payload).await
    }

    /// Says goodbye; the answer is not awaited.
    pub(in crate::connect) async fn close(mut self) {
        let _ = timeout(Duration::from_secs(1), self.write(Outgoing::Close, &[0x03, 0xe8])).await;
    }

    async fn write(&mut self, kind: Outgoing, payload: &[u8]) -> Result<(), String> {
        let mut mask = [0; 4];
        // A mask without randomness is still a mask.
        let _ = getrandom::fill(&mut mask);
        let bytes = frame(kind, payload, mask);
        let written = async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        };
        match timeout(WRITE_TIMEOUT, written).await {
            Ok(written) => written.map_err(|error| error.to_string()),
            Err(_) => Err(format!("the server read nothing for {WRITE_TIMEOUT:?}")),
        }
    }
}
