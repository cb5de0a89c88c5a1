//! How is what is sent encrypted? By rustls, with a certificate from files that are read again when
//! they change.

use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::config::TlsConfig;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// A certificate with its key, as they were last read. Cheap to clone.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("files", &self.0.now().0).finish_non_exhaustive()
    }
}

/// The files, and what was read from them.
type Current = (TlsConfig, Arc<ServerConfig>);

struct Inner(RwLock<Current>);

impl Inner {
    fn now(&self) -> Current {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read, or is not PEM.
    #[error("{path}: {why}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        why: String,
        /// How to mend it.
        hint: &'static str,
    },
    /// Certificate and key do not fit, or are of a kind that cannot be used.
    #[error("{cert} and {key}: {why}")]
    Pair {
        /// The certificate.
        cert: String,
        /// The key.
        key: String,
        /// Why.
        why: String,
    },
}

impl TlsError {
    /// How to mend it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::File { hint, .. } => hint,
            Self::Pair { .. } => "give the private key of the first certificate in the file",
        }
    }
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// When they cannot be read or do not fit.
    pub fn open(files: &TlsConfig) -> Result<Self, TlsError> {
        let current = (files.clone(), Arc::new(read(files)?));
        Ok(Self(Arc::new(Inner(RwLock::new(current)))))
    }

    /// Takes the files of another in place of its own.
    pub fn take(&self, other: &Self) {
        *self.0.0.write().unwrap_or_else(PoisonError::into_inner) = other.0.now();
    }

    /// What begins encryption on a connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.0.now().1)
    }

    /// Reads the files again whenever they change, until the task is aborted. What cannot be used is
    /// said, and the certificate that was there stays.
    pub async fn follow(self) {
        let mut known = self.changed();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.changed();
            if now == known {
                continue;
            }
            let (files, _) = self.0.now();
            match read(&files) {
                Ok(fresh) => {
                    let mut current = self.0.0.write().unwrap_or_else(PoisonError::into_inner);
                    // Others may have been named meanwhile.
                    if current.0 == files {
                        current.1 = Arc::new(fresh);
                        tracing::info!("a new certificate is in use");
                    }
                }
                Err(error) => {
                    tracing::error!(%error, hint = error.hint(), "the old certificate stays in use");
                }
            }
            known = now;
        }
    }

    /// When the files changed last.
    fn changed(&self) -> [Option<SystemTime>; 2] {
        let (files, _) = self.0.now();
        [files.cert, files.key]
            .map(|path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok())
    }
}

fn read(files: &TlsConfig) -> Result<ServerConfig, TlsError> {
    const CERT: &str = "give a certificate in PEM: -----BEGIN CERTIFICATE-----";
    const KEY: &str =
        "give a private key in PEM that is not encrypted: -----BEGIN PRIVATE KEY-----";
    let wrong = |path: &Path, why: String, hint| {
        let path = path.display().to_string();
        TlsError::File { path, why, hint }
    };
    let text = |path: &Path| {
        let hint = "give a file that this user can read: [serve.tls] cert and key";
        std::fs::read(path).map_err(|error: io::Error| wrong(path, error.to_string(), hint))
    };
    let (cert, key) = (text(&files.cert)?, text(&files.key)?);
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&cert).collect();
    let chain = chain.map_err(|error| wrong(&files.cert, error.to_string(), CERT))?;
    if chain.is_empty() {
        return Err(wrong(&files.cert, "there is no certificate in it".to_owned(), CERT));
    }
    let key = PrivateKeyDer::from_pem_slice(&key)
        .map_err(|error| wrong(&files.key, error.to_string(), KEY))?;
    let made = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
    made.map_err(|error| TlsError::Pair {
        cert: files.cert.display().to_string(),
        key: files.key.display().to_string(),
        why: error.to_string(),
    })
}
