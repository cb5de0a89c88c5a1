//! What did the user mean by a type of source that there is not? People know networks by their own names.

use super::network::NETWORKS;
use super::poll::preset_cards;
use crate::settings::nearest;

/// Types by other names that people have for them, in small letters and without signs.
const OTHERS: [(&str, &[&str]); 8] = [
    ("x", &["twitter", "xcom", "tweets", "xtwitter"]),
    ("bluesky", &["bsky", "jetstream", "atproto", "firehose"]),
    ("feed", &["rss", "atom", "blog", "blogs", "news", "website", "opml", "podcast"]),
    ("meta", &["facebook", "instagram", "fb", "ig", "facebookpage", "messenger"]),
    ("mastodon", &["fediverse", "gotosocial", "pleroma", "akkoma", "pixelfed", "activitypub"]),
    ("ingest", &["webhook", "http", "push", "zapier", "n8n", "make", "huginn", "post"]),
    ("file", &["csv", "json", "jsonl", "excel", "xlsx", "parquet", "import"]),
    ("websocket", &["ws", "wss", "socket"]),
];
/// Presets by other names, or by what their names do not begin with.
const PRESETS: [(&str, &[&str]); 7] = [
    ("hackernews", &["hn", "ycombinator"]),
    ("appstore-reviews", &["apple", "ios", "itunes", "applereviews"]),
    ("googleplay-reviews", &["playstore", "android", "googleplaystore"]),
    ("google-reviews", &["googlemaps", "maps", "googlebusiness", "googlemybusiness"]),
    ("stackoverflow", &["stackexchange"]),
    ("github-issues", &["githubissues"]),
    ("wordpress-comments", &["wp"]),
];
/// What cannot be heard live.
const DEAF: [&str; 9] = [
    "tiktok",
    "linkedin",
    "telegram",
    "whatsapp",
    "discord",
    "pinterest",
    "snapchat",
    "googleplus",
    "xing",
];

/// What to write in place of a type that there is not, where that is known.
pub(crate) fn meant(kind: &str) -> Option<String> {
    by_another_name(kind).or_else(|| {
        let types = NETWORKS.iter().map(|(known, _)| *known);
        if let Some(near) = nearest(kind, types) {
            return Some(format!("write: type = \"{near}\""));
        }
        let others = OTHERS.iter().chain(&PRESETS).flat_map(|(_, names)| *names).chain(&DEAF);
        let cards = preset_cards();
        let families = cards.iter().filter_map(|card| card.name.split('-').next());
        // Short names are close to all sorts of words.
        let names = others.copied().chain(families).filter(|name| name.len() > 4);
        let near = nearest(kind, names.collect::<Vec<_>>())?;
        Some(format!("did you mean \"{near}\"? {}", by_another_name(near)?))
    })
}

fn by_another_name(kind: &str) -> Option<String> {
    let letters = kind.chars().filter(|char| char.is_alphanumeric());
    let plain: String = letters.flat_map(char::to_lowercase).collect();
    let named = |(_, names): &&(&str, &[&str])| names.contains(&plain.as_str());
    if let Some((kind, _)) = OTHERS.iter().find(named) {
        return Some(format!("write: type = \"{kind}\""));
    }
    if DEAF.contains(&plain.as_str()) {
        return Some(format!(
            "{kind} cannot be heard live; what can be done instead stands in docs/networks.md"
        ));
    }
    let cards = preset_cards();
    let known = cards.iter().filter(|card| {
        let family = card.name.split('-').next().unwrap_or_default();
        !plain.is_empty() && (family == plain || card.name.replace('-', "") == plain)
    });
    let mut names: Vec<&str> = known.map(|card| card.name).collect();
    names.extend(PRESETS.iter().find(named).map(|(name, _)| *name));
    let (first, rest) = names.split_first()?;
    let mut hint = format!("write: type = \"poll\", and below it: preset = \"{first}\"");
    let card = cards.iter().find(|card| card.name == *first);
    let keys = card.into_iter().flat_map(|card| &card.needs);
    let keys: Vec<String> = keys.map(|(key, _)| format!("{key} = \"...\"")).collect();
    if !keys.is_empty() {
        hint.push_str(&format!(", set = {{ {} }}", keys.join(", ")));
    }
    if !rest.is_empty() {
        hint.push_str(&format!("; or preset = \"{}\"", rest.join("\", \"")));
    }
    Some(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_known_by_the_names_that_people_have_for_them() {
        let rows = [
            ("Twitter", "type = \"x\""),
            ("RSS", "type = \"feed\""),
            ("feeds", "type = \"feed\""),
            ("Blue Sky", "type = \"bluesky\""),
            ("mastadon", "type = \"mastodon\""),
            ("facebok", "did you mean \"facebook\"? write: type = \"meta\""),
            ("instagramm", "did you mean \"instagram\"? write: type = \"meta\""),
            ("trustpilott", "did you mean \"trustpilot\"? write: type = \"poll\""),
            ("linkdin", "did you mean \"linkedin\"? linkedin cannot be heard live"),
            ("redit", "did you mean \"reddit\"? write: type = \"poll\""),
            ("facebook", "type = \"meta\""),
            ("youtube", "preset = \"youtube-comments\""),
            ("reddit", "preset = \"reddit-search\", set = { account"),
            ("hackernews", "preset = \"hackernews\""),
            ("HN", "preset = \"hackernews\""),
            ("Trustpilot", "preset = \"trustpilot-reviews\", set = { unit"),
            ("google-reviews", "preset = \"google-reviews\""),
            ("play store", "preset = \"googleplay-reviews\""),
            ("TikTok", "cannot be heard live"),
        ];
        for (kind, hint) in rows {
            let found = meant(kind).unwrap_or_default();
            assert!(found.contains(hint), "{kind}: {found}");
        }
        assert_eq!(meant("carrier pigeon"), None);
        let names: Vec<&str> = preset_cards().iter().map(|card| card.name).collect();
        assert!(PRESETS.iter().all(|(name, _)| names.contains(name)));
        assert!(OTHERS.iter().all(|(kind, _)| NETWORKS.iter().any(|(known, _)| known == kind)));
    }
}
