//! How does it all run together? Sources, engine, lake and couriers of one process.
//!
//! A post walks one line: source task, inbox, engine thread, lake task. Each hand-over is a bounded
//! channel, so a slow disk slows the sockets down and nothing piles up. Alerts enter the outbox
//! after the commit that holds what they rest on.

mod awaited;
mod engine_loop;
mod eraser;
mod slips;
mod goals;
mod progress;
mod reports;
mod sources;
mod store;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::{Notify, mpsc, watch};

pub use engine_loop::EngineLoop;
pub use eraser::{Eraser, Following};
pub use progress::{AlertLine, Progress, TopicCount, Trouble};
pub use sources::LostSource;
pub use store::{Store, StoreJob, Upkeep, checkpointed_engine};
pub use trouble::Patience;

use crate::config::Config;
use crate::connect::SourcesHealth;
use crate::desk::Subject;
use crate::lake::{Folder, Lake, LakeFault};
use crate::notify::{
    Advice, Courier, CourierStats, Desk, GOAL, Herald, Manner, Message, Outbox, Press, Receiver,
};
use crate::state::{Answered, DeskFiles};
use reports::Newsroom;

/// Parcels that may wait for the engine.
const INBOX_PARCELS: usize = 64;
/// How long the last messages may take after the sources have ended.
const FAREWELL: Duration = Duration::from_secs(15);
/// How long deliveries and silences rest when the outbox refuses.
const REFUSED: Duration = Duration::from_secs(5);

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
/// While the lake cannot be written, a process that follows streams waits and says so
/// ([`Patience`]); receivers hear of that, and of an error that ends the process.
///
/// # Errors
/// When the lake, a secret or the outbox cannot be used, or a task dies; nothing that was committed
/// is lost.
pub async fn run(
    config: Config,
    stop: watch::Receiver<Stop>,
    progress: Arc<watch::Sender<Progress>>,
) -> anyhow::Result<Summary> {
    let folder = Arc::new(Folder::write(&config.lake)?);
    let receivers = config.receivers.iter().map(Receiver::fetch).collect::<Result<Vec<_>, _>>()?;
    let names = config.receivers.iter().map(|receiver| receiver.name.clone());
    let stats = Arc::new(CourierStats::new(names));
    let health = SourcesHealth::new(config.sources.iter().map(|source| source.name.clone()));
    progress.send_modify(|progress| {
        progress.deliveries = Arc::clone(&stats);
        progress.sources = health.clone();
    });
    let [herald, last_words] = [(); 2].map(|()| Herald::new(&receivers, Arc::clone(&stats)));
    let (herald, last_words) = (herald?, last_words?);
    let telling = tokio::spawn(trouble::tell(progress.subscribe(), herald));
    let ended = work(&config, (folder, receivers, stats, health), stop, &progress).await;
    telling.abort();
    if let Err(error) = &ended {
        let since = progress.borrow().trouble.as_ref().map(|trouble| trouble.since);
        let hint = LakeFault::of(error).map_or("", |fault| fault.hint);
        last_words.stopped(since, &format!("{error:#}"), hint).await;
    }
    ended
}

type Office = (Arc<Folder>, Vec<Receiver>, Arc<CourierStats>, SourcesHealth);

async fn work(
    config: &Config,
    (folder, receivers, stats, health): Office,
    mut stop: watch::Receiver<Stop>,
    progress: &Arc<watch::Sender<Progress>>,
) -> anyhow::Result<Summary> {
    let key = folder.author_key(config.author_key_file.as_deref())?;
    let authors = crate::decode::AuthorHasher::new(key).with_names(config.names);
    let (lake, recovered) = Lake::open(Arc::clone(&folder)).await?;
    let outbox = Arc::new(Outbox::open(&folder.outbox())?);
    let bell = Arc::new(Notify::new());
    let desk = open_desk(config, &outbox, &folder, &recovered.messages)?;
    let erased = Eraser::erased(&folder, &authors)?;
    let (engine, checkpoint) = checkpointed_engine(config, &authors, erased, recovered.checkpoint)?;
    let newsroom = Newsroom::new(config, &folder, progress.subscribe());
    let mut couriers = spawn_couriers(receivers, &outbox, &bell, &stats, &newsroom.press())?;
    couriers.push(spawn_desk(&desk, &bell, &stats));
    let (ours, rung) = (Arc::clone(&outbox), Arc::clone(&bell));
    couriers.push(tokio::spawn(newsroom.run(config.reports.clone(), ours, rung)));

    let answered = Answered::open(&folder)?;
    for source in health.iter() {
        source.tickets().remember(answered.of(source.name()));
    }
    let (inbox, parcels) = mpsc::channel(INBOX_PARCELS);
    let mut sources = sources::spawn(config, &checkpoint.cursors, &authors, inbox, &health);
    let (jobs, job_queue) = mpsc::channel(2);
    let (finish, ends) = watch::channel(Stop::Finish);
    let patience = Patience::of(config, progress, &ends);
    let committed = Arc::clone(progress);
    let following = Arc::new(Following::of(&folder));
    let (erasing, interval) = (Arc::clone(&following), Some(config.follow_deletes));
    let eraser = Eraser::new(Arc::clone(&folder), &authors, Arc::clone(&outbox), erasing, interval);
    let (upkeep, waits) = (Upkeep::new(&folder, &config.lake), patience.clone());
    let store = Store {
        lake,
        desk: Arc::clone(&desk),
        bell,
        committed,
        answered,
        upkeep,
        eraser,
        patience: waits,
    };
    let dead = Arc::new(Notify::new());
    let alarm = Alarm::new(&dead);
    let store = tokio::spawn(async move { alarm.unless(store.run(job_queue).await) });
    let mut engine_loop =
        EngineLoop::new(config, engine, checkpoint, folder, following, jobs, patience);
    couriers.extend(goals::spawn(config, &engine_loop.slips, progress));
    let (runtime, alarm) = (tokio::runtime::Handle::current(), Alarm::new(&dead));
    let engine = tokio::task::spawn_blocking(move || {
        alarm.unless(engine_loop.run(&runtime, parcels, &ends, &health))
    });

    tokio::select! {
        () = sources.all_ended() => {}
        _ = stop.wait_for(|stop| *stop != Stop::No) => {}
        // Quiet sources would not notice.
        () = dead.notified() => {}
    }
    // What a source that was given up still has may come once it is mended.
    let is_whole = sources.lost().is_empty();
    finish.send_replace(if is_whole { stop.borrow().at_end() } else { Stop::Interrupt });
    let lost = sources.stop().await;
    let engine_ended = engine.await.context("the engine thread");
    store.await.context("the store task")??;
    engine_ended??;
    farewell(&outbox, couriers).await?;
    desk.publish(&stats)?;
    let undelivered = outbox.pending_len()? + stats.given_up();
    let progress = progress.borrow().clone();
    Ok(Summary { progress, delivered: stats.delivered(), undelivered, lost })
}

/// The desk, with the messages of the last commit, and without alerts that can never resolve.
fn open_desk(
    config: &Config,
    outbox: &Arc<Outbox>,
    folder: &Folder,
    messages: &[serde_json::Value],
) -> anyhow::Result<Arc<Desk>> {
    let is_known = |subject: &Subject| watches(config, subject);
    let (files, grouping) = (DeskFiles::of(folder), config.grouping.clone());
    let desk = Desk::open(Arc::clone(outbox), files, grouping, is_known)?;
    let desk = Arc::new(desk.advised(Advice::of(config)));
    let messages = messages.iter().map(|value| serde_json::from_value(value.clone()));
    desk.take(&messages.collect::<Result<Vec<_>, _>>().context("the last commit's messages")?)?;
    outbox.forget_firing(|message: &Message| message.subject.as_ref().is_some_and(is_known))?;
    Ok(desk)
}

/// Rings when a task ends otherwise than well, also by a panic.
struct Alarm(Option<Arc<Notify>>);

impl Alarm {
    fn new(bell: &Arc<Notify>) -> Self {
        Self(Some(Arc::clone(bell)))
    }

    /// Rings unless it went well.
    fn unless<T, E>(mut self, outcome: Result<T, E>) -> Result<T, E> {
        if outcome.is_ok() {
            self.0 = None;
        }
        outcome
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(bell) = &self.0 {
            bell.notify_one();
        }
    }
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
    press: &Press,
) -> anyhow::Result<Couriers> {
    let couriers = receivers.into_iter().map(|receiver| {
        let (outbox, bell, stats) = (Arc::clone(outbox), Arc::clone(bell), Arc::clone(stats));
        let manner = Manner { press: Some(press.clone()), ..Manner::default() };
        let mut courier = Courier::new(receiver, outbox, bell, stats, manner)?;
        Ok(tokio::spawn(async move {
            while let Err(error) = courier.run().await {
                tracing::error!(%error, "deliveries rest; trying again");
                tokio::time::sleep(REFUSED).await;
            }
        }))
    });
    couriers.collect()
}

/// Whether alerts of this kind can still come.
fn watches(config: &Config, subject: &Subject) -> bool {
    if subject.rule_type == GOAL {
        return config.charter.goals.iter().any(|goal| goal.name == subject.rule);
    }
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
    let (desk, bell, stats) = (Arc::clone(desk), Arc::clone(bell), Arc::clone(stats));
    tokio::spawn(async move {
        while let Err(error) = Arc::clone(&desk).run(Arc::clone(&bell), Arc::clone(&stats)).await {
            tracing::error!(%error, "silences rest; trying again");
            tokio::time::sleep(REFUSED).await;
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
