//! Which client do sources ask with? One for all, with the roots that come with resonanz.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, redirect};

/// Longest time until a connection stands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The client; it follows no redirects, so that no secret goes where it was not meant to go.
///
/// # Errors
/// In words, when there is no TLS.
pub(in crate::connect::transport) fn client() -> Result<Client, String> {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .http1_only()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(2)
        .user_agent(concat!("resonanz/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| why(&error))?;
    Ok(CLIENT.get_or_init(|| client).clone())
}

/// The innermost cause: the ones around it name only the address.
pub(in crate::connect::transport) fn why(error: &reqwest::Error) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
