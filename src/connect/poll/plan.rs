//! What does one source want to know? A preset with the keys of the source.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use super::asks::Ask;
use super::budget::Ledger;
use super::preset::Preset;
use crate::connect::feed::BellSettings;
use crate::secret::SecretPlace;
use crate::time::EventTime;

/// Values of places by their names.
pub(super) type Named = BTreeMap<String, String>;

/// A preset with the keys of one source.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// The preset's name.
    pub(super) name: String,
    pub(super) preset: Preset,
    /// Keys as they are set, defaults included.
    pub(super) set: Named,
    pub(super) token: Option<SecretPlace>,
    /// The other secret of a login.
    pub(super) secret: Option<SecretPlace>,
    pub(super) interval: Duration,
    /// The feed that tells when there is something new.
    pub(super) bell: Option<BellSettings>,
    pub(super) since_us: i64,
    /// Most pages of one look.
    pub(super) pages_max: u32,
    pub(super) ledger: Option<Ledger>,
}

/// A request that is ready to be sent.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) url: Url,
    pub(super) headers: Vec<(String, String)>,
    pub(super) cost: u32,
}

impl Plan {
    /// Keys of the source with the times that a look begins at.
    pub(super) fn named(&self, since: EventTime) -> Named {
        let mut named = self.set.clone();
        let seconds = since.0.div_euclid(crate::time::SECOND_US);
        // To the second: some platforms read no fractions.
        let since = EventTime(seconds.saturating_mul(crate::time::SECOND_US));
        named.insert("since".to_owned(), since.to_string());
        named.insert("since_epoch".to_owned(), seconds.to_string());
        named
    }

    /// What the question is, so that the place of another one is not taken for it.
    pub(super) fn question(&self) -> u64 {
        let mut hasher = blake3::Hasher::new();
        for text in self.set.iter().flat_map(|(key, value)| [key, value]).chain([&self.name]) {
            hasher.update(text.as_bytes());
            hasher.update(&[0]);
        }
        let hash = hasher.finalize();
        // Numbers of JSON are whole up to 53 bits in many readers.
        hash.as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first) >> 11)
    }
}

/// Fills a request's places.
///
/// # Errors
/// In words, for an address that is none.
pub(super) fn request(ask: &Ask, named: &Named) -> Result<Request, String> {
    let value = |name: &str| named.get(name).filter(|value| !value.is_empty()).cloned();
    let missing = || {
        let missing: Vec<&str> = ask.url.names().filter(|name| value(name).is_none()).collect();
        format!("the address lacks {}", missing.join(", "))
    };
    let address = ask.url.fill_address(&value).ok_or_else(missing)?;
    let mut url = Url::parse(&address).map_err(|_| format!("\"{address}\" is not an address"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("\"{address}\" does not begin with https:// or http://"));
    }
    let pairs = ask.query.iter().filter_map(|(name, text)| Some((name, text.fill(&value)?)));
    let pairs: Vec<_> = pairs.collect();
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    let headers =
        ask.headers.iter().filter_map(|(name, text)| Some((name.clone(), text.fill(&value)?)));
    Ok(Request { url, headers: headers.collect(), cost: ask.cost })
}
