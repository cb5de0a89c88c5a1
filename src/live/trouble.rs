//! What if the lake cannot be written? Who waits, how long, and who hears of it.
//!
//! A process that follows streams stays: it says what is wrong on the screen, in `/healthz` and to
//! its receivers, and goes on by itself once the disk takes what waits. Nothing new is read
//! meanwhile, so nothing is lost. One that only reads files to their end stops: it can be started
//! again.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::Stop;
use super::progress::{Progress, Trouble};
use crate::config::Config;
use crate::lake::{LakeError, LakeFault};
use crate::notify::{Herald, OutboxError};
use crate::state::StateError;
use crate::system::wall_clock;

/// How often is tried again what the disk refused.
const RETRY: Duration = Duration::from_secs(2);
/// How often it is looked whether receivers must hear of something.
const LOOK: Duration = Duration::from_secs(1);
/// How long a trouble may last before receivers hear of it, in microseconds.
const GRACE_US: i64 = 5 * crate::time::SECOND_US;

/// What is done when the disk refuses.
#[derive(Debug, Clone)]
pub struct Patience {
    shared: Arc<watch::Sender<Progress>>,
    /// Changes when the process ends; `None` waits for nothing.
    ends: Option<watch::Receiver<Stop>>,
}

impl Patience {
    /// Stops at once.
    #[must_use]
    pub fn none(shared: &Arc<watch::Sender<Progress>>) -> Self {
        Self { shared: Arc::clone(shared), ends: None }
    }

    /// As a configuration needs it; `ends` changes when the process ends. What only reads files to
    /// their end stops: they can be read again.
    pub(super) fn of(
        config: &Config,
        shared: &Arc<watch::Sender<Progress>>,
        ends: &watch::Receiver<Stop>,
    ) -> Self {
        let follows = !config.sources.iter().all(|source| source.settings.is_repeatable());
        Self { shared: Arc::clone(shared), ends: follows.then(|| ends.clone()) }
    }

    /// Where it says how it is.
    pub(super) fn shared(&self) -> &Arc<watch::Sender<Progress>> {
        &self.shared
    }

    /// Waits until it is time to try again.
    ///
    /// # Errors
    /// The same error, if trying again is of no use or not wanted.
    pub async fn wait(&self, error: anyhow::Error) -> anyhow::Result<()> {
        let Some(ends) = self.ends.as_ref().filter(|_| can_pass(&error)) else { return Err(error) };
        if ends.has_changed().unwrap_or(true) {
            return Err(error);
        }
        self.report(&error);
        let mut ends = ends.clone();
        tokio::select! {
            () = tokio::time::sleep(RETRY) => {}
            _ = ends.changed() => {}
        }
        Ok(())
    }

    /// Does something until the disk takes it, from a thread that may block.
    ///
    /// # Errors
    /// As [`Patience::wait`].
    pub(super) fn insist<E: Into<anyhow::Error>>(
        &self,
        mut write: impl FnMut() -> Result<(), E>,
    ) -> anyhow::Result<()> {
        while let Err(error) = write() {
            let error = error.into();
            match Handle::try_current() {
                Ok(runtime) => runtime.block_on(self.wait(error))?,
                Err(_) => return Err(error),
            }
        }
        Ok(())
    }

    /// Says what is wrong.
    pub(super) fn report(&self, error: &anyhow::Error) {
        let why = format!("{error:#}");
        let hint = LakeFault::of(error).map_or("", |fault| fault.hint);
        self.shared.send_modify(|progress| {
            let known = progress.trouble.as_ref();
            if known.is_none() {
                tracing::error!(why, hint, "the lake cannot be written; trying again");
                progress.troubles += 1;
            }
            let since = known.map_or_else(wall_clock, |trouble| trouble.since);
            progress.trouble = Some(Trouble { since, why, hint: hint.to_owned() });
        });
    }

    /// The disk takes what it is given.
    pub(super) fn over(&self) {
        self.shared.send_if_modified(|progress| {
            let over = progress.trouble.take().is_some();
            if over {
                tracing::warn!("the lake can be written again; nothing was lost");
            }
            over
        });
    }
}

/// Whether it can go away without anybody changing our files.
fn can_pass(error: &anyhow::Error) -> bool {
    let state = match error.downcast_ref() {
        Some(LakeError::Bucket { .. } | LakeError::Delta { .. }) => return true,
        Some(LakeError::State(state)) => Some(state),
        _ => error.downcast_ref::<StateError>(),
    };
    state.is_some_and(|error| matches!(error, StateError::Io { .. }))
        || matches!(error.downcast_ref(), Some(OutboxError::Store(_)))
        || error.is::<std::io::Error>()
}

/// Tells receivers of what lasts longer than a moment, and of its end, until the task is aborted.
pub(super) async fn tell(progress: watch::Receiver<Progress>, mut herald: Herald) {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let trouble = progress.borrow().trouble.clone();
        match trouble {
            Some(Trouble { since, why, hint }) => {
                if wall_clock().since(since) >= GRACE_US {
                    herald.failing(since, &why, &hint).await;
                }
            }
            None => {
                herald.recovered("the lake can be written again; nothing was lost").await;
            }
        }
    }
}
