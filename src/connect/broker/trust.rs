//! Whom does a connection to a broker believe, and how does it show who it is? The files of TLS.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::connect::source::Fault;
use crate::settings::Section;

/// Files in PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::connect) struct Trust {
    /// Certificates that are believed beside the usual ones.
    pub(in crate::connect) ca: Option<PathBuf>,
    /// A certificate of our own with its key, for brokers that ask for one.
    pub(in crate::connect) own: Option<(PathBuf, PathBuf)>,
}

impl Trust {
    /// Reads `ca_file`, `cert_file` and `key_file`.
    pub(in crate::connect) fn of(section: &mut Section<'_, '_>, base: &Path) -> Self {
        let ca = section.text("ca_file").map(|path| base.join(path));
        let [cert, key] = ["cert_file", "key_file"]
            .map(|name| (name, section.text(name).map(|path| base.join(path))));
        if let ((_, None), (given, Some(_))) | ((given, Some(_)), (_, None)) = (&cert, &key) {
            let at = section.place(given);
            let hint = "give cert_file and key_file, both in PEM";
            section.problems.add(at, "a certificate and its key go together", hint);
        }
        Self { ca, own: cert.1.zip(key.1) }
    }

    /// Whether nothing is given.
    pub(in crate::connect) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What a client that keeps to it needs. The files are read each time, so that new ones count.
    ///
    /// # Errors
    /// The user's, for a file that cannot be read or is not what it should be.
    pub(in crate::connect) fn client(&self) -> Result<Arc<ClientConfig>, Fault> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = &self.ca {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| wrong(path, &error))?;
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Fault::external(format!("TLS: {error}")))?
            .with_root_certificates(roots);
        let Some((cert, key)) = &self.own else {
            return Ok(Arc::new(client.with_no_client_auth()));
        };
        let chain = certificates(cert)?;
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
        let client = client.with_client_auth_cert(chain, secret);
        client.map(Arc::new).map_err(|error| wrong(cert, &error))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read = read.map_err(|error| wrong(path, &error))?;
    if read.is_empty() {
        return Err(wrong(path, &"no certificate in it"));
    }
    Ok(read)
}

fn wrong(path: &Path, error: &dyn std::fmt::Display) -> Fault {
    let reason = format!("{}: {error}", path.display());
    Fault::user(reason, "give a file in PEM that this user can read")
}
