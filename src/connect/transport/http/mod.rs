//! How is a server asked over HTTP, and whose fault is it when it does not answer?
//!
//! One client for all sources. Redirects are for the caller to judge, as a feed that has moved;
//! secrets go only where the request names them.

mod client;
mod links;
mod rate;
mod validators;

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};

pub(super) use client::{client, why};
pub(in crate::connect) use links::links;
pub(crate) use rate::retry_after;
pub(in crate::connect) use rate::{ASKED_MAX, Rate, asked_wait};
pub(in crate::connect) use validators::Validators;

use crate::connect::source::{Fault, Outlet};
use crate::system::wall_clock;
use crate::text::plain_of_html;
use crate::time::EventTime;

/// Longest time for one answer, with its body.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Largest body that is taken.
pub(in crate::connect) const BODY_BYTES_MAX: usize = 8 << 20;
/// Characters of a refusal's body that are shown.
const SHOWN_CHARS: usize = 300;

/// Asks servers.
#[derive(Debug, Clone)]
pub(in crate::connect) struct Http(Client);

/// What a server answered.
#[derive(Debug)]
pub(in crate::connect) struct Answer {
    /// Its status.
    pub(in crate::connect) status: StatusCode,
    /// Its headers.
    pub(in crate::connect) headers: HeaderMap,
    /// Its body, whole.
    pub(in crate::connect) body: Vec<u8>,
}

impl Http {
    /// The client that all sources share.
    ///
    /// # Errors
    /// [`Fault::Internal`] when there is no TLS.
    pub(in crate::connect) fn new() -> Result<Self, Fault> {
        client().map(Self).map_err(|reason| Fault::Internal { reason })
    }

    /// A request to an address.
    pub(in crate::connect) fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.0.request(method, url)
    }

    /// A request that gets what is at an address.
    pub(in crate::connect) fn get(&self, url: &str) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Sends a request and reads the answer, whatever its status; see [`Answer::well`].
    ///
    /// # Errors
    /// [`Fault::External`] without an answer in time, [`Fault::Closed`] when the process ends.
    pub(in crate::connect) async fn send(
        &self,
        request: RequestBuilder,
        outlet: &Outlet,
    ) -> Result<Answer, Fault> {
        let asked = tokio::time::timeout(ANSWER_TIMEOUT, answer(request));
        tokio::select! {
            answered = asked => answered.unwrap_or_else(|_| Err(late())),
            () = outlet.closing() => Err(Fault::Closed),
        }
    }

    /// Sends a request whose answer must not be lost, as the token that takes the place of another: it
    /// is waited for though the process is ending.
    ///
    /// # Errors
    /// [`Fault::External`] without an answer in time.
    pub(in crate::connect) async fn send_unbroken(
        &self,
        request: RequestBuilder,
    ) -> Result<Answer, Fault> {
        let asked = tokio::time::timeout(ANSWER_TIMEOUT, answer(request)).await;
        asked.unwrap_or_else(|_| Err(late()))
    }

    /// Sends a request whose answer is a stream without an end, such as lines or server-sent events.
    ///
    /// # Errors
    /// As [`Http::send`], and by [`Answer::well`] for another status than 2xx.
    pub(in crate::connect) async fn stream(
        &self,
        request: RequestBuilder,
        outlet: &Outlet,
    ) -> Result<Response, Fault> {
        let asked = tokio::time::timeout(ANSWER_TIMEOUT, request.send());
        let response = tokio::select! {
            answered = asked => answered
                .map_err(|_| Fault::external("no answer in time"))?
                .map_err(|error| Fault::external(why(&error)))?,
            () = outlet.closing() => return Err(Fault::Closed),
        };
        if response.status().is_success() {
            return Ok(response);
        }
        let refusal = tokio::time::timeout(ANSWER_TIMEOUT, read(response)).await;
        let refusal = refusal.map_err(|_| Fault::external("no whole answer in time"))??;
        Err(refusal.fault())
    }
}

impl Answer {
    /// The whole of a response.
    ///
    /// # Errors
    /// [`Fault::External`] when it breaks, or is too long.
    pub(in crate::connect) async fn of(response: Response) -> Result<Self, Fault> {
        let whole = tokio::time::timeout(ANSWER_TIMEOUT, read(response)).await;
        whole.unwrap_or_else(|_| Err(Fault::external("no whole answer in time")))
    }

    /// The answer, if it is well.
    ///
    /// # Errors
    /// Whose fault it is, for another status than 2xx or 304: refused for good is the user's,
    /// everything else passes.
    pub(in crate::connect) fn well(self) -> Result<Self, Fault> {
        if self.status.is_success() || self.status == StatusCode::NOT_MODIFIED {
            return Ok(self);
        }
        Err(self.fault())
    }

    /// What it says of limits.
    pub(in crate::connect) fn rate(&self) -> Rate {
        Rate::of(&self.headers, wall_clock())
    }

    /// What to show its server the next time.
    pub(in crate::connect) fn validators(&self) -> Validators {
        Validators::of(&self.headers, wall_clock())
    }

    /// A header as text.
    pub(in crate::connect) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What its server's clock showed when it answered.
    pub(in crate::connect) fn date(&self) -> Option<EventTime> {
        validators::instant(self.header("date")?)
    }

    /// The beginning of its body, on one line; of a web page its words.
    pub(in crate::connect) fn excerpt(&self) -> String {
        let bytes = self.body.get(..4 * SHOWN_CHARS).unwrap_or(&self.body);
        let mut text = String::from_utf8_lossy(bytes);
        if text.trim_start().starts_with('<') {
            text = plain_of_html(&text).into();
        }
        let words = text.split(|c: char| c.is_control() || c.is_whitespace());
        let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        line.chars().take(SHOWN_CHARS).collect()
    }

    /// Whose fault an answer is that is not well.
    pub(in crate::connect) fn fault(&self) -> Fault {
        let more = match (self.header("location"), self.excerpt()) {
            (Some(location), _) => format!(", which leads to {location}"),
            (None, body) if body.is_empty() => String::new(),
            (None, body) => format!(": {body}"),
        };
        let reason = format!("the server answers {}{more}", self.status);
        let hint = match self.status.as_u16() {
            401 => "give a valid token: the server does not know this one",
            // A refusal that names when to come back is a limit.
            403 if asked_wait(&self.headers, wall_clock()).is_none() => {
                "give a token that has the rights for this"
            }
            400 | 404 | 405 | 410 | 422 => "check the address and the keys of this source",
            301 | 302 | 303 | 307 | 308 => "give the address that it leads to",
            _ => {
                let wait = asked_wait(&self.headers, wall_clock());
                return Fault::External { reason, wait };
            }
        };
        Fault::user(reason, hint)
    }
}

fn late() -> Fault {
    Fault::external(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))
}

async fn answer(request: RequestBuilder) -> Result<Answer, Fault> {
    read(request.send().await.map_err(|error| Fault::external(why(&error)))?).await
}

async fn read(mut response: Response) -> Result<Answer, Fault> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Fault::external(why(&error)))? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            let reason = format!("the answer is longer than {} MiB", BODY_BYTES_MAX >> 20);
            return Err(Fault::external(reason));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}
