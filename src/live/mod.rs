//! How does it all run together? Sources, engine, lake and couriers of one process.
//!
//! A post walks one line: source task, inbox, engine thread, lake task. Each hand-over is a bounded
//! channel, so a slow disk slows the sockets down and nothing piles up. Alerts enter the outbox
//! after the commit that holds what they rest on.

mod awaited;
mod crew;
mod deaf;
mod decisions;
mod silence;
mod engine_loop;
mod eraser;
mod rekey;
mod slips;
mod past;
mod step;
mod goals;
pub(crate) mod identities;
mod plan;
mod progress;
mod reports;
mod round;
mod rounds;
pub(crate) mod sources;
mod store;
mod trouble;

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

pub use decisions::{Decisions, NewReviews};
pub use engine_loop::EngineLoop;
pub use eraser::{Eraser, Following};
pub use progress::{AlertLine, Progress, Rounds, Said, TopicCount, Trouble};
pub use rekey::rekey;
pub use reports::Newsroom;
pub use rounds::{Renewal, run_renewed};
pub use sources::LostSource;
pub use store::{Store, StoreJob, Upkeep, checkpointed_engine};
pub use trouble::Patience;

use crate::config::Config;

/// When to stop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stop {
    /// Not yet.
    #[default]
    No,
    /// Finish the batch, commit, close; a later run goes on from there.
    Interrupt,
    /// Take no more input, and judge what is there as at the end of an archive.
    Finish,
}

/// What a run leaves to report.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The last state of affairs.
    pub progress: Progress,
    /// Messages that arrived.
    pub delivered: u64,
    /// Messages still on their way, and those given up in this run.
    pub undelivered: u64,
    /// Sources that were given up before their end.
    pub lost: Vec<LostSource>,
}

impl Stop {
    /// What to do once no input comes: sources that ended by themselves mean the end of the input.
    fn at_end(self) -> Self {
        if self == Self::Interrupt { Self::Interrupt } else { Self::Finish }
    }
}

/// Runs one configuration until its sources end or `stop` says so; see [`run_renewed`].
///
/// # Errors
/// As [`run_renewed`].
pub async fn run(
    config: Config,
    stop: watch::Receiver<Stop>,
    progress: Arc<watch::Sender<Progress>>,
) -> anyhow::Result<Summary> {
    let (_, renewals) = mpsc::channel(1);
    run_renewed(config, stop, progress, renewals).await
}
