//! What does a request do, in words that hold no words of people? By its method and its address alone.

use axum::http::Method;

use crate::report::named_mention;

/// Longest name of a topic, or of what was changed.
const CHARS_MAX: usize = 128;
/// Longest short name of a mention.
const NAME_MAX: usize = 8;

/// What a request asks for, kept until it is answered.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) action: &'static str,
    pub(super) what: String,
    pub(super) topic: Option<String>,
    pub(super) detail: Option<String>,
}

/// The topic that a request made or changed, told by its answer where the address does not.
#[derive(Debug, Clone)]
pub(super) struct Changed(pub(super) String);

impl Asked {
    /// What a request asks for, by its method and address.
    pub(super) fn of(method: &Method, path: &str, query: Option<&str>) -> Self {
        let path = path.strip_prefix("/api/v1").unwrap_or(path);
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let first = parts.first().copied().unwrap_or("overview");
        let is_word = |part: &&str| {
            part.len() <= 24
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'.')
        };
        let first = if is_word(&first) { first } else { "other" };
        let deed = parts.get(2).filter(|part| is_word(part));
        let what = deed.map_or_else(|| first.to_owned(), |deed| format!("{first}.{deed}"));
        let decoded = |part: &&str| {
            let pair = format!("x={}", part.replace('+', "%2B"));
            let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
            pairs.next().map(|(_, value)| clipped(&value))
        };
        let mut named = parts.get(1).and_then(decoded);
        let mut pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let asked = pairs.find(|(name, _)| name == "topic").map(|(_, topic)| clipped(&topic));
        let mut topic = asked;
        if first == "topics" {
            topic = named.take();
        } else if ["mentions", "inbox"].contains(&first) {
            // Posts are erased, and what names one must not stay here.
            let mention = parts.get(1).and_then(|id| named_mention(id));
            let is_name = |name: &String| name.bytes().all(|byte| byte.is_ascii_hexdigit());
            (topic, named) = match mention {
                Some((of, name)) => (Some(clipped(&of)), Some(name)),
                None => (topic, named.filter(|name| name.len() <= NAME_MAX && is_name(name))),
            };
        }
        let mut pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let is_file = pairs.any(|(name, form)| name == "format" && form != "json");
        let is_question =
            ["sql", "score"].contains(&first) || what.ends_with("topics") && named_test(&parts);
        let action = match (first, method) {
            // Assistants ask for rows as well as for figures.
            ("sql" | "report" | "mcp", _) => "export",
            (_, &Method::GET) if is_file => "export",
            (_, &(Method::GET | Method::HEAD)) => "read",
            _ if is_question => "read",
            _ => "change",
        };
        let topic = topic.filter(|topic| !topic.is_empty() && !named_test(&parts));
        Self { method: method.clone(), action, what, topic, detail: named }
    }
}

/// Whether a query is tried rather than a topic changed.
fn named_test(parts: &[&str]) -> bool {
    parts == ["topics", "test"]
}

/// The first characters of a name.
pub(super) fn clipped(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_told_without_words_of_people() {
        let post = Method::POST;
        for (method, path, query, action, what, topic, detail) in [
            (&Method::GET, "/", None, "read", "overview", None, None),
            (
                &Method::GET,
                "/api/v1/mentions",
                Some("q=secret&topic=acme"),
                "read",
                "mentions",
                Some("acme"),
                None,
            ),
            (&Method::GET, "/api/v1/inbox", Some("format=csv"), "export", "inbox", None, None),
            (&Method::GET, "/topics/k%C3%B6ln", None, "read", "topics", Some("köln"), None),
            (&post, "/api/v1/sql", Some("q=SELECT"), "export", "sql", None, None),
            (&post, "/api/v1/topics/test", None, "read", "topics", None, None),
            (&Method::PUT, "/api/v1/topics/acme", None, "change", "topics", Some("acme"), None),
            (&post, "/api/v1/alerts/al_1/ack", None, "change", "alerts.ack", None, Some("al_1")),
            (
                &post,
                "/mentions/YWNtZR9ibHVlc2t5HzE/correction",
                None,
                "change",
                "mentions.correction",
                Some("acme"),
                Some(&*crate::report::short_name("acme", "bluesky", "1")),
            ),
            (&Method::GET, "/inbox/whatever", None, "read", "inbox", None, None),
            (&post, "/X/../%00", None, "change", "other", None, Some("..")),
        ] {
            let asked = Asked::of(method, path, query);
            assert_eq!(
                (
                    asked.action,
                    asked.what.as_str(),
                    asked.topic.as_deref(),
                    asked.detail.as_deref()
                ),
                (action, what, topic, detail),
                "{path}"
            );
        }
    }
}
