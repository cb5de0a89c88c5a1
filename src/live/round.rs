//! What belongs to one configuration of a running process? Its sources, engine, lake task and
//! couriers, from the last commit on to one of their own.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

use super::crew::Crew;
use super::decisions::NewReviews;
use super::engine_loop::EngineLoop;
use super::eraser::{Eraser, Following};
use super::goals;
use super::past::Past;
use super::plan::{House, Plan};
use super::reports::Newsroom;
use super::sources::{self, Sources};
use super::store::{Store, Upkeep, resumed_engine};
use super::trouble::Patience;
use super::{LostSource, Stop, Summary};
use crate::config::Config;
use crate::connect::Closing;
use crate::desk::Subject;
use crate::lake::{Folder, Lake};
use crate::notify::{Advice, CourierStats, Desk, GOAL, Message, Outbox};
use crate::post::TopicId;
use crate::state::{Answered, DeskFiles, Reviews};

/// Parcels that may wait for the engine.
const INBOX_PARCELS: usize = 64;
/// How long the last messages may take after the sources have ended.
const FAREWELL: Duration = Duration::from_secs(15);

/// What runs.
pub(super) struct Round {
    sources: Sources,
    engine: JoinHandle<anyhow::Result<()>>,
    store: JoinHandle<anyhow::Result<()>>,
    /// Tells the engine how to end.
    finish: watch::Sender<Stop>,
    /// Rung when engine or lake task ended otherwise than well.
    dead: Arc<Notify>,
    desk: Arc<Desk>,
    crew: Crew,
    stats: Arc<CourierStats>,
}

impl Round {
    /// Goes on from the last commit.
    ///
    /// # Errors
    /// When the lake, the outbox or a model cannot be used.
    pub(super) async fn begin(house: &House, plan: &Plan) -> anyhow::Result<Self> {
        let (config, folder, progress) = (&plan.config, &house.folder, &house.progress);
        let (stats, health) = house.shown();
        let (lake, recovered) = Lake::open(Arc::clone(folder)).await?;
        let outbox = house.outbox()?;
        let desk = open_desk(config, &outbox, folder, &recovered.messages)?;
        let erased = Eraser::erased(folder, &plan.authors)?;
        let analyzer = Arc::clone(&plan.analyzer);
        let (engine, checkpoint) = resumed_engine(config, analyzer, erased, recovered.checkpoint)?;
        // Before the lake is asked: one that comes meanwhile is heard twice rather than never.
        let reviews = NewReviews::of(Reviews::of(folder))?;
        let past = Past::read(folder, config, &engine).await;
        let bell = Arc::new(Notify::new());
        let newsroom = Newsroom::new(config, folder, progress.subscribe());
        let press = newsroom.press();
        let mut crew = Crew::begin(&plan.receivers, &outbox, &bell, &stats, &desk, &press)?;
        crew.join(newsroom.spawn(&config.reports, &outbox, &bell));

        let answered = Answered::open(folder)?;
        for source in health.iter() {
            source.tickets().remember(answered.of(source.name()));
        }
        let (inbox, parcels) = mpsc::channel(INBOX_PARCELS);
        let sources = sources::spawn(config, &checkpoint.cursors, &plan.authors, inbox, &health);
        let (jobs, job_queue) = mpsc::channel(2);
        let (finish, ends) = watch::channel(Stop::Finish);
        let patience = Patience::of(config, progress, &ends);
        let following = Arc::new(Following::of(folder));
        let (erasing, interval) = (Arc::clone(&following), Some(config.follow_deletes));
        let eraser = Eraser::new(Arc::clone(folder), &plan.authors, outbox, erasing, interval);
        let mut engine_loop = EngineLoop::new(
            config,
            engine,
            checkpoint,
            Arc::clone(folder),
            following,
            jobs,
            patience.clone(),
        );
        engine_loop.recall(past);
        let store = Store {
            lake,
            desk: Arc::clone(&desk),
            bell,
            committed: Arc::clone(progress),
            answered,
            decisions: Arc::clone(&engine_loop.decisions),
            reviews,
            upkeep: Upkeep::new(folder, &config.lake),
            eraser,
            patience,
        };
        let dead = Arc::new(Notify::new());
        let alarm = Alarm::new(&dead);
        let store = tokio::spawn(async move { alarm.unless(store.run(job_queue).await) });
        if let Some(goals) = goals::spawn(config, &engine_loop.slips, progress) {
            crew.join(goals);
        }
        let (runtime, alarm) = (Handle::current(), Alarm::new(&dead));
        let engine = tokio::task::spawn_blocking(move || {
            alarm.unless(engine_loop.run(&runtime, parcels, &ends, &health))
        });
        Ok(Self { sources, engine, store, finish, dead, desk, crew, stats })
    }

    /// Waits until it has to end by itself: its sources have ended, or engine or lake task died.
    pub(super) async fn over(&mut self) {
        tokio::select! {
            () = self.sources.all_ended() => {}
            // Quiet sources would not notice.
            () = self.dead.notified() => {}
        }
    }

    /// Ends at a commit; messages on their way get a while, the rest is kept for the next start.
    ///
    /// # Errors
    /// When the last commit fails, or a task died; what was committed before stands.
    pub(super) async fn end(mut self, house: &House, stop: Stop) -> anyhow::Result<Summary> {
        // What a source that was given up still has may come once it is mended.
        let is_whole = self.sources.lost().is_empty();
        let how = if is_whole { stop.at_end() } else { Stop::Interrupt };
        let (closed, lost) = self.close(how, Closing::Ended).await;
        let outbox = house.outbox()?;
        if closed.is_ok() {
            farewell(&outbox).await?;
        }
        self.crew.end().await;
        closed?;
        self.desk.publish(&self.stats)?;
        let undelivered = outbox.pending_len()? + self.stats.given_up();
        let progress = house.progress.borrow().clone();
        Ok(Summary { progress, delivered: self.stats.delivered(), undelivered, lost })
    }

    /// Ends at a commit, for the next round to go on.
    ///
    /// # Errors
    /// As [`Round::end`].
    pub(super) async fn pass_on(mut self) -> anyhow::Result<()> {
        let (closed, _) = self.close(Stop::Interrupt, Closing::Renewed).await;
        self.crew.end().await;
        closed
    }

    /// Ends sources, engine and lake task.
    async fn close(
        &mut self,
        how: Stop,
        closing: Closing,
    ) -> (anyhow::Result<()>, Vec<LostSource>) {
        self.finish.send_replace(how);
        let lost = self.sources.stop(closing).await;
        let engine = (&mut self.engine).await.context("the engine thread");
        let store = (&mut self.store).await.context("the store task");
        // An engine that cannot hand over says less than the lake task that did not take it.
        (store.and_then(|store| store).and_then(|()| engine?), lost)
    }
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

/// Whether alerts of this kind can still come.
fn watches(config: &Config, subject: &Subject) -> bool {
    if subject.rule_type == GOAL {
        return config.charter.goals.iter().any(|goal| goal.name == subject.rule);
    }
    let topic = config.topics.iter().position(|topic| topic.name == subject.topic);
    let watched = |id: &TopicId| topic == Some(id.0 as usize);
    // What a rule says of a whole source is about no topic.
    config
        .rules
        .iter()
        .find(|rule| rule.name == subject.rule)
        .is_some_and(|rule| rule.whole_source().is_some() || rule.topics.iter().any(watched))
}

/// Waits a while for messages on their way.
async fn farewell(outbox: &Outbox) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + FAREWELL;
    while outbox.pending_len()? > 0 && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
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
