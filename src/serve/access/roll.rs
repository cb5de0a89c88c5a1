//! Which users, tokens and proxies are there? What one state of the configuration says; the next one
//! takes its place as a whole.

use std::collections::HashMap;
use std::net::IpAddr;

use super::passwords::{HashError, hash_password};
use super::{AccessFault, Viewer, Way, hash};
use crate::config::{AccessConfig, Network, Role, TokenProof};
use crate::secret::Secret;
use crate::system::{hex, random};

/// The name of the token of `token_env`.
const OLD_TOKEN: &str = "token";
/// Fewest characters of a token that is kept somewhere.
const TOKEN_CHARS_MIN: usize = 16;

/// Who may come in.
#[derive(Debug)]
pub(super) struct Roll {
    pub(super) is_closed: bool,
    pub(super) users: HashMap<String, User>,
    /// By the hash of the token.
    pub(super) tokens: HashMap<[u8; 32], Viewer>,
    pub(super) proxies: Vec<Network>,
    pub(super) sso_header: Option<String>,
    pub(super) sso_role: Option<Role>,
    /// How long a login lasts.
    pub(super) session_us: i64,
    /// For names that do not exist, so that they are refused no sooner.
    pub(super) decoy: String,
}

#[derive(Debug)]
pub(super) struct User {
    pub(super) role: Role,
    pub(super) hash: Option<Secret>,
}

impl Roll {
    /// What stands in the configuration, without what is kept elsewhere.
    pub(super) fn new(config: &AccessConfig) -> Self {
        let users = config.users.iter().map(|user| {
            let hash = user.password_hash.clone().map(Secret::new);
            (user.name.clone(), User { role: user.role, hash })
        });
        Self {
            is_closed: false,
            users: users.collect(),
            tokens: HashMap::new(),
            proxies: config.proxies.clone(),
            sso_header: config.sso_header.clone(),
            sso_role: config.sso_role,
            session_us: config.session_us,
            decoy: String::new(),
        }
    }

    /// The same with its secrets, as [`super::Access::fetch`] says.
    pub(super) fn fetch(
        config: &AccessConfig,
        old_token: Option<&str>,
        beyond: bool,
    ) -> Result<Self, AccessFault> {
        let mut roll = Self::new(config);
        roll.is_closed = config.demands_login() || (beyond && old_token.is_some());
        for token in &config.tokens {
            let fault = |what: String, hint: String| AccessFault {
                message: format!("token \"{}\": {what}", token.name),
                hint,
            };
            let hash = match &token.proof {
                TokenProof::Hash(hash) => *hash,
                TokenProof::Kept(place) => {
                    let kept = place.fetch();
                    let kept = kept.map_err(|error| fault(error.to_string(), error.hint()))?;
                    if kept.expose().chars().count() < TOKEN_CHARS_MIN {
                        let what = format!("it has fewer than {TOKEN_CHARS_MIN} characters");
                        return Err(fault(what, "make one with: openssl rand -hex 32".to_owned()));
                    }
                    hash(kept.expose())
                }
            };
            roll.tokens.insert(hash, Viewer::new(&token.name, token.role, Way::Token));
        }
        if let Some(token) = old_token {
            let known = Viewer::new(OLD_TOKEN, Role::Admin, Way::Token);
            roll.tokens.entry(hash(token)).or_insert(known);
        }
        if roll.is_closed {
            let decoy = random::<16>().map_err(HashError::from);
            let decoy = decoy.and_then(|bytes| hash_password(&hex(&bytes)));
            roll.decoy = decoy.map_err(|error| AccessFault {
                message: format!("serve: {error}"),
                hint: "try again".to_owned(),
            })?;
        }
        Ok(roll)
    }

    pub(super) fn trusts(&self, peer: Option<IpAddr>) -> bool {
        peer.is_some_and(|peer| self.proxies.iter().any(|network| network.holds(peer)))
    }

    /// What a login of this name rests on now, as a hash: a session ends when it is another.
    pub(super) fn ground(&self, name: &str) -> Option<[u8; 32]> {
        let user = self.users.get(name).and_then(|user| user.hash.as_ref());
        let token = || self.tokens.iter().find(|(_, token)| *token.name == *name);
        user.map(|kept| hash(kept.expose())).or_else(|| token().map(|(hash, _)| *hash))
    }

    /// Who is logged in under a name, with the role of now.
    pub(super) fn logged_in(&self, name: &str) -> Option<Viewer> {
        let user = self.users.get(name).map(|user| user.role);
        let token = || self.tokens.values().find(|token| *token.name == *name);
        let role = user.or_else(|| token().map(|token| token.role))?;
        Some(Viewer::new(name, role, Way::Login))
    }
}
