//! What happens right now? Server-sent events: progress, new alerts, new mentions.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::api::{Api, Own};
use super::problem::failure;
use crate::live::{AlertLine, Progress};
use crate::report::{Order, Search};

/// Distance of looks.
const PACE: Duration = Duration::from_secs(1);
/// Distance of looks at a lake that another process writes.
const PACE_ALONE: Duration = Duration::from_secs(5);
/// Most mentions of one event.
const MENTIONS_MAX: usize = 20;

/// One listener: what it was told last.
struct Listener {
    api: Api,
    begun: bool,
    alerts: [u64; 3],
    commits: Option<u64>,
    /// The newest mentions when it looked last; none before its first look.
    known: Option<Vec<String>>,
    looked: Option<Instant>,
    ready: std::collections::VecDeque<Event>,
    _place: OwnedSemaphorePermit,
}

/// Tells what happens, until the listener leaves: `progress` (counts and states, at most once a
/// second), `alert` (one transition), `mentions` (the newest posts since the last event, 20 at
/// most). After a while the connection ends; whoever listens connects again.
pub(super) async fn live(State(api): State<Api>) -> Response {
    let Ok(place) = Arc::clone(&api.sql.listeners).try_acquire_owned() else {
        return failure(StatusCode::SERVICE_UNAVAILABLE, "too many are listening");
    };
    let alerts = api.progress.borrow().transitions;
    let listener = Listener {
        api,
        alerts,
        begun: false,
        commits: None,
        known: None,
        looked: None,
        ready: std::collections::VecDeque::new(),
        _place: place,
    };
    let events = stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await;
        Some((Ok::<_, Infallible>(event), listener))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

impl Listener {
    async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return event;
            }
            if self.begun {
                tokio::time::sleep(PACE).await;
            }
            self.look().await;
            self.begun = true;
        }
    }

    async fn look(&mut self) {
        let progress = self.api.progress.borrow().clone();
        let runs = progress.sources.iter().next().is_some();
        self.ready.push_back(event("progress", &told(&progress)));
        let fresh: u64 =
            progress.transitions.iter().zip(self.alerts).map(|(now, then)| now - then).sum();
        let fresh = usize::try_from(fresh).unwrap_or(usize::MAX).min(progress.alerts.len());
        let alerts = progress.alerts.iter().rev().take(fresh).rev();
        self.ready.extend(alerts.map(|alert| event("alert", &line(alert))));
        self.alerts = progress.transitions;
        let is_due = match (runs, self.looked) {
            (true, _) => self.commits != Some(progress.commits),
            (false, Some(looked)) => looked.elapsed() >= PACE_ALONE,
            (false, None) => true,
        };
        if is_due {
            self.commits = Some(progress.commits);
            self.looked = Some(Instant::now());
            self.mentions().await;
        }
    }

    /// The newest mentions that were not told yet; what cannot be read now is told later.
    async fn mentions(&mut self) {
        let Ok(own) = Own::begin(&self.api).await else { return };
        let Ok(ask) = own.ask(&self.api).await else { return };
        let search =
            Search { order: Order::Latest, limit: Some(MENTIONS_MAX), ..Search::default() };
        let Ok(page) = ask.mentions(&search).await else { return };
        if let Some(known) = &self.known {
            let fresh = page.mentions.iter().filter(|mention| !known.contains(&mention.id));
            let fresh: Vec<_> = fresh.collect();
            if !fresh.is_empty() {
                self.ready.push_back(event("mentions", &json!(fresh)));
            }
        }
        self.known = Some(page.mentions.into_iter().map(|mention| mention.id).collect());
    }
}

fn event(name: &str, data: &Value) -> Event {
    Event::default().event(name).data(data.to_string())
}

fn told(progress: &Progress) -> Value {
    let sources: serde_json::Map<String, Value> = progress
        .sources
        .iter()
        .map(|source| (source.name().to_string(), source.state().as_str().into()))
        .collect();
    json!({
        "events": progress.tally.events,
        "posts": progress.posts(),
        "mentions": progress.tally.mentions,
        "watermark": progress.watermark.map(|mark| mark.to_string()),
        "commits": progress.commits,
        "failing": progress.trouble.is_some(),
        "sources": sources,
    })
}

fn line(alert: &AlertLine) -> Value {
    json!({
        "at": alert.at.to_string(),
        "transition": alert.transition,
        "rule": alert.rule,
        "topic": alert.topic,
        "observed": alert.observed,
        "expected": alert.expected,
    })
}
