//! What have people made of mentions while these are young? Posts that mention a topic are looked up
//! again at some ages: likes, reposts, replies and quotes, and the followers of who wrote them.
//!
//! The stream tells none of that.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::followed::{Due, Followed, Schedule};
use super::settings::NumbersSettings;
use crate::connect::network::SourceSpec;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::Http;
use crate::decode::{Decoder, Parcel, follower_counts, post_uri, uri_account};
use crate::mention::{Context, Matcher, MentionScratch};
use crate::post::{Event, ID_BYTES_MAX, Post};
use crate::system::wall_clock;
use crate::time::{EventTime, SECOND_US};

/// Posts, and accounts, of one request, as the service allows.
const BATCH: usize = 25;
/// Between two looks, which are two requests each: the service allows ten requests a second.
const PACE: Duration = Duration::from_secs(1);
/// After a look that failed, unless the service says how long.
const PATIENCE: Duration = Duration::from_secs(60);
/// Without anything to look up.
const IDLE: Duration = Duration::from_secs(3_600);
/// Engagement below it is no news when it grows.
const ENGAGEMENT_MIN: u64 = 5;

/// What is followed, shared by who picks it out of the stream and who looks it up.
#[derive(Debug)]
struct Shared {
    schedule: Mutex<Schedule>,
    /// Rung when more is followed.
    bell: Notify,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Picks what is to be followed out of the stream.
pub(super) struct Noting {
    matcher: Matcher,
    scratch: MentionScratch,
    age_max_us: i64,
    shared: Arc<Shared>,
}

impl fmt::Debug for Noting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Noting")
    }
}

/// Looks up what is followed.
#[derive(Debug)]
pub(super) struct Looking {
    settings: NumbersSettings,
    decoder: Decoder,
    shared: Arc<Shared>,
    /// Whether it was said that looks fail.
    is_failing: bool,
}

/// Both for a source, if its topics can be listened for; `sealed` is what its cursor holds.
pub(super) fn numbers(
    settings: &NumbersSettings,
    decoder: Decoder,
    spec: &SourceSpec,
    sealed: Option<&str>,
) -> Option<(Noting, Looking)> {
    let age_max_us = settings.ages_us.last().copied()?;
    let authors = &spec.authors;
    let matcher = Matcher::compile(&spec.topics, &|handle| vec![authors.author(handle)]).ok()?;
    let mut schedule = Schedule::new(settings.ages_us.clone(), authors);
    sealed.into_iter().for_each(|sealed| schedule.unseal(sealed));
    let shared = Arc::new(Shared { schedule: Mutex::new(schedule), bell: Notify::new() });
    let scratch = MentionScratch::default();
    let noting = Noting { matcher, scratch, age_max_us, shared: Arc::clone(&shared) };
    Some((noting, Looking { settings: settings.clone(), decoder, shared, is_failing: false }))
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
            && uri.len() <= ID_BYTES_MAX
        {
            // To the second, as a cursor keeps it: one that comes again meets itself.
            let since = post.received_at.floor(SECOND_US);
            let followed = Followed { since, looks: 0, engagement: 0 };
            self.shared.lock().follow(uri.into(), followed);
            self.shared.bell.notify_one();
        }
    }

    /// What a cursor is to hold of what is followed.
    pub(super) fn sealed(&self) -> Option<String> {
        self.shared.lock().sealed().map(str::to_owned)
    }
}

impl Looking {
    /// Looks up what is due, until the future is dropped.
    pub(super) async fn run(&mut self, outlet: &Outlet) {
        let mut ready = Instant::now() + PACE;
        loop {
            let due = self.shared.lock().next();
            let until = due.map_or(IDLE, |due| {
                Duration::from_micros(u64::try_from(due.since(wall_clock())).unwrap_or(0))
            });
            let next = ready.max(Instant::now() + until);
            tokio::select! {
                () = self.shared.bell.notified() => {}
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
        let due = self.shared.lock().due(now, BATCH);
        if due.is_empty() {
            return Ok(());
        }
        let (mut posts, reaches) = match self.seen(&due, now, outlet).await {
            Ok(seen) => seen,
            Err(fault) => {
                // What is refused, or answered with what nobody can read, is not asked for again at this
                // age: others wait behind it.
                if matches!(fault, Fault::User { .. }) {
                    let mut schedule = self.shared.lock();
                    due.into_iter().for_each(|(due, followed)| schedule.looked(due, followed, now));
                }
                return Err(fault);
            }
        };
        let mut parcel = Parcel::new(self.decoder.source());
        let now = wall_clock();
        for (due, mut followed) in due {
            // One that is not there any more is withdrawn by the stream.
            if let Some(mut post) = posts.remove(&*due.1) {
                post.reach = uri_account(&due.1).and_then(|account| reaches.get(account)).copied();
                if followed.is_news(&post) {
                    followed.engagement = post.engagement.unwrap_or(0);
                    self.decoder.admit(Ok(Some(Event::Edit(Box::new(post)))), b"", &mut parcel);
                }
            }
            self.shared.lock().looked(due, followed, now);
        }
        if std::mem::take(&mut self.is_failing) {
            outlet.up();
        }
        if parcel.is_empty() { Ok(()) } else { outlet.send(parcel).await }
    }

    /// These posts as they are now, by address, and the followers of their accounts.
    async fn seen(
        &self,
        due: &[(Due, Followed)],
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
