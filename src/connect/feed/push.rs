//! How does a feed say by itself that it has something new? By a hub that it names (WebSub): it is asked
//! to tell us, and knocks at our door.
//!
//! What a hub sends is not read: the feed is looked at again at once, so that posts come one way
//! only, and a hub that is silent costs nothing but time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;

use super::hub::Hub;
use super::knocks::Knocks;
use crate::connect::source::{Fault, Outlet};
use crate::connect::transport::{Door, Head, Http, Latch, Reply, Said, is_signed_by_hub};
use crate::system::{hex, random};

/// How long a hub is asked to tell us, in seconds; most tell for less.
const LEASE_S: u64 = 10 * 86_400;
/// How long a hub may take to come back before it is asked again.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// Shortest time before it is asked again, however short it wants to tell us.
const RENEWED_MIN: Duration = Duration::from_secs(300);
/// What a hub says, or somebody in its place, goes to the log once in this time.
const SAID_APART: Duration = Duration::from_secs(60);
/// Most bytes of what a hub sends, which is read for its signature alone.
const BODY_BYTES_MAX: usize = 8 << 20;
const CHALLENGE_BYTES_MAX: usize = 512;
/// Requests to hubs on their way at once; a list of feeds that is cut short leaves many.
const ASKED_MAX: usize = 4;
/// Characters of a hub's reason that are shown.
const REASON_CHARS: usize = 200;
const SIGNATURE: &str = "x-hub-signature";

/// Where hubs knock.
#[derive(Debug, Default)]
pub(super) struct PushDoor {
    open: Latch<Open>,
}

/// What the door needs.
#[derive(Debug, Default)]
struct Open {
    /// By the keys of feeds.
    subscriptions: Mutex<HashMap<String, Subscription>>,
    knocks: Knocks,
}

/// What was asked of a hub, and what became of it.
#[derive(Debug, Clone)]
struct Subscription {
    hub: Hub,
    secret: String,
    /// When the hub is to be asked again.
    renewed_at: Instant,
    /// When it was asked last: it asks back soon after, or somebody else does.
    asked_at: Instant,
    /// When something was said of it last.
    said_at: Option<Instant>,
}

impl Subscription {
    /// Whether something may be said of it: anybody can send what makes it so.
    fn may_say(&mut self) -> bool {
        let may = self.said_at.is_none_or(|said| said.elapsed() >= SAID_APART);
        if may {
            self.said_at = Some(Instant::now());
        }
        may
    }
}

/// The subscriptions of a source.
#[derive(Debug)]
pub(super) struct Push {
    /// Where this source can be reached from outside.
    callback: Url,
    door: Arc<PushDoor>,
    open: Arc<Open>,
    /// Requests to hubs on their way: which hub, and how it went.
    asked: JoinSet<(String, Result<(), Fault>)>,
    /// Those that wait for their turn.
    waiting: VecDeque<Request>,
}

/// What a hub is asked.
#[derive(Debug)]
struct Request {
    url: String,
    body: String,
    outlet: Outlet,
}

impl Push {
    pub(super) fn new(callback: Url, door: Arc<PushDoor>) -> Self {
        let (asked, waiting) = (JoinSet::new(), VecDeque::new());
        Self { callback, door, open: Arc::default(), asked, waiting }
    }

    /// Opens the door.
    pub(super) fn begin(&self) {
        self.door.open.open(Arc::clone(&self.open));
    }

    /// Closes it; hubs try again.
    pub(super) fn end(&self) {
        self.door.open.close();
    }

    /// The key of the next feed that a hub says is new.
    pub(super) async fn next(&mut self) -> String {
        loop {
            tokio::select! {
                key = self.open.knocks.next() => return key,
                Some(asked) = self.asked.join_next() => {
                    self.send();
                    if let Ok((hub, Err(why))) = asked
                        && why != Fault::Closed
                    {
                        tracing::warn!(hub, %why, "a hub does not take a subscription");
                    }
                }
            }
        }
    }

    /// Asks the hub of a feed to tell us, if it is time to.
    pub(super) fn keep(&mut self, key: &str, hub: &Hub, outlet: &Outlet) {
        let mut subscriptions = self.open.lock();
        let known = subscriptions.get(key).filter(|known| known.hub == *hub);
        if known.is_some_and(|known| known.renewed_at > Instant::now()) {
            return;
        }
        // A hub may knock with the old secret until it has taken the new one.
        let said_at = known.and_then(|known| known.said_at);
        let secret = known.map(|known| known.secret.clone());
        let Some(secret) = secret.or_else(|| random::<32>().ok().map(|bytes| hex(&bytes))) else {
            return;
        };
        let asked_at = Instant::now();
        let fresh = Subscription {
            hub: hub.clone(),
            secret: secret.clone(),
            renewed_at: asked_at + PATIENCE,
            asked_at,
            said_at,
        };
        subscriptions.insert(key.to_owned(), fresh);
        drop(subscriptions);
        self.ask("subscribe", key, hub, Some(&secret), outlet);
    }

    /// Asks a hub to tell us no more of a feed that was taken out.
    pub(super) fn leave(&mut self, key: &str, hub: &Hub, outlet: &Outlet) {
        self.ask("unsubscribe", key, hub, None, outlet);
    }

    fn ask(&mut self, mode: &str, key: &str, hub: &Hub, secret: Option<&str>, outlet: &Outlet) {
        let mut callback = self.callback.clone();
        callback.query_pairs_mut().append_pair("feed", key);
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("hub.mode", mode);
        form.append_pair("hub.topic", &hub.topic);
        form.append_pair("hub.callback", callback.as_str());
        if let Some(secret) = secret {
            form.append_pair("hub.secret", secret);
            form.append_pair("hub.lease_seconds", &LEASE_S.to_string());
        }
        let (body, url, outlet) = (form.finish(), hub.url.clone(), outlet.clone());
        self.waiting.push_back(Request { url, body, outlet });
        self.send();
    }

    /// Sends what waits, as far as there is room on the way.
    fn send(&mut self) {
        while self.asked.len() < ASKED_MAX
            && let Some(Request { url, body, outlet }) = self.waiting.pop_front()
        {
            self.asked.spawn(async move {
                let told = async {
                    let http = Http::new()?;
                    let request = http.request(reqwest::Method::POST, &url);
                    let form = "application/x-www-form-urlencoded";
                    let request = request.header("content-type", form).body(body);
                    http.send(request, &outlet).await?.well().map(drop)
                };
                let told = told.await;
                (url, told)
            });
        }
    }
}

impl Open {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Subscription>> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether we meant it, when a hub asks back.
    fn verify(&self, head: &Head) -> Reply {
        let parameter = |name: &str| head.parameter(name).unwrap_or_default();
        let (key, topic, mode) = (parameter("feed"), parameter("hub.topic"), parameter("hub.mode"));
        let mut subscriptions = self.lock();
        let known = subscriptions.get_mut(&key).filter(|known| known.hub.topic == topic);
        match (mode.as_str(), known) {
            ("subscribe", Some(known)) => {
                let lease = parameter("hub.lease_seconds").parse().unwrap_or(LEASE_S);
                // Nobody signs this. It is meant in any case, but only the hub that was just asked
                // says for how long.
                if known.asked_at.elapsed() < PATIENCE {
                    // It is asked again well before its end.
                    let renewal = Duration::from_secs(lease.min(LEASE_S)) * 2 / 3;
                    known.renewed_at = known.asked_at + renewal.max(RENEWED_MIN);
                }
                if known.may_say() {
                    let hub = &known.hub.url;
                    tracing::info!(hub, topic, lease_s = lease, "a hub tells of a feed");
                }
            }
            ("denied", Some(known)) => {
                let why: String = parameter("hub.reason").chars().take(REASON_CHARS).collect();
                if known.may_say() {
                    let hub = &known.hub.url;
                    tracing::warn!(hub, topic, why, "a hub does not tell of a feed");
                }
                return Reply::json(200, serde_json::json!({}));
            }
            ("unsubscribe", None) => {}
            _ => {
                let hint = "nothing of the kind was asked for";
                return Reply::refusal(404, "no such subscription", hint);
            }
        }
        let challenge = parameter("hub.challenge");
        let is_plain = challenge.bytes().all(|byte| byte.is_ascii_graphic());
        if challenge.is_empty() || challenge.len() > CHALLENGE_BYTES_MAX || !is_plain {
            return Reply::refusal(400, "the challenge is missing or odd", "");
        }
        Reply { status: 200, retry_after_s: None, body: Said::Plain(challenge) }
    }

    /// Heeds a notification, if its hub knows the secret; others get the same answer, as the
    /// specification wants it.
    fn notified(&self, head: &Head, body: &[u8]) -> Reply {
        let key = head.parameter("feed").unwrap_or_default();
        let signature = head.header(SIGNATURE).unwrap_or_default();
        let secret = self.lock().get(&key).map(|known| known.secret.clone());
        let Some(secret) = secret else {
            // Perhaps it is not asked for yet: a hub that is told so comes again.
            return Reply::later(404, "no such subscription", "it is not wanted any more", 60);
        };
        if is_signed_by_hub(secret.as_bytes(), body, signature) {
            self.knocks.ring(key);
        } else if let Some(known) = self.lock().get_mut(&key)
            && known.may_say()
        {
            tracing::warn!(topic = known.hub.topic, "a notification is not signed by its hub");
        }
        Reply::json(202, serde_json::json!({}))
    }
}

#[async_trait]
impl Door for PushDoor {
    fn is_guarded(&self) -> bool {
        true
    }

    fn body_bytes_max(&self) -> usize {
        BODY_BYTES_MAX
    }

    async fn ready(&self) {
        self.open.ready().await;
    }

    fn admit(&self, head: &Head) -> Result<(), Box<Reply>> {
        let open = self.open.held().ok_or_else(|| {
            Box::new(Reply::later(503, "this source is starting or ending", "send it again", 2))
        })?;
        let hint = "hubs sign what they send with the secret of the subscription";
        head.signed_in(SIGNATURE, hint, || open.verify(head))
    }

    async fn take(&self, head: &Head, body: &[u8]) -> Reply {
        match self.open.held() {
            Some(open) => open.notified(head, body),
            None => Reply::later(503, "this source is ending", "send it again", 2),
        }
    }
}
