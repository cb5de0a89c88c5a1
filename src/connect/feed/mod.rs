//! How do posts come from feeds? RSS, Atom and JSON Feed, asked again and again, many in one source.
//!
//! Each feed has its own address, rhythm and memory; one that is slow, broken or gone costs the
//! others nothing. What was seen of a feed moves in the cursor together with its posts.

mod address;
mod ask;
mod bell;
mod hub;
mod knocks;
mod one;
mod opml;
mod pace;
mod push;
mod settings;
mod token;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::network::SourceSpec;
use super::source::{Fault, Outlet, Source};
use super::transport::Http;
use crate::decode::feed::{Document, ENTRIES_MAX, Entry, Writing, entry_post};
use crate::decode::{AuthorHasher, Cursor, Parcel};
use crate::post::{Event, SourceId, TEXT_BYTES_MAX};
use crate::secret::SecretPlace;
use crate::system::wall_clock;
use ask::{Ask, Found, Trouble};
pub(super) use bell::{Bell, BellSettings};
use one::{Kept, One};
use pace::Pace;
use push::Push;
pub(super) use settings::configure;
pub use settings::{FeedSettings, Ttl};
use token::Token;

/// Looks that are taken at the same time.
const ASKED_MAX: usize = 32;
/// Those of one server.
const ASKED_OF_HOST_MAX: usize = 2;
/// Feeds whose trouble is shown; all are counted.
const SHOWN_MAX: usize = 3;
/// How long after a hub knocked its feed is looked at: what it tells of may not be everywhere yet.
const RUNG: Duration = Duration::from_secs(1);
/// Longest sleep without a look at what is due.
const SLEEP_MAX: Duration = Duration::from_secs(3_600);

/// Where to go on, as a cursor keeps it: what is known of each feed, by its key.
#[derive(Debug, Clone, Default, Deserialize)]
struct Place {
    feeds: BTreeMap<String, Kept>,
}

/// The same, to be written.
#[derive(Debug, Serialize)]
struct Reached<'f> {
    feeds: BTreeMap<&'f str, &'f Kept>,
}

/// The feeds of one source.
#[derive(Debug)]
pub struct Feeds {
    settings: FeedSettings,
    name: SourceId,
    authors: AuthorHasher,
    place: Place,
    feeds: Vec<One>,
    pace: Pace,
    token: Option<Token>,
    /// What hubs are asked, if they can reach us.
    push: Option<Push>,
    /// What was said last of how they are.
    said: Option<String>,
}

/// A look on its way, by the place of its feed.
type Looks = FuturesUnordered<BoxFuture<'static, (usize, String, Result<Found, Trouble>)>>;

impl Feeds {
    /// The feeds that settings name.
    #[must_use]
    pub fn new(settings: FeedSettings, spec: SourceSpec) -> Self {
        let push = settings.push.as_ref().and_then(|push| push.of(&spec.name));
        Self {
            pace: Pace::new(settings.interval, settings.ttl),
            push,
            settings,
            name: spec.name,
            authors: spec.authors,
            place: spec.cursor.as_ref().and_then(Cursor::read).unwrap_or_default(),
            feeds: Vec::new(),
            token: None,
            said: None,
        }
    }

    /// Reads what else the settings name: the list of feeds and the secret.
    fn load(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        let mut urls = self.settings.urls.clone();
        if let Some(path) = &self.settings.opml {
            urls.extend(opml::read(path).map_err(|(reason, hint)| Fault::user(reason, hint))?);
        }
        let secret = self.settings.token.as_ref().map(SecretPlace::fetch).transpose();
        let secret = secret.map_err(|fault| Fault::user(fault.to_string(), fault.hint()))?;
        self.token = secret.map(Token::new);
        let (now, count) = (Instant::now(), urls.len());
        for url in urls {
            let key: String = blake3::hash(url.as_bytes()).to_hex().chars().take(12).collect();
            if self.feeds.iter().any(|feed| feed.key == key) {
                continue;
            }
            let kept = self.place.feeds.remove(&key);
            let due = now + self.pace.first(count);
            self.feeds.push(One::new(url, kept, key, due));
        }
        // What is known of a feed that was taken out goes with it.
        let place = std::mem::take(&mut self.place);
        if let Some(push) = &mut self.push {
            let left = place.feeds.iter().filter_map(|(key, kept)| Some((key, kept.hub.as_ref()?)));
            left.for_each(|(key, hub)| push.leave(key, hub, outlet));
        }
        Ok(())
    }

    /// Starts looks at what is due, as many as may be; when the next is due after that.
    fn start(
        &mut self,
        looks: &Looks,
        hosts: &mut HashMap<String, usize>,
        ways: (&Http, &Outlet),
    ) -> Instant {
        let (http, outlet) = ways;
        let now = Instant::now();
        let mut next = now + SLEEP_MAX;
        let mut order: Vec<usize> = (0..self.feeds.len()).collect();
        order.sort_by_key(|place| self.feeds.get(*place).map(|feed| feed.due));
        for place in order {
            let Some(feed) = self.feeds.get_mut(place) else { continue };
            if feed.is_asked || feed.is_gone {
                continue;
            }
            if feed.due > now {
                next = next.min(feed.due);
                break;
            }
            let host = feed.host();
            let asked = hosts.entry(host.clone()).or_default();
            // The end of another look makes room, and wakes us.
            if looks.len() >= ASKED_MAX || *asked >= ASKED_OF_HOST_MAX {
                continue;
            }
            *asked += 1;
            (feed.is_asked, feed.is_rung) = (true, false);
            let ask = Ask {
                http: http.clone(),
                url: feed.address().to_owned(),
                given: feed.given.clone(),
                validators: feed.kept.validators.clone(),
                token: self.token.clone(),
            };
            let outlet = outlet.clone();
            looks.push(Box::pin(async move { (place, host, ask.look(&outlet).await) }));
        }
        next
    }

    /// Takes in what a look brought.
    async fn take(
        &mut self,
        place: usize,
        looked: Result<Found, Trouble>,
        outlet: &Outlet,
    ) -> Result<(), Fault> {
        let found = match looked {
            Ok(found) => found,
            Err(Trouble::Closed) => return Err(Fault::Closed),
            Err(trouble) => return self.fail(place, &trouble, outlet).await,
        };
        let Some(feed) = self.feeds.get(place) else { return Ok(()) };
        let mut kept = feed.after(&found);
        let mut parcel = Parcel::new(&self.name);
        let wrong = found.document.as_ref().and_then(|document| {
            self.write(feed, document, &mut kept, &mut parcel);
            wrong(document)
        });
        let is_changed = kept != feed.kept;
        if let Some(feed) = self.feeds.get_mut(place) {
            feed.rest_s = found.rest_s.or(feed.rest_s.filter(|_| found.document.is_none()));
            feed.well(kept, wrong);
            let rest = self.pace.next(feed.rest_s);
            feed.due = Instant::now() + if feed.is_rung { RUNG } else { rest };
            if let (Some(push), Some(hub)) = (&mut self.push, &feed.kept.hub) {
                push.keep(&feed.key, hub, outlet);
            }
        }
        if is_changed {
            self.hand_over(parcel, outlet).await?;
        }
        self.say(outlet);
        Ok(())
    }

    /// Adds what is new in a document to a parcel.
    fn write(&self, feed: &One, document: &Document, kept: &mut Kept, parcel: &mut Parcel) {
        let now = wall_clock();
        let writing = Writing {
            source: &self.name,
            authors: &self.authors,
            now,
            kind: self.settings.kind,
            language: &document.language,
            author: &document.author,
            scope: &feed.key,
        };
        let since = (!feed.kept.is_read).then(|| now.shift(-self.settings.since_us));
        let named = |id: &str, entry: &Entry| writing.named(id, entry);
        for change in kept.memory.look(document, &feed.key, since, &named) {
            let (post, is_mended) = entry_post(change.entry, &change.id, &change.text, &writing);
            parcel.mended += u64::from(is_mended);
            parcel.cut += u64::from(change.text.len() > TEXT_BYTES_MAX);
            let post = Box::new(post);
            parcel.events.push(if change.is_edit {
                Event::Edit(post)
            } else {
                Event::Create(post)
            });
        }
    }

    async fn fail(
        &mut self,
        place: usize,
        trouble: &Trouble,
        outlet: &Outlet,
    ) -> Result<(), Fault> {
        let asked = match trouble {
            Trouble::Passing { wait, .. } => *wait,
            _ => None,
        };
        let mut is_changed = false;
        if let Some(feed) = self.feeds.get_mut(place) {
            is_changed = feed.failed(trouble);
            feed.due = Instant::now() + self.pace.after_failure(feed.fails, asked);
        }
        if is_changed {
            self.hand_over(Parcel::new(&self.name), outlet).await?;
        }
        if !self.feeds.iter().all(One::is_lost) {
            self.say(outlet);
        }
        Ok(())
    }

    /// A feed whose hub says that it is new is due; one whose server wants rest gets it first.
    fn ring(&mut self, key: &str) {
        if let Some(feed) = self.feeds.iter_mut().find(|feed| feed.key == key) {
            feed.is_rung = true;
            if feed.fails == 0 {
                feed.due = feed.due.min(Instant::now() + RUNG);
            }
        }
    }

    /// Hands a parcel over with what is known of all feeds.
    async fn hand_over(&self, mut parcel: Parcel, outlet: &Outlet) -> Result<(), Fault> {
        let known = self.feeds.iter().filter(|feed| feed.kept != Kept::default());
        let feeds = known.map(|feed| (feed.key.as_str(), &feed.kept)).collect();
        parcel.cursor = Some(Cursor::of(&Reached { feeds }));
        outlet.send(parcel).await
    }

    /// Whose fault it is that no feed can be read.
    fn lost(&self) -> Fault {
        let reason = self.troubles();
        if !self.feeds.iter().all(One::is_hopeless) {
            return Fault::external(reason);
        }
        let hint = self.feeds.iter().find_map(|feed| Some(feed.trouble.as_ref()?.1.clone()));
        Fault::user(reason, hint.unwrap_or_default())
    }

    /// Says how the feeds are, if that is news.
    fn say(&mut self, outlet: &Outlet) {
        let says = self.troubles();
        if self.said.as_ref() == Some(&says) {
            return;
        }
        if self.said.is_none() || says.is_empty() {
            outlet.up();
        }
        if !says.is_empty() {
            outlet.remark(&says);
        }
        self.said = Some(says);
    }

    /// What is wrong with which feeds, and which have moved.
    fn troubles(&self) -> String {
        let troubled: Vec<&One> = self.feeds.iter().filter(|feed| feed.trouble.is_some()).collect();
        let of = |feed: &One| match &feed.trouble {
            Some((reason, _)) => format!("{}: {reason}", self.shown(&feed.given)),
            None => String::new(),
        };
        let mut said: Vec<String> = Vec::new();
        if self.feeds.len() > 1 && troubled.len() > 1 {
            said.push(format!("{} of {} feeds have trouble", troubled.len(), self.feeds.len()));
        }
        said.extend(troubled.iter().take(SHOWN_MAX).map(|feed| of(feed)));
        let moved = self.feeds.iter().filter(|feed| feed.kept.has_moved).take(SHOWN_MAX);
        said.extend(moved.map(|feed| {
            let (given, now) = (self.shown(&feed.given), self.shown(feed.address()));
            format!("{given} has moved to {now}")
        }));
        said.join("; ")
    }

    fn shown(&self, url: &str) -> String {
        let url = url.to_owned();
        self.token.as_ref().map_or(url.clone(), |token| token.hide(url))
    }
}

/// The key of the next feed whose hub knocks; never, if none is asked to.
async fn rung(push: &mut Option<Push>) -> String {
    match push {
        Some(push) => push.next().await,
        None => std::future::pending().await,
    }
}

/// What is wrong with a feed that could be read.
fn wrong(document: &Document) -> Option<String> {
    if let Some(broken) = &document.broken {
        return Some(format!("it breaks off at {broken}"));
    }
    let beyond = (document.beyond > 0).then_some(document.beyond)?;
    Some(format!("it has {beyond} entries more than the {ENTRIES_MAX} that are read"))
}

#[async_trait]
impl Source for Feeds {
    async fn read(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        if self.feeds.is_empty() {
            self.load(outlet)?;
        }
        self.push.iter().for_each(Push::begin);
        let ended = self.listen(outlet).await;
        self.push.iter().for_each(Push::end);
        ended
    }
}

impl Feeds {
    async fn listen(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        // What was under way when the last reading ended is begun anew.
        self.feeds.iter_mut().for_each(|feed| feed.is_asked = false);
        self.said = None;
        let http = Http::new()?;
        let (mut looks, mut hosts) = (Looks::new(), HashMap::new());
        loop {
            let next = self.start(&looks, &mut hosts, (&http, outlet));
            tokio::select! {
                Some((place, host, looked)) = looks.next(), if !looks.is_empty() => {
                    if let Some(asked) = hosts.get_mut(&host) {
                        *asked -= 1;
                    }
                    if let Some(feed) = self.feeds.get_mut(place) {
                        feed.is_asked = false;
                    }
                    self.take(place, looked, outlet).await?;
                    if looks.is_empty() && self.feeds.iter().all(One::is_lost) {
                        return Err(self.lost());
                    }
                }
                key = rung(&mut self.push) => self.ring(&key),
                () = tokio::time::sleep_until(next) => {}
                () = outlet.closing() => return Err(Fault::Closed),
            }
        }
    }
}
