//! How do others bring something here? Requests to doors that a server of ours opens for them.
//!
//! Who serves them knows addresses and connections; what a request means and who may send it, its
//! door alone knows.

use std::fmt::Debug;
use std::net::IpAddr;

use async_trait::async_trait;
use serde_json::{Value, json};

/// What is known of a request before its body.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// Its method, in capitals.
    pub method: String,
    /// What stands behind the question mark, as it was sent.
    pub query: String,
    /// Its headers, their names in small letters.
    pub headers: Vec<(String, String)>,
    /// Who sent it, as far as the connection tells.
    pub peer: Option<IpAddr>,
    /// Whether its token may send something to every source that asks for one.
    pub is_trusted: bool,
}

impl Head {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter's value.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// Whether it comes from this machine, by a name that nobody's DNS has given it, and not from
    /// somebody's web page.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let host = self.header("host").unwrap_or_default();
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let is_ours = name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok();
        let is_near = self.peer.is_some_and(|peer| peer.to_canonical().is_loopback());
        is_near && is_ours && self.header("origin").is_none()
    }
}

impl Head {
    /// Looks at a request of one who asks first, by `GET`, and then sends what it signs in this header.
    ///
    /// # Errors
    /// What is answered to the question; a refusal of what is neither, or without a signature.
    pub(in crate::connect) fn signed_in(
        &self,
        signature: &str,
        hint: &str,
        answer: impl FnOnce() -> Reply,
    ) -> Result<(), Box<Reply>> {
        Err(Box::new(match self.method.as_str() {
            "GET" => answer(),
            "POST" if self.header(signature).is_some() => return Ok(()),
            "POST" => Reply::refusal(401, "no signature was given", hint),
            _ => Reply::refusal(405, "only GET and POST are accepted here", ""),
        }))
    }
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status of HTTP.
    pub status: u16,
    /// After how many seconds the sender may try again, if that helps.
    pub retry_after_s: Option<u32>,
    /// The body.
    pub body: Said,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// JSON.
    Json(Value),
    /// Text as it stands.
    Plain(String),
}

impl Reply {
    /// An answer in JSON.
    #[must_use]
    pub fn json(status: u16, body: Value) -> Self {
        Self { status, retry_after_s: None, body: Said::Json(body) }
    }

    /// A refusal: what is wrong, and how to mend it.
    #[must_use]
    pub fn refusal(status: u16, error: &str, hint: &str) -> Self {
        Self::json(status, json!({ "error": error, "hint": hint }))
    }

    /// One that says when to try again.
    #[must_use]
    pub fn later(status: u16, error: &str, hint: &str, seconds: u32) -> Self {
        Self { retry_after_s: Some(seconds), ..Self::refusal(status, error, hint) }
    }
}

/// Where a source takes what others bring.
#[async_trait]
pub trait Door: Debug + Send + Sync {
    /// Whether whoever reaches it must show that they may send something.
    fn is_guarded(&self) -> bool;

    /// Longest body, also once it is unpacked, in bytes.
    fn body_bytes_max(&self) -> usize;

    /// Waits a moment for a source that is just starting.
    async fn ready(&self);

    /// Looks at what is known before the body is read.
    ///
    /// # Errors
    /// The answer, if nothing further is wanted.
    fn admit(&self, head: &Head) -> Result<(), Box<Reply>>;

    /// Takes what was brought. Answered with success once it is durable.
    async fn take(&self, head: &Head, body: &[u8]) -> Reply;
}
