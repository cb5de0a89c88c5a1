//! What have people made of mentions while these are young? Posts that mention a topic are looked up
//! again at some ages: likes, reposts, replies and quotes, and the followers of who wrote them.
//!
//! The stream tells none of that. What is followed is kept in memory alone: its addresses name
//! accounts, and no cursor holds a name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::settings::NumbersSettings;
use crate::connect::network::SourceSpec;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::Http;
use crate::decode::{Decoder, Parcel, follower_counts, post_uri, uri_account};
use crate::mention::{Context, Matcher, MentionScratch};
use crate::post::{Event, Post};
use crate::system::wall_clock;
use crate::time::EventTime;

/// Posts that are followed; beyond, the one that can wait longest leaves.
const FOLLOWED_MAX: usize = 10_000;
/// Posts, and accounts, of one request, as the service allows.
const BATCH: usize = 25;
/// Posts on their way from the stream.
const NOTED_MAX: usize = 1_024;
/// Between two looks, which are two requests each: the service allows ten requests a second.
const PACE: Duration = Duration::from_secs(1);
/// After a look that failed, unless the service says how long.
const PATIENCE: Duration = Duration::from_secs(60);
/// Without anything to look up.
const IDLE: Duration = Duration::from_secs(3_600);
/// Engagement below it is no news when it grows.
const ENGAGEMENT_MIN: u64 = 5;

/// A post on its way to be followed.
type Noted = (Box<str>, EventTime);

/// Picks what is to be followed out of the stream.
pub(super) struct Noting {
    matcher: Matcher,
    scratch: MentionScratch,
    age_max_us: i64,
    noted: mpsc::Sender<Noted>,
}

impl fmt::Debug for Noting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Noting")
    }
}

/// What is known of a post that is followed.
#[derive(Debug, Clone, Copy)]
struct Followed {
    /// When the server saw it.
    since: EventTime,
    /// Looks that were taken.
    looks: usize,
    /// What was handed over last.
    engagement: u64,
}

/// Looks up what is followed.
#[derive(Debug)]
pub(super) struct Looking {
    settings: NumbersSettings,
    decoder: Decoder,
    noted: mpsc::Receiver<Noted>,
    /// By when they are due, and their addresses.
    followed: BTreeMap<(EventTime, Box<str>), Followed>,
    /// Whether it was said that looks fail.
    is_failing: bool,
}

/// Both for a source, if its topics can be listened for.
pub(super) fn numbers(
    settings: &NumbersSettings,
    decoder: Decoder,
    spec: &SourceSpec,
) -> Option<(Noting, Looking)> {
    let age_max_us = settings.ages_us.last().copied()?;
    let authors = &spec.authors;
    let matcher = Matcher::compile(&spec.topics, &|handle| vec![authors.author(handle)]).ok()?;
    let (sender, noted) = mpsc::channel(NOTED_MAX);
    let noting = Noting { matcher, scratch: MentionScratch::default(), age_max_us, noted: sender };
    let settings = settings.clone();
    let followed = BTreeMap::new();
    Some((noting, Looking { settings, decoder, noted, followed, is_failing: false }))
}

impl Noting {
    /// Notes the post that a frame tells, if it is young and mentions a topic.
    pub(super) fn note(&mut self, event: &Event, frame: &[u8]) {
        let (Event::Create(post) | Event::Edit(post)) = event else { return };
        if wall_clock().since(post.received_at) > self.age_max_us {
            return;
        }
        if self.matcher.finds_any(&post.text, Context::of(post), &mut self.scratch)
            && let Some(uri) = post_uri(frame)
        {
            // One that finds no room is stored without its numbers.
            let _ = self.noted.try_send((uri.into(), post.received_at));
        }
    }
}

impl Looking {
    /// Looks up what is due, until the future is dropped.
    pub(super) async fn run(&mut self, outlet: &Outlet) {
        let mut ready = Instant::now() + PACE;
        loop {
            let due = self.followed.first_key_value().map(|((due, _), _)| *due);
            let until = due.map_or(IDLE, |due| {
                Duration::from_micros(u64::try_from(due.since(wall_clock())).unwrap_or(0))
            });
            let next = ready.max(Instant::now() + until);
            tokio::select! {
                noted = self.noted.recv() => match noted {
                    Some((uri, since)) => self.follow(uri, Followed { since, looks: 0, engagement: 0 }),
                    None => std::future::pending().await,
                },
                () = tokio::time::sleep_until(next) => {
                    let rest = match self.look(outlet).await {
                        Ok(()) => PACE,
                        Err(fault) => self.failed(&fault, outlet),
                    };
                    ready = Instant::now() + rest;
                }
            }
        }
    }

    fn follow(&mut self, uri: Box<str>, followed: Followed) {
        let Some(age_us) = self.settings.ages_us.get(followed.looks) else { return };
        self.followed.insert((followed.since.shift(*age_us), uri), followed);
        if self.followed.len() > FOLLOWED_MAX {
            self.followed.pop_last();
        }
    }

    /// How long to rest after a look that failed.
    fn failed(&mut self, fault: &Fault, outlet: &Outlet) -> Duration {
        if !std::mem::replace(&mut self.is_failing, true) && *fault != Fault::Closed {
            outlet.remark(&format!("likes and followers cannot be looked up: {fault}"));
        }
        match fault {
            Fault::External { wait: Some(wait), .. } => (*wait).max(PACE),
            _ => PATIENCE,
        }
    }

    /// Looks up what is due, as much as one request may ask for.
    async fn look(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        let now = wall_clock();
        let due = self.followed.iter().take_while(|((due, _), _)| *due <= now).take(BATCH);
        let due: Vec<_> = due.map(|(key, followed)| (key.clone(), *followed)).collect();
        if due.is_empty() {
            return Ok(());
        }
        let (mut posts, reaches) = match self.seen(&due, now, outlet).await {
            Ok(seen) => seen,
            Err(fault) => {
                // What is refused, or answered with what nobody can read, is not asked for again at this
                // age: others wait behind it.
                if matches!(fault, Fault::User { .. }) {
                    due.into_iter().for_each(|(key, followed)| self.looked(key, followed));
                }
                return Err(fault);
            }
        };
        let mut parcel = Parcel::new(self.decoder.source());
        for (key, mut followed) in due {
            // One that is not there any more is withdrawn by the stream.
            if let Some(mut post) = posts.remove(&*key.1) {
                post.reach = uri_account(&key.1).and_then(|account| reaches.get(account)).copied();
                if followed.is_news(&post) {
                    followed.engagement = post.engagement.unwrap_or(0);
                    self.decoder.admit(Ok(Some(Event::Edit(Box::new(post)))), b"", &mut parcel);
                }
            }
            self.looked(key, followed);
        }
        if std::mem::take(&mut self.is_failing) {
            outlet.up();
        }
        if parcel.is_empty() { Ok(()) } else { outlet.send(parcel).await }
    }

    /// These posts as they are now, by address, and the followers of their accounts.
    async fn seen(
        &self,
        due: &[((EventTime, Box<str>), Followed)],
        now: EventTime,
        outlet: &Outlet,
    ) -> Result<(HashMap<String, Post>, HashMap<String, u64>), Fault> {
        let odd = |why: String| Fault::user(why, "see that api is the address of an AppView");
        let uris = due.iter().map(|((_, uri), _)| &**uri);
        let answer = self.ask("app.bsky.feed.getPosts", "uris", uris, outlet).await?;
        let posts = self.decoder.viewed(&answer, now).map_err(odd)?;
        let accounts: BTreeSet<&str> = posts.keys().filter_map(|uri| uri_account(uri)).collect();
        let mut reaches = HashMap::new();
        if !accounts.is_empty() {
            let accounts = accounts.into_iter();
            let answer = self.ask("app.bsky.actor.getProfiles", "actors", accounts, outlet).await?;
            reaches = follower_counts(&answer).map_err(odd)?;
        }
        Ok((posts, reaches))
    }

    /// Goes on to the next age of a post, past those that went by meanwhile.
    fn looked(&mut self, key: (EventTime, Box<str>), followed: Followed) {
        self.followed.remove(&key);
        let age_us = wall_clock().since(followed.since);
        let passed = self.settings.ages_us.iter().filter(|age| **age <= age_us).count();
        self.follow(key.1, Followed { looks: passed.max(followed.looks + 1), ..followed });
    }

    async fn ask<'a>(
        &self,
        method: &str,
        name: &str,
        values: impl Iterator<Item = &'a str>,
        outlet: &Outlet,
    ) -> Result<Vec<u8>, Fault> {
        let pairs = values.map(|value| (name, value));
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let http = Http::new()?;
        let url = format!("{}/xrpc/{method}?{query}", self.settings.api);
        Ok(http.send(http.get(&url), outlet).await?.well()?.body)
    }
}

impl Followed {
    /// Whether what people made of a post is worth a new version of it.
    fn is_news(&self, post: &Post) -> bool {
        let engagement = post.engagement.unwrap_or(0);
        if self.looks == 0 {
            return engagement > 0 || post.reach.is_some();
        }
        engagement >= self.engagement.saturating_mul(2).max(ENGAGEMENT_MIN)
    }
}
