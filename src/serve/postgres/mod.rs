//! How do PostgreSQL clients look in? The lake over PostgreSQL's wire protocol, version 3: one user by
//! SCRAM-SHA-256, those of `[serve]` by their passwords over encryption, one database, and nothing
//! that writes.
//!
//! Messages, SCRAM and the encoding of rows are pgwire's; who gets in, what is read, and what it may
//! cost is decided here, as for SQL over HTTP. See `postgres.md` beside this folder.

mod failure;
mod socket;
mod wire;
mod settings;
mod words;
mod copy;
mod cursor;
mod request;
mod login;
mod idle;
mod portal;
mod connection;
mod ask;
mod parts;
mod obey;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore, watch};

use self::failure::Failure;
use self::idle::Idle;
use self::login::Credentials;
pub use self::login::PasswordError;
use self::wire::Wire;
use super::access::Access;
use super::audit::Audit;
use super::door::{self, share};
use super::gate::SqlGate;
use super::tls::Tls;
use crate::config::PostgresConfig;
use crate::lake::{Folder, LakeError};
use crate::sql::PgCatalog;
use crate::state::Site;

/// Most connections that are logged in, and most on their way in; fewer where the process may open
/// few files.
const CONNECTIONS_MAX: usize = 64;
const LOGINS_MAX: usize = 32;
/// Longest time from the connection to the end of the login.
const LOGIN_TIME_MAX: Duration = Duration::from_secs(15);

/// Longest wait for a place that an idle connection gives up.
const LEAVE_TIME_MAX: Duration = Duration::from_secs(5);

/// A lake for PostgreSQL clients.
#[derive(Clone)]
pub struct Postgres(Arc<Gate>);

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").field("lake", &self.0.lake).finish_non_exhaustive()
    }
}

/// What all connections share.
struct Gate {
    lake: Site,
    /// The one user of this door alone, if there is one.
    credentials: Option<Credentials>,
    /// All others.
    access: Access,
    tls: Option<Tls>,
    audit: Audit,
    sql: SqlGate,
    /// Made when the first statement comes: a run makes its lake only once it runs.
    catalog: OnceCell<PgCatalog>,
    logins: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    /// Those of them that wait to be asked something.
    idle: Idle,
    running: Mutex<HashMap<i32, Running>>,
}

/// A connection that can be asked to cancel.
struct Running {
    secret: i32,
    cancel: watch::Sender<()>,
}

impl Postgres {
    /// A lake for one user with a password, if there is one, and for those who may come in anyway;
    /// with what queries may use together.
    ///
    /// # Errors
    /// When the password is too short, or nothing random is to be had.
    pub fn new(
        lake: Site,
        user: Option<(&str, &str)>,
        (access, tls, audit): (Access, Option<Tls>, Audit),
        sql: SqlGate,
    ) -> Result<Self, PasswordError> {
        let credentials = user.map(|(user, password)| Credentials::new(user, password));
        Ok(Self(Arc::new(Gate {
            lake,
            credentials: credentials.transpose()?,
            access,
            tls,
            audit,
            sql,
            catalog: OnceCell::new(),
            logins: Arc::new(Semaphore::new(share(16, 2, LOGINS_MAX))),
            connections: Arc::new(Semaphore::new(share(8, 2, CONNECTIONS_MAX))),
            idle: Idle::default(),
            running: Mutex::default(),
        })))
    }

    /// Serves until the task is aborted.
    pub async fn serve(self, listener: TcpListener) {
        loop {
            let (socket, _) = door::next(&listener, &self.0.sql.doors.postgres).await;
            tokio::spawn(admit(Arc::clone(&self.0), socket));
        }
    }
}

/// One connection from its first byte to its last.
async fn admit(gate: Arc<Gate>, socket: TcpStream) {
    // Whoever comes while too many are logging in is turned away unheard.
    let Ok(login) = Arc::clone(&gate.logins).try_acquire_owned() else {
        gate.sql.doors.postgres.crowd();
        return;
    };
    let mut wire = Wire::new(socket);
    let entered = tokio::time::timeout(LOGIN_TIME_MAX, login::login(&mut wire, &gate)).await;
    let Ok(Some(entered)) = entered else { return };
    let Some(_place) = gate.place().await else {
        gate.sql.doors.postgres.crowd();
        let full =
            Failure::new("53300", "too many clients are connected, and none of them is idle");
        wire.refuse(&full.hint("try again soon, or let clients share connections in a pool")).await;
        return;
    };
    drop(login);
    connection::attend(&gate, wire, entered).await;
}

impl Gate {
    /// A place among those who are connected; where all are taken, that of the longest idle one.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        let free = Arc::clone(&self.connections).try_acquire_owned().ok();
        if free.is_some() || !self.idle.send_longest_away() {
            return free;
        }
        let leaving = Arc::clone(&self.connections).acquire_owned();
        tokio::time::timeout(LEAVE_TIME_MAX, leaving).await.ok()?.ok()
    }

    /// The catalog of PostgreSQL over the lake, and the lake's folder.
    async fn catalog(&self) -> Result<(&PgCatalog, Folder), LakeError> {
        let folder = Folder::read(&self.lake)?;
        let open = || PgCatalog::open(&folder, self.user());
        Ok((self.catalog.get_or_try_init(open).await?, folder))
    }

    /// The name of all who are let in, as the catalog tells it.
    fn user(&self) -> &str {
        self.credentials.as_ref().map_or(PostgresConfig::USER, Credentials::user)
    }

    /// Asks a connection to cancel what it does, if the secret is its own.
    fn cancel(&self, id: i32, secret: i32) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = running.get(&id)
            && connection.secret == secret
        {
            connection.cancel.send_replace(());
        }
    }
}
