//! Must a page be computed anew? Not while nothing it shows has changed: what was found last, for all who
//! look at the same, in their language and zone.
//!
//! What people do is seen at once: a decision, a review and an acknowledgement each make what was
//! found before old. Who looks has no part in it; that comes when a page is drawn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

/// Most pages kept.
const PAGES_MAX: usize = 64;
/// For how long one counts while nothing changes: a span that ends now goes on.
const FRESH: Duration = Duration::from_secs(10);

/// What was found for the latest pages of a process.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<HashMap<String, Arc<Slot>>>);

/// A page; the lock is held by whoever computes it while others wait.
#[derive(Debug, Default)]
struct Slot(tokio::sync::Mutex<Option<Found>>);

#[derive(Debug)]
struct Found {
    of: Version,
    at: Instant,
    value: Value,
}

/// What a page is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    /// The lake with what lies beside it.
    pub(super) lake: u64,
    /// Commits of this process.
    pub(super) commits: u64,
    /// When something was last asked at the desk.
    pub(super) desk: Option<SystemTime>,
}

impl Kept {
    /// What a page shows: as it was found last, if it is of the same, else as `compute` finds it.
    pub(super) async fn found<E>(
        &self,
        page: &str,
        version: Version,
        compute: impl Future<Output = Result<Value, E>>,
    ) -> Result<Value, E> {
        let slot = self.slot(page);
        let mut held = slot.0.lock().await;
        if let Some(found) = held.as_ref().filter(|found| found.of == version)
            && found.at.elapsed() < FRESH
        {
            return Ok(found.value.clone());
        }
        let value = compute.await?;
        *held = Some(Found { of: version, at: Instant::now(), value: value.clone() });
        Ok(value)
    }

    fn slot(&self, page: &str) -> Arc<Slot> {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= PAGES_MAX && !pages.contains_key(page) {
            // Who computes one or waits for it keeps it.
            pages.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(pages.entry(page.to_owned()).or_default())
    }
}
