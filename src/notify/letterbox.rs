//! By which server does a receiver's mail leave, and who is told? Ready to be used: password and
//! certificates are read.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::receiver_fault::ReceiverFault;
use crate::config::{Encryption, MailConfig};

/// How a receiver's mail leaves.
#[derive(Clone)]
pub struct Letterbox {
    pub(super) server: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    /// Who may vouch for the server.
    pub(super) roots: Arc<RootCertStore>,
    pub(super) login: Option<Credentials>,
    pub(super) from: Mailbox,
    pub(super) to: Vec<Mailbox>,
}

impl Letterbox {
    /// Reads what the configuration only names; `secret` is the password.
    pub(super) fn read(config: &MailConfig, secret: Option<&str>) -> Result<Self, ReceiverFault> {
        let login = config.user.as_ref().zip(secret);
        let login = login.map(|(user, secret)| Credentials::new(user.clone(), secret.to_owned()));
        let roots = match &config.ca_file {
            Some(path) => certificates(path)?,
            None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        };
        Ok(Self {
            server: config.server.clone(),
            port: config.port,
            encryption: config.encryption,
            roots: Arc::new(roots),
            login,
            from: config.from.clone(),
            to: config.to.clone(),
        })
    }
}

/// Only the certificates of a file.
fn certificates(path: &Path) -> Result<RootCertStore, ReceiverFault> {
    let fault = |why: String| ReceiverFault::Certificates(format!("{}: {why}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| fault(error.to_string()))?;
        roots.add(certificate).map_err(|error| fault(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(fault("there is no certificate in it".to_owned()));
    }
    Ok(roots)
}

impl fmt::Debug for Letterbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letterbox")
            .field("server", &self.server)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
