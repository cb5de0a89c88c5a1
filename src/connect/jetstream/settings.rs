//! Which Jetstream server does the user want?

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;

use super::Jetstream;
use super::address::{Wire, asks_compression, has};
use crate::connect::ages::ages;
use crate::connect::network::{Settings, SourceSpec, Telling, is_domain};
use crate::connect::source::{Fault, Source};
use crate::connect::transport::Http;
use crate::decode::Format;
use crate::post::Kind;
use crate::settings::Section;

/// The public server that is listened to where none is named. All servers speak this wire.
const BLUESKY: &str = "wss://jetstream2.us-east.bsky.network/subscribe";
/// What is asked for where the address names no collections.
const POSTS: &str = "app.bsky.feed.post";
/// The public service that shows posts and accounts to everybody.
const SERVICE: &str = "https://public.api.bsky.app";

/// A Jetstream server.
#[derive(Debug, Clone, Default)]
pub struct JetstreamSettings {
    /// `ws` or `wss`; the path tells the version of the wire.
    pub url: String,
    /// Whether frames are to be compressed.
    pub compress: bool,
    /// How numbers of posts are looked up, which the stream does not tell.
    pub numbers: NumbersSettings,
}

/// Where and when likes and followers are looked up.
#[derive(Debug, Clone, Default)]
pub struct NumbersSettings {
    /// A service that needs no login, without a slash at its end.
    pub api: String,
    /// At which ages of a mention, in microseconds, the youngest first; never if there are none.
    pub ages_us: Vec<i64>,
}

/// Reads the keys of a source of the type `websocket`: `url`, `compress` and `format`.
pub(in crate::connect) fn configure(section: &mut Section<'_, '_>, _: &Path) -> Arc<dyn Settings> {
    let url = section.required_text("url");
    let settings = read(section, url);
    section.choice("format", &[("jetstream", ())]);
    Arc::new(settings)
}

/// Reads the keys of a source of the type `bluesky`: `url`, which is the public server by default,
/// `compress`, `ages` and `api`. Only posts are asked for, unless the address says more.
pub(in crate::connect) fn configure_bluesky(
    section: &mut Section<'_, '_>,
    _: &Path,
) -> Arc<dyn Settings> {
    for key in ["hashtags", "hashtag", "accounts", "query", "search", "topics"] {
        section.elsewhere(
            key,
            "remove it: all posts come, and the queries of [[topic]] pick from them",
        );
    }
    let url = section.text("url").unwrap_or_else(|| BLUESKY.to_owned());
    let mut settings = read(section, url);
    settings.numbers = numbers(section);
    let wire = Wire::of(&settings.url);
    if !has(&settings.url, wire.collections()) {
        let join = if settings.url.contains('?') { '&' } else { '?' };
        settings.url = format!("{}{join}{}={POSTS}", settings.url, wire.collections());
    }
    Arc::new(settings)
}

fn read(section: &mut Section<'_, '_>, url: String) -> JetstreamSettings {
    let at = section.place("url");
    if !url.is_empty() && !url.starts_with("ws://") && !url.starts_with("wss://") {
        section.problems.add(
            at,
            format!("\"{url}\" is not a WebSocket address"),
            "it must begin with wss:// or ws://",
        );
    }
    let foreign: &[(&str, &str)] = match Wire::of(&url) {
        Wire::Subscribe => &[("collections", "wantedCollections"), ("dids", "wantedDids")],
        Wire::Events => &[("wantedCollections", "collections"), ("wantedDids", "dids")],
    };
    for (name, instead) in foreign.iter().filter(|(name, _)| has(&url, name)) {
        section.problems.add(
            at,
            format!("\"{name}\" is not a parameter of this version of Jetstream"),
            format!("write {instead}= instead"),
        );
    }
    let compress = section.flag("compress") || asks_compression(&url);
    JetstreamSettings { url, compress, numbers: NumbersSettings::default() }
}

fn numbers(section: &mut Section<'_, '_>) -> NumbersSettings {
    let api = section.text("api").unwrap_or_else(|| SERVICE.to_owned());
    if !api.starts_with("https://") && !api.starts_with("http://") {
        let at = section.place("api");
        let message = format!("\"{api}\" is not the address of a service");
        section.problems.add(at, message, format!("it must begin with https://, as {SERVICE}"));
    }
    NumbersSettings { api: api.trim_end_matches('/').to_owned(), ages_us: ages(section) }
}

/// What the service says of a handle.
#[derive(Deserialize)]
struct Resolved {
    did: String,
}

#[async_trait]
impl Settings for JetstreamSettings {
    /// Accounts are DIDs, and a post comes without numbers.
    fn telling(&self) -> Option<Telling> {
        Some(Telling {
            reach: false,
            engagement: false,
            later: !self.numbers.ages_us.is_empty(),
            kinds: &[Kind::Original, Kind::Reply, Kind::Quote],
            authors: "did:",
            handles: (!self.numbers.api.is_empty()).then_some(is_domain),
            host: "bsky.app",
        })
    }

    async fn identify(&self, handle: &str) -> Result<Option<String>, Fault> {
        let api = &self.numbers.api;
        if api.is_empty() || !is_domain(handle) {
            return Ok(None);
        }
        let http = Http::new()?;
        let url = format!("{api}/xrpc/com.atproto.identity.resolveHandle?handle={handle}");
        let answer = http.send_unbroken(http.get(&url)).await?.well()?;
        let resolved = serde_json::from_slice::<Resolved>(&answer.body)
            .map_err(|_| Fault::external("the service answers in another shape"))?;
        Ok(resolved.did.starts_with("did:").then_some(resolved.did))
    }

    fn open(&self, spec: SourceSpec) -> Box<dyn Source> {
        let format = match Wire::of(&self.url) {
            Wire::Subscribe => Format::Jetstream,
            Wire::Events => Format::JetstreamEvents,
        };
        Box::new(Jetstream::new(self, spec.decoder(format), spec))
    }
}
