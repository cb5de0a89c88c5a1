//! Who is meant by a name as people write it? The names under which sources may know the author.

use unicode_normalization::UnicodeNormalization;

use super::names::plain;

/// Sites on which a name alone is unique, whoever serves it.
const SITES: [&str; 14] = [
    "x.com",
    "twitter.com",
    "youtube.com",
    "reddit.com",
    "instagram.com",
    "facebook.com",
    "threads.net",
    "threads.com",
    "tiktok.com",
    "github.com",
    "medium.com",
    "flickr.com",
    "bsky.app",
    "news.ycombinator.com",
];
/// Segments of an address, or beginnings of a name, behind which a name stands.
const BEFORE: [&str; 9] =
    ["users", "user", "u", "profile", "people", "channel", "author", "in", "photos"];

/// The names that a name as people write it can mean, the likeliest first: without blanks and signs
/// that are not seen, with umlauts in one piece or in two, from the address of a profile, with and
/// without the server. A name of one network is never made one of another.
///
/// # Example
/// ```
/// use resonanz_core::privacy::spellings;
/// assert_eq!(spellings(" @Ada "), ["ada"]);
/// assert_eq!(spellings("https://bsky.app/profile/did:plc:abc/post/3k")[0], "did:plc:abc");
/// assert_eq!(spellings("https://social.example/@Ada")[0], "ada@social.example");
/// ```
#[must_use]
pub fn spellings(written: &str) -> Vec<String> {
    let seen: String = written.chars().filter(|c| !is_unseen(*c)).collect();
    let name = seen.trim().trim_end_matches('/');
    let mut names = match name.split_once("://") {
        Some(("at", rest)) => vec![rest.split('/').next().unwrap_or_default().to_owned()],
        Some((_, rest)) => of_address(name, rest),
        None => of_name(name),
    };
    let apart: Vec<String> = names
        .iter()
        .flat_map(|name| [name.nfc().collect::<String>(), name.nfd().collect()])
        .collect();
    names.extend(apart);
    let mut known = Vec::new();
    for name in names.iter().map(|name| plain(name).into_owned()) {
        if !name.is_empty() && !known.contains(&name) {
            known.push(name);
        }
    }
    known
}

/// Signs that come along when a name is copied from a page.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
        || c.is_control()
}

fn of_name(name: &str) -> Vec<String> {
    let name = name.strip_prefix("acct:").unwrap_or(name);
    let name = name.trim_start_matches('/');
    let behind = name.split_once('/').filter(|(kind, _)| BEFORE.contains(kind));
    let name = behind.map_or(name, |(_, name)| name);
    let mut names = vec![name.to_owned()];
    if let Some((local, host)) = name.trim_start_matches('@').split_once('@')
        && !local.is_empty()
        && host.contains('.')
    {
        names.extend(on_server(local, host));
    }
    names
}

/// The name in the address of a profile, and the address itself, by which some sources know it.
fn of_address(address: &str, rest: &str) -> Vec<String> {
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let mut parts = rest.split('/');
    let host = parts.next().unwrap_or_default();
    let host = host.strip_prefix("www.").or(host.strip_prefix("m.")).unwrap_or(host);
    let path: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let behind = path.iter().position(|part| BEFORE.contains(part));
    let named = behind.and_then(|place| path.get(place + 1)).or(path.first()).copied();
    let Some(name) = named.map(|name| name.trim_start_matches('@')) else {
        return vec![address.to_owned()];
    };
    let is_site = SITES.iter().any(|site| host == *site || host.ends_with(&format!(".{site}")));
    if is_site {
        return vec![name.to_owned(), address.to_owned()];
    }
    let mut names = vec![format!("{name}@{host}"), address.to_owned()];
    names.extend(on_server(name, host));
    names
}

/// How one of many servers addresses a name of its own.
fn on_server(local: &str, host: &str) -> [String; 3] {
    [
        format!("https://{host}/@{local}"),
        format!("https://{host}/users/{local}"),
        format!("{local}@{host}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_meant_however_it_is_written() {
        let rows: [(&str, &[&str]); 12] = [
            ("ada", &["ada"]),
            ("@Ada", &["ada"]),
            ("\u{2068}@ada\u{2069}\u{200b}\n", &["ada"]),
            ("u/Ada_1", &["ada_1"]),
            ("/user/ada", &["ada"]),
            ("DID:plc:ABC", &["did:plc:abc"]),
            ("at://did:plc:abc/app.bsky.feed.post/3k", &["did:plc:abc"]),
            ("https://www.reddit.com/user/Ada/", &["ada", "https://www.reddit.com/user/ada"]),
            ("https://x.com/Ada/status/1?s=20", &["ada", "https://x.com/ada/status/1?s=20"]),
            (
                "@ada@social.example",
                &[
                    "ada@social.example",
                    "https://social.example/@ada",
                    "https://social.example/users/ada",
                ],
            ),
            ("acct:ada@social.example", &["ada@social.example"]),
            ("  ", &[]),
        ];
        for (written, wanted) in rows {
            let names = spellings(written);
            assert!(
                names.iter().map(String::as_str).zip(wanted).all(|(name, want)| name == *want),
                "{written}: {names:?}"
            );
            assert!(names.len() >= wanted.len(), "{written}: {names:?}");
        }
        assert_eq!(spellings("J\u{f6}rg"), ["j\u{f6}rg", "jo\u{308}rg"]);
        assert_eq!(spellings("Jo\u{308}rg"), ["jo\u{308}rg", "j\u{f6}rg"]);
        let other = spellings("https://social.example/@ada");
        assert!(!other.contains(&"ada".to_owned()), "somebody else elsewhere: {other:?}");
    }
}
