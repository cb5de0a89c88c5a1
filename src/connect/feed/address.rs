//! Can this address be asked for a feed, and may it stand in a file?

use url::Url;

/// Parameters of addresses that are secrets, as Reddit's `feed`.
const SECRETS: [&str; 8] =
    ["feed", "token", "key", "api_key", "apikey", "auth", "access_token", "password"];

/// An address as it can be asked, where people leave out how it begins, or have it from a reader of feeds.
pub(super) fn whole(url: &str) -> String {
    let url = url.trim();
    let bare = url.strip_prefix("feed://").unwrap_or(url);
    let host = bare.split(['/', '?', ':']).next().unwrap_or_default();
    match url.strip_prefix("feed:http") {
        Some(rest) => format!("http{rest}"),
        None if !bare.contains("://") && host.contains('.') => format!("https://{bare}"),
        None => url.to_owned(),
    }
}

/// Whether an address can be asked, and holds no secret; else what is wrong and how to mend it.
pub(super) fn checked(url: &str) -> Result<(), (String, &'static str)> {
    let parsed = Url::parse(url.trim()).ok();
    let parsed = parsed.filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
    let Some(parsed) = parsed else {
        let shown: String = url.chars().take(80).collect();
        return Err((format!("\"{shown}\" is not an address"), "it must begin with https://"));
    };
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err((
            "the address holds a name or a password".to_owned(),
            "keep it out of this file: token_env = \"VARIABLE\", whose text is Basic and the \
             name:password in Base64",
        ));
    }
    let secret = parsed.query_pairs().find(|(name, value)| {
        SECRETS.contains(&name.to_ascii_lowercase().as_str()) && value.len() >= 16
    });
    match secret {
        Some((name, _)) => Err((
            format!("the address holds a secret, \"{name}\""),
            "keep it out of this file: token_env = \"VARIABLE\", whose text is what follows the ?",
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_begin_as_people_have_it() {
        let rows = [
            ("www.example.com/feed", "https://www.example.com/feed"),
            (" feed://example.com/rss ", "https://example.com/rss"),
            ("feed:https://example.com/rss", "https://example.com/rss"),
            ("http://example.com", "http://example.com"),
            ("nothing", "nothing"),
            ("mailto:a@example.com", "mailto:a@example.com"),
        ];
        for (url, meant) in rows {
            assert_eq!(whole(url), meant);
        }
    }
}
