//! What do archives say that platforms hand out? One file a platform.
//!
//! A file is told by its beginning ([`told`]), cut into objects by whoever reads it, and each object
//! says any number of posts. Posts of one's own archive have its owner as author.

mod each;
mod gdelt;
mod google_plus;
mod mastodon;
mod meta;
mod outline;
mod owner;
mod reddit;
mod said;
mod tell;
mod x;
mod youtube;

pub(super) use each::Frame;
pub use outline::Outline;
pub use owner::{names_owner, owner_of};
use said::Said;
pub use tell::{Told, told};

use super::fields::Reading;
use each::Each;

/// In which layout a platform hands out posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// `tweets.js` of an archive of X, and objects of its first API.
    XArchive,
    /// Pages of the second API of X, or its posts.
    XApi,
    /// Comments and submissions of Reddit.
    Reddit,
    /// Activities of an outbox of Mastodon.
    Outbox,
    /// Statuses of Mastodon's API.
    Mastodon,
    /// A download from Facebook, or pages of its API.
    Facebook,
    /// A download from Instagram, or pages of its API.
    Instagram,
    /// Comments of YouTube: of its API, or of Takeout.
    YouTube,
    /// Posts of Google+ in Takeout.
    GooglePlus,
    /// Headlines of GDELT.
    Gdelt,
}

impl Export {
    /// What its posts come from, in words and as a source's name.
    #[must_use]
    pub fn network(self) -> &'static str {
        match self {
            Self::XArchive | Self::XApi => "x",
            Self::Reddit => "reddit",
            Self::Outbox | Self::Mastodon => "mastodon",
            Self::Facebook => "facebook",
            Self::Instagram => "instagram",
            Self::YouTube => "youtube",
            Self::GooglePlus => "google-plus",
            Self::Gdelt => "gdelt",
        }
    }

    /// What an object, or a line, says; `each` gets each post, and one word if there is none.
    pub(super) fn read<'a>(self, raw: &'a [u8], reading: &Reading, each: Each<'_, 'a>) {
        let Ok(text) = simdutf8::basic::from_utf8(raw) else {
            return each(Err("the bytes are not UTF-8".to_owned()));
        };
        let text = text.trim_start_matches('\u{feff}');
        match self {
            Self::XArchive => x::status(text, reading, each),
            Self::XApi => x::page(text, reading, each),
            Self::Reddit => reddit::read(text, reading, each),
            Self::Outbox => mastodon::activity(text, reading, each),
            Self::Mastodon => mastodon::status(text, reading, each),
            Self::Facebook => meta::facebook(text, reading, each),
            Self::Instagram => meta::instagram(text, reading, each),
            Self::YouTube => youtube::read(text, reading, each),
            Self::GooglePlus => google_plus::read(text, reading, each),
            Self::Gdelt => gdelt::read(text, reading, each),
        }
    }
}
