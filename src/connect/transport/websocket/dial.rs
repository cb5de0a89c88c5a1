//! Does a server open a WebSocket, and if not, whose fault is that?

use std::time::Duration;

use reqwest::header::{self, HeaderMap};
use reqwest::{Response, StatusCode, Upgraded};
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};

use crate::connect::source::Fault;
use crate::connect::transport::http::{asked_wait, client, why};
use crate::system::wall_clock;

const DIAL_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a refusal's body that are shown.
const SHOWN_BYTES: usize = 300;

/// Why a server opens no WebSocket.
#[derive(Debug)]
pub(in crate::connect) struct Refusal {
    /// In words.
    pub(in crate::connect) reason: String,
    /// Its status, if it answered.
    pub(in crate::connect) status: Option<StatusCode>,
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
            Some(401 | 403) => "check the address and the credentials that it needs",
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
pub(super) async fn dial(url: &str, headers: HeaderMap) -> Result<Upgraded, Refusal> {
    let opened = tokio::time::timeout(DIAL_TIMEOUT, open(url, headers)).await;
    opened.unwrap_or_else(|_| Err(Refusal::unreached(format!("no answer within {DIAL_TIMEOUT:?}"))))
}

async fn open(url: &str, headers: HeaderMap) -> Result<Upgraded, Refusal> {
    let key = generate_key();
    // ws and wss are http and https by other names.
    let request = client()
        .map_err(Refusal::unreached)?
        .get(url.replacen("ws", "http", 1))
        .headers(headers)
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
        return Err(Refusal::unreached("the server's answer is not that of a WebSocket"));
    }
    response.upgrade().await.map_err(|error| Refusal::unreached(why(&error)))
}

async fn refusal(mut response: Response) -> Refusal {
    let status = response.status();
    let text = |name| {
        let value = response.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let wait = asked_wait(response.headers(), wall_clock());
    let location = text(header::LOCATION);
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
    Refusal { reason: format!("the server answers {status}{more}"), status: Some(status), wait }
}
