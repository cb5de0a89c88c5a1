//! How does a conversation with a mail server begin? With an address that may be used, encrypted.
//!
//! TLS is ours and not the mail crate's: the same roots as for sources, or those of `ca_file`. A
//! server that offers no `STARTTLS`, or says something before encryption begins, is not used.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use lettre::transport::smtp::extension::ClientId;
use reqwest::dns::{Name, Resolve};
use rustls::pki_types::ServerName;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::config::Encryption;
use crate::notify::guard::{Guard, check};
use crate::notify::letterbox::Letterbox;

/// Most lines of one answer, and most bytes of a line.
const LINES_MAX: usize = 100;
const LINE_BYTES_MAX: u64 = 2_000;
/// What a server that speaks in the open said before encryption began, once more.
const GREETING: &[u8] = b"220 ready\r\n";

/// Encrypts, and knows for whom.
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    pub(super) fn new(letterbox: &Letterbox) -> anyhow::Result<Self> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(Arc::clone(&letterbox.roots))
            .with_no_client_auth();
        let name = ServerName::try_from(letterbox.server.clone())?;
        Ok(Self { connector: TlsConnector::from(Arc::new(tls)), name })
    }

    async fn wrap(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        let wrapped = self.connector.connect(self.name.clone(), tcp).await;
        wrapped.map_err(|error| format!("TLS: {error}"))
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Opens a way to the server, on which its greeting comes next.
pub(super) async fn dial(
    letterbox: &Letterbox,
    tls: &Tls,
    guard: &Guard,
    hello: &ClientId,
) -> Result<Wire, String> {
    let tcp = connect(letterbox, guard).await?;
    match letterbox.encryption {
        Encryption::None => Ok(Wire { greeting: &[], stream: Stream::Plain(tcp) }),
        Encryption::Implicit => {
            let stream = Stream::Tls(Box::new(tls.wrap(tcp).await?));
            Ok(Wire { greeting: &[], stream })
        }
        Encryption::StartTls => {
            let stream = Stream::Tls(Box::new(tls.wrap(ready(tcp, hello).await?).await?));
            Ok(Wire { greeting: GREETING, stream })
        }
    }
}

async fn connect(letterbox: &Letterbox, guard: &Guard) -> Result<TcpStream, String> {
    let mut why = "it has no address".to_owned();
    for address in addresses(letterbox, guard).await? {
        match TcpStream::connect(address).await {
            Ok(tcp) => return Ok(tcp),
            Err(error) => why = error.to_string(),
        }
    }
    Err(format!("{} port {}: {why}", letterbox.server, letterbox.port))
}

/// The server's addresses, each of which may be used.
async fn addresses(letterbox: &Letterbox, guard: &Guard) -> Result<Vec<SocketAddr>, String> {
    let (server, port) = (letterbox.server.as_str(), letterbox.port);
    if let Ok(address) = server.parse::<IpAddr>() {
        check(server, address, guard.reach).map_err(|error| error.to_string())?;
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let name: Name = server.parse().map_err(|_| format!("{server} is not the name of a host"))?;
    let found = guard.resolve(name).await.map_err(|error| error.to_string())?;
    Ok(found.map(|found| SocketAddr::new(found.ip(), port)).collect())
}

/// Asks a server that speaks in the open to begin encryption.
async fn ready(tcp: TcpStream, hello: &ClientId) -> Result<TcpStream, String> {
    let mut server = BufReader::new(tcp);
    answer(&mut server, "220").await?;
    let offers = said(&mut server, &format!("EHLO {hello}\r\n"), "250").await?;
    if !offers.iter().any(|offer| offer.trim().eq_ignore_ascii_case("STARTTLS")) {
        return Err("the server offers no STARTTLS, so nothing is sent".to_owned());
    }
    said(&mut server, "STARTTLS\r\n", "220").await?;
    if !server.buffer().is_empty() {
        return Err("something was sent before encryption began, so nothing is sent".to_owned());
    }
    Ok(server.into_inner())
}

async fn said(
    server: &mut BufReader<TcpStream>,
    command: &str,
    wanted: &str,
) -> Result<Vec<String>, String> {
    let sent = server.write_all(command.as_bytes()).await;
    sent.map_err(|error| error.to_string())?;
    answer(server, wanted).await
}

/// The lines of an answer without their code, which must be the one wanted.
async fn answer(server: &mut BufReader<TcpStream>, wanted: &str) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    while lines.len() < LINES_MAX {
        let mut line = Vec::new();
        let read = (&mut *server).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await;
        read.map_err(|error| error.to_string())?;
        let line = String::from_utf8_lossy(&line).into_owned();
        let (code, rest) = line.split_at_checked(3).unwrap_or((line.as_str(), ""));
        if code != wanted {
            let plain = line.chars().map(|c| if c.is_control() { ' ' } else { c });
            return Err(format!("the server says {:?}", plain.collect::<String>().trim()));
        }
        lines.push(rest.get(1..).unwrap_or_default().to_owned());
        if !rest.starts_with('-') {
            return Ok(lines);
        }
    }
    Err("the server's answer does not end".to_owned())
}

/// A way to a server.
#[derive(Debug)]
pub(super) struct Wire {
    /// What is read before anything comes over the wire.
    greeting: &'static [u8],
    stream: Stream,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.stream {
            Stream::Plain(tcp) => tcp.peer_addr(),
            Stream::Tls(tls) => tls.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.greeting.is_empty() {
            let (now, later) = self.greeting.split_at(self.greeting.len().min(into.remaining()));
            into.put_slice(now);
            self.greeting = later;
            return Poll::Ready(Ok(()));
        }
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_read(context, into),
            Stream::Tls(tls) => Pin::new(tls).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Stream::Tls(tls) => Pin::new(tls).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(context),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(context),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(context),
        }
    }
}
