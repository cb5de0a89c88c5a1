//! Which timeline is heard, and by which names do its stream and its pages go?

use std::borrow::Cow;

use serde_json::json;
use url::Url;

/// Most posts that an instance gives on one page.
const PAGE_POSTS: &str = "40";

/// A timeline of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timeline {
    /// Public posts with a hashtag, without `#`, in lowercase.
    Hashtag(String),
    /// What the accounts of a list say, by its id.
    List(String),
    /// What the token's own account follows, and who mentions it.
    Home,
    /// All public posts that the instance knows.
    Public,
    /// Public posts of the instance's own accounts.
    Local,
}

impl Timeline {
    /// Its name for people, and in cursors.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Hashtag(tag) => format!("#{tag}"),
            Self::List(id) => format!("list {id}"),
            Self::Home => "home".to_owned(),
            Self::Public => "public".to_owned(),
            Self::Local => "public:local".to_owned(),
        }
    }

    /// The message that subscribes to its stream.
    pub(super) fn subscription(&self) -> String {
        let message = match self {
            Self::Hashtag(tag) => json!({"type": "subscribe", "stream": "hashtag", "tag": tag}),
            Self::List(id) => json!({"type": "subscribe", "stream": "list", "list": id}),
            Self::Home => json!({"type": "subscribe", "stream": "user"}),
            Self::Public => json!({"type": "subscribe", "stream": "public"}),
            Self::Local => json!({"type": "subscribe", "stream": "public:local"}),
        };
        message.to_string()
    }

    /// Whether a frame came on its stream.
    pub(super) fn is_named(&self, stream: &[Cow<'_, str>]) -> bool {
        let (Some(name), more) = (stream.first(), stream.get(1)) else { return false };
        match self {
            Self::Hashtag(tag) => {
                name == "hashtag" && more.is_some_and(|more| more.to_lowercase() == *tag)
            }
            Self::List(id) => name == "list" && more.is_some_and(|more| *more == *id),
            Self::Home => name == "user",
            Self::Public => name == "public",
            Self::Local => name == "public:local",
        }
    }

    /// An address of streams that asks for this one.
    pub(super) fn asked(&self, mut url: Url) -> Url {
        let (stream, more) = match self {
            Self::Hashtag(tag) => ("hashtag", Some(("tag", tag))),
            Self::List(id) => ("list", Some(("list", id))),
            Self::Home => ("user", None),
            Self::Public => ("public", None),
            Self::Local => ("public:local", None),
        };
        url.query_pairs_mut().append_pair("stream", stream).extend_pairs(more);
        url
    }

    /// Where its stream of server-sent events is.
    pub(super) fn stream_url(&self, base: &Url) -> Url {
        let (path, query) = match self {
            Self::Hashtag(tag) => (["hashtag"].as_slice(), Some(("tag", tag))),
            Self::List(id) => (["list"].as_slice(), Some(("list", id))),
            Self::Home => (["user"].as_slice(), None),
            Self::Public => (["public"].as_slice(), None),
            Self::Local => (["public", "local"].as_slice(), None),
        };
        let mut url = below(base, &["api", "v1", "streaming"]);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        if let Some((name, value)) = query {
            url.query_pairs_mut().append_pair(name, value);
        }
        url
    }

    /// Its page of the oldest posts after `min_id`; the newest page without one.
    pub(super) fn page_url(&self, base: &Url, min_id: Option<&str>) -> Url {
        let path: &[&str] = match self {
            Self::Hashtag(tag) => &["tag", tag],
            Self::List(id) => &["list", id],
            Self::Home => &["home"],
            Self::Public | Self::Local => &["public"],
        };
        let mut url = below(base, &["api", "v1", "timelines"]);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        let mut query = url.query_pairs_mut();
        if *self == Self::Local {
            query.append_pair("local", "true");
        }
        match min_id {
            Some(id) => query.append_pair("limit", PAGE_POSTS).append_pair("min_id", id),
            None => query.append_pair("limit", "1"),
        };
        drop(query);
        url
    }
}

/// An address below that of the instance.
pub(super) fn below(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_path("");
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_timeline_has_its_stream_and_its_pages() {
        let base = Url::parse("https://social.example/").expect("an address");
        let rows = [
            (
                Timeline::Hashtag("größe".to_owned()),
                "hashtag?tag=gr%C3%B6%C3%9Fe",
                "tag/gr%C3%B6%C3%9Fe?",
            ),
            (Timeline::List("7".to_owned()), "list?list=7", "list/7?"),
            (Timeline::Home, "user", "home?"),
            (Timeline::Public, "public", "public?"),
            (Timeline::Local, "public/local", "public?local=true&"),
        ];
        for (timeline, stream, page) in rows {
            let wanted = format!("https://social.example/api/v1/streaming/{stream}");
            assert_eq!(timeline.stream_url(&base).as_str(), wanted);
            let wanted = format!("https://social.example/api/v1/timelines/{page}limit=40&min_id=5");
            assert_eq!(timeline.page_url(&base, Some("5")).as_str(), wanted);
        }
    }
}
