//! Which instance does the user want to hear, and which of its timelines?

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use serde::Deserialize;
use url::Url;

use super::Mastodon;
use super::timeline::{Timeline, below};
use crate::connect::network::{Finding, Look, Settings, SourceSpec, is_domain};
use crate::connect::source::{Fault, Source};
use crate::connect::transport::Http;
use crate::secret::{SecretPlace, place};
use crate::settings::Section;
use crate::time::SECOND_US;

/// Most timelines of one source; each costs requests after every connection.
const TIMELINES_MAX: usize = 100;
/// How often streams are compared with timelines, unless the user says otherwise.
const COMPARE_EVERY: Duration = Duration::from_secs(5 * 60);

/// An instance of Mastodon, or of what speaks like it.
#[derive(Debug, Clone)]
pub struct MastodonSettings {
    /// Its address; `None` stands where the user gave none that can be used.
    pub url: Option<Url>,
    /// Where the token is.
    pub token: SecretPlace,
    /// What is heard.
    pub timelines: Vec<Timeline>,
    /// How streams come; `None` is over a WebSocket, or else by server-sent events.
    pub transport: Option<Transport>,
    /// How often streams that give nothing are compared with their timelines.
    pub compare_every: Duration,
}

/// How streams come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// All over one WebSocket.
    WebSocket,
    /// Each by server-sent events over a connection of its own.
    Events,
}

/// Reads `url`, the token's place, what is heard, `transport` and `compare_every`.
pub(in crate::connect) fn configure(
    section: &mut Section<'_, '_>,
    base: &Path,
) -> Arc<dyn Settings> {
    let url = url(section);
    let token = place(section, base, ["token_env", "token_file"]);
    if token.is_none() {
        let at = section.at();
        section.problems.add(
            at,
            "a source of type mastodon needs a token",
            "make one under Preferences, Development, and add: token_env = \"FEDIVERSE_TOKEN\"",
        );
    }
    let timelines = timelines(section);
    let transport = section
        .choice("transport", &[("websocket", Transport::WebSocket), ("sse", Transport::Events)]);
    let compare_every = section.span("compare_every", SECOND_US).filter(|us| *us > 0);
    let compare_every = compare_every.and_then(|us| u64::try_from(us).ok());
    Arc::new(MastodonSettings {
        url,
        token: token.unwrap_or_else(|| SecretPlace::Env("FEDIVERSE_TOKEN".to_owned())),
        timelines,
        transport,
        compare_every: compare_every.map_or(COMPARE_EVERY, Duration::from_micros),
    })
}

fn url(section: &mut Section<'_, '_>) -> Option<Url> {
    let text = section.required_text("url");
    let at = section.place("url");
    let url = instance(&text).filter(|url| matches!(url.scheme(), "http" | "https"));
    if url.is_none() && !text.is_empty() {
        section.problems.add(
            at,
            format!("\"{text}\" is not the address of an instance"),
            "write it as https://mastodon.social",
        );
    }
    let url = url?;
    let is_local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => true,
    };
    if url.scheme() == "http" && !is_local {
        section.problems.add(
            at,
            "the token would be sent over http, for everybody to read",
            "write https:// at the beginning of the address",
        );
    }
    Some(url)
}

/// The address of an instance, as people have it: its name, an account there, or a page.
fn instance(text: &str) -> Option<Url> {
    let text = text.trim();
    let whole = match text.contains("://") {
        true => text.to_owned(),
        false => format!("https://{}", text.rsplit('@').next().unwrap_or_default()),
    };
    let mut url = Url::parse(&whole).ok().filter(Url::has_host)?;
    // Every instance has a name of its own.
    url.set_path("");
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

/// The last part of the address of a page, or what is no address.
fn name(text: &str) -> &str {
    match text.trim().split_once("://") {
        Some((_, rest)) => rest.trim_end_matches('/').rsplit('/').next().unwrap_or_default(),
        None => text.trim(),
    }
}

fn timelines(section: &mut Section<'_, '_>) -> Vec<Timeline> {
    let mut timelines = Vec::new();
    for (tag, at) in section.text_or_texts("hashtags").unwrap_or_default() {
        let plain = name(&tag).trim_start_matches('#').to_lowercase();
        if plain.is_empty() || plain.contains(|c: char| c.is_whitespace() || c == '#') {
            section.problems.add(
                at,
                format!("\"{tag}\" is not a hashtag"),
                "write each hashtag as one word, as [\"acme\", \"acmecorp\"]",
            );
        }
        timelines.push(Timeline::Hashtag(plain));
    }
    for (id, at) in section.text_or_texts("lists").unwrap_or_default() {
        let id = name(&id).to_owned();
        if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric()) {
            section.problems.add(
                at,
                format!("\"{id}\" is not the id of a list"),
                "open the list in a browser: its id is the end of the address, as \"12345\"",
            );
        }
        timelines.push(Timeline::List(id));
    }
    for (key, timeline) in
        [("user", Timeline::Home), ("public", Timeline::Public), ("public_local", Timeline::Local)]
    {
        if section.flag(key) {
            timelines.push(timeline);
        }
    }
    let at = section.at();
    if timelines.is_empty() {
        section.problems.add(
            at,
            "a source of type mastodon needs something to hear",
            "add: hashtags = [\"acme\"], or lists, user = true, public = true, public_local = true",
        );
    }
    if timelines.len() > TIMELINES_MAX {
        section.problems.add(
            at,
            format!("{} hashtags and lists in one source", timelines.len()),
            format!(
                "keep at most {TIMELINES_MAX}; public = true brings all that the instance knows"
            ),
        );
    }
    let mut seen: Vec<Timeline> = Vec::new();
    timelines.retain(|timeline| {
        let fresh = !seen.contains(timeline);
        seen.extend(fresh.then(|| timeline.clone()));
        fresh
    });
    timelines
}

/// An account as an instance knows it.
#[derive(Deserialize)]
struct Account {
    acct: String,
}

#[async_trait]
impl Settings for MastodonSettings {
    /// Some servers lead others by another name than their own: `@acme@social.acme.com` is
    /// `@acme@acme.com`.
    async fn identify(&self, handle: &str) -> Result<Option<String>, Fault> {
        let is_whole = handle.split_once('@').is_some_and(|(_, host)| is_domain(host));
        let Some(base) = self.url.as_ref().filter(|_| is_whole) else { return Ok(None) };
        let mut url = below(base, &["api", "v1", "accounts", "lookup"]);
        url.query_pairs_mut().append_pair("acct", handle);
        let http = Http::new()?;
        let token = self.token.fetch();
        let token = token.map_err(|fault| Fault::user(fault.to_string(), fault.hint()))?;
        let asked = http.get(url.as_str()).bearer_auth(token.expose());
        let answer = http.send_unbroken(asked).await?;
        if answer.status == StatusCode::NOT_FOUND {
            // It was never heard of there.
            return Ok(None);
        }
        let account = serde_json::from_slice::<Account>(&answer.well()?.body)
            .map_err(|_| Fault::external("the instance answers in another shape"))?;
        let is_other = account.acct.contains('@') && !account.acct.eq_ignore_ascii_case(handle);
        Ok(is_other.then_some(account.acct))
    }

    fn look(&self) -> Look {
        match self.token.fetch() {
            Ok(_) => Look::Well,
            Err(fault) => Look::Fails(Finding { reason: fault.to_string(), hint: fault.hint() }),
        }
    }

    fn open(&self, spec: SourceSpec) -> Box<dyn Source> {
        Box::new(Mastodon::new(self.clone(), &spec))
    }

    fn probe(&self, spec: SourceSpec) -> Box<dyn Source> {
        Box::new(Mastodon::new(self.clone(), &spec).tried())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_known_by_its_name_an_account_or_a_page() {
        let pages = [
            "mastodon.social",
            "@acme@mastodon.social",
            "https://mastodon.social/@acme?x=1",
            "acme@mastodon.social",
        ];
        for text in pages {
            assert_eq!(
                instance(text).map(String::from).as_deref(),
                Some("https://mastodon.social/"),
                "{text}"
            );
        }
        assert_eq!(
            instance("http://127.0.0.1:8080").map(String::from).as_deref(),
            Some("http://127.0.0.1:8080/")
        );
        assert_eq!(instance("a b"), None);
        assert_eq!(name("https://mastodon.social/tags/acme/"), "acme");
        assert_eq!(name(" #Acme"), "#Acme");
    }
}
