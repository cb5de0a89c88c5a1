//! What does a client send, and what is sent back? Messages over one socket, bounded in size and time.
//!
//! Bodies are read here and not by pgwire, which takes their lengths on trust.

use std::io;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use datafusion_postgres::pgwire::messages::PgWireBackendMessage;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use super::failure::Failure;
use super::socket::Socket;

/// Longest message of a client that is logged in.
pub(super) const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// Longest message before.
pub(super) const LOGIN_BYTES_MAX: usize = 10_000;
/// Longest time from a message's first byte to its last, and for sending an error.
const MESSAGE_TIME_MAX: Duration = Duration::from_secs(30);
/// So much waits before it is sent.
const OUTBOX_BYTES: usize = 64 * 1024;

/// A message of a client.
#[derive(Debug)]
pub(super) enum Message {
    Query(String),
    Parse {
        name: String,
        sql: String,
        types: Vec<u32>,
    },
    Bind(Binding),
    DescribeStatement(String),
    DescribePortal(String),
    Execute {
        portal: String,
        rows_max: usize,
    },
    CloseStatement(String),
    ClosePortal(String),
    Flush,
    Sync,
    Terminate,
    Password(Bytes),
    /// Of a copy, which never begins.
    Copy,
}

/// Parameters for a statement.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) portal: String,
    pub(super) statement: String,
    pub(super) parameter_formats: Vec<i16>,
    pub(super) parameters: Vec<Option<Bytes>>,
    pub(super) result_formats: Vec<i16>,
}

/// Why no message comes.
#[derive(Debug)]
pub(super) enum WireError {
    /// The client is gone, or as good as gone.
    Gone,
    /// It does not speak the protocol.
    Broken(&'static str),
}

impl From<io::Error> for WireError {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// One socket.
pub(super) struct Wire {
    pub(super) socket: Socket,
    inbox: BytesMut,
    outbox: BytesMut,
}

impl Wire {
    pub(super) fn new(socket: TcpStream) -> Self {
        // Answers are sent as a whole; waiting for more only costs time.
        let _ = socket.set_nodelay(true);
        let socket = Socket::Plain(socket);
        Self { socket, inbox: BytesMut::new(), outbox: BytesMut::new() }
    }

    /// Encrypts from now on, as the client asked. What it sent ahead could be of somebody on the way.
    pub(super) async fn encrypt(&mut self, acceptor: TlsAcceptor) -> Result<(), WireError> {
        if !self.inbox.is_empty() {
            return Err(WireError::Broken("something came between the request and its encryption"));
        }
        self.send_raw(b"S").await?;
        Ok(self.socket.encrypt(acceptor).await?)
    }

    /// The body of the first message, which has no type.
    pub(super) async fn opening(&mut self) -> Result<Bytes, WireError> {
        self.fill(4).await?;
        self.body(LOGIN_BYTES_MAX).await
    }

    /// The next message; `None` if none has begun by then.
    pub(super) async fn next(
        &mut self,
        bytes_max: usize,
        until: Option<Instant>,
    ) -> Result<Option<Message>, WireError> {
        match until {
            None => self.fill(1).await?,
            Some(until) => match timeout_at(until, self.fill(1)).await {
                Err(_) => return Ok(None),
                Ok(filled) => filled?,
            },
        }
        let whole = async {
            self.fill(5).await?;
            let kind = self.inbox.first().copied().unwrap_or_default();
            self.inbox.advance(1);
            Ok::<_, WireError>((kind, self.body(bytes_max).await?))
        };
        let (kind, body) =
            timeout(MESSAGE_TIME_MAX, whole).await.map_err(|_| WireError::Gone)??;
        message(kind, body).map(Some)
    }

    /// Length and body of a message, whose length is at hand.
    async fn body(&mut self, bytes_max: usize) -> Result<Bytes, WireError> {
        let length = self.inbox.get_u32();
        let length = usize::try_from(length).ok().and_then(|length| length.checked_sub(4));
        let Some(length) = length.filter(|length| *length <= bytes_max) else {
            return Err(WireError::Broken("a message is longer than allowed"));
        };
        self.fill(length).await?;
        Ok(self.inbox.split_to(length).freeze())
    }

    /// Waits until so many bytes are at hand.
    async fn fill(&mut self, bytes: usize) -> Result<(), WireError> {
        while self.inbox.len() < bytes {
            self.inbox.reserve(bytes - self.inbox.len());
            if self.socket.read_buf(&mut self.inbox).await? == 0 {
                return Err(WireError::Gone);
            }
        }
        Ok(())
    }

    /// Waits until the client is gone. What it sent ahead hides that until it is read.
    pub(super) async fn gone(&self) {
        if matches!(self.socket.peek().await, Ok(1..)) {
            std::future::pending::<()>().await;
        }
    }

    /// Bytes that are no message.
    pub(super) async fn send_raw(&mut self, bytes: &[u8]) -> Result<(), WireError> {
        self.socket.write_all(bytes).await?;
        Ok(self.socket.flush().await?)
    }

    /// Puts a message behind those that wait; gives its length.
    pub(super) fn put(&mut self, message: &PgWireBackendMessage) -> Result<usize, Failure> {
        let before = self.outbox.len();
        if let Err(error) = message.encode(&mut self.outbox) {
            self.outbox.truncate(before);
            return Err(error.into());
        }
        Ok(self.outbox.len() - before)
    }

    /// Whether enough waits to be sent.
    pub(super) fn is_full(&self) -> bool {
        self.outbox.len() >= OUTBOX_BYTES
    }

    /// Sends what waits, to a client that reads it in time.
    pub(super) async fn flush(&mut self, until: Instant) -> Result<(), WireError> {
        let send = async {
            self.socket.write_all_buf(&mut self.outbox).await?;
            self.socket.flush().await
        };
        let sent = timeout_at(until, send).await;
        Ok(sent.map_err(|_| WireError::Gone)??)
    }

    /// Sends what waits.
    pub(super) async fn send(&mut self) -> Result<(), WireError> {
        self.flush(Instant::now() + MESSAGE_TIME_MAX).await
    }

    /// Says why the connection ends, if anybody still listens, and ends it.
    pub(super) async fn refuse(&mut self, why: &Failure) {
        let _ = self.put(&why.message("FATAL"));
        let _ = self.send().await;
        let _ = self.socket.shutdown().await;
    }
}

/// Waits for an outcome, or for the client to give it up or go away.
pub(super) async fn unless_given_up<T>(
    cancel: &mut watch::Receiver<()>,
    wire: &Wire,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        _ = cancel.changed() => Err(Failure::cancelled()),
        outcome = work => outcome,
        () = wire.gone() => Err(Failure::cancelled()),
    }
}

fn message(kind: u8, body: Bytes) -> Result<Message, WireError> {
    let mut fields = Fields(body);
    let read =
        read(kind, &mut fields).ok_or(WireError::Broken("a message cannot be understood"))?;
    if fields.0.is_empty() { Ok(read) } else { Err(WireError::Broken("a message is too long")) }
}

fn read(kind: u8, fields: &mut Fields) -> Option<Message> {
    Some(match kind {
        b'Q' => Message::Query(fields.text()?),
        b'P' => Message::Parse {
            name: fields.text()?,
            sql: fields.text()?,
            types: fields.list(|fields| fields.0.try_get_u32().ok())?,
        },
        b'B' => Message::Bind(Binding {
            portal: fields.text()?,
            statement: fields.text()?,
            parameter_formats: fields.list(|fields| fields.0.try_get_i16().ok())?,
            parameters: fields.list(Fields::value)?,
            result_formats: fields.list(|fields| fields.0.try_get_i16().ok())?,
        }),
        b'D' => match fields.0.try_get_u8().ok()? {
            b'S' => Message::DescribeStatement(fields.text()?),
            b'P' => Message::DescribePortal(fields.text()?),
            _ => return None,
        },
        b'E' => Message::Execute {
            portal: fields.text()?,
            // Zero is all; so is what no count can be.
            rows_max: usize::try_from(fields.0.try_get_i32().ok()?).unwrap_or_default(),
        },
        b'C' => match fields.0.try_get_u8().ok()? {
            b'S' => Message::CloseStatement(fields.text()?),
            b'P' => Message::ClosePortal(fields.text()?),
            _ => return None,
        },
        b'H' => Message::Flush,
        b'S' => Message::Sync,
        b'X' => Message::Terminate,
        b'p' => Message::Password(fields.rest()),
        b'd' | b'c' | b'f' => {
            fields.rest();
            Message::Copy
        }
        _ => return None,
    })
}

/// The fields of a body, one after the other.
pub(super) struct Fields(pub(super) Bytes);

impl Fields {
    /// A text that ends with a zero.
    pub(super) fn text(&mut self) -> Option<String> {
        let end = memchr::memchr(0, &self.0)?;
        let text = self.0.split_to(end);
        self.0.advance(1);
        String::from_utf8(text.to_vec()).ok()
    }

    /// A count, then so many.
    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.0.try_get_u16().ok()?;
        (0..count).map(|_| one(self)).collect()
    }

    /// A length, then so many bytes; no length is null.
    pub(super) fn value(&mut self) -> Option<Option<Bytes>> {
        let length = self.0.try_get_i32().ok()?;
        let Ok(length) = usize::try_from(length) else { return Some(None) };
        (length <= self.0.len()).then(|| Some(self.0.split_to(length)))
    }

    fn rest(&mut self) -> Bytes {
        std::mem::take(&mut self.0)
    }
}
