//! How is each source? What it does now, and what it has counted since the process started.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::tickets::Tickets;
use crate::decode::Parcel;
use crate::post::{SourceId, cut_text};
use crate::system::wall_clock;
use crate::time::{EventTime, SECOND_US};

/// Gaps remembered of a source; all are counted.
const GAPS_MAX: usize = 20;
/// Longest reason that is shown, in bytes.
const REASON_BYTES_MAX: usize = 2_048;
/// What the other side says goes to the log once in so many microseconds.
const REMARKS_APART_US: i64 = SECOND_US;
/// No source has told how much it holds that was not read.
const UNTOLD: u64 = u64::MAX;

/// What a source does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SourceState {
    /// Not reached yet.
    #[default]
    Starting,
    /// Posts can come.
    Up,
    /// There is nothing to read yet, such as a file that is away; looked for again and again.
    Waiting,
    /// Out of reach; tried again, and asked for what is missed meanwhile.
    Down,
    /// Read to its end.
    Ended,
    /// Given up, until somebody mends it.
    Failed,
}

impl SourceState {
    /// Its name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Up => "up",
            Self::Waiting => "waiting",
            Self::Down => "down",
            Self::Ended => "ended",
            Self::Failed => "failed",
        }
    }
}

/// What a source could not give, or may not have given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Where it begins: a time, or a place as the source counts.
    pub from: String,
    /// Where it ends.
    pub to: String,
    /// Why.
    pub reason: String,
}

/// What a source does, since when and why.
#[derive(Debug, Clone, Default)]
pub struct SourceNow {
    /// What it does.
    pub state: SourceState,
    /// Since when, by the clock on the wall.
    pub since: Option<EventTime>,
    /// Why, if it is not well.
    pub reason: String,
    /// What its user can do about it; may be empty.
    pub hint: String,
    /// What the other side still allows; empty if it does not say.
    pub limits: String,
    /// What its token may do; empty if nobody says.
    pub rights: String,
    /// When its token ends, if that is known.
    pub expires: Option<EventTime>,
    /// Its latest gaps, oldest first, each with when it was found.
    pub gaps: VecDeque<(EventTime, Gap)>,
}

/// The health of one source; shared by whoever reads it and whoever shows it.
#[derive(Debug)]
pub struct SourceHealth {
    name: SourceId,
    events: AtomicU64,
    malformed: AtomicU64,
    ignored: AtomicU64,
    reconnects: AtomicU64,
    gaps: AtomicU64,
    last_event_us: AtomicI64,
    remarked_us: AtomicI64,
    unread: AtomicU64,
    now: Mutex<SourceNow>,
    tickets: Tickets,
}

impl SourceHealth {
    /// That of a source which was not reached yet.
    #[must_use]
    pub fn new(name: SourceId) -> Self {
        let now = SourceNow { since: Some(wall_clock()), ..SourceNow::default() };
        Self {
            name,
            events: AtomicU64::new(0),
            malformed: AtomicU64::new(0),
            ignored: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            gaps: AtomicU64::new(0),
            last_event_us: AtomicI64::new(0),
            remarked_us: AtomicI64::new(0),
            unread: AtomicU64::new(UNTOLD),
            now: Mutex::new(now),
            tickets: Tickets::default(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &SourceId {
        &self.name
    }

    /// Who waits until what they brought is durable.
    #[must_use]
    pub fn tickets(&self) -> &Tickets {
        &self.tickets
    }

    /// What it does now.
    #[must_use]
    pub fn now(&self) -> SourceNow {
        self.lock().clone()
    }

    /// The same without its gaps' texts.
    #[must_use]
    pub fn state(&self) -> SourceState {
        self.lock().state
    }

    /// Events that it gave, those that came again included.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// What could not be understood.
    #[must_use]
    pub fn malformed(&self) -> u64 {
        self.malformed.load(Ordering::Relaxed)
    }

    /// Frames that are not posts by nature.
    #[must_use]
    pub fn ignored(&self) -> u64 {
        self.ignored.load(Ordering::Relaxed)
    }

    /// How often it was lost and had to be tried again.
    #[must_use]
    pub fn reconnects(&self) -> u64 {
        self.reconnects.load(Ordering::Relaxed)
    }

    /// How many gaps were found.
    #[must_use]
    pub fn gaps(&self) -> u64 {
        self.gaps.load(Ordering::Relaxed)
    }

    /// When its last event came, by the clock on the wall.
    #[must_use]
    pub fn last_event(&self) -> Option<EventTime> {
        let us = self.last_event_us.load(Ordering::Relaxed);
        (us != 0).then_some(EventTime(us))
    }

    /// Whether a remark of the other side may go to the log: it has any number of them.
    pub(super) fn may_remark(&self) -> bool {
        let (now, last) = (wall_clock().0, self.remarked_us.load(Ordering::Relaxed));
        // A clock that was set back does not silence it.
        let is_time = !(0..REMARKS_APART_US).contains(&now.saturating_sub(last));
        if is_time {
            self.remarked_us.store(now, Ordering::Relaxed);
        }
        is_time
    }

    /// Messages that it held and that were not read yet when it was last heard; none where it does not
    /// tell.
    #[must_use]
    pub fn unread(&self) -> Option<u64> {
        Some(self.unread.load(Ordering::Relaxed)).filter(|unread| *unread != UNTOLD)
    }

    /// Everything that came of it, whatever it was.
    pub(super) fn heard(&self) -> u64 {
        self.events() + self.malformed() + self.ignored()
    }

    pub(super) fn count(&self, parcel: &Parcel) {
        let length = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        if !parcel.events.is_empty() {
            self.events.fetch_add(length(parcel.events.len()), Ordering::Relaxed);
            self.last_event_us.store(wall_clock().0, Ordering::Relaxed);
        }
        self.malformed.fetch_add(length(parcel.refused.len()), Ordering::Relaxed);
        self.ignored.fetch_add(parcel.ignored, Ordering::Relaxed);
    }

    pub(super) fn count_reconnect(&self) {
        self.reconnects.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn set_unread(&self, messages: u64) {
        self.unread.store(messages, Ordering::Relaxed);
    }

    pub(super) fn set_limits(&self, limits: &str) {
        limits.clone_into(&mut self.lock().limits);
    }

    pub(super) fn set_rights(&self, rights: &str) {
        rights.clone_into(&mut self.lock().rights);
    }

    pub(super) fn set_expires(&self, expires: Option<EventTime>) {
        self.lock().expires = expires;
    }

    pub(super) fn add_gap(&self, gap: Gap) {
        self.gaps.fetch_add(1, Ordering::Relaxed);
        let mut now = self.lock();
        if now.gaps.len() >= GAPS_MAX {
            now.gaps.pop_front();
        }
        now.gaps.push_back((wall_clock(), gap));
    }

    /// Whether it was in another state before, or in this one for another reason.
    pub(super) fn set(&self, state: SourceState, reason: &str, hint: &str) -> bool {
        // Words of the other side may be among them.
        let reason = cut_text(reason, REASON_BYTES_MAX);
        let mut now = self.lock();
        let changed = now.state != state || now.reason != reason;
        if now.state != state {
            now.since = Some(wall_clock());
        }
        now.state = state;
        reason.clone_into(&mut now.reason);
        hint.clone_into(&mut now.hint);
        changed
    }

    fn lock(&self) -> MutexGuard<'_, SourceNow> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The health of all sources of a process, in the order of its configuration.
#[derive(Debug, Clone, Default)]
pub struct SourcesHealth(Arc<[Arc<SourceHealth>]>);

impl SourcesHealth {
    /// That of these sources.
    #[must_use]
    pub fn new(names: impl Iterator<Item = SourceId>) -> Self {
        Self(names.map(|name| Arc::new(SourceHealth::new(name))).collect())
    }

    /// That of these sources, going on with what was counted of those that were there before.
    #[must_use]
    pub fn renewed(&self, names: impl Iterator<Item = SourceId>) -> Self {
        let known = |name: &SourceId| self.iter().find(|source| source.name() == name).cloned();
        let renewed = names.map(|name| match known(&name) {
            Some(source) => {
                source.set(SourceState::Starting, "", "");
                source.tickets().abandon();
                source
            }
            None => Arc::new(SourceHealth::new(name)),
        });
        Self(renewed.collect())
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<SourceHealth>> {
        self.0.iter()
    }

    /// How often sources were lost and had to be tried again.
    #[must_use]
    pub fn reconnects(&self) -> u64 {
        self.iter().map(|source| source.reconnects()).sum()
    }

    /// Whether a source is out of reach, or not reached yet, that will be asked for what is missed
    /// meanwhile.
    #[must_use]
    pub fn is_any_lost(&self) -> bool {
        let is_lost = |state| matches!(state, SourceState::Starting | SourceState::Down);
        self.iter().any(|source| is_lost(source.state()))
    }
}
