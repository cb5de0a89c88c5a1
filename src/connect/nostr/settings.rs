//! Which relays does the user want to hear, and what of them?

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use async_trait::async_trait;

use super::Nostr;
use super::address::{identify, is_address};
use super::seal::Signer;
use crate::connect::ages::ages;
use crate::connect::network::{Finding, Look, Settings, SourceSpec, Telling};
use crate::connect::source::{Fault, Source};
use crate::decode::nostr::{account_of, hex};
use crate::post::Kind;
use crate::secret::{self, SecretPlace};
use crate::settings::Section;
use crate::time::{DAY_US, MINUTE_US, SECOND_US};

/// Most relays of one source.
const RELAYS_MAX: usize = 20;
/// Most searches: each is a subscription, and relays allow ten to twenty.
const SEARCHES_MAX: usize = 5;
/// Most hashtags and accounts of one filter.
const NAMES_MAX: usize = 500;

/// Relays of Nostr, and what is heard of them.
#[derive(Debug, Clone)]
pub struct NostrSettings {
    /// Their addresses, `wss://...`.
    pub relays: Vec<String>,
    /// Hashtags without `#`.
    pub hashtags: Vec<String>,
    /// Keys of accounts in hexadecimal digits: what they say, and what is said to them.
    pub accounts: Vec<String>,
    /// The same by their names at sites, which tell the keys.
    pub named: Vec<String>,
    /// What relays that search are asked for.
    pub search: Vec<String>,
    /// Whether all public notes are heard.
    pub public: bool,
    /// How far back the first look reaches, in seconds.
    pub since_s: i64,
    /// How often relays that give nothing are asked again.
    pub compare_every: Duration,
    /// At which ages of a mention, in microseconds, reactions are counted, the youngest first.
    pub ages_us: Vec<i64>,
    /// Where to log in, and with what.
    pub login: LoginSettings,
}

/// Relays that want to know who reads, and the key for these alone.
#[derive(Debug, Clone, Default)]
pub struct LoginSettings {
    relays: Vec<String>,
    key: Option<SecretPlace>,
}

/// Reads `relays`, what is heard, `since`, `compare_every`, `ages`, `login` and the place of its key.
pub(in crate::connect) fn configure(
    section: &mut Section<'_, '_>,
    base: &Path,
) -> Arc<dyn Settings> {
    let relays = relays(section);
    let hashtags = hashtags(section);
    let (accounts, named) = accounts(section);
    let search = searches(section);
    let public = section.flag("public");
    let login = LoginSettings::read(section, base, &relays);
    let at = section.at();
    let is_deaf = hashtags.is_empty() && accounts.is_empty() && named.is_empty();
    if is_deaf && search.is_empty() && !public {
        section.problems.add(
            at,
            "a source of type nostr needs something to hear",
            "add: hashtags = [\"acme\"], or accounts, search, public = true",
        );
    }
    let since_us = section.span("since", SECOND_US).unwrap_or(60 * MINUTE_US);
    let compare_every = section.span("compare_every", SECOND_US).filter(|us| *us > 0);
    let compare_every = compare_every.unwrap_or(15 * MINUTE_US);
    Arc::new(NostrSettings {
        relays,
        hashtags,
        accounts,
        named,
        search,
        public,
        since_s: since_us / SECOND_US,
        compare_every: Duration::from_micros(u64::try_from(compare_every).unwrap_or(0)),
        ages_us: ages(section),
        login,
    })
}

fn relays(section: &mut Section<'_, '_>) -> Vec<String> {
    let at = section.at();
    let mut relays: Vec<String> = Vec::new();
    let given = section.text_or_texts("relays");
    if given.as_ref().is_none_or(Vec::is_empty) {
        section.problems.add(
            at,
            "a source of type nostr needs relays",
            "add: relays = [\"wss://relay.damus.io\", \"wss://nos.lol\"]",
        );
    }
    for (text, at) in given.unwrap_or_default() {
        let Some(plain) = relay(&text) else {
            section.problems.add(
                at,
                format!("\"{text}\" is not the address of a relay"),
                "it must begin with wss:// or ws://, as wss://relay.damus.io",
            );
            continue;
        };
        if !relays.contains(&plain) {
            relays.push(plain);
        }
    }
    if relays.len() > RELAYS_MAX {
        section.problems.add(
            at,
            format!("{} relays in one source", relays.len()),
            format!("keep at most {RELAYS_MAX}: most notes are on several relays"),
        );
    }
    relays
}

/// The address of a relay, as it is kept.
fn relay(text: &str) -> Option<String> {
    let text = text.trim();
    let is_bare = !text.contains("://") && text.contains('.');
    let whole = if is_bare { format!("wss://{text}") } else { text.to_owned() };
    let url = Url::parse(&whole).ok().filter(|url| matches!(url.scheme(), "ws" | "wss"))?;
    url.has_host().then(|| url.as_str().trim_end_matches('/').to_owned())
}

impl LoginSettings {
    fn read(section: &mut Section<'_, '_>, base: &Path, among: &[String]) -> Self {
        let key = secret::place(section, base, ["key_env", "key_file"]);
        let at = section.place("login");
        let mut relays = Vec::new();
        for (text, at) in section.text_or_texts("login").unwrap_or_default() {
            match relay(&text).filter(|relay| among.contains(relay)) {
                Some(relay) => relays.push(relay),
                None => section.problems.add(
                    at,
                    format!("login names \"{text}\", which is not among relays"),
                    "name in login some of this source's relays, as they are written there",
                ),
            }
        }
        if !relays.is_empty() && key.is_none() {
            section.problems.add(
                at,
                "login needs the secret key of an account",
                "add key_file = \"FILE\", or key_env = \"VARIABLE\", with the key (nsec1...) of an \
                 account made for this",
            );
        }
        if relays.is_empty() && key.is_some() {
            section.problems.add(
                section.at(),
                "a key is given, and no relay to log in to",
                "add: login = [\"wss://...\"]; the key is used for no other relay",
            );
        }
        Self { relays, key }
    }

    /// Where the key is with which to log in to a relay.
    pub(super) fn key_for(&self, relay: &str) -> Option<SecretPlace> {
        self.key.clone().filter(|_| self.relays.iter().any(|named| named == relay))
    }
}

/// Hashtags in lowercase, as programs should write them, and as the user has them.
fn hashtags(section: &mut Section<'_, '_>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for (tag, at) in few(section, "hashtags", NAMES_MAX) {
        let plain = tag.trim().trim_start_matches('#');
        if plain.is_empty() || plain.contains(|c: char| c.is_whitespace() || c == '#') {
            section.problems.add(
                at,
                format!("\"{tag}\" is not a hashtag"),
                "write each hashtag as one word, as [\"acme\", \"acmecorp\"]",
            );
        }
        for written in [plain.to_lowercase(), plain.to_owned()] {
            if !tags.contains(&written) {
                tags.push(written);
            }
        }
    }
    tags
}

/// Keys of accounts, and names whose sites know the keys.
fn accounts(section: &mut Section<'_, '_>) -> (Vec<String>, Vec<String>) {
    let (mut accounts, mut named) = (BTreeSet::new(), BTreeSet::new());
    for (text, at) in few(section, "accounts", NAMES_MAX) {
        if let Some(key) = account_of(&text) {
            accounts.insert(hex(&key));
        } else if is_address(&text) {
            named.insert(text.trim().trim_start_matches('@').to_lowercase());
        } else if text.trim().starts_with("nsec1") {
            section.problems.add(
                at,
                "this is the secret key of an account",
                "take it out of this file at once, and write the public key: npub1...",
            );
        } else {
            section.problems.add(
                at,
                format!("\"{text}\" is not the public key of an account"),
                "open the account in a client of Nostr and copy its key, which begins with npub1, or its \
                 name as acme@acme.example",
            );
        }
    }
    (accounts.into_iter().collect(), named.into_iter().collect())
}

fn searches(section: &mut Section<'_, '_>) -> Vec<String> {
    let mut searches = Vec::new();
    for (text, at) in few(section, "search", SEARCHES_MAX) {
        if text.trim().is_empty() {
            section.problems.add(at, "an empty search", "write the words to search for");
        }
        searches.push(text.trim().to_owned());
    }
    searches
}

/// A list that may not be long.
fn few(section: &mut Section<'_, '_>, key: &'static str, max: usize) -> Vec<(String, usize)> {
    let at = section.place(key);
    let list = section.text_or_texts(key).unwrap_or_default();
    if list.len() > max {
        let message = format!("{} entries in {key}", list.len());
        section.problems.add(at, message, format!("keep at most {max}; make a second source"));
    }
    list
}

#[async_trait]
impl Settings for NostrSettings {
    async fn identify(&self, handle: &str) -> Result<Option<String>, Fault> {
        identify(handle).await
    }

    fn look(&self) -> Look {
        match self.login.key.as_ref().map(Signer::of) {
            Some(Err(fault)) => {
                Look::Fails(Finding { reason: fault.to_string(), hint: fault.hint().to_owned() })
            }
            _ => Look::Well,
        }
    }

    fn telling(&self) -> Option<Telling> {
        Some(Telling {
            reach: false,
            engagement: false,
            later: !self.ages_us.is_empty(),
            kinds: &[
                Kind::Original,
                Kind::Reply,
                Kind::Repost,
                Kind::Quote,
                Kind::Comment,
                Kind::Article,
            ],
            authors: "npub1",
            handles: Some(is_address),
            host: "njump.me",
        })
    }

    fn open(&self, spec: SourceSpec) -> Box<dyn Source> {
        Box::new(Nostr::new(self.clone(), &spec))
    }

    fn probe(&self, spec: SourceSpec) -> Box<dyn Source> {
        // Shows what was said today, of which a running source may know nothing.
        let since_s = self.since_s.max(DAY_US / SECOND_US);
        Box::new(Nostr::new(Self { since_s, ..self.clone() }, &spec))
    }
}
