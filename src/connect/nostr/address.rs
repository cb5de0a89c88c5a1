//! Which account has a name such as `acme@acme.example`? The site behind the `@` says so (NIP-05).

use std::collections::HashMap;

use serde::Deserialize;
use url::Url;

use crate::connect::network::is_domain;
use crate::connect::source::Fault;
use crate::connect::transport::Http;
use crate::decode::nostr::{account, npub};

/// What a site says of its names.
#[derive(Deserialize)]
struct Site {
    names: HashMap<String, String>,
}

/// Whether an account is named by a site.
pub(super) fn is_address(handle: &str) -> bool {
    at_site(handle).is_some()
}

/// The name and where to ask for it.
fn at_site(handle: &str) -> Option<(String, Url)> {
    let (name, site) = handle.trim().trim_start_matches('@').split_once('@')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || !name.bytes().all(is_name) {
        return None;
    }
    let is_here =
        !site.contains('@') && (site.starts_with("127.0.0.1:") || site.starts_with("localhost:"));
    if !is_here && !is_domain(site) {
        return None;
    }
    let scheme = if is_here { "http" } else { "https" };
    let name = name.to_lowercase();
    let mut url = Url::parse(&format!("{scheme}://{site}/.well-known/nostr.json")).ok()?;
    url.query_pairs_mut().append_pair("name", &name);
    Some((name, url))
}

/// The account with a name; `None` where the site knows none.
///
/// # Errors
/// When the site cannot be asked now.
pub(super) async fn identify(handle: &str) -> Result<Option<String>, Fault> {
    let Some((name, url)) = at_site(handle) else { return Ok(None) };
    let http = Http::new()?;
    let answer = http.send_unbroken(http.get(url.as_str())).await?;
    if !answer.status.is_success() {
        // Most sites that have accounts elsewhere have no such file, and say so in some way.
        return if answer.status.is_server_error() { Err(answer.fault()) } else { Ok(None) };
    }
    let site: Option<Site> = serde_json::from_slice(&answer.body).ok();
    let key = site.and_then(|site| account(site.names.get(&name)?));
    Ok(key.map(|key| npub(&key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_at_a_site_is_asked_for_there() {
        let rows = [
            ("@Acme@acme.example", Some("https://acme.example/.well-known/nostr.json?name=acme")),
            ("_@acme.example", Some("https://acme.example/.well-known/nostr.json?name=_")),
            ("a@127.0.0.1:8080", Some("http://127.0.0.1:8080/.well-known/nostr.json?name=a")),
            ("acme.example", None),
            ("@acme", None),
            ("a b@acme.example", None),
            ("a@acme.example/x", None),
            ("a@127.0.0.1:9@acme.example", None),
        ];
        for (handle, url) in rows {
            let asked = at_site(handle).map(|(_, url)| url.to_string());
            assert_eq!(asked.as_deref(), url, "{handle}");
            assert_eq!(is_address(handle), url.is_some(), "{handle}");
        }
    }
}
