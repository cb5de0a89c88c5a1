//! How many questions are answered at once, and what may each use?

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::door::Doors;
use super::kept::Kept;
use super::memo::Memo;
use crate::config::{Services, SqlConfig};
use crate::sql::{Limits, Snapshots};

/// Most who follow what happens at once.
const LISTENERS_MAX: usize = 32;

/// What queries from outside may use together.
#[derive(Debug, Clone)]
pub struct SqlGate {
    pub(super) limits: Limits,
    pub(super) free: Arc<Semaphore>,
    /// For questions whose SQL is ours, which are answered where SQL is switched off, too.
    pub(super) own: Arc<Semaphore>,
    /// For those who follow what happens.
    pub(super) listeners: Arc<Semaphore>,
    pub(super) doors: Arc<Doors>,
    /// The tables as questions over HTTP last found them.
    pub(super) snapshots: Arc<Snapshots>,
    /// The latest answers to questions of ours.
    pub(super) memo: Arc<Memo>,
    /// What the latest pages show.
    pub(super) pages: Arc<Kept>,
}

impl SqlGate {
    /// So many queries at once, each within limits.
    #[must_use]
    pub fn new(limits: Limits, concurrent: usize) -> Self {
        Self {
            limits,
            free: Arc::new(Semaphore::new(concurrent)),
            own: Arc::new(Semaphore::new(concurrent.max(1))),
            listeners: Arc::new(Semaphore::new(LISTENERS_MAX)),
            doors: Arc::default(),
            snapshots: Arc::default(),
            memo: Arc::default(),
            pages: Arc::default(),
        }
    }

    /// The same limits, shared with this one, without the answers that were given before.
    #[must_use]
    pub fn forgetful(&self) -> Self {
        Self { memo: Arc::default(), pages: Arc::default(), ..self.clone() }
    }

    /// The same, with what is promised to people who wait for an answer, from now on and for all that
    /// share it.
    #[must_use]
    pub fn promising(self, services: &Arc<Services>) -> Self {
        self.snapshots.promises().take(services);
        self
    }

    /// What a configuration allows.
    #[must_use]
    pub fn of(config: SqlConfig) -> Self {
        let time = Duration::from_micros(u64::try_from(config.timeout_us).unwrap_or_default());
        Self::new(Limits { time, memory_mib: config.memory_mib }, config.concurrent)
    }
}
