//! Did it arrive? One courier per receiver, so that a dead endpoint delays no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{StatusCode, header};
use tokio::sync::Notify;

use super::guard::resolve;
use super::message::Message;
use super::outbox::{Outbox, OutboxError, Pending};
use super::receiver::Receiver;
use crate::time::EventTime;

/// Waits after each failed attempt, as Standard Webhooks recommends: about three days in all.
pub const RETRY_SCHEDULE: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3_600),
    Duration::from_secs(5 * 3_600),
    Duration::from_secs(10 * 3_600),
    Duration::from_secs(14 * 3_600),
    Duration::from_secs(20 * 3_600),
    Duration::from_secs(24 * 3_600),
];
/// Longest wait that a receiver may ask for with `Retry-After`.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3_600);
const TIMEOUT: Duration = Duration::from_secs(15);

/// How deliveries went, over all receivers.
#[derive(Debug, Default)]
pub struct CourierStats {
    delivered: AtomicU64,
    attempts_failed: AtomicU64,
    given_up: AtomicU64,
}

impl CourierStats {
    /// Messages that arrived.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Attempts that failed.
    #[must_use]
    pub fn attempts_failed(&self) -> u64 {
        self.attempts_failed.load(Ordering::Relaxed)
    }

    /// Messages that will not arrive.
    #[must_use]
    pub fn given_up(&self) -> u64 {
        self.given_up.load(Ordering::Relaxed)
    }
}

/// Delivers one receiver's messages in order.
#[derive(Debug)]
pub struct Courier {
    /// Who is told.
    pub receiver: Receiver,
    /// From where messages come.
    pub outbox: Arc<Outbox>,
    /// Rung when the outbox has new messages.
    pub bell: Arc<Notify>,
    /// How deliveries went.
    pub stats: Arc<CourierStats>,
    /// Waits after each failed attempt; a message is given up after the last.
    pub schedule: &'static [Duration],
}

/// How one attempt went.
enum Attempt {
    Arrived,
    Failed {
        why: String,
        retry_after: Option<Duration>,
    },
    /// The endpoint is gone for good.
    Gone,
}

impl Courier {
    /// Delivers until the task is aborted.
    ///
    /// # Errors
    /// When the outbox refuses.
    pub async fn run(self) -> Result<(), OutboxError> {
        loop {
            let rung = self.bell.notified();
            let Some(entry) = self.outbox.first(&self.receiver.name)? else {
                rung.await;
                continue;
            };
            let wait_ms = u64::try_from(entry.due_unix_ms - unix_ms()).unwrap_or(0);
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            self.deliver(entry).await?;
        }
    }

    async fn deliver(&self, entry: Pending) -> Result<(), OutboxError> {
        let (name, message) = (&self.receiver.name, &entry.message);
        match self.attempt(&entry).await {
            Attempt::Arrived => {
                self.stats.delivered.fetch_add(1, Ordering::Relaxed);
                self.outbox.delivered(message)
            }
            Attempt::Gone => {
                tracing::error!(receiver = name, "endpoint is gone (410), message given up");
                self.stats.given_up.fetch_add(1, Ordering::Relaxed);
                self.outbox.give_up(message, "410 gone")
            }
            Attempt::Failed { why, retry_after } => {
                self.stats.attempts_failed.fetch_add(1, Ordering::Relaxed);
                let Some(wait) = self.schedule.get(entry.attempts as usize) else {
                    tracing::error!(
                        receiver = name,
                        why,
                        "message given up after the last attempt"
                    );
                    self.stats.given_up.fetch_add(1, Ordering::Relaxed);
                    return self.outbox.give_up(message, &why);
                };
                let wait = retry_after.unwrap_or_else(|| jittered(*wait));
                tracing::warn!(receiver = name, why, ?wait, "message not delivered, trying again");
                let due_unix_ms =
                    unix_ms() + i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 2);
                self.outbox.postpone(&Pending {
                    attempts: entry.attempts + 1,
                    due_unix_ms,
                    ..entry.clone()
                })
            }
        }
    }

    async fn attempt(&self, entry: &Pending) -> Attempt {
        match post(&self.receiver, &entry.message).await {
            Ok(response) if response.status().is_success() => Attempt::Arrived,
            Ok(response) if response.status() == StatusCode::GONE => Attempt::Gone,
            Ok(response) => Attempt::Failed {
                why: format!("answered {}", response.status()),
                retry_after: retry_after(&response),
            },
            Err(why) => Attempt::Failed { why, retry_after: None },
        }
    }
}

/// Sends a message once; the error says why there is no answer.
pub(super) async fn post(
    receiver: &Receiver,
    message: &Message,
) -> Result<reqwest::Response, String> {
    let addresses = resolve(&receiver.url.0, receiver.reach).await;
    let addresses = addresses.map_err(|error| error.to_string())?;
    let host = receiver.url.0.host_str().unwrap_or_default();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(TIMEOUT)
        .resolve_to_addrs(host, &addresses)
        .user_agent(concat!("resonanz/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())?;
    let now_s = unix_ms() / 1_000;
    let body = receiver.style.body(message, EventTime(unix_ms() * 1_000));
    let mut request = client
        .post(receiver.url.0.clone())
        .header(header::CONTENT_TYPE, body.content_type)
        .header("webhook-id", &message.id)
        .header("webhook-timestamp", now_s);
    if let Some(signer) = &receiver.signer {
        request = request.header("webhook-signature", signer.sign(&message.id, now_s, &body.text));
    }
    request.body(body.text).send().await.map_err(|error| error.without_url().to_string())
}

/// What the receiver asks for on 429 and 503, in seconds.
fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    if !matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
    {
        return None;
    }
    let seconds =
        response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

/// The wait, up to a fifth longer, so that many messages do not come back at once.
fn jittered(wait: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let share = u32::try_from(RandomState::new().hash_one(wait) % 200).unwrap_or(0);
    wait + wait.mul_f64(f64::from(share) / 1_000.0)
}

fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
