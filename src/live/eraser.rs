//! How is an erasure carried out beside everything else that keeps texts? Tables, checkpoint,
//! messages, dead letters.
//!
//! What was found is written into the request before anything is changed, so that a kill leaves
//! nothing behind that nobody knows of; rows go last, so that what was begun is found again. While a
//! process runs, its engine forgets what it keeps and commits; then all is done once more, for rows
//! and messages that were on their way.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::decode::AuthorHasher;
use crate::lake::{
    EraseMode as Mode, Erasure, Folder, Lake, LakeError, Recovered, try_erasure, without_posts,
};
use crate::notify::Outbox;
use crate::post::AuthorKey;
use crate::privacy::{Erased, Lasting, Marker, Tombstone};
use crate::state::{
    Erasing, Going, Receipt, Request, Requests, Review, Reviews, Triage, What, Withdrawn,
    tombstones,
};
use crate::system::{crash_point, wall_clock};
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
    triage: Triage,
    /// How often what sources took back is erased; `None` leaves it to [`Eraser::finish`].
    interval: Option<Duration>,
    due: Instant,
    /// Requests that wait for the engine to forget.
    waiting: HashMap<String, Request>,
}

impl Eraser {
    /// An eraser of a lake that is open for writing.
    #[must_use]
    pub fn new(
        folder: Arc<Folder>,
        authors: &AuthorHasher,
        outbox: Arc<Outbox>,
        following: Arc<Following>,
        interval: Option<Duration>,
    ) -> Self {
        let (marker, requests) = (Marker::new(authors), Requests::of(&folder));
        let triage = Triage::of(&folder);
        requests.sweep();
        let interval = interval.map(|interval| interval.min(LONGEST));
        let due = Instant::now() + interval.map_or(FIRST, |interval| FIRST.min(interval));
        let waiting = HashMap::new();
        Self { folder, marker, outbox, following, requests, triage, interval, due, waiting }
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
        if let Some(interval) = self.interval
            && (Instant::now() >= self.due || self.following.withdrawn.is_long())
        {
            self.due = Instant::now() + interval;
            self.follow(|at| watermark.is_some_and(|mark| at.shift(MINUTE_US) <= mark))?;
        }
        for mut request in self.requests.open()? {
            if !self.waiting.contains_key(&request.id) {
                let wanted = erasure(&self.marker, &request);
                self.pass(lake, &mut request, wanted, None).await?;
                self.wait(request)?;
            }
        }
        Ok(())
    }

    /// The engine has forgotten what these requests want: what it committed since must not hold
    /// it either. A request is done once nothing new was found.
    ///
    /// # Errors
    /// As [`Eraser::work`].
    pub async fn forgotten(
        &mut self,
        lake: &mut Lake,
        requests: Vec<String>,
    ) -> anyhow::Result<()> {
        for id in requests {
            let Some(mut request) = self.waiting.remove(&id) else { continue };
            let mut wanted = erasure(&self.marker, &request);
            if request.what == What::Withdrawn {
                // Its rows were committed before its panes closed: only evidence can have come.
                wanted.withdrawals.clear();
            }
            if self.pass(lake, &mut request, wanted, None).await? {
                self.wait(request)?;
            } else {
                self.requests.close(&request.receipt(wall_clock().to_string()))?;
                lake.note().await?;
            }
        }
        Ok(())
    }

    /// Lets the engine forget.
    fn wait(&mut self, request: Request) -> Result<(), LakeError> {
        let erased = Erased::new(self.marker.clone(), tombstones(&self.folder)?);
        self.following.add(erased, &request);
        self.waiting.insert(request.id.clone(), request);
        Ok(())
    }

    /// Turns what sources took back, as far as it is ripe, into a request.
    fn follow(&self, is_ripe: impl Fn(EventTime) -> bool) -> Result<(), LakeError> {
        Ok(self.following.withdrawn.take(
            |one| is_ripe(one.before),
            |ripe| self.requests.put(&Request::new(&self.folder, What::Withdrawn, ripe)?),
        )?)
    }

    /// Searches and erases once, everywhere but in a running engine; whether there were posts that
    /// were not found before.
    async fn pass(
        &self,
        lake: &mut Lake,
        request: &mut Request,
        wanted: Erasure,
        at_rest: Option<&mut Recovered>,
    ) -> anyhow::Result<bool> {
        let mut found = lake.seek(wanted).await?;
        request.gone.append(&mut found.gone);
        found.gone.clone_from(&request.gone);
        crash_point("erase.found");
        let fresh = found.posts.clone();
        let posts: BTreeSet<String> = request.posts.union(&fresh).cloned().collect();
        if let Some(recovered) = at_rest {
            forget(lake, recovered, &|id| posts.contains(id)).await?;
        }
        let prepared = lake.prepare(found, &posts, wall_clock()).await?;
        crash_point("erase.prepared");
        let is_new = !fresh.is_subset(&request.posts);
        request.attempt(fresh, prepared.erasing.clone());
        let is_gone = |id: &str| posts.contains(id);
        let messages =
            if posts.is_empty() { BTreeSet::new() } else { self.outbox.holding(&is_gone)? };
        let letters = self.folder.dead_letters().telling(&request.texts, &posts)?;
        let (files, reviews) = (lake.leaving(&prepared)?, self.reviews(request)?);
        request.set_out(Going { files, letters, messages, reviews });
        self.requests.put(request)?;
        crash_point("erase.noted");
        if !posts.is_empty() {
            self.outbox.erase(&is_gone)?;
        }
        if lake.has_successors() {
            lake.pack(self.outbox.pack()?);
        }
        crash_point("erase.messages");
        self.folder.dead_letters().erase(&request.texts, &posts)?;
        // Those made meanwhile go, too.
        let reviews = self.reviews(request)?;
        Reviews::of(&self.folder)
            .rewrite(|review| (!reviews.contains(&review.id)).then(|| review.clone()))?;
        crash_point("erase.letters");
        lake.erase(prepared).await?;
        crash_point("erase.files");
        // Whoever noted something meanwhile saw the post; who comes later does not.
        let (triage, gone) = (self.triage.clone(), request.gone.clone());
        tokio::task::spawn_blocking(move || triage.forget(&gone)).await??;
        Ok(is_new)
    }

    /// The ids of what people said of posts that are not to come back.
    fn reviews(&self, request: &Request) -> Result<BTreeSet<String>, LakeError> {
        let gone = request.withdrawals.iter().filter(|one| one.lasting == Lasting::Gone);
        let gone: HashSet<Tombstone> = gone.map(|one| one.target).collect();
        let is_gone = |review: &Review| {
            let author = AuthorKey::parse(&review.author).unwrap_or_default();
            let mut marks = self.marker.of(&review.source, &review.post_id, author);
            marks.any(|mark| gone.contains(&mark))
        };
        let reviews = Reviews::of(&self.folder).all()?.into_iter();
        Ok(reviews.filter(is_gone).map(|review| review.id).collect())
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
            let wanted = erasure(&self.marker, &request);
            self.pass(lake, &mut request, wanted, Some(&mut recovered)).await?;
            let receipt = request.receipt(wall_clock().to_string());
            self.requests.close(&receipt)?;
            receipts.push(receipt);
        }
        lake.note().await?;
        Ok(receipts)
    }

    /// What a request would do, counted beside whoever writes the lake.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn try_out(
        folder: &Folder,
        authors: &AuthorHasher,
        request: &Request,
    ) -> Result<Erasing, LakeError> {
        try_erasure(folder, erasure(&Marker::new(authors), request)).await
    }
}

fn erasure(marker: &Marker, request: &Request) -> Erasure {
    let mode = if request.what == What::Withdrawn { Mode::Found } else { Mode::All };
    Erasure { marker: marker.clone(), withdrawals: request.withdrawals.clone(), mode }
}

/// Commits the checkpoint and the messages behind it anew, without the texts of posts.
async fn forget(
    lake: &mut Lake,
    recovered: &mut Recovered,
    is_gone: &(dyn Fn(&str) -> bool + Sync),
) -> Result<(), LakeError> {
    let Recovered { checkpoint: Some(checkpoint), messages } = recovered else { return Ok(()) };
    checkpoint.state.forget(is_gone);
    for message in messages.iter_mut() {
        let stripped = without_posts(&message.to_string(), &|id| is_gone(id));
        if let Some(fresh) = stripped.and_then(|text| serde_json::from_str(&text).ok()) {
            *message = fresh;
        }
    }
    lake.commit(checkpoint, messages.clone()).await
}
