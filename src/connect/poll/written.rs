//! What did the user mean by a key? The address of a page, or a name with a sign before it, is as good as the
//! bare name that the platform wants.

use serde::Deserialize;

/// Signs that end a name within an address.
const ENDS: [char; 4] = ['/', '?', '&', '#'];

/// How a key may be written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    /// The name stands behind the last one of these, if one is there; those that begin with a letter count at
    /// the beginning alone.
    #[serde(default)]
    behind: Vec<String>,
    /// How the name must begin.
    #[serde(default)]
    begins: String,
    /// What it must consist of.
    #[serde(default)]
    of: Of,
    /// Whether a handle may stand in its place, as `@acme` or in the address of a page.
    #[serde(default)]
    handle: bool,
    /// How to find the name.
    #[serde(default)]
    hint: String,
}

/// What a name consists of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Of {
    #[default]
    Anything,
    Digits,
    /// Digits and letters up to f.
    Hex,
    /// Words with dots between them.
    Dotted,
    /// An address, to which `https://` is added where it is left out.
    Address,
}

impl Written {
    /// The name that is meant.
    ///
    /// # Errors
    /// What is wrong with it, and how to find the name.
    pub(super) fn read(&self, value: &str) -> Result<String, (String, String)> {
        let value = value.trim();
        if self.of == Of::Address {
            let plain = value.trim_end_matches('/');
            let is_whole = plain.is_empty() || plain.contains("://");
            return Ok(if is_whole { plain.to_owned() } else { format!("https://{plain}") });
        }
        if let Some(handle) =
            value.strip_prefix('@').or(value.split_once("/@").map(|parts| parts.1))
            && self.handle
        {
            let handle = handle.split(ENDS).next().unwrap_or_default();
            return Ok(format!("@{handle}"));
        }
        let behind = |sign: &String| match sign.starts_with(char::is_alphabetic) {
            true => value.strip_prefix(sign.as_str()),
            false => value.rsplit_once(sign.as_str()).map(|(_, rest)| rest),
        };
        let name = match self.behind.iter().find_map(behind) {
            Some(rest) => rest.split(ENDS).next().unwrap_or_default(),
            None => value,
        };
        let odd = |what: String| Err((format!("\"{value}\" {what}"), self.hint()));
        if name.contains("://") {
            return odd("is the address of something else".to_owned());
        }
        if !name.starts_with(self.begins.as_str()) {
            return odd(format!("does not begin with {}", self.begins));
        }
        if self.of == Of::Digits && !name.bytes().all(|byte| byte.is_ascii_digit()) {
            return odd("is not a number".to_owned());
        }
        if self.of == Of::Hex && !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return odd("is not an id".to_owned());
        }
        if self.of == Of::Dotted && (!name.contains('.') || name.contains(char::is_whitespace)) {
            return odd("has no dots between its words".to_owned());
        }
        Ok(name.to_owned())
    }

    /// Whether what was read may be a handle, behind an `@`.
    pub(super) fn takes_handles(&self) -> bool {
        self.handle
    }

    /// How to find the name; where the preset does not say, how an address that is read holds it.
    fn hint(&self) -> String {
        match self.behind.as_slice() {
            behind if self.hint.is_empty() && !behind.is_empty() => {
                format!(
                    "write the name alone, or an address with the name behind {}",
                    behind.join(" or ")
                )
            }
            _ => self.hint.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::presets::shipped;

    /// A preset, one of its keys, how it is written, and what is meant or wrong.
    const ROWS: [(&str, &str, &str, Result<&str, &str>); 28] = [
        ("wordpress-posts", "site", "blog.example.com/", Ok("https://blog.example.com")),
        ("wordpress-posts", "site", "http://h/blog", Ok("http://h/blog")),
        ("lemmy-posts", "community", "!tech@lemmy.world", Ok("tech@lemmy.world")),
        ("lemmy-posts", "community", "https://lemmy.ml/c/tech@lemmy.world", Ok("tech@lemmy.world")),
        ("reddit-posts", "subreddit", "https://www.reddit.com/r/acme/new/?x=1", Ok("acme")),
        ("reddit-posts", "subreddit", "r/acme+other", Ok("acme+other")),
        ("reddit-posts", "subreddit", "barr/", Ok("barr/")),
        ("reddit-comments", "account", "u/ann", Ok("ann")),
        (
            "youtube-comments",
            "video",
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=1s",
            Ok("dQw4w9WgXcQ"),
        ),
        ("youtube-comments", "video", "https://youtu.be/dQw4w9WgXcQ?si=x", Ok("dQw4w9WgXcQ")),
        ("youtube-comments", "channel", "https://www.youtube.com/channel/UCx/videos", Ok("UCx")),
        ("youtube-comments", "channel", "@acme", Ok("@acme")),
        ("youtube-comments", "channel", "https://www.youtube.com/@acme/videos", Ok("@acme")),
        ("youtube-comments", "channel", "acme", Err("does not begin with UC")),
        ("youtube-comments", "channel", "https://youtu.be/dQw4w9WgXcQ", Err("something else")),
        ("youtube-comments", "video", "https://www.youtube.com/@acme", Err("something else")),
        ("reddit-posts", "subreddit", "https://www.reddit.com/user/ann", Err("something else")),
        ("trustpilot-reviews", "unit", "46d6a890000064000500e0c3", Ok("46d6a890000064000500e0c3")),
        (
            "trustpilot-reviews",
            "unit",
            "https://www.trustpilot.com/review/a.de",
            Err("something else"),
        ),
        ("trustpilot-reviews", "unit", "acme.example", Err("is not an id")),
        ("googleplay-reviews", "package", "Acme App", Err("has no dots")),
        ("appstore-reviews", "app", "https://apps.apple.com/de/app/idea/id123?mt=8", Ok("123")),
        ("appstore-reviews", "app", " id123", Ok("123")),
        ("appstore-reviews", "app", "Acme", Err("is not a number")),
        (
            "googleplay-reviews",
            "package",
            "https://play.google.com/store/apps/details?id=com.acme&hl=de",
            Ok("com.acme"),
        ),
        ("google-reviews", "location", "accounts/1/locations/2", Ok("2")),
        ("google-reviews", "account", "accounts/1", Ok("1")),
        (
            "stackoverflow",
            "site",
            "https://de.stackoverflow.com/questions",
            Ok("de.stackoverflow.com"),
        ),
    ];

    #[test]
    fn what_people_copy_from_a_browser_is_understood() {
        for (preset, key, value, meant) in ROWS {
            let (_, found) = shipped().iter().find(|(name, _)| *name == preset).expect(preset);
            let read = found.written.get(key).expect(key).read(value);
            match (&read, meant) {
                (Ok(name), Ok(meant)) => assert_eq!(name, meant, "{value}"),
                (Err((why, hint)), Err(meant)) => {
                    assert!(why.contains(meant) && !hint.is_empty(), "{value}: {why}, {hint}");
                }
                _ => unreachable!("{preset}, {key}: {value} is {read:?}"),
            }
        }
    }
}
