//! Can this address be asked for a feed, and may it stand in a file?

use url::Url;

/// Parameters of addresses that are secrets, as Reddit's `feed`.
const SECRETS: [&str; 8] =
    ["feed", "token", "key", "api_key", "apikey", "auth", "access_token", "password"];

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
