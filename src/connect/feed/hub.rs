//! Which hub tells of a feed? The one that its headers name, or else the document itself.

use reqwest::header::{HeaderMap, LINK};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::connect::transport::links;
use crate::decode::feed::Document;

/// A hub, and the feed as it is called there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hub {
    pub(super) url: String,
    pub(super) topic: String,
}

impl Hub {
    /// That of a feed which was found at an address; `may_go` tells whether it may be asked.
    pub(super) fn of(
        headers: &HeaderMap,
        document: &Document,
        at: &Url,
        may_go: impl Fn(&Url) -> bool,
    ) -> Option<Self> {
        let named: Vec<(String, String)> = headers
            .get_all(LINK)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(links)
            .collect();
        let link = |rel: &str, written: &str| {
            let header = named.iter().find(|(known, _)| known == rel);
            let href = header.map_or(written, |(_, href)| href.as_str());
            at.join(href).ok().filter(|_| !href.is_empty())
        };
        let url = link("hub", &document.hub).filter(|url| may_go(url))?;
        let topic = link("self", &document.itself).unwrap_or_else(|| at.clone());
        Some(Self { url: url.into(), topic: topic.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_the_hub_before_the_document_does() {
        let at = Url::parse("https://h.example/feed").expect("an address");
        let document = Document {
            hub: "https://hub.example/".to_owned(),
            itself: "/rss".to_owned(),
            ..Document::default()
        };
        let hub = |headers: &HeaderMap, document: &Document| {
            Hub::of(headers, document, &at, |url| url.domain().is_some())
                .map(|hub| (hub.url, hub.topic))
        };
        let pair = |url: &str, topic: &str| Some((url.to_owned(), topic.to_owned()));
        let mut headers = HeaderMap::new();
        let written = hub(&headers, &document);
        assert_eq!(written, pair("https://hub.example/", "https://h.example/rss"));
        let links = "<https://two.example/>; rel=\"hub\", <https://h.example/self>; rel=self";
        headers.insert(LINK, links.parse().expect("a header"));
        let named = hub(&headers, &document);
        assert_eq!(named, pair("https://two.example/", "https://h.example/self"));
        assert_eq!(hub(&HeaderMap::new(), &Document::default()), None);
        let inside = Document { hub: "http://10.0.0.1/".to_owned(), ..Document::default() };
        assert_eq!(hub(&HeaderMap::new(), &inside), None, "only names are asked");
    }
}
