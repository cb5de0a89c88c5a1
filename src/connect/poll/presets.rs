//! Which presets come with resonanz?

use std::sync::OnceLock;

use super::manners::Token;
use super::preset::Preset;

/// Name and text of each, as `preset = "NAME"` names it.
pub(super) const PRESETS: [(&str, &str); 18] = [
    ("wordpress-comments", include_str!("presets/wordpress-comments.toml")),
    ("wordpress-posts", include_str!("presets/wordpress-posts.toml")),
    ("hackernews", include_str!("presets/hackernews.toml")),
    ("youtube-comments", include_str!("presets/youtube-comments.toml")),
    ("youtube-search", include_str!("presets/youtube-search.toml")),
    ("appstore-reviews", include_str!("presets/appstore-reviews.toml")),
    ("lemmy-posts", include_str!("presets/lemmy-posts.toml")),
    ("lemmy-comments", include_str!("presets/lemmy-comments.toml")),
    ("github-issues", include_str!("presets/github-issues.toml")),
    ("stackoverflow", include_str!("presets/stackoverflow.toml")),
    ("flickr", include_str!("presets/flickr.toml")),
    ("reddit-search", include_str!("presets/reddit-search.toml")),
    ("reddit-posts", include_str!("presets/reddit-posts.toml")),
    ("reddit-comments", include_str!("presets/reddit-comments.toml")),
    ("threads", include_str!("presets/threads.toml")),
    ("googleplay-reviews", include_str!("presets/googleplay-reviews.toml")),
    ("google-reviews", include_str!("presets/google-reviews.toml")),
    ("trustpilot-reviews", include_str!("presets/trustpilot-reviews.toml")),
];

/// A preset that comes with resonanz, as a list shows it.
#[derive(Debug, Clone)]
pub struct PresetCard {
    /// Its name.
    pub name: &'static str,
    /// What it hears.
    pub about: String,
    /// Keys that must be set, with what they are; some of which one is enough, as the last.
    pub needs: Vec<(String, String)>,
    /// Keys that may be set, with what they are.
    pub takes: Vec<(String, String)>,
    /// What its token is, if it uses one.
    pub token: Option<String>,
    /// What the other secret of its login is, if it has one.
    pub secret: Option<String>,
}

/// The presets that come with resonanz, read.
pub(super) fn shipped() -> &'static [(&'static str, Preset)] {
    static READ: OnceLock<Vec<(&'static str, Preset)>> = OnceLock::new();
    READ.get_or_init(|| {
        // A preset that cannot be read is a fault of ours, which a test finds.
        let read = |&(name, text): &(&'static str, &str)| Some((name, Preset::parse(text).ok()?));
        PRESETS.iter().filter_map(read).collect()
    })
}

/// What the presets that come with resonanz are for.
#[must_use]
pub fn preset_cards() -> Vec<PresetCard> {
    let about = |secret: &Token| {
        let optional = if secret.optional { " (may be left out)" } else { "" };
        format!("{}{optional}", secret.about)
    };
    let card = |(name, preset): &(&'static str, Preset)| PresetCard {
        name,
        about: preset.about.clone(),
        needs: preset.needs.iter().map(|(key, about)| (key.clone(), about.clone())).collect(),
        takes: preset.takes.iter().map(|(key, taken)| (key.clone(), taken.about.clone())).collect(),
        token: preset.token.as_ref().map(about),
        secret: preset.secret.as_ref().map(about),
    };
    shipped().iter().map(card).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_can_be_read() {
        for (name, text) in PRESETS {
            if let Err(why) = Preset::parse(text) {
                unreachable!("{name}: {why}");
            }
        }
        assert_eq!(shipped().len(), PRESETS.len());
    }
}
