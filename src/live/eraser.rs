//! How is an erasure carried out beside everything else that keeps texts? Tables, checkpoint,
//! messages, dead letters.
//!
//! What was found is written into the request before anything is changed, so that a kill leaves
//! nothing behind that nobody knows of. While a process runs, its engine forgets first what it
//! keeps and commits; then the lake is searched once more, for rows that were on their way.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::connect::decode::AuthorHasher;
use crate::lake::{
    Checkpoint, DeadLetters, EraseMode as Mode, Erasing, Erasure, Folder, Lake, LakeError, Receipt,
    Recovered, Request, Requests, What, Withdrawn, tombstones, without_posts,
};
use crate::notify::{Outbox, wall_clock};
use crate::privacy::{Erased, Marker};
use crate::time::{EventTime, MINUTE_US};

/// How soon after its start a process follows what sources took back before.
const FIRST: Duration = Duration::from_secs(60);

/// Longest time between two erasures of what sources took back.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What the engine's thread must forget.
#[derive(Debug, Default)]
pub struct Forgotten {
    /// All that is erased.
    pub erased: Erased,
    /// Posts whose texts go.
    pub posts: BTreeSet<String>,
    /// Dead letters with one of these go.
    pub texts: Vec<String>,
    /// The requests behind it.
    pub requests: Vec<String>,
}

/// What engine and lake share about erasures.
#[derive(Debug)]
pub struct Following {
    /// What sources took back.
    pub withdrawn: Withdrawn,
    forgotten: Mutex<Option<Forgotten>>,
}

impl Following {
    /// That of a lake.
    #[must_use]
    pub fn of(folder: &Folder) -> Self {
        Self { withdrawn: Withdrawn::of(folder), forgotten: Mutex::new(None) }
    }

    /// What is to be forgotten since the last call.
    pub fn take(&self) -> Option<Forgotten> {
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn add(&self, erased: Erased, request: &Request) {
        let mut shared = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        let forgotten = shared.get_or_insert_default();
        forgotten.erased = erased;
        forgotten.posts.extend(request.posts.iter().cloned());
        forgotten.texts.extend(request.texts.iter().cloned());
        forgotten.requests.push(request.id.clone());
    }
}

/// Carries out erasures.
#[derive(Debug)]
pub struct Eraser {
    folder: Arc<Folder>,
    marker: Marker,
    outbox: Arc<Outbox>,
    following: Arc<Following>,
    requests: Requests,
    /// How often what sources took back is erased.
    interval: Duration,
    due: Instant,
    /// Requests that wait for the engine to forget.
    waiting: HashMap<String, (Request, Receipt)>,
}

impl Eraser {
    /// An eraser of a lake that is open for writing.
    #[must_use]
    pub fn new(
        folder: Arc<Folder>,
        authors: &AuthorHasher,
        outbox: Arc<Outbox>,
        following: Arc<Following>,
        interval: Duration,
    ) -> Self {
        let (marker, requests) = (Marker::new(authors), Requests::of(&folder));
        let interval = interval.min(LONGEST);
        let due = Instant::now() + FIRST.min(interval);
        Self { folder, marker, outbox, following, requests, interval, due, waiting: HashMap::new() }
    }

    /// All that is erased in a lake.
    ///
    /// # Errors
    /// When the tombstones cannot be read.
    pub fn erased(folder: &Folder, authors: &AuthorHasher) -> Result<Erased, LakeError> {
        Ok(Erased::new(Marker::new(authors), tombstones(folder)?))
    }

    /// Works on what is asked and due, beside a running engine; `watermark` is how far its windows
    /// have come.
    ///
    /// # Errors
    /// When the lake or the outbox refuses; a later start goes on.
    pub async fn work(
        &mut self,
        lake: &mut Lake,
        watermark: Option<EventTime>,
    ) -> anyhow::Result<()> {
        if Instant::now() >= self.due || self.following.withdrawn.is_long() {
            self.due = Instant::now() + self.interval;
            self.follow(|at| watermark.is_some_and(|mark| at.shift(MINUTE_US) <= mark))?;
        }
        for request in self.requests.open()? {
            if !self.waiting.contains_key(&request.id) {
                self.pass(lake, request, None).await?;
            }
        }
        Ok(())
    }

    /// The engine has forgotten what these requests want; `letters` were erased.
    ///
    /// # Errors
    /// As [`Eraser::work`].
    pub async fn forgotten(
        &mut self,
        lake: &mut Lake,
        requests: Vec<String>,
        letters: u64,
    ) -> anyhow::Result<()> {
        for id in requests {
            let Some((request, mut receipt)) = self.waiting.remove(&id) else { continue };
            receipt.dead_letters += letters;
            if request.what == What::Withdrawn {
                self.requests.close(&receipt)?;
            } else {
                self.pass(lake, request, Some(receipt)).await?;
            }
        }
        Ok(())
    }

    /// Turns what sources took back, as far as it is ripe, into a request.
    fn follow(&self, is_ripe: impl Fn(EventTime) -> bool) -> Result<(), LakeError> {
        self.following.withdrawn.take(
            |one| is_ripe(one.before),
            |ripe| self.requests.put(&Request::new(&self.folder, What::Withdrawn, ripe)?),
        )
    }

    /// Searches and erases once; `before` is what earlier passes did. Closes the request when there
    /// is nothing left, else waits until the engine has forgotten.
    async fn pass(
        &mut self,
        lake: &mut Lake,
        mut request: Request,
        before: Option<Receipt>,
    ) -> anyhow::Result<()> {
        let found = lake.seek(erasure(&self.marker, &request)).await?;
        let fresh = found.erasing.posts.iter().any(|post| !request.posts.contains(post));
        if let (Some(receipt), false) = (&before, fresh) {
            return Ok(self.requests.close(receipt)?);
        }
        request.posts.extend(found.erasing.posts.iter().cloned());
        self.requests.put(&request)?;
        let messages = self.outbox.erase(&|id| request.posts.contains(id))?;
        let erasing = lake.erase(found, wall_clock()).await?;
        let mut receipt = request.receipt(wall_clock().to_string(), erasing);
        receipt.messages = messages;
        if let Some(before) = before {
            receipt.add(&before);
        }
        let erased = Erased::new(self.marker.clone(), tombstones(&self.folder)?);
        self.following.add(erased, &request);
        self.waiting.insert(request.id.clone(), (request, receipt));
        Ok(())
    }

    /// Does all that is asked, and with it what sources took back, in a lake that nobody else has
    /// open; the receipts.
    ///
    /// # Errors
    /// As [`Eraser::work`].
    pub async fn finish(
        &mut self,
        lake: &mut Lake,
        mut recovered: Recovered,
    ) -> anyhow::Result<Vec<Receipt>> {
        self.follow(|_| true)?;
        let mut receipts = Vec::new();
        for mut request in self.requests.open()? {
            let found = lake.seek(erasure(&self.marker, &request)).await?;
            request.posts.extend(found.erasing.posts.iter().cloned());
            self.requests.put(&request)?;
            let is_gone = |id: &str| request.posts.contains(id);
            let messages = self.outbox.erase(&is_gone)?;
            if let Some(checkpoint) = &mut recovered.checkpoint {
                forget(lake, checkpoint, &mut recovered.messages, &is_gone).await?;
            }
            let path = self.folder.dead_letters();
            let dead_letters = match DeadLetters::open(&path) {
                Ok(mut letters) => letters.erase(&path, &request.texts)?,
                Err(error) => return Err(error.into()),
            };
            let erasing = lake.erase(found, wall_clock()).await?;
            let mut receipt = request.receipt(wall_clock().to_string(), erasing);
            (receipt.messages, receipt.dead_letters) = (messages, dead_letters);
            self.requests.close(&receipt)?;
            receipts.push(receipt);
        }
        Ok(receipts)
    }

    /// What a request would do.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn try_out(&self, lake: &mut Lake, request: &Request) -> Result<Erasing, LakeError> {
        let wanted = Erasure { mode: Mode::DryRun, ..erasure(&self.marker, request) };
        let found = lake.seek(wanted).await?;
        lake.erase(found, wall_clock()).await
    }
}

fn erasure(marker: &Marker, request: &Request) -> Erasure {
    let mode = if request.what == What::Withdrawn { Mode::Found } else { Mode::All };
    Erasure { marker: marker.clone(), withdrawals: request.withdrawals.clone(), mode }
}

/// Commits the checkpoint and the messages behind it anew, without the texts of posts.
async fn forget(
    lake: &mut Lake,
    checkpoint: &mut Checkpoint,
    messages: &mut [serde_json::Value],
    is_gone: &(dyn Fn(&str) -> bool + Sync),
) -> Result<(), LakeError> {
    checkpoint.state.forget(is_gone);
    for message in messages.iter_mut() {
        let stripped = without_posts(&message.to_string(), &|id| is_gone(id));
        if let Some(fresh) = stripped.and_then(|text| serde_json::from_str(&text).ok()) {
            *message = fresh;
        }
    }
    lake.commit(checkpoint, messages.to_vec()).await
}
