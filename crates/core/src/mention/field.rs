//! What may a query ask of a post besides its text? Fields: their values, and whether a post has
//! them.

use std::fmt;

use super::error::QueryError;
use crate::post::{AuthorKey, Kind, Lang, Post};

/// Something asked of a post besides its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// Who wrote it, as a handle without `@`; see [`super::Matcher::compile`] for what is compared.
    Author(String),
    /// The name of the post's source.
    Source(String),
    /// The post's language.
    Lang(Lang),
    /// The host of the post's address, or a domain above it.
    Site(String),
    /// A part of the post's address.
    Url(String),
    /// What sort of post it is.
    Kind(Kind),
    /// The post it answers or quotes, as its source names it.
    InReplyTo(String),
    /// The first post of its thread, as its source names it.
    Thread(String),
    /// Followers or views.
    Followers(Bounds),
    /// Likes, reposts and replies.
    Engagement(Bounds),
}

/// A range of numbers, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The smallest.
    pub min: u64,
    /// The largest.
    pub max: u64,
}

/// What a query may ask of a post besides its text.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Declared language.
    pub lang: Lang,
    /// Name of the source.
    pub source: &'a str,
    /// What sort of post it is.
    pub kind: Kind,
    /// Who wrote it.
    pub author: AuthorKey,
    /// Where a person can read it.
    pub url: Option<&'a str>,
    /// The post it answers or quotes.
    pub parent: Option<&'a str>,
    /// The first post of its thread.
    pub thread: Option<&'a str>,
    /// Followers or views, when known.
    pub reach: Option<u64>,
    /// Likes, reposts and replies, when known.
    pub engagement: Option<u64>,
}

impl Default for Context<'_> {
    /// A post of which nothing is known but its text.
    fn default() -> Self {
        Self {
            lang: Lang::UND,
            source: "",
            kind: Kind::Original,
            author: AuthorKey::default(),
            url: None,
            parent: None,
            thread: None,
            reach: None,
            engagement: None,
        }
    }
}

impl<'a> Context<'a> {
    /// What a post says of itself.
    #[must_use]
    pub fn of(post: &'a Post) -> Self {
        Self {
            lang: post.lang,
            source: post.source.as_str(),
            kind: post.kind,
            author: post.author,
            url: post.url.as_deref(),
            parent: post.parent.as_deref(),
            thread: post.thread.as_deref(),
            reach: post.reach,
            engagement: post.engagement,
        }
    }
}

impl Field {
    /// Whether a post has it; `authors` are the keys that the field's handle stands for.
    pub(super) fn holds(&self, context: &Context<'_>, authors: &[AuthorKey]) -> bool {
        let within = |bounds: &Bounds, number: Option<u64>| {
            number.is_some_and(|number| (bounds.min..=bounds.max).contains(&number))
        };
        match self {
            Self::Author(_) => authors.contains(&context.author),
            Self::Source(source) => source == context.source,
            Self::Lang(lang) => *lang == context.lang,
            Self::Site(site) => context.url.is_some_and(|url| is_on_site(url, site)),
            Self::Url(part) => context.url.is_some_and(|url| holds_part(url, part)),
            Self::Kind(kind) => *kind == context.kind,
            Self::InReplyTo(id) => context.parent == Some(id),
            Self::Thread(id) => context.thread == Some(id),
            Self::Followers(bounds) => within(bounds, context.reach),
            Self::Engagement(bounds) => within(bounds, context.engagement),
        }
    }
}

/// The names of all fields.
pub(super) const FIELD_NAMES: [&str; 10] = [
    "author",
    "source",
    "lang",
    "site",
    "url",
    "kind",
    "in-reply-to",
    "thread",
    "followers",
    "engagement",
];

/// Reads the value of a field; `at` is where the field begins in the query.
pub(super) fn field(name: &str, value: &str, at: usize) -> Result<Field, QueryError> {
    let error = |message: String, hint| Err(QueryError { at, message, hint });
    if value.is_empty() {
        return error(
            format!("field {name} has no value"),
            "write it without a space, as lang:de or source:\"my blog\"",
        );
    }
    let text = || value.to_owned();
    match name {
        "author" => match value.trim_start_matches('@') {
            "" => error("field author has no value".to_owned(), "write a handle, as author:acme"),
            handle => Ok(Field::Author(handle.to_owned())),
        },
        "source" => Ok(Field::Source(text())),
        "lang" => match Lang::parse(value) {
            Lang::UND if value != "und" => {
                error(format!("\"{value}\" is not a language"), "write an ISO 639 code, as lang:de")
            }
            lang => Ok(Field::Lang(lang)),
        },
        "site" if value.contains(['/', ':']) => error(
            format!("\"{value}\" is not a site"),
            "write a host name, as site:spiegel.de; for a part of the address use url:",
        ),
        "site" => {
            let host = value.to_ascii_lowercase();
            // Hosts below it count anyway.
            let host = host.trim_start_matches(['*', '.']);
            match host.strip_prefix("www.").unwrap_or(host) {
                "" => error(format!("\"{value}\" is not a site"), "write it as site:spiegel.de"),
                host if host.contains(['*', '?']) => error(
                    "a wildcard within a site".to_owned(),
                    "write a host or a domain above it",
                ),
                host => Ok(Field::Site(host.to_owned())),
            }
        }
        "url" => Ok(Field::Url(value.to_ascii_lowercase())),
        "kind" => match kind(value) {
            Some(kind) => Ok(Field::Kind(kind)),
            None => error(
                format!("\"{value}\" is not a kind of post"),
                "one of original, reply, repost, quote, comment, review, article",
            ),
        },
        "in-reply-to" => Ok(Field::InReplyTo(text())),
        "thread" => Ok(Field::Thread(text())),
        _ => match bounds(value) {
            Some(bounds) if name == "followers" => Ok(Field::Followers(bounds)),
            Some(bounds) => Ok(Field::Engagement(bounds)),
            None => error(
                format!("\"{value}\" is not a range of whole numbers"),
                "write it as followers:>1000, followers:>=1000, followers:100..500 or followers:=7",
            ),
        },
    }
}

fn kind(value: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.as_str() == value)
}

/// Reads `>n`, `>=n`, `<n`, `<=n`, `=n`, `n` or `a..b`; an empty range is none.
fn bounds(value: &str) -> Option<Bounds> {
    let number = |digits: &str| {
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        if plain { digits.parse::<u64>().ok() } else { None }
    };
    let (min, max) = if let Some(digits) = value.strip_prefix(">=") {
        (number(digits)?, u64::MAX)
    } else if let Some(digits) = value.strip_prefix('>') {
        (number(digits)?.checked_add(1)?, u64::MAX)
    } else if let Some(digits) = value.strip_prefix("<=") {
        (0, number(digits)?)
    } else if let Some(digits) = value.strip_prefix('<') {
        (0, number(digits)?.checked_sub(1)?)
    } else if let Some((min, max)) = value.split_once("..") {
        (number(min)?, number(max)?)
    } else {
        let only = number(value.strip_prefix('=').unwrap_or(value))?;
        (only, only)
    };
    (min <= max).then_some(Bounds { min, max })
}

/// Whether an address lies on a host or below a domain.
fn is_on_site(url: &str, site: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().trim_end_matches('.').as_bytes();
    let Some(lead) = host.len().checked_sub(site.len()) else { return false };
    let (above, own) = host.split_at(lead);
    own.eq_ignore_ascii_case(site.as_bytes()) && matches!(above.last(), None | Some(b'.'))
}

fn holds_part(url: &str, part: &str) -> bool {
    url.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, value) = match self {
            Self::Author(value) => ("author", value.as_str()),
            Self::Source(value) => ("source", value.as_str()),
            Self::Lang(lang) => ("lang", lang.as_str()),
            Self::Site(value) => ("site", value.as_str()),
            Self::Url(value) => ("url", value.as_str()),
            Self::Kind(kind) => ("kind", kind.as_str()),
            Self::InReplyTo(value) => ("in-reply-to", value.as_str()),
            Self::Thread(value) => ("thread", value.as_str()),
            Self::Followers(bounds) => return write!(f, "followers:{bounds}"),
            Self::Engagement(bounds) => return write!(f, "engagement:{bounds}"),
        };
        if value.contains(|c: char| c.is_whitespace() || matches!(c, '(' | ')')) {
            return write!(f, "{name}:\"{value}\"");
        }
        write!(f, "{name}:{value}")
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (min, max) if min == max => write!(f, "={min}"),
            (min, u64::MAX) => write!(f, ">={min}"),
            (0, max) => write!(f, "<={max}"),
            (min, max) => write!(f, "{min}..{max}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_compared_as_the_manual_says() {
        let context = Context {
            url: Some("https://user@www.Spiegel.de:443/Wirtschaft/bahn?x=1"),
            reach: Some(1000),
            ..Context::default()
        };
        let rows = [
            ("site", "spiegel.de", true),
            ("site", "www.spiegel.de", true),
            ("site", "piegel.de", false),
            ("site", "de", true),
            ("url", "wirtschaft/BAHN", true),
            ("url", "sport", false),
            ("followers", ">999", true),
            ("followers", ">1000", false),
            ("followers", "<1001", true),
            ("followers", "<=999", false),
            ("followers", "1000", true),
            ("followers", "1..1000", true),
            ("engagement", ">=0", false),
            ("author", "@me", false),
        ];
        for (name, value, want) in rows {
            let field = field(name, value, 0).expect(value);
            assert_eq!(field.holds(&context, &[]), want, "{name}:{value}");
        }
        for value in ["", "<0", "5..1", ">", "-3", "1e3", ">18446744073709551615"] {
            assert!(field("followers", value, 0).is_err(), "{value}");
        }
    }
}
