//! What is to be asked of an instance beside its streams? What was missed, and what became of posts.

use reqwest::RequestBuilder;
use serde_json::value::RawValue;
use url::Url;

use super::place::is_later;
use super::timeline::{Timeline, below};
use crate::connect::transport::{Answer, Http};
use crate::decode::mastodon;
use crate::secret::Secret;

/// Pages fetched of one timeline before the rest is given up as a gap.
pub(super) const PAGES_MAX: u32 = 50;
/// Posts looked up by one request; servers take no more.
pub(super) const LOOKUP_POSTS: usize = 20;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Errand {
    /// Which is the latest post of a timeline? It goes on from there.
    Latest(usize),
    /// The oldest posts of a timeline after one.
    Page(Page),
    /// What became of these posts?
    Lookup(Vec<String>),
    /// Is this post gone?
    Confirm(String),
}

/// A page of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// Which timeline, by its place.
    pub(super) timeline: usize,
    /// The id that its posts come after.
    pub(super) after: String,
    /// Pages fetched before.
    pub(super) before: u32,
    /// Why it is fetched.
    pub(super) purpose: Purpose,
}

/// Why a page is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// For what was missed while there was no connection.
    CatchUp,
    /// To see whether a stream that gives nothing keeps something back.
    Compare,
}

impl Errand {
    /// The timeline that it is about.
    pub(super) fn timeline(&self) -> Option<usize> {
        match self {
            Self::Latest(timeline) | Self::Page(Page { timeline, .. }) => Some(*timeline),
            Self::Lookup(_) | Self::Confirm(_) => None,
        }
    }

    /// Its request; `None` for a timeline that there is not.
    pub(super) fn request(
        &self,
        http: &Http,
        base: &Url,
        timelines: &[Timeline],
        token: &Secret,
    ) -> Option<RequestBuilder> {
        let url = match self {
            Self::Latest(timeline) => timelines.get(*timeline)?.page_url(base, None),
            Self::Page(page) => timelines.get(page.timeline)?.page_url(base, Some(&page.after)),
            Self::Lookup(ids) => {
                let mut url = below(base, &["api", "v1", "statuses"]);
                url.query_pairs_mut().extend_pairs(ids.iter().map(|id| ("id[]", id)));
                url
            }
            Self::Confirm(id) => below(base, &["api", "v1", "statuses", id]),
        };
        Some(http.get(url.as_str()).bearer_auth(token.expose()))
    }
}

/// The statuses of a page, newest first, as JSON.
pub(super) fn statuses(body: &[u8]) -> Result<Vec<&RawValue>, String> {
    serde_json::from_slice(body).map_err(|error| format!("a page that cannot be read: {error}"))
}

/// The latest id of a page.
pub(super) fn latest(page: &[&RawValue]) -> Option<String> {
    let ids = page.iter().filter_map(|status| mastodon::id_of(status.get()));
    ids.reduce(|latest, id| if is_later(&id, &latest) { id } else { latest })
}

/// After which id the page before this one begins, by its `Link` header.
pub(super) fn linked(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?.split(',').find(|link| link.contains("rel=\"prev\""))?;
    let address = link.split_once('<')?.1.split_once('>')?.0;
    let url = Url::parse(address).ok()?;
    url.query_pairs().find(|(name, _)| name == "min_id").map(|(_, id)| id.into_owned())
}
