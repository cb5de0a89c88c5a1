//! What do bytes come and go through? A socket, encrypted from the moment that its client asks for it.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// One connection.
#[derive(Debug)]
pub(super) enum Socket {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
    /// Encryption began and did not come to its end.
    Gone,
}

impl Socket {
    /// Encrypts from now on.
    pub(super) async fn encrypt(&mut self, acceptor: TlsAcceptor) -> io::Result<()> {
        if let Self::Plain(socket) = std::mem::replace(self, Self::Gone) {
            *self = Self::Encrypted(Box::new(acceptor.accept(socket).await?));
        }
        Ok(())
    }

    /// Whether nobody on the way can read along.
    pub(super) fn is_private(&self) -> bool {
        let is_near = || self.peer().is_some_and(|peer| peer.is_loopback());
        matches!(self, Self::Encrypted(_)) || is_near()
    }

    /// The other side.
    pub(super) fn peer(&self) -> Option<IpAddr> {
        Some(self.tcp()?.peer_addr().ok()?.ip().to_canonical())
    }

    fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Plain(socket) => Some(socket),
            Self::Encrypted(socket) => Some(socket.get_ref().0),
            Self::Gone => None,
        }
    }

    /// Waits for bytes to come; how many, and none at the end.
    pub(super) async fn peek(&self) -> io::Result<usize> {
        match self.tcp() {
            Some(socket) => socket.peek(&mut [0]).await,
            None => Ok(0),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_read(context, into),
            Self::Encrypted(socket) => Pin::new(socket.as_mut()).poll_read(context, into),
            Self::Gone => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_write(context, bytes),
            Self::Encrypted(socket) => Pin::new(socket.as_mut()).poll_write(context, bytes),
            Self::Gone => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_flush(context),
            Self::Encrypted(socket) => Pin::new(socket.as_mut()).poll_flush(context),
            Self::Gone => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(context),
            Self::Encrypted(socket) => Pin::new(socket.as_mut()).poll_shutdown(context),
            Self::Gone => Poll::Ready(Ok(())),
        }
    }
}
