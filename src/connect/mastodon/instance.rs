//! What does an instance say of itself? Where it streams, and which timelines it shows.

use serde::Deserialize;
use url::Url;

use super::timeline::{Timeline, below};
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{Answer, Http};
use crate::secret::Secret;

/// An instance.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    /// Where its streams are; scheme `http` or `https`.
    pub(super) streaming: Url,
    /// The domain of its own accounts.
    pub(super) domain: String,
    access: Access,
}

/// Who may see which timelines: `public`, `authenticated` or `disabled`.
#[derive(Debug, Clone, Default, Deserialize)]
struct Access {
    #[serde(default)]
    live_feeds: Feeds,
    #[serde(default)]
    hashtag_feeds: Feeds,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Feeds {
    #[serde(default)]
    local: String,
    #[serde(default)]
    remote: String,
}

#[derive(Deserialize)]
struct Second {
    domain: String,
    configuration: Configuration,
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    urls: SecondUrls,
    #[serde(default)]
    timelines_access: Access,
}

#[derive(Default, Deserialize)]
struct SecondUrls {
    #[serde(default)]
    streaming: Option<String>,
}

#[derive(Deserialize)]
struct First {
    uri: String,
    #[serde(default)]
    urls: FirstUrls,
}

#[derive(Default, Deserialize)]
struct FirstUrls {
    #[serde(default)]
    streaming_api: Option<String>,
}

impl Instance {
    /// Asks an instance, by the second version of its answer or else by the first.
    ///
    /// # Errors
    /// Why it cannot be asked, and whose fault that is.
    pub(super) async fn ask(
        http: &Http,
        base: &Url,
        token: &Secret,
        outlet: &Outlet,
    ) -> Result<Self, Fault> {
        let mut last = None;
        for version in ["v2", "v1"] {
            let url = below(base, &["api", version, "instance"]);
            let request = http.get(url.as_str()).bearer_auth(token.expose());
            let answer = http.send(request, outlet).await?;
            if answer.status.is_success() {
                if let Some(instance) = Self::read(&answer.body, base) {
                    return Ok(instance);
                }
            } else if answer.status.as_u16() != 404 {
                return Err(refused(&answer, url.path()));
            }
            last = Some(answer);
        }
        let answered = last.map(|answer| answer.excerpt()).unwrap_or_default();
        let reason = format!("{base} does not say that it is an instance of Mastodon: {answered}");
        Err(Fault::user(reason, "give the address of an instance, as https://mastodon.social"))
    }

    fn read(body: &[u8], base: &Url) -> Option<Self> {
        let (domain, streaming, access) = match serde_json::from_slice::<Second>(body) {
            Ok(second) => {
                let configuration = second.configuration;
                (second.domain, configuration.urls.streaming, configuration.timelines_access)
            }
            Err(_) => {
                let first: First = serde_json::from_slice(body).ok()?;
                (first.uri, first.urls.streaming_api, Access::default())
            }
        };
        let domain = domain.split_once("://").map_or(&*domain, |(_, rest)| rest);
        let domain = domain.trim_end_matches('/').to_lowercase();
        Some(Self { streaming: streaming_url(streaming.as_deref(), base), domain, access })
    }

    /// Why a timeline may stay silent, if the instance has switched it off.
    pub(super) fn silence(&self, timeline: &Timeline) -> Option<String> {
        let (feeds, name) = match timeline {
            Timeline::Hashtag(_) => (&self.access.hashtag_feeds, "hashtags"),
            Timeline::Public | Timeline::Local => (&self.access.live_feeds, "live feeds"),
            Timeline::Home | Timeline::List(_) => return None,
        };
        let off = |side: &str| side == "disabled";
        let what = match (off(&feeds.local), off(&feeds.remote), timeline) {
            (true, true, _) => "",
            (true, _, Timeline::Local) => " of its own accounts",
            (_, true, Timeline::Hashtag(_) | Timeline::Public) => " of other instances",
            (true, ..) => " of its own accounts",
            _ => return None,
        };
        Some(format!("the instance has switched {name}{what} off (timelines_access)"))
    }
}

/// What an instance says of the application that a token belongs to.
#[derive(Deserialize)]
struct Application {
    /// Since version 4.3.
    #[serde(default)]
    scopes: Vec<String>,
}

/// Says what the token's application may do, where the instance tells.
pub(super) async fn tell_rights(http: &Http, base: &Url, token: &Secret, outlet: &Outlet) {
    let url = below(base, &["api", "v1", "apps", "verify_credentials"]);
    let answer = http.send_unbroken(http.get(url.as_str()).bearer_auth(token.expose())).await;
    let body = answer.ok().filter(|answer| answer.status.is_success()).map(|answer| answer.body);
    let told = body.and_then(|body| serde_json::from_slice::<Application>(&body).ok());
    if let Some(Application { scopes }) = told.filter(|told| !told.scopes.is_empty()) {
        outlet.rights(&scopes.join(", "));
    }
}

/// Where streams are: where the instance says, never without TLS if the instance itself has it.
fn streaming_url(said: Option<&str>, base: &Url) -> Url {
    let said = said.filter(|said| !said.is_empty());
    let said = said.map(|said| said.replacen("ws", "http", usize::from(said.starts_with("ws"))));
    let mut url = said.and_then(|said| Url::parse(&said).ok()).unwrap_or_else(|| base.clone());
    if base.scheme() == "https" {
        // Cannot fail between these two.
        let _ = url.set_scheme("https");
    }
    url
}

/// Whose fault it is that the instance refuses, in the words of its rights.
pub(super) fn refused(answer: &Answer, what: &str) -> Fault {
    let hint = match answer.status.as_u16() {
        401 => "make a new access token: Preferences, Development, your application",
        403 => {
            "give the token's application the scopes read:statuses, read:lists and \
             read:notifications, and make a new token"
        }
        404 if what.starts_with("list") => "give the id of a list of the token's own account",
        422 => "the instance wants the token of a user, with the scope read:statuses",
        _ => "",
    };
    match answer.fault() {
        Fault::User { reason, hint: own } => {
            let hint = if hint.is_empty() { own } else { hint.to_owned() };
            Fault::user(format!("{what}: {reason}"), hint)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Instance {
        let base = Url::parse("https://social.example").expect("an address");
        Instance::read(body.as_bytes(), &base).expect(body)
    }

    #[test]
    fn the_streaming_host_is_found_in_both_versions() {
        let second = read(
            r#"{"domain":"Social.example","configuration":{"urls":{"streaming":"wss://streaming.social.example"}}}"#,
        );
        assert_eq!(second.streaming.as_str(), "https://streaming.social.example/");
        assert_eq!(second.domain, "social.example");
        let first = read(
            r#"{"uri":"https://social.example/","urls":{"streaming_api":"ws://s.example:4000"}}"#,
        );
        assert_eq!(first.streaming.as_str(), "https://s.example:4000/");
        assert_eq!(first.domain, "social.example");
        let none = read(r#"{"uri":"social.example"}"#);
        assert_eq!(none.streaming.as_str(), "https://social.example/");
    }

    #[test]
    fn what_an_instance_has_switched_off_is_said() {
        let instance = read(
            r#"{"domain":"x","configuration":{"timelines_access":{
                "live_feeds":{"local":"public","remote":"disabled"},
                "hashtag_feeds":{"local":"disabled","remote":"disabled"}}}}"#,
        );
        let said = |timeline| instance.silence(&timeline).unwrap_or_default();
        assert!(said(Timeline::Public).contains("live feeds of other instances off"));
        assert_eq!(said(Timeline::Local), "");
        assert!(said(Timeline::Hashtag("a".to_owned())).contains("switched hashtags off"));
        assert_eq!(said(Timeline::Home), "");
    }
}
