//! How many come in from outside at once, and for how long may each stay?
//!
//! Connections take file descriptors, and the lake needs some too: doors take a share of what the
//! process may open. Who has not asked yet makes room for who comes; a listener that fails goes on.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::tls::Tls;

/// Longest time for the head of a request, and for a connection without one.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
/// What a connection has beyond the time of a query, before it gets no further request.
const STAY: Duration = Duration::from_secs(60);
/// Most bytes of a head, and of what waits to be sent.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// First byte of a connection that is to be encrypted.
pub(super) const TLS_HANDSHAKE: u8 = 0x16;
/// What is waited after a listener failed, for lack of file descriptors mostly.
const PAUSE: Duration = Duration::from_millis(200);
/// Descriptors of a process that does not say how many it may open.
const DESCRIPTORS: usize = 256;

/// Those who came to a door and were not let in, or had to go before they asked.
#[derive(Debug, Default)]
pub(super) struct Turned {
    /// The door was full.
    pub(super) crowded: AtomicU64,
    /// The operating system refused.
    pub(super) failed: AtomicU64,
}

impl Turned {
    pub(super) fn crowd(&self) {
        self.crowded.fetch_add(1, Ordering::Relaxed);
    }
}

/// What came to the doors.
#[derive(Debug, Default)]
pub(super) struct Doors {
    pub(super) http: Turned,
    pub(super) postgres: Turned,
}

/// A share of the descriptors that this process may open, within bounds.
pub(super) fn share(part: usize, least: usize, most: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()).map(str::parse::<usize>);
    let open = match soft {
        Some(Ok(open)) => open,
        // A limit that is no number is none.
        Some(Err(_)) => return most,
        None => DESCRIPTORS,
    };
    (open / part).clamp(least, most)
}

/// The next connection, however often the listener fails.
pub(super) async fn next(listener: &TcpListener, turned: &Turned) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                if turned.failed.fetch_add(1, Ordering::Relaxed).is_power_of_two() {
                    tracing::warn!(%error, "somebody could not connect");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Serves HTTP until the task is aborted, encrypted if there is a certificate. `time` is the longest
/// of a query.
pub(super) async fn serve(
    listener: TcpListener,
    routers: watch::Receiver<Router>,
    tls: Option<Tls>,
    (time, doors): (Duration, &Doors),
) {
    let places = Arc::new(Semaphore::new(share(4, 4, 256)));
    let quiet = Quiet::default();
    for id in 0.. {
        let (socket, peer) = next(&listener, &doors.http).await;
        let free = Arc::clone(&places).try_acquire_owned();
        let place = match free {
            Ok(place) => place,
            Err(_) => {
                doors.http.crowd();
                quiet.send_first_away();
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                place
            }
        };
        let seat = quiet.seat(id);
        let _ = socket.set_nodelay(true);
        let (routers, acceptor) = (routers.clone(), tls.as_ref().map(Tls::acceptor));
        tokio::spawn(async move {
            let Some(acceptor) = acceptor else {
                return stay(socket, peer, routers, time, seat, place).await;
            };
            let begun = tokio::time::timeout(HEAD_TIME_MAX, encrypt(socket, acceptor));
            let leave = Arc::clone(&seat.leave);
            let begun = tokio::select! {
                begun = begun => begun,
                () = leave.notified() => return,
            };
            if let Ok(Some(socket)) = begun {
                stay(socket, peer, routers, time, seat, place).await;
            }
        });
    }
}

/// Begins encryption; whoever speaks plain HTTP is told to do so, too.
async fn encrypt(socket: TcpStream, acceptor: TlsAcceptor) -> Option<TlsStream<TcpStream>> {
    let mut first = [0];
    if socket.peek(&mut first).await.ok()? == 0 {
        return None;
    }
    if first == [TLS_HANDSHAKE] {
        return acceptor.accept(socket).await.ok();
    }
    let mut socket = socket;
    let words = "this port speaks HTTPS: write https:// in place of http://\n";
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{words}",
        words.len()
    );
    socket.write_all(answer.as_bytes()).await.ok()?;
    socket.shutdown().await.ok()?;
    // What was sent is read, else the answer is lost with the connection.
    let mut rest = [0; 4096];
    let mut read = 0;
    while read < BUFFER_BYTES_MAX {
        match socket.read(&mut rest).await {
            Ok(count @ 1..) => read += count,
            _ => break,
        }
    }
    None
}

/// One connection from its first byte to its last.
async fn stay(
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    routers: watch::Receiver<Router>,
    time: Duration,
    seat: Seat,
    _place: OwnedSemaphorePermit,
) {
    let (quiet, id) = (seat.quiet.clone(), seat.id);
    let answer = service_fn(move |mut request: Request<Incoming>| {
        quiet.forget(id);
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = TowerToHyperService::new(routers.borrow().clone());
        let answered = router.call(request);
        async move { Ok::<_, Infallible>(answered.await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(socket), answer);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = &mut connection => return,
        () = seat.leave.notified() => return,
        () = tokio::time::sleep(time + STAY) => connection.as_mut().graceful_shutdown(),
    }
    // What it asked last may end.
    let _ = tokio::time::timeout(time + STAY, connection).await;
}

/// Connections that have not asked anything yet, the oldest first.
#[derive(Debug, Clone, Default)]
struct Quiet(Arc<Mutex<BTreeMap<u64, Arc<Notify>>>>);

impl Quiet {
    fn list(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seat(&self, id: u64) -> Seat {
        let leave = Arc::new(Notify::new());
        self.list().insert(id, Arc::clone(&leave));
        Seat { quiet: self.clone(), id, leave }
    }

    fn forget(&self, id: u64) {
        self.list().remove(&id);
    }

    fn send_first_away(&self) {
        if let Some((_, leave)) = self.list().pop_first() {
            leave.notify_one();
        }
    }
}

/// A connection's entry among those that have not asked; it leaves with the connection.
struct Seat {
    quiet: Quiet,
    id: u64,
    /// Told when the place is needed.
    leave: Arc<Notify>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.quiet.forget(self.id);
    }
}
