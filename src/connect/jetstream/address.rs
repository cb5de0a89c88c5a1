//! Which wire is spoken at an address, and what is asked for there?

use reqwest::header::{HeaderMap, HeaderValue, SEC_WEBSOCKET_PROTOCOL};

use crate::connect::transport::MESSAGE_BYTES_MAX;

/// Where version 2 of the wire is served.
const EVENTS_PATH: &str = "/xrpc/network.bsky.jetstream.subscribeEvents";
/// Where its dictionaries are.
const DICTIONARY_PATH: &str = "/xrpc/network.bsky.jetstream.getZstdDictionary";

/// A version of Jetstream's wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// Version 1, at `/subscribe`.
    Subscribe,
    /// Version 2, at `/xrpc/network.bsky.jetstream.subscribeEvents`.
    Events,
}

impl Wire {
    /// The one that an address names.
    pub(super) fn of(url: &str) -> Self {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        if path.trim_end_matches('/').ends_with(EVENTS_PATH) {
            Self::Events
        } else {
            Self::Subscribe
        }
    }

    /// Headers to dial with: the subprotocol of version 2.
    pub(super) fn headers(self) -> HeaderMap {
        let protocol = HeaderValue::from_static("xrpc.v1.json");
        match self {
            Self::Subscribe => HeaderMap::new(),
            Self::Events => [(SEC_WEBSOCKET_PROTOCOL, protocol)].into_iter().collect(),
        }
    }

    /// The parameter that names collections.
    pub(super) fn collections(self) -> &'static str {
        match self {
            Self::Subscribe => "wantedCollections",
            Self::Events => "collections",
        }
    }
}

/// What is asked for beside what the user's address says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// Where to go on; by default where the address says, or with what comes from now on.
    pub(super) cursor: Option<i64>,
    /// The id of the dictionary to compress with; none asks for plain text.
    pub(super) dictionary: Option<u32>,
}

/// The address to dial: the user's, with the cursor, the largest message that we take, and the
/// compression. A cursor in the user's address is where the first run begins.
pub(super) fn address(url: &str, wire: Wire, asked: Asked) -> String {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let is_kept = |pair: &&str| {
        let name = name(pair);
        let is_ours = name == "compress"
            || name == "zstdDictionary"
            || (name == "cursor" && asked.cursor.is_some());
        !pair.is_empty() && !is_ours
    };
    let mut pairs: Vec<String> =
        query.split('&').filter(is_kept).map(ToString::to_string).collect();
    if !pairs.iter().any(|pair| name(pair) == "maxMessageSizeBytes") {
        pairs.push(format!("maxMessageSizeBytes={MESSAGE_BYTES_MAX}"));
    }
    match (wire, asked.dictionary) {
        (_, None) => {}
        (Wire::Subscribe, Some(_)) => pairs.push("compress=true".to_owned()),
        (Wire::Events, Some(id)) => pairs.push(format!("zstdDictionary={id}")),
    }
    pairs.extend(asked.cursor.map(|cursor| format!("cursor={cursor}")));
    format!("{place}?{}", pairs.join("&"))
}

/// Where the present dictionary of a server of version 2 is.
pub(super) fn dictionary_address(url: &str) -> String {
    let place = url.split(['?', '#']).next().unwrap_or_default();
    let place = place.trim_end_matches('/');
    let server = place.strip_suffix(EVENTS_PATH).unwrap_or(place);
    // ws and wss are http and https by other names.
    format!("{}{DICTIONARY_PATH}", server.replacen("ws", "http", 1))
}

/// Whether the address sets a parameter.
pub(super) fn has(url: &str, parameter: &str) -> bool {
    pairs(url).any(|pair| name(pair) == parameter)
}

/// Whether the address itself asks for compressed frames.
pub(super) fn asks_compression(url: &str) -> bool {
    pairs(url).any(|pair| pair == "compress=true" || name(pair) == "zstdDictionary")
}

fn pairs(url: &str) -> impl Iterator<Item = &str> {
    url.split_once('?').map_or("", |(_, query)| query).split('&')
}

fn name(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_query_is_kept_and_ours_is_added() {
        let first = Asked { cursor: None, dictionary: None };
        let later = Asked { cursor: Some(5_000_000), dictionary: None };
        let packed = Asked { cursor: None, dictionary: Some(7) };
        let rows = [
            ("ws://h/subscribe", first, "ws://h/subscribe?maxMessageSizeBytes=1048576"),
            ("ws://h/s?a=b", later, "ws://h/s?a=b&maxMessageSizeBytes=1048576&cursor=5000000"),
            (
                "ws://h/s?cursor=7&maxMessageSizeBytes=0",
                first,
                "ws://h/s?cursor=7&maxMessageSizeBytes=0",
            ),
            (
                "ws://h/s?cursor=7&maxMessageSizeBytes=0",
                later,
                "ws://h/s?maxMessageSizeBytes=0&cursor=5000000",
            ),
            ("ws://h/s?compress=true", first, "ws://h/s?maxMessageSizeBytes=1048576"),
            ("ws://h/s", packed, "ws://h/s?maxMessageSizeBytes=1048576&compress=true"),
        ];
        for (url, asked, want) in rows {
            assert_eq!(address(url, Wire::of(url), asked), want);
        }
        let url = "wss://h/xrpc/network.bsky.jetstream.subscribeEvents?kinds=commit";
        assert_eq!(Wire::of(url), Wire::Events);
        assert_eq!(
            address(url, Wire::Events, packed),
            format!("{url}&maxMessageSizeBytes=1048576&zstdDictionary=7")
        );
        assert_eq!(
            dictionary_address(url),
            "https://h/xrpc/network.bsky.jetstream.getZstdDictionary"
        );
    }
}
