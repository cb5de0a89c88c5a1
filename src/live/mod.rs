//! How does it all run together? Sources, engine, lake and couriers of one process.
//!
//! A post walks one line: source task, inbox, engine thread, lake task. Each hand-over is a bounded
//! channel, so a slow disk slows the sockets down and nothing piles up. Alerts enter the outbox
//! after the commit that holds what they rest on.

mod engine_loop;
mod eraser;
mod progress;
mod sources;
mod store;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::{Notify, mpsc, watch};

pub use engine_loop::EngineLoop;
pub use eraser::{Eraser, Following};
pub use progress::{AlertLine, Progress, TopicCount};
pub use sources::LostSource;
pub use store::{Store, StoreJob, Upkeep, checkpointed_engine};

use crate::config::Config;
use crate::connect::SourcesHealth;
use crate::desk::Subject;
use crate::lake::{DeskFiles, Folder, Lake};
use crate::notify::{Courier, CourierStats, Desk, Manner, Message, Outbox, Receiver};

/// Parcels that may wait for the engine.
const INBOX_PARCELS: usize = 64;
/// How long the last messages may take after the sources have ended.
const FAREWELL: Duration = Duration::from_secs(15);

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

/// Runs a configuration until its sources end or `stop` says so.
///
/// # Errors
/// When the lake, a secret or the outbox cannot be used; nothing that was committed is lost.
pub async fn run(
    config: Config,
    mut stop: watch::Receiver<Stop>,
    progress: Arc<watch::Sender<Progress>>,
) -> anyhow::Result<Summary> {
    let folder = Arc::new(Folder::write(&config.lake)?);
    let receivers = config.receivers.iter().map(Receiver::fetch).collect::<Result<Vec<_>, _>>()?;
    let key = folder.author_key(config.author_key_file.as_deref())?;
    let authors = crate::decode::AuthorHasher::new(key).with_names(config.names);
    let (lake, recovered) = Lake::open(Arc::clone(&folder)).await?;
    let outbox = Arc::new(Outbox::open(&folder.outbox())?);
    let bell = Arc::new(Notify::new());
    let names = config.receivers.iter().map(|receiver| receiver.name.clone());
    let stats = Arc::new(CourierStats::new(names));
    let health = SourcesHealth::new(config.sources.iter().map(|source| source.name.clone()));
    progress.send_modify(|progress| {
        progress.deliveries = Arc::clone(&stats);
        progress.sources = health.clone();
    });

    let messages = recovered.messages.iter().map(|value| serde_json::from_value(value.clone()));
    let is_known = |subject: &Subject| watches(&config, subject);
    let (files, grouping) = (DeskFiles::of(&folder), config.grouping.clone());
    let desk = Arc::new(Desk::open(Arc::clone(&outbox), files, grouping, is_known)?);
    desk.take(&messages.collect::<Result<Vec<_>, _>>().context("the last commit's messages")?)?;
    let erased = Eraser::erased(&folder, &authors)?;
    let (engine, checkpoint) =
        checkpointed_engine(&config, &authors, erased, recovered.checkpoint)?;
    outbox.forget_firing(|message: &Message| message.subject.as_ref().is_some_and(is_known))?;
    let mut couriers = spawn_couriers(receivers, &outbox, &bell, &stats)?;
    couriers.push(spawn_desk(&desk, &bell, &stats));

    let (inbox, parcels) = mpsc::channel(INBOX_PARCELS);
    let mut sources = sources::spawn(&config, &checkpoint.cursors, &authors, inbox, &health);
    let (jobs, job_queue) = mpsc::channel(2);
    let committed = Arc::clone(&progress);
    let following = Arc::new(Following::of(&folder));
    let (erasing, interval) = (Arc::clone(&following), Some(config.follow_deletes));
    let eraser = Eraser::new(Arc::clone(&folder), &authors, Arc::clone(&outbox), erasing, interval);
    let upkeep = Upkeep::new(&folder, &config.lake);
    let store = Store { lake, desk: Arc::clone(&desk), bell, committed, upkeep, eraser };
    let store = tokio::spawn(store.run(job_queue));
    let (home, shown) = (Arc::clone(&folder), Arc::clone(&progress));
    let mut engine_loop =
        EngineLoop::new(&config, engine, checkpoint, home, following, jobs, shown);
    let (finish, ends) = watch::channel(Stop::Finish);
    let runtime = tokio::runtime::Handle::current();
    let engine =
        tokio::task::spawn_blocking(move || engine_loop.run(&runtime, parcels, &ends, &health));

    tokio::select! {
        () = sources.all_ended() => {}
        _ = stop.wait_for(|stop| *stop != Stop::No) => {}
    }
    // What a source that was given up still has may come once it is mended.
    let is_whole = sources.lost().is_empty();
    finish.send_replace(if is_whole { stop.borrow().at_end() } else { Stop::Interrupt });
    let lost = sources.stop().await;
    let engine_ended = engine.await.context("the engine thread")?;
    store.await.context("the store task")??;
    engine_ended?;
    farewell(&outbox, couriers).await?;
    desk.publish(&stats)?;
    let undelivered = outbox.pending_len()? + stats.given_up();
    let progress = progress.borrow().clone();
    Ok(Summary { progress, delivered: stats.delivered(), undelivered, lost })
}

impl Stop {
    /// What to do once no input comes: sources that ended by themselves mean the end of the input.
    fn at_end(self) -> Self {
        if self == Self::Interrupt { Self::Interrupt } else { Self::Finish }
    }
}

type Couriers = Vec<tokio::task::JoinHandle<()>>;

fn spawn_couriers(
    receivers: Vec<Receiver>,
    outbox: &Arc<Outbox>,
    bell: &Arc<Notify>,
    stats: &Arc<CourierStats>,
) -> anyhow::Result<Couriers> {
    let couriers = receivers.into_iter().map(|receiver| {
        let (outbox, bell, stats) = (Arc::clone(outbox), Arc::clone(bell), Arc::clone(stats));
        let courier = Courier::new(receiver, outbox, bell, stats, Manner::default())?;
        Ok(tokio::spawn(async move {
            if let Err(error) = courier.run().await {
                tracing::error!(%error, "deliveries stopped");
            }
        }))
    });
    couriers.collect()
}

/// Whether alerts of this kind can still come.
fn watches(config: &Config, subject: &Subject) -> bool {
    let topic = config.topics.iter().position(|topic| topic.name == subject.topic);
    let rule = config.rules.iter().find(|rule| rule.name == subject.rule);
    topic
        .zip(rule)
        .is_some_and(|(topic, rule)| rule.topics.iter().any(|watched| watched.0 as usize == topic))
}

fn spawn_desk(
    desk: &Arc<Desk>,
    bell: &Arc<Notify>,
    stats: &Arc<CourierStats>,
) -> tokio::task::JoinHandle<()> {
    let work = Arc::clone(desk).run(Arc::clone(bell), Arc::clone(stats));
    tokio::spawn(async move {
        if let Err(error) = work.await {
            tracing::error!(%error, "silences are no longer looked after");
        }
    })
}

/// Waits a while for messages on their way; the rest is kept for the next start.
async fn farewell(outbox: &Outbox, couriers: Couriers) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + FAREWELL;
    while outbox.pending_len()? > 0 && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    couriers.iter().for_each(tokio::task::JoinHandle::abort);
    Ok(())
}
