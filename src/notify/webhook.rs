//! Did a webhook arrive? One attempt to bring one message to one endpoint.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::Resolve;
use reqwest::{Client, Response, StatusCode, header, redirect};

use super::attempt::{Attempt, Failure, Fault};
use super::guard::{Guard, check_literal};
use super::message::Message;
use super::receiver::Receiver;
use crate::connect::retry_after as asked;
use crate::system::{unix_ms, wall_clock};

/// How long a connection is kept for the next message.
const IDLE: Duration = Duration::from_secs(30);

/// A connection to an endpoint.
#[derive(Debug)]
pub(super) struct Web {
    client: Client,
}

impl Web {
    /// Ready to be called; each attempt ends after `timeout`.
    pub(super) fn new(
        receiver: &Receiver,
        resolver: Arc<dyn Resolve>,
        timeout: Duration,
    ) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .dns_resolver(Guard { resolver, reach: receiver.reach })
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(timeout)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(1)
            .user_agent(concat!("resonanz/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client })
    }

    /// Sends a message once; the error says why there is no answer.
    pub(super) async fn send(
        &self,
        receiver: &Receiver,
        message: &Message,
    ) -> Result<Response, String> {
        check_literal(&receiver.url.0, receiver.reach).map_err(|error| error.to_string())?;
        let (body, now_s) = (receiver.style.body(message, wall_clock()), unix_ms() / 1_000);
        let mut request = self
            .client
            .post(receiver.url.0.clone())
            .header(header::CONTENT_TYPE, body.content_type)
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", now_s);
        if let Some(signer) = &receiver.signer {
            let signature = signer.sign(&message.id, now_s, &body.text);
            request = request.header("webhook-signature", signature);
        }
        request.body(body.text).send().await.map_err(|error| why(&error.without_url()))
    }

    /// Brings a message. The answer's body is never read, so it may be of any length.
    pub(super) async fn post(&self, receiver: &Receiver, message: &Message) -> Attempt {
        let response = match self.send(receiver, message).await {
            Ok(response) => response,
            Err(why) => return Attempt::unreached(why),
        };
        let status = response.status();
        match status {
            StatusCode::GONE => Attempt::Gone,
            _ if status.is_success() => Attempt::Arrived,
            _ => Attempt::Failed(Failure {
                why: format!("answered {status}"),
                retry_after: retry_after(&response),
                fault: fault(status),
            }),
        }
    }
}

/// An error with its deepest cause, which says what happened.
fn why(error: &reqwest::Error) -> String {
    let mut deepest: &dyn Error = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    if error.source().is_some() { format!("{error}: {deepest}") } else { error.to_string() }
}

fn fault(status: StatusCode) -> Fault {
    match status {
        StatusCode::BAD_REQUEST
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => Fault::Message,
        _ => Fault::Endpoint,
    }
}

/// What the receiver asks for on 429 and 503.
fn retry_after(response: &Response) -> Option<Duration> {
    let asks = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
    let asks = asks.contains(&response.status());
    asks.then(|| asked(response.headers(), wall_clock())).flatten()
}
