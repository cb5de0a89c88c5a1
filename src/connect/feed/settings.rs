//! Which feeds does the user want, how often, and from when on?

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::Feeds;
use super::address::{checked, whole};
use super::push::{Push, PushDoor};
use crate::connect::network::{Finding, Look, Settings, SourceSpec, asked_every};
use crate::connect::source::Source;
use crate::connect::transport::Door;
use crate::post::{Kind, SourceId};
use crate::secret::{self, SecretPlace};
use crate::settings::Section;
use crate::time::{DAY_US, MINUTE_US, SECOND_US, format_span};

const INTERVAL_US: i64 = 15 * MINUTE_US;
/// Longest rest that a feed may ask for: `ttl` is often a guess of whoever wrote the program.
pub(super) const REST_MAX: Duration = Duration::from_secs(3_600);
/// An interval below it is warned of: few servers like it.
const INTERVAL_POLITE_US: i64 = MINUTE_US;
/// How far back the first look at a feed reaches.
const SINCE_US: i64 = DAY_US;
const KINDS: [(&str, Kind); 4] = [
    ("article", Kind::Article),
    ("comment", Kind::Comment),
    ("original", Kind::Original),
    ("review", Kind::Review),
];
/// Feeds that are read together.
#[derive(Debug, Clone)]
pub struct FeedSettings {
    /// Addresses of feeds, or of pages that name one.
    pub urls: Vec<String>,
    /// An OPML file with more of them.
    pub opml: Option<PathBuf>,
    /// How often each feed is asked, at most.
    pub interval: Duration,
    /// How far back the first look at a feed reaches, in microseconds.
    pub since_us: i64,
    /// What entries are, where that is known.
    pub kind: Option<Kind>,
    /// Whether a feed may ask to be left alone for longer than `interval`.
    pub ttl: Ttl,
    /// Where the secret of their addresses is.
    pub token: Option<SecretPlace>,
    /// How hubs reach us, if they can.
    pub(super) push: Option<PushSettings>,
}

/// How hubs of feeds reach us.
#[derive(Debug, Clone)]
pub(super) struct PushSettings {
    /// The address of this process as others see it.
    public: Url,
    door: Arc<PushDoor>,
}

impl PushSettings {
    /// Where hubs knock.
    pub(super) fn door(&self) -> Arc<dyn Door> {
        Arc::clone(&self.door) as Arc<dyn Door>
    }

    /// The subscriptions of a source.
    pub(super) fn of(&self, source: &SourceId) -> Option<Push> {
        let mut callback = self.public.clone();
        callback.path_segments_mut().ok()?.pop_if_empty().extend(["ingest", source.as_str()]);
        Some(Push::new(callback, Arc::clone(&self.door)))
    }
}

/// What a feed's own wish for rest means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    /// It is kept, up to an hour.
    Kept,
    /// It is passed over: the feed belongs to the user.
    Ignored,
}

/// Reads the keys of a `[[source]]` of type `feed`.
pub(in crate::connect) fn configure(
    section: &mut Section<'_, '_>,
    base: &Path,
) -> Arc<dyn Settings> {
    let mut placed = Vec::new();
    if let Some(url) = section.text("url") {
        placed.push((url, section.place("url")));
    }
    placed.extend(section.text_or_texts("urls").unwrap_or_default());
    let opml = section.text("opml").map(|path| base.join(path));
    if placed.is_empty() && opml.is_none() {
        section.problems.add(
            section.at(),
            "a source of type \"feed\" needs a \"url\", \"urls\" or \"opml\"",
            "add: url = \"https://...\", the address of a feed or of the page that has one",
        );
    }
    let mut urls = Vec::new();
    for (url, at) in placed {
        let url = whole(&url);
        match checked(&url) {
            Ok(()) => urls.push(url),
            Err((message, hint)) => section.problems.add(at, message, hint),
        }
    }
    let interval_us = section.span("interval", SECOND_US).unwrap_or(INTERVAL_US);
    let at = section.place("interval");
    if !(SECOND_US..=DAY_US).contains(&interval_us) {
        section.problems.add(
            at,
            format!("interval is \"{}\"", format_span(interval_us)),
            "it must be from 1s to 1d",
        );
    } else if interval_us < INTERVAL_POLITE_US {
        section.problems.warn(
            at,
            "feeds are asked more often than once a minute",
            "few servers accept that: use it only for your own servers",
        );
    }
    let since_us = section.span("since", SECOND_US).unwrap_or(SINCE_US);
    let kind = section.choice("kind", &KINDS);
    let ttl = if section.flag("ignore_ttl") { Ttl::Ignored } else { Ttl::Kept };
    let token = secret::place(section, base, ["token_env", "token_file"]);
    let interval = Duration::from_micros(u64::try_from(interval_us).unwrap_or(1));
    let push = push(section);
    Arc::new(FeedSettings { urls, opml, interval, since_us, kind, ttl, token, push })
}

/// Reads `websub`.
pub(super) fn push(section: &mut Section<'_, '_>) -> Option<PushSettings> {
    let text = section.text("websub")?;
    let public = Url::parse(&text).ok().filter(|url| {
        ["http", "https"].contains(&url.scheme()) && url.query().is_none() && url.has_host()
    });
    let Some(public) = public else {
        let at = section.place("websub");
        section.problems.add(
            at,
            format!("\"{text}\" is not an address at which hubs reach this machine"),
            "give the one that your proxy serves, as https://resonanz.example.com",
        );
        return None;
    };
    Some(PushSettings { public, door: Arc::default() })
}

impl Settings for FeedSettings {
    fn delay_us(&self) -> Option<i64> {
        let interval =
            self.interval.max(if self.ttl == Ttl::Kept { REST_MAX } else { Duration::ZERO });
        Some(asked_every(i64::try_from(interval.as_micros()).unwrap_or(i64::MAX)))
    }

    fn look(&self) -> Look {
        let unreadable = self.opml.as_ref().and_then(|path| super::opml::read(path).err());
        if let Some((reason, hint)) = unreadable {
            return Look::Fails(Finding { reason, hint });
        }
        match self.token.as_ref().map(SecretPlace::fetch) {
            Some(Err(fault)) => {
                Look::Fails(Finding { reason: fault.to_string(), hint: fault.hint() })
            }
            _ => Look::Well,
        }
    }

    fn door(&self) -> Option<Arc<dyn Door>> {
        self.push.as_ref().map(PushSettings::door)
    }

    fn open(&self, spec: SourceSpec) -> Box<dyn Source> {
        Box::new(Feeds::new(self.clone(), spec))
    }
}
