//! Who is let in where this process serves: with which secrets, and which certificate?

use std::net::SocketAddr;
use std::sync::Arc;

use super::Failure;
use crate::config::{Config, LakeConfig};
use crate::serve::{Access, Audit, Tls};
use crate::state::Site;

/// What the doors need to know of who comes.
#[derive(Debug, Clone)]
pub(super) struct Entrance {
    pub(super) access: Access,
    pub(super) tls: Option<Tls>,
    /// The token that changes over HTTP need where nobody logs in.
    pub(super) token: Option<Arc<str>>,
}

impl Entrance {
    /// Everything is open to this machine.
    pub(super) fn open() -> Self {
        Self { access: Access::open(), tls: None, token: None }
    }

    /// What a configuration says, so that what is wrong with it is known before anything begins;
    /// `beyond` is whether other machines reach the address of HTTP. Logins are kept beside the lake.
    pub(super) fn fetch(config: &Config, beyond: bool, lake: &Site) -> Result<Self, Failure> {
        let token = token(config)?;
        let access = Access::fetch(&config.access, token.as_deref(), beyond, Some(lake));
        let access = access.map_err(|fault| Failure::usage(fault.to_string(), &*fault.hint))?;
        let tls = config.access.tls.as_ref().map(Tls::open).transpose();
        let tls = tls.map_err(|error| Failure::usage(format!("tls: {error}"), error.hint()))?;
        Ok(Self { access, tls, token })
    }

    /// The same for the address of the configuration.
    pub(super) fn of(config: &Config) -> Result<Self, Failure> {
        Self::fetch(config, config.listen.is_some_and(is_beyond), &Site::from(&config.lake))
    }

    /// Refuses to open what other machines reach at an address that stays; elsewhere a warning says
    /// that nobody has to log in any more.
    pub(super) fn fits(&self, before: &Self, beyond: bool) -> Result<Option<String>, Failure> {
        let opens = before.access.is_closed() && !self.access.is_closed();
        if opens && beyond {
            let message = "nobody would have to log in, and other machines reach this process";
            return Err(Failure::usage(message, "leave a user or a token, or restart"));
        }
        let warning = opens.then(|| "nobody has to log in any more".to_owned());
        if let Some(warning) = &warning {
            tracing::warn!("{warning}");
        }
        Ok(warning)
    }

    /// Takes users, tokens, proxies and the place of the certificate of a new configuration. Whether
    /// it encrypts at all holds from the next start.
    pub(super) fn take(&mut self, fresh: Self) {
        self.access.take(&fresh.access);
        if let (Some(tls), Some(fresh)) = (&self.tls, &fresh.tls) {
            tls.take(fresh);
        }
        self.token = fresh.token;
    }

    /// Follows the certificate and begins the audit log, within a runtime.
    pub(super) fn begin(&self, site: &Site, lake: Option<&LakeConfig>) -> Audit {
        if let Some(tls) = &self.tls {
            tokio::spawn(tls.clone().follow());
        }
        match lake {
            Some(lake) => {
                let access = self.access.clone();
                Audit::begin(site.clone(), lake.retention, lake.vacuum_us, access)
            }
            None => Audit::default(),
        }
    }

    /// How addresses begin.
    pub(super) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

/// Whether other machines reach an address.
pub(super) fn is_beyond(address: SocketAddr) -> bool {
    !address.ip().to_canonical().is_loopback()
}

/// The token that changes over HTTP need.
fn token(config: &Config) -> Result<Option<Arc<str>>, Failure> {
    let Some(name) = &config.token_env else { return Ok(None) };
    let token = std::env::var(name).ok().filter(|token| !token.is_empty());
    let missing = || {
        let message = format!("environment variable {name} is not set");
        Failure::usage(message, format!("export {name}=$(openssl rand -hex 32)"))
    };
    token.map(Into::into).ok_or_else(missing).map(Some)
}
