//! How does a process go on with another configuration, or after its engine died? Round by round.
//!
//! Lock, outbox and what is counted stay with the process; sources, engine, lake task and couriers
//! belong to a round. A round ends at a commit, as at a signal, and the next begins where a restart
//! would: so a change of configuration loses and doubles as little as a restart does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinError;

use super::deaf;
use super::identities::identify;
use super::plan::{House, Plan};
use super::progress::{Progress, Said};
use super::round::Round;
use super::trouble;
use super::{Stop, Summary};
use crate::config::Config;
use crate::engine::AHEAD_US_MAX;
use crate::lake::{Folder, LakeFault};
use crate::system::{crash_point, wall_clock};

/// An engine that dies again so soon is not begun anew: what killed it comes again.
const WELL: Duration = Duration::from_secs(3_600);

/// How often the clock is compared with event time.
const LOOK: Duration = Duration::from_secs(5);

/// A configuration to go on with.
#[derive(Debug)]
pub struct Renewal {
    /// The configuration; its lake is that of the process.
    pub config: Config,
    /// Told once it is in force, with how long nothing was heard; or why it is not: then the one
    /// before goes on.
    pub begun: oneshot::Sender<anyhow::Result<Duration>>,
}

/// How a round ended, if not by an error.
enum Ended {
    Done(Box<Summary>),
    /// For another configuration.
    For(Change),
    /// To begin anew: a clock that was ahead was set back, and event time with it.
    SetBack,
}

/// A configuration that takes the place of another, and who waits for it.
struct Change {
    plan: Box<Plan>,
    begun: oneshot::Sender<anyhow::Result<Duration>>,
    /// Since when nothing is heard.
    since: Instant,
}

/// Runs a configuration, and those that come in its place, until sources end or `stop` says so.
///
/// While the lake cannot be written, a process that follows streams waits and says so
/// ([`Patience`](super::Patience)); receivers hear of that, and of an error that ends the process.
/// When engine or lake task die of a fault of ours, they are begun anew once.
///
/// # Errors
/// When the lake, a secret or the outbox cannot be used, or a task dies again; nothing that was
/// committed is lost.
pub async fn run_renewed(
    config: Config,
    mut stop: watch::Receiver<Stop>,
    progress: Arc<watch::Sender<Progress>>,
    mut renewals: mpsc::Receiver<Renewal>,
) -> anyhow::Result<Summary> {
    let house = House::new(Folder::write(&config.lake)?, progress);
    let mut config = config;
    identify(&house.folder, &mut config).await;
    let mut plan = Box::new(Plan::of(&house.folder, config)?);
    let heralds = deaf::Heralds::default();
    let (mut before, mut died): (Option<Change>, Option<Instant>) = (None, None);
    loop {
        house.show(&plan.config);
        let (herald, last_words) = (plan.herald(&house)?, plan.herald(&house)?);
        let (seen, heard) = (house.progress.subscribe(), Arc::clone(&heralds));
        let listening = tokio::spawn(deaf::tell(seen, plan.herald(&house)?, heard));
        let telling = tokio::spawn(trouble::tell(house.progress.subscribe(), herald));
        let ended = Box::pin(round(&house, &plan, &mut before, &mut stop, &mut renewals)).await;
        telling.abort();
        listening.abort();
        let error = match ended {
            Ok(Ended::Done(summary)) => {
                if *stop.borrow() == Stop::No {
                    let sources = house.progress.borrow().sources.clone();
                    deaf::tell_last(&sources, &last_words).await;
                }
                return Ok(*summary);
            }
            Ok(Ended::For(change)) => {
                let old = std::mem::replace(&mut plan, change.plan);
                before = Some(Change { plan: old, ..change });
                continue;
            }
            Ok(Ended::SetBack) => continue,
            Err(error) => error,
        };
        if let Some(change) = before.take() {
            let _ = change.begun.send(Err(error));
            plan = change.plan;
            continue;
        }
        if is_death(&error) && died.is_none_or(|at| at.elapsed() >= WELL) {
            died = Some(Instant::now());
            begin_anew(&house, &error);
            continue;
        }
        let since = house.progress.borrow().trouble.as_ref().map(|trouble| trouble.since);
        let hint = LakeFault::of(&error).map_or("", |fault| fault.hint);
        last_words.stopped(since, &format!("{error:#}"), hint).await;
        return Err(error);
    }
}

/// One configuration from a commit to a commit. `before` is what it takes the place of, until it
/// runs.
async fn round(
    house: &House,
    plan: &Plan,
    before: &mut Option<Change>,
    stop: &mut watch::Receiver<Stop>,
    renewals: &mut mpsc::Receiver<Renewal>,
) -> anyhow::Result<Ended> {
    let mut round = Round::begin(house, plan).await?;
    if let Some(change) = before.take() {
        crash_point("reload.begun");
        let _ = change.begun.send(Ok(change.since.elapsed()));
    }
    let change = tokio::select! {
        () = round.over() => None,
        _ = stop.wait_for(|stop| *stop != Stop::No) => None,
        change = next(house, renewals) => Some(change),
        () = set_back(house) => {
            round.pass_on().await?;
            return Ok(Ended::SetBack);
        }
    };
    match change {
        None => {
            let stop = *stop.borrow();
            let summary = round.end(house, stop).await?;
            Ok(Ended::Done(Box::new(summary)))
        }
        Some(change) => {
            let since = Instant::now();
            round.pass_on().await?;
            crash_point("reload.ended");
            Ok(Ended::For(Change { since, ..change }))
        }
    }
}

/// Waits until event time is so far ahead of the clock that who begins anew does not believe it: then
/// all that comes would count as late. A clock by which the lake is not made yet says nothing.
async fn set_back(house: &House) {
    // Until then the watermark may be that of the round before.
    let mut looks = tokio::time::interval_at(tokio::time::Instant::now() + LOOK, LOOK);
    loop {
        looks.tick().await;
        let (now, watermark) = (wall_clock(), house.progress.borrow().watermark);
        if watermark.is_some_and(|watermark| watermark.since(now) > AHEAD_US_MAX)
            && house.folder.made_at().is_ok_and(|made| made <= now)
        {
            return;
        }
    }
}

/// The next configuration that can be put to work; never, if none comes.
async fn next(house: &House, renewals: &mut mpsc::Receiver<Renewal>) -> Change {
    while let Some(Renewal { mut config, begun }) = renewals.recv().await {
        identify(&house.folder, &mut config).await;
        let folder = Arc::clone(&house.folder);
        let planned = tokio::task::spawn_blocking(move || {
            // A round can end only where its last commit can be written.
            folder.probe("reload-probe")?;
            Plan::of(&folder, config)
        });
        let refused = match planned.await {
            Ok(Ok(plan)) => return Change { plan: Box::new(plan), begun, since: Instant::now() },
            Ok(Err(error)) => error,
            Err(error) => anyhow!(error),
        };
        let _ = begun.send(Err(refused));
    }
    std::future::pending().await
}

/// Whether a task ended by a fault of ours, not by what it met.
fn is_death(error: &anyhow::Error) -> bool {
    error.downcast_ref::<JoinError>().is_some_and(JoinError::is_panic)
}

fn begin_anew(house: &House, error: &anyhow::Error) {
    let text = format!("{error:#}; restarted from the last commit, nothing committed is lost");
    tracing::error!(why = text, "this is a fault of resonanz: please report it");
    house.progress.send_modify(|progress| {
        progress.rounds.restarts += 1;
        progress.rounds.said = Some(Said { kind: "engine_restarted", text });
    });
}
