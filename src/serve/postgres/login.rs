//! Who gets in? The startup of a connection: one user by SCRAM-SHA-256, and those of `[serve]` by
//! their passwords or tokens, which are sent as they are and therefore only where nobody reads along.
//!
//! A connection that fails here is closed; nothing else it sent is read.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::{Buf, Bytes};
use datafusion_postgres::pgwire::api::auth::Password;
use datafusion_postgres::pgwire::api::auth::sasl::scram::{
    SCRAM_ITERATIONS, ScramServerAuth, gen_salted_password,
};
use datafusion_postgres::pgwire::error::PgWireError;
use datafusion_postgres::pgwire::messages::PgWireBackendMessage;
use datafusion_postgres::pgwire::messages::startup::{
    Authentication, BackendKeyData, NegotiateProtocolVersion, ParameterStatus, SecretKey,
};
use tokio::sync::watch;

use super::failure::Failure;
use super::settings::Settings;
use super::socket::Socket;
use super::wire::{Fields, LOGIN_BYTES_MAX, Message, Wire, WireError};
use super::{Gate, Running};
use crate::config::Role;
use crate::serve::access::{Access, LoginError, Viewer, Way};
use crate::serve::tls::Tls;
use crate::sql::DATABASE;
use crate::system::random;

/// Fewest characters of a password.
const PASSWORD_CHARS_MIN: usize = 8;
/// What a wrong password costs.
const PENALTY: Duration = Duration::from_secs(1);
/// Requests that may come before the startup: encryption of two kinds.
const REQUESTS_MAX: usize = 3;
const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;
const CANCEL: u32 = 80_877_102;
const VERSION_3: u16 = 3;
const MECHANISM: &str = "SCRAM-SHA-256";

/// Why nobody can be let in with a password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too easily guessed.
    #[error("the password has fewer than {PASSWORD_CHARS_MIN} characters")]
    Short,
    /// The operating system gives no randomness.
    #[error("no randomness: {0}")]
    Random(#[from] std::io::Error),
}

/// The one user, and what proves the password without being it.
pub(super) struct Credentials {
    user: String,
    salt: Vec<u8>,
    salted: Vec<u8>,
    /// For users that do not exist, so that they are refused no sooner.
    decoy: Vec<u8>,
}

impl Credentials {
    pub(super) fn new(user: &str, password: &str) -> Result<Self, PasswordError> {
        if password.chars().count() < PASSWORD_CHARS_MIN {
            return Err(PasswordError::Short);
        }
        let (salt, decoy) = (random::<16>()?.to_vec(), random::<32>()?.to_vec());
        let salted = gen_salted_password(password, &salt, SCRAM_ITERATIONS);
        Ok(Self { user: user.to_owned(), salt, salted, decoy })
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    fn expected(&self, user: &str) -> Password {
        let salted = if user == self.user { &self.salted } else { &self.decoy };
        Password::new(Some(self.salt.clone()), salted.clone())
    }
}

/// A connection that got in.
pub(super) struct Entered {
    pub(super) viewer: Viewer,
    pub(super) settings: Settings,
    pub(super) cancel: watch::Receiver<()>,
    /// Known to those that may cancel, while it is held.
    pub(super) entry: Entry,
}

/// A connection in the list of those that can be cancelled.
pub(super) struct Entry {
    gate: Arc<Gate>,
    id: i32,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.gate.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

/// How a login ends early.
enum End {
    /// The client is told.
    Refused(Failure),
    /// There is nobody to be told, or nothing to say.
    Quiet,
}

impl From<WireError> for End {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Gone => Self::Quiet,
            WireError::Broken(what) => Self::Refused(Failure::new("08P01", what)),
        }
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure)
    }
}

/// Lets a client in, or not.
pub(super) async fn login(wire: &mut Wire, gate: &Arc<Gate>) -> Option<Entered> {
    match enter(wire, gate).await {
        Ok(entered) => Some(entered),
        Err(End::Quiet) => None,
        Err(End::Refused(why)) => {
            wire.refuse(&why).await;
            None
        }
    }
}

async fn enter(wire: &mut Wire, gate: &Arc<Gate>) -> Result<Entered, End> {
    let asked = startup(wire, gate).await?;
    let (peer, user) = (wire.socket.peer(), asked.user.as_str());
    let proved = match &gate.credentials {
        Some(own) if own.user() == user || !gate.access.is_closed() => {
            let proved = prove(wire, own, user).await;
            proved.map(|()| Viewer::new(user, Role::Read, Way::Login))
        }
        _ => prove_known(wire, &gate.access, user).await,
    };
    if !matches!(proved, Err(End::Quiet)) {
        let is_own = gate.credentials.as_ref().is_some_and(|own| own.user() == user);
        let known = Some(user).filter(|user| is_own || gate.access.knows(user));
        gate.audit.login(known, peer, proved.as_ref().ok(), "postgres").await;
    }
    let viewer = proved?;
    if asked.database.as_deref().unwrap_or(&asked.user) != DATABASE {
        let missing = Failure::new("3D000", "there is no such database");
        return Err(missing.hint(format!("the database is called {DATABASE}")).into());
    }
    let mut settings = Settings::new(gate.user());
    for (name, value) in &asked.settings {
        settings.begin_with(name, value)?;
    }
    let (entry, secret, cancel) = register(gate)?;
    wire.put(&PgWireBackendMessage::Authentication(Authentication::Ok))?;
    for (name, value) in settings.reported() {
        let status = ParameterStatus::new(name.to_owned(), value);
        wire.put(&PgWireBackendMessage::ParameterStatus(status))?;
    }
    let key = BackendKeyData::new(entry.id, SecretKey::I32(secret));
    wire.put(&PgWireBackendMessage::BackendKeyData(key))?;
    Ok(Entered { viewer, settings, cancel, entry })
}

/// Makes a connection known to those that may cancel it.
fn register(gate: &Arc<Gate>) -> Result<(Entry, i32, watch::Receiver<()>), Failure> {
    let (sender, cancel) = watch::channel(());
    let random = || {
        let bytes = random().map_err(|error| Failure::new("58000", error.to_string()))?;
        Ok::<_, Failure>(i32::from_be_bytes(bytes))
    };
    let (secret, mut id) = (random()?, random()? & i32::MAX);
    let mut running = gate.running.lock().unwrap_or_else(PoisonError::into_inner);
    while running.contains_key(&id) {
        id = id.wrapping_add(1) & i32::MAX;
    }
    running.insert(id, Running { secret, cancel: sender });
    let entry = Entry { gate: Arc::clone(gate), id };
    Ok((entry, secret, cancel))
}

/// What the startup message asks for.
struct Asked {
    user: String,
    database: Option<String>,
    settings: Vec<(String, String)>,
}

async fn startup(wire: &mut Wire, gate: &Gate) -> Result<Asked, End> {
    for _ in 0..REQUESTS_MAX {
        let mut fields = Fields(wire.opening().await?);
        let broken = || WireError::Broken("the first message cannot be understood");
        match fields.0.try_get_u32().map_err(|_| broken())? {
            SSL if gate.tls.is_some() && matches!(wire.socket, Socket::Plain(_)) => {
                let acceptor = gate.tls.as_ref().map(Tls::acceptor);
                wire.encrypt(acceptor.ok_or_else(broken)?).await?;
            }
            // This encryption is not to be had; who insists on it goes away.
            SSL | GSS => wire.send_raw(b"N").await?,
            CANCEL => {
                let id = fields.0.try_get_i32().map_err(|_| broken())?;
                let secret = fields.0.try_get_i32().map_err(|_| broken())?;
                gate.cancel(id, secret);
                return Err(End::Quiet);
            }
            version => {
                let [major, minor] = [version >> 16, version & 0xffff];
                if major != u32::from(VERSION_3) {
                    return Err(broken().into());
                }
                return asked(wire, fields, minor).await;
            }
        }
    }
    Err(WireError::Broken("too many requests before the startup").into())
}

async fn asked(wire: &mut Wire, mut fields: Fields, minor: u32) -> Result<Asked, End> {
    let broken = || WireError::Broken("the startup message cannot be understood");
    let mut asked = Asked { user: String::new(), database: None, settings: Vec::new() };
    loop {
        let name = fields.text().ok_or_else(broken)?;
        if name.is_empty() {
            break;
        }
        let value = fields.text().ok_or_else(broken)?;
        match name.as_str() {
            "user" => asked.user = value,
            "database" => asked.database = Some(value),
            "replication" if value != "false" && value != "off" && value != "0" => {
                return Err(Failure::new("0A000", "there is no replication").into());
            }
            // Options of the protocol of which we know none.
            name if name.starts_with("_pq_.") => {}
            _ => asked.settings.push((name, value)),
        }
    }
    if minor > 0 {
        let version = i32::from(VERSION_3) << 16;
        let older = NegotiateProtocolVersion::new(version, vec![]);
        wire.put(&PgWireBackendMessage::NegotiateProtocolVersion(older))?;
    }
    if asked.user.is_empty() {
        return Err(Failure::new("28000", "no user is given").into());
    }
    Ok(asked)
}

/// Lets a client prove that it knows the password.
async fn prove(wire: &mut Wire, credentials: &Credentials, user: &str) -> Result<(), End> {
    let methods = Authentication::SASL(vec![MECHANISM.to_owned()]);
    say(wire, methods).await?;
    let mut first = Fields(password(wire).await?);
    let broken = || WireError::Broken("the login cannot be understood");
    let mechanism = first.text().ok_or_else(broken)?;
    let first = first.value().flatten().ok_or_else(broken)?;
    // A binding to a channel needs encryption, which was not offered.
    if mechanism != MECHANISM || first.starts_with(b"p=") {
        return Err(broken().into());
    }
    let scram = ScramServerAuth::new();
    let begun = scram.on_client_first_message(&first, credentials.expected(user));
    let (answer, scram) = begun.map_err(|_| broken())?;
    say(wire, Authentication::SASLContinue(answer.into())).await?;
    let last = password(wire).await?;
    match scram.on_client_final_message(&last) {
        Ok(proof) => say(wire, Authentication::SASLFinal(proof.into())).await,
        Err(PgWireError::InvalidPassword(_)) => {
            tracing::warn!("a PostgreSQL client gave a wrong user or password");
            tokio::time::sleep(PENALTY).await;
            Err(Failure::new("28P01", "user or password is wrong").into())
        }
        Err(_) => Err(broken().into()),
    }
}

/// Lets a user or a token of `[serve]` prove itself.
async fn prove_known(wire: &mut Wire, access: &Access, user: &str) -> Result<Viewer, End> {
    if !wire.socket.is_private() {
        let hint = "connect with sslmode=require; without [serve.tls], only from this machine";
        let refused = "this user comes in over an encrypted connection only";
        return Err(Failure::new("28000", refused).hint(hint).into());
    }
    say(wire, Authentication::CleartextPassword).await?;
    let given = Fields(password(wire).await?).text();
    let given = given.ok_or(WireError::Broken("the login cannot be understood"))?;
    let error = match access.prove(user, &given, wire.socket.peer()).await {
        Ok(viewer) => return Ok(viewer),
        Err(error) => error,
    };
    Err(match error {
        LoginError::Wrong => {
            tracing::warn!("a PostgreSQL client gave a wrong user or password");
            tokio::time::sleep(PENALTY).await;
            Failure::new("28P01", "user or password is wrong")
        }
        LoginError::Later(wait_s) => {
            let hint = format!("try again in {wait_s} s");
            Failure::new("53300", "too many wrong guesses").hint(hint)
        }
        LoginError::Busy => Failure::new("53300", "too many are logging in"),
    }
    .into())
}

async fn say(wire: &mut Wire, what: Authentication) -> Result<(), End> {
    wire.put(&PgWireBackendMessage::Authentication(what))?;
    Ok(wire.send().await?)
}

async fn password(wire: &mut Wire) -> Result<Bytes, End> {
    match wire.next(LOGIN_BYTES_MAX, None).await? {
        Some(Message::Password(body)) => Ok(body),
        _ => Err(WireError::Broken("a password was expected").into()),
    }
}
