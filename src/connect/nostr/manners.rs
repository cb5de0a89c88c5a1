//! What does a relay say of itself? What it can do and what it allows, by NIP-11.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::Http;

/// The number of the paper on searching.
const SEARCH: u64 = 50;

/// How long a relay may take to say it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a relay can do and allows, as far as it says.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Manners {
    /// Papers that it follows, as numbers or texts.
    #[serde(default)]
    supported_nips: Vec<Value>,
    #[serde(default)]
    limitation: Limitation,
}

#[derive(Debug, Default, Deserialize)]
struct Limitation {
    #[serde(default)]
    max_subscriptions: Option<u64>,
    #[serde(default)]
    max_limit: Option<u64>,
    #[serde(default)]
    auth_required: bool,
    #[serde(default)]
    payment_required: bool,
}

impl Manners {
    /// Asks a relay; one that says nothing is taken as it is.
    ///
    /// # Errors
    /// [`Fault::Closed`] when the process ends.
    pub(super) async fn ask(http: &Http, url: &str, outlet: &Outlet) -> Result<Self, Fault> {
        let request = http.get(&url.replacen("ws", "http", 1));
        let request = request.header("accept", "application/nostr+json");
        let Ok(answer) = tokio::time::timeout(PATIENCE, http.send(request, outlet)).await else {
            return Ok(Self::default());
        };
        match answer {
            Ok(answer) if answer.status.is_success() => {
                Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
            }
            Err(Fault::Closed) => Err(Fault::Closed),
            Ok(_) | Err(_) => Ok(Self::default()),
        }
    }

    /// Whether it searches. Others answer a search with all that they have.
    pub(super) fn searches(&self) -> bool {
        self.supported_nips.iter().any(|nip| match nip {
            Value::String(nip) => nip.trim_start_matches("NIP-").parse() == Ok(SEARCH),
            nip => nip.as_u64() == Some(SEARCH),
        })
    }

    /// What it allows, in words, if it says so.
    pub(super) fn limits(&self, url: &str) -> Option<String> {
        let limits = &self.limitation;
        let count = |count: Option<u64>, what: &str| count.map(|count| format!("{count} {what}"));
        let said: Vec<String> = [
            count(limits.max_subscriptions, "subscriptions"),
            count(limits.max_limit, "notes of a page"),
            limits.auth_required.then(|| "members only".to_owned()),
            limits.payment_required.then(|| "for money".to_owned()),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!said.is_empty()).then(|| format!("{url}: {}", said.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_says_whether_it_searches_and_what_it_allows() {
        let rows = [
            (
                r#"{"supported_nips":[1,11,50],"limitation":{"max_limit":500}}"#,
                true,
                Some("wss://r: 500 notes of a page"),
            ),
            (r#"{"supported_nips":["01","50"]}"#, true, None),
            (
                r#"{"supported_nips":[1,5],"limitation":{"auth_required":true}}"#,
                false,
                Some("wss://r: members only"),
            ),
            ("{}", false, None),
        ];
        for (json, searches, limits) in rows {
            let manners: Manners = serde_json::from_str(json).expect("JSON");
            assert_eq!(manners.searches(), searches, "{json}");
            assert_eq!(manners.limits("wss://r").as_deref(), limits, "{json}");
        }
    }
}
