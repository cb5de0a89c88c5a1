//! Which feeds does a web page name? By `<link rel="alternate">` in its head.

use html5gum::{Token, Tokenizer};

/// Most feeds that are read of a page.
const ALTERNATES_MAX: usize = 20;
/// Types of feeds.
const TYPES: [&str; 4] =
    ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"];

/// A feed that a page names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternate {
    /// Its address, maybe relative to the page.
    pub href: String,
    /// What the page calls it; may be empty.
    pub title: String,
}

/// The feeds that a page names, the best first: as the page orders them, but those of comments last.
#[must_use]
pub fn alternates(html: &str) -> Vec<Alternate> {
    let mut found = Vec::new();
    for Ok(token) in Tokenizer::new(html) {
        let tag = match token {
            Token::StartTag(tag) if tag.name.as_slice() == b"link" => tag,
            // Links of a body belong to those who comment there.
            Token::StartTag(tag) if tag.name.as_slice() == b"body" => break,
            _ => continue,
        };
        let attribute = |name: &[u8]| {
            let value = tag.attributes.get(name)?;
            Some(String::from_utf8_lossy(value).trim().to_owned())
        };
        let rel = attribute(b"rel").unwrap_or_default().to_ascii_lowercase();
        let kind = attribute(b"type").unwrap_or_default().to_ascii_lowercase();
        let is_json = kind == "application/json"
            && attribute(b"href").is_some_and(|href| href.contains("feed"));
        if !rel.split_whitespace().any(|word| word == "alternate")
            || !(TYPES.contains(&kind.as_str()) || is_json)
        {
            continue;
        }
        if let Some(href) = attribute(b"href").filter(|href| !href.is_empty()) {
            found.push(Alternate { href, title: attribute(b"title").unwrap_or_default() });
        }
        if found.len() == ALTERNATES_MAX {
            break;
        }
    }
    let is_comments = |one: &Alternate| {
        let text = format!("{} {}", one.href, one.title).to_lowercase();
        ["comment", "kommentar"].iter().any(|word| text.contains(word))
    };
    found.sort_by_key(is_comments);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_its_feeds() {
        let page = "<!DOCTYPE html><html><head><title>x</title>\
            <link rel=stylesheet href=a.css>\
            <LINK REL='alternate' TYPE='application/rss+xml' TITLE='Blog &raquo; Comments' HREF='/comments/feed/'>\
            <link rel=\"alternate\" type=\"application/rss+xml\" title=\"Blog\" href=\"/feed/?a=1&amp;b=2\" />\
            <link rel=alternate type=application/json href='/wp-json/wp/v2/posts/1'>\
            <link rel=alternate hreflang=de href='/de'>\
            </head><body><link rel=alternate type=application/rss+xml href=/evil></body></html>";
        let found: Vec<String> = alternates(page).into_iter().map(|one| one.href).collect();
        assert_eq!(found, ["/feed/?a=1&b=2", "/comments/feed/"]);
        assert!(alternates("no page at all <link").is_empty());
    }
}
