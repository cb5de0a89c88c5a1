//! Does a server open a WebSocket, and if not, whose fault is that?

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Client, Response, StatusCode, Upgraded, header, redirect};
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};

use crate::connect::source::Fault;

const DIAL_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a refusal's body that are shown.
const SHOWN_BYTES: usize = 300;

/// Why a server opens no WebSocket.
#[derive(Debug)]
pub(in crate::connect) struct Refusal {
    /// In words.
    pub(in crate::connect) reason: String,
    /// Its status, if it answered.
    status: Option<StatusCode>,
    /// How long it asks us to wait.
    wait: Option<Duration>,
}

impl Refusal {
    fn unreached(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), status: None, wait: None }
    }

    /// Whose fault it is: a request that is wrong stays wrong, everything else passes.
    pub(in crate::connect) fn fault(self) -> Fault {
        let hint = match self.status.map(|status| status.as_u16()) {
            Some(401 | 403) => "check the address and what it needs to let us in",
            Some(400 | 404 | 405 | 410) => "check the address",
            _ => return Fault::External { reason: self.reason, wait: self.wait },
        };
        Fault::user(self.reason, format!("{hint}: key url of this source"))
    }
}

/// Opens a WebSocket.
///
/// # Errors
/// Why there is none.
pub(super) async fn dial(url: &str) -> Result<Upgraded, Refusal> {
    let opened = tokio::time::timeout(DIAL_TIMEOUT, open(url)).await;
    opened.unwrap_or_else(|_| Err(Refusal::unreached(format!("no answer within {DIAL_TIMEOUT:?}"))))
}

async fn open(url: &str) -> Result<Upgraded, Refusal> {
    let key = generate_key();
    // ws and wss are http and https by other names.
    let request = client()?
        .get(url.replacen("ws", "http", 1))
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, &key);
    let response = request.send().await.map_err(|error| Refusal::unreached(why(&error)))?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(refusal(response).await);
    }
    let accepted = response.headers().get(header::SEC_WEBSOCKET_ACCEPT);
    if accepted
        .is_none_or(|accepted| accepted.as_bytes() != derive_accept_key(key.as_bytes()).as_bytes())
    {
        return Err(Refusal::unreached("the server's answer belongs to no WebSocket"));
    }
    response.upgrade().await.map_err(|error| Refusal::unreached(why(&error)))
}

async fn refusal(mut response: Response) -> Refusal {
    let status = response.status();
    let text = |name| {
        let value = response.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let (wait, location) = (text(header::RETRY_AFTER), text(header::LOCATION));
    let body = match response.chunk().await {
        Ok(Some(bytes)) => bytes,
        _ => bytes::Bytes::new(),
    };
    let body = String::from_utf8_lossy(body.get(..SHOWN_BYTES).unwrap_or(&body)).into_owned();
    let body: String = body.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let more = match (location, body.trim()) {
        (Some(location), _) => format!(", which leads to {location}"),
        (None, "") => String::new(),
        (None, body) => format!(": {body}"),
    };
    Refusal {
        reason: format!("the server answers {status}{more}"),
        status: Some(status),
        wait: wait.and_then(|wait| retry_after(&wait, SystemTime::now())),
    }
}

/// The wait that `Retry-After` asks for: seconds, or a date.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp().as_second();
    let now = now.duration_since(UNIX_EPOCH).ok()?;
    let at = Duration::from_secs(u64::try_from(at).ok()?);
    Some(at.saturating_sub(now))
}

/// A client for all sources, with the roots that come with resonanz.
fn client() -> Result<Client, Refusal> {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client.clone());
    }
    let unreached = |error: &dyn Error| Refusal::unreached(error.to_string());
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unreached(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .http1_only()
        .user_agent(concat!("resonanz/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| unreached(&error))?;
    Ok(CLIENT.get_or_init(|| client).clone())
}

/// The innermost cause: the ones around it name only the address.
fn why(error: &reqwest::Error) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read_as_seconds_or_as_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(1_772_366_400);
        let rows = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 01 Mar 2026 12:01:00 GMT", Some(60)),
            ("Sun, 01 Mar 2026 11:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
        ];
        for (value, seconds) in rows {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }
}
