//! Who asks, and what may they do? Users, tokens, sessions, and what a trusted proxy says.
//!
//! Without any of them everything is open to this machine, as `desk` and `intake` say. With one,
//! nobody reads or changes anything unless they are known.

mod passwords;
mod throttle;
mod sessions;
mod roll;

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::passwords::{BYTES_MAX, is_right};
pub use self::passwords::{HashError, hash_password};
use self::roll::Roll;
use self::sessions::{Session, Sessions};
use self::throttle::{Guesser, Throttle};
use crate::config::{AccessConfig, Role};
use crate::state::Site;
use crate::system::wall_clock;

/// The cookie of a session.
pub(super) const SESSION: &str = "resonanz_session";
/// Passwords that are checked at once: each takes memory and a processor.
const CHECKS_MAX: usize = 2;
/// How long a login waits for its turn.
const TURN: Duration = Duration::from_secs(10);

/// Somebody who is known.
#[derive(Debug, Clone)]
pub(super) struct Viewer {
    pub(super) name: Arc<str>,
    pub(super) role: Role,
    pub(super) way: Way,
}

impl Viewer {
    /// The name under which somebody changes something: that of the login, whatever they say; a
    /// program may act for people, and is named behind them.
    pub(super) fn signs(&self, told: String) -> String {
        match self.way {
            Way::Open => told,
            Way::Login | Way::Proxy => self.name.to_string(),
            Way::Token if told.trim().is_empty() || told == *self.name => self.name.to_string(),
            Way::Token => format!("{told} ({})", self.name),
        }
    }
}

/// How somebody is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By nothing: whoever is here may come in.
    Open,
    /// By a login.
    Login,
    /// By a token.
    Token,
    /// By the word of a proxy.
    Proxy,
}

/// What a request says of who sent it.
#[derive(Debug)]
pub(super) enum Identity {
    /// Somebody who is known.
    Known(Viewer),
    /// Nothing, or what counts no more.
    Nobody,
    /// A token that is none.
    Wrong,
    /// It guessed too often; after so many seconds it may again.
    Later(u64),
}

/// Why a login fails.
#[derive(Debug)]
pub(super) enum LoginError {
    /// Name or password is wrong; which, nobody is told.
    Wrong,
    /// After so many seconds one may try again.
    Later(u64),
    /// Too many log in, or the operating system refused.
    Busy,
}

/// What is wrong with a secret of `[serve]`.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct AccessFault {
    message: String,
    /// How to mend it.
    pub hint: String,
}

/// Who may come in. Cheap to clone; all clones take a new configuration together.
#[derive(Debug, Clone)]
pub struct Access(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    roll: RwLock<Arc<Roll>>,
    is_encrypted: bool,
    sessions: Sessions,
    throttle: Throttle,
    checks: Semaphore,
}

impl Access {
    /// Everything is open to this machine.
    #[must_use]
    pub fn open() -> Self {
        let config = AccessConfig::default();
        Self::new(Roll::new(&config), &config, None)
    }

    /// What a configuration says, with its secrets; `old_token` is that of `token_env`, which demands
    /// to be shown for reading, too, where the address is `beyond` this machine. Logins are kept
    /// beside the lake, if there is one.
    ///
    /// # Errors
    /// When a token cannot be had or is too short.
    pub fn fetch(
        config: &AccessConfig,
        old_token: Option<&str>,
        beyond: bool,
        lake: Option<&Site>,
    ) -> Result<Self, AccessFault> {
        Ok(Self::new(Roll::fetch(config, old_token, beyond)?, config, lake))
    }

    fn new(roll: Roll, config: &AccessConfig, lake: Option<&Site>) -> Self {
        Self(Arc::new(Inner {
            roll: RwLock::new(Arc::new(roll)),
            is_encrypted: config.tls.is_some(),
            sessions: Sessions::new(lake),
            throttle: Throttle::default(),
            checks: Semaphore::new(CHECKS_MAX),
        }))
    }

    /// Takes the users, tokens and proxies of another in place of its own. Who is logged in stays so
    /// with the role of now, unless the password or the token is another or gone.
    pub fn take(&self, other: &Self) {
        *self.0.roll.write().unwrap_or_else(PoisonError::into_inner) = other.roll();
    }

    fn roll(&self) -> Arc<Roll> {
        Arc::clone(&self.0.roll.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether nobody comes in unless they are known.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.roll().is_closed
    }

    /// Whether what is sent is encrypted by this process.
    pub(super) fn is_encrypted(&self) -> bool {
        self.0.is_encrypted
    }

    /// Whether a user or a token bears this name.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.roll().logged_in(name).is_some()
    }

    /// Whether somebody can log in with a name and a password.
    pub(super) fn has_logins(&self) -> bool {
        let roll = self.roll();
        roll.users.values().any(|user| user.hash.is_some()) || !roll.tokens.is_empty()
    }

    /// Whether an address is that of a proxy whose word counts.
    pub(super) fn trusts(&self, peer: Option<IpAddr>) -> bool {
        self.roll().trusts(peer)
    }

    /// From which address a request comes: that of the connection, or the last that a trusted proxy
    /// names.
    pub(super) fn origin(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Option<IpAddr> {
        let roll = self.roll();
        if !roll.trusts(peer) {
            return peer;
        }
        let named = headers.get_all("x-forwarded-for").into_iter();
        let named: Vec<IpAddr> = named
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|address| address.trim().parse().ok())
            .collect();
        let beyond = named.iter().rev().find(|address| !roll.trusts(Some(**address)));
        beyond.or(named.first()).copied().or(peer)
    }

    /// Who sent a request: by its token, else its session, else the word of a trusted proxy.
    pub(super) fn identify(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Identity {
        if let Some(token) = presented(headers) {
            if let Some(viewer) = self.roll().tokens.get(&hash(&token)) {
                return Identity::Known(viewer.clone());
            }
            let guesser: Vec<Guesser> =
                self.origin(headers, peer).map(Guesser::peer).into_iter().collect();
            return match self.0.throttle.begin(&guesser, Instant::now()) {
                Ok(()) => Identity::Wrong,
                Err(wait_s) => Identity::Later(wait_s),
            };
        }
        let known = self.by_session(headers).or_else(|| self.by_proxy(headers, peer));
        known.map_or(Identity::Nobody, Identity::Known)
    }

    /// Who shows the token of a request; a wrong one may be that of a single source.
    pub(super) fn token(&self, headers: &HeaderMap) -> Option<Viewer> {
        self.roll().tokens.get(&hash(&presented(headers)?)).cloned()
    }

    fn by_session(&self, headers: &HeaderMap) -> Option<Viewer> {
        let session = self.0.sessions.find(cookie(headers, SESSION)?)?;
        let roll = self.roll();
        let counts = roll.ground(&session.name) == Some(session.ground);
        roll.logged_in(&session.name).filter(|_| counts)
    }

    fn by_proxy(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Option<Viewer> {
        let roll = self.roll();
        let header = roll.sso_header.as_deref().filter(|_| roll.trusts(peer))?;
        let mut told = headers.get_all(header).iter();
        let name = std::str::from_utf8(told.next()?.as_bytes()).ok()?.trim();
        // Two names are none.
        if told.next().is_some() || name.is_empty() || name.chars().any(char::is_control) {
            return None;
        }
        let role = roll.users.get(name).map(|user| user.role).or(roll.sso_role)?;
        Some(Viewer::new(name, role, Way::Proxy))
    }

    /// Who a name and a password stand for; a token counts as the password of its name.
    ///
    /// # Errors
    /// When they stand for nobody, or somebody guessed too often.
    pub(super) async fn prove(
        &self,
        name: &str,
        password: &str,
        peer: Option<IpAddr>,
    ) -> Result<Viewer, LoginError> {
        let mut guesser = vec![Guesser::name(name)];
        guesser.extend(peer.map(Guesser::peer));
        self.0.throttle.begin(&guesser, Instant::now()).map_err(LoginError::Later)?;
        let roll = self.roll();
        let token = roll.tokens.get(&hash(password)).filter(|token| *token.name == *name);
        let viewer = match token {
            Some(token) => Some(token.clone()),
            None => self.by_password(&roll, name, password).await?,
        };
        let viewer = viewer.filter(|viewer| viewer.role.allows(Role::Read));
        let viewer = viewer.ok_or(LoginError::Wrong)?;
        self.0.throttle.forgive(&guesser);
        Ok(viewer)
    }

    async fn by_password(
        &self,
        roll: &Roll,
        name: &str,
        password: &str,
    ) -> Result<Option<Viewer>, LoginError> {
        let user = roll.users.get(name).and_then(|user| Some((user.role, user.hash.clone()?)));
        let hash = user.as_ref().map_or(roll.decoy.as_str(), |(_, hash)| hash.expose());
        let (hash, password) = (hash.to_owned(), password.to_owned());
        if password.len() > BYTES_MAX {
            return Ok(None);
        }
        let turn = tokio::time::timeout(TURN, self.0.checks.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(LoginError::Busy) };
        let right = tokio::task::spawn_blocking(move || is_right(&password, &hash)).await;
        let is_right = right.map_err(|_| LoginError::Busy)?;
        Ok(user.filter(|_| is_right).map(|(role, _)| Viewer::new(name, role, Way::Login)))
    }

    /// Begins a session; the cookie for it.
    ///
    /// # Errors
    /// When the operating system gives no randomness, or the name was taken out meanwhile.
    pub(super) fn begin(&self, viewer: &Viewer, headers: &HeaderMap) -> Result<String, LoginError> {
        let roll = self.roll();
        let (name, life_us) = (viewer.name.to_string(), roll.session_us);
        let ground = roll.ground(&name).ok_or(LoginError::Wrong)?;
        let session = Session { name, ground, until: wall_clock().shift(life_us) };
        let shown = self.0.sessions.begin(session, life_us).map_err(|_| LoginError::Busy)?;
        Ok(self.baked(&shown, life_us / 1_000_000, headers))
    }

    /// Ends the session of a request; the cookie that takes it out of the browser.
    pub(super) fn end(&self, headers: &HeaderMap) -> String {
        if let Some(shown) = cookie(headers, SESSION) {
            self.0.sessions.end(shown);
        }
        self.baked("", 0, headers)
    }

    /// The cookie of a session. Another site's page may lead here with it, and not send a form.
    fn baked(&self, shown: &str, life_s: i64, headers: &HeaderMap) -> String {
        let by_proxy = headers.get("x-forwarded-proto").is_some_and(|value| value == "https");
        let secure = if self.is_encrypted() || by_proxy { "; Secure" } else { "" };
        format!("{SESSION}={shown}; Path=/; Max-Age={life_s}; HttpOnly; SameSite=Lax{secure}")
    }
}

impl Viewer {
    pub(super) fn new(name: &str, role: Role, way: Way) -> Self {
        Self { name: name.into(), role, way }
    }
}

fn hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}

/// The token of `Bearer TOKEN`, or the password of `Basic`, as in `https://x:TOKEN@host/`.
fn presented(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().unwrap_or_default();
    let (scheme, rest) = value.trim().split_once(' ').unwrap_or((value, ""));
    let rest = rest.trim();
    if !scheme.eq_ignore_ascii_case("basic") {
        return Some(rest.to_owned());
    }
    let plain = STANDARD.decode(rest).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Some(plain.as_deref().and_then(|plain| plain.split_once(':')).unwrap_or_default().1.to_owned())
}

/// The value of a cookie.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let sent = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        sent.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
}
