//! Where do addresses of profiles name somebody? `https://x.com/name/status/1`, `t.me/name`.

use super::{Personal, Piece};

/// The segment behind one of these names a person.
const BEFORE: [&str; 6] = ["users", "user", "u", "profile", "people", "author"];
/// Sites whose first segment is a name, where nothing else stands there.
const SITES: [&str; 10] = [
    "x.com",
    "twitter.com",
    "instagram.com",
    "facebook.com",
    "fb.com",
    "t.me",
    "telegram.me",
    "twitch.tv",
    "github.com",
    "snapchat.com",
];
/// First segments on these sites that are no names.
const NO_NAMES: [&str; 22] = [
    "i",
    "p",
    "reel",
    "reels",
    "stories",
    "explore",
    "search",
    "hashtag",
    "home",
    "share",
    "sharer",
    "sharer.php",
    "intent",
    "groups",
    "events",
    "watch",
    "photo",
    "photos",
    "posts",
    "pages",
    "login",
    "s",
];
/// Longest address that is looked at, in bytes.
const ADDRESS_BYTES_MAX: usize = 512;

/// Appends names in addresses, perhaps overlapping. A segment that begins with `@` is found by its
/// sign.
pub(super) fn find(text: &str, found: &mut Vec<Piece>) {
    let mut done = 0;
    for slash in memchr::memchr_iter(b'/', text.as_bytes()) {
        if slash < done {
            continue;
        }
        let Some(host) = host_before(text, slash) else { continue };
        let (path, end) = path(text, slash);
        name(host, path, slash, found);
        done = end;
    }
}

/// The host that ends at a slash, without `www.` and the like.
fn host_before(text: &str, slash: usize) -> Option<&str> {
    let from = text.floor_char_boundary(slash.saturating_sub(64));
    let window = text.get(from..slash)?;
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let host = window.get(window.trim_end_matches(is_host).len()..)?;
    let host = host.strip_prefix("www.").or(host.strip_prefix("m.")).unwrap_or(host);
    host.contains('.').then_some(host)
}

/// The path from a slash to its end, and where that is.
fn path(text: &str, slash: usize) -> (&str, usize) {
    let to = text.floor_char_boundary((slash + ADDRESS_BYTES_MAX).min(text.len()));
    let window = text.get(slash..to).unwrap_or_default();
    let ends = |c: char| c.is_whitespace() || matches!(c, '?' | '#' | '"' | '<' | '>' | ')' | ']');
    let path = window.get(..window.find(ends).unwrap_or(window.len())).unwrap_or_default();
    (path, slash + path.len())
}

fn name(host: &str, path: &str, slash: usize, found: &mut Vec<Piece>) {
    let knows = SITES.iter().any(|site| host.eq_ignore_ascii_case(site));
    let (mut at, mut before) = (slash + 1, "");
    for (place, segment) in path.split('/').skip(1).enumerate() {
        let own = segment.trim_end_matches(['.', ',', ';', ':', '!', '\'']);
        let is_first = place == 0 && knows && !NO_NAMES.contains(&own);
        let is_behind =
            BEFORE.contains(&before) || (before == "in" && host.ends_with("linkedin.com"));
        let named = (is_first || is_behind) && !own.starts_with('@');
        if named && own.chars().any(char::is_alphabetic) {
            found.push(Piece { start: at, end: at + own.len(), kind: Personal::Handle });
        }
        before = segment;
        at += segment.len() + 1;
    }
}
