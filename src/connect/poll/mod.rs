//! How are posts heard on a platform that has to be asked? One poller for all of them; a preset says
//! how each answers.
//!
//! A look asks for what is new since the last one, hands it over with the place to go on from, then
//! asks again for posts that are young: for edits, deletes, and what people made of them.

mod access;
mod account;
mod ask;
mod asks;
mod budget;
mod field;
mod granted;
mod look;
mod manners;
mod paging;
mod place;
mod plan;
mod preset;
mod presets;
mod read;
mod recheck;
mod service;
mod settings;
#[cfg(test)]
mod shapes;
mod span;
mod stop;
mod template;
mod test;
mod written;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::backoff::Backoff;
use super::feed::Bell;
use super::source::{Fault, Outlet, Source};
use crate::connect::network::SourceSpec;
use crate::decode::{Cursor, Decoder, Format, Parcel};
use crate::post::Event;
use crate::system::wall_clock;
use crate::time::EventTime;
use ask::Asker;
use place::Place;
use plan::{Named, Plan};
pub use presets::{PresetCard, preset_cards};
pub use settings::PollSettings;
pub(super) use settings::configure;
use stop::Stop;

/// Events of a parcel.
const PARCEL_EVENTS: usize = 1_024;
/// How long a place without posts waits before it is handed over.
const PLACE_EVERY: Duration = Duration::from_secs(60);
/// Own wait after a refusal that names one.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How long a platform is not asked while its feed says nothing.
const BLIND: Duration = Duration::from_secs(3_600);

/// A platform that is asked again and again.
#[derive(Debug)]
pub struct Poll {
    plan: Arc<Plan>,
    decoder: Decoder,
    asker: Asker,
    /// Ids of handles that stand in place of them.
    ids: Named,
    /// Where to go on, as far as it was handed over.
    place: Place,
    /// When it was handed over last.
    handed: Option<Instant>,
    /// What goes with the next events.
    parcel: Parcel,
    /// Items that were refused, by hash.
    refused: HashSet<u64>,
    backoff: Backoff,
    /// What tells when there is something new, if something does.
    bell: Option<Bell>,
}

impl Poll {
    fn new(plan: Arc<Plan>, spec: SourceSpec) -> Self {
        let decoder = spec.decoder(Format::Archive);
        let question = plan.question();
        let place = spec.cursor.as_ref().and_then(Cursor::read::<Place>).unwrap_or_default();
        let spent = place.spent.clone();
        // The place of another question says nothing about this one; what was spent, it does.
        let place =
            if place.question == question { place } else { Place { question, ..Place::default() } };
        Self {
            bell: plan.bell.as_ref().map(|bell| bell.bell(&spec.name)),
            asker: Asker::new(Arc::clone(&plan), spent),
            parcel: Parcel::new(decoder.source()),
            plan,
            decoder,
            ids: Named::new(),
            place,
            handed: None,
            refused: HashSet::new(),
            backoff: Backoff::new(FIRST_WAIT, LONGEST_WAIT),
        }
    }

    /// Hands over events, oldest first, and behind them the place that they lead to.
    async fn hand_over(
        &mut self,
        mut events: Vec<(EventTime, Event)>,
        place: Place,
        outlet: &Outlet,
    ) -> Result<(), Fault> {
        let place = Place { spent: self.asker.spent.clone(), ..place };
        let is_due = self.handed.is_none_or(|handed| handed.elapsed() >= PLACE_EVERY);
        if events.is_empty() && self.parcel.is_empty() && (place == self.place || !is_due) {
            self.place = place;
            return Ok(());
        }
        // A post that is older than one before it would count as late.
        events.sort_by_key(|(posted_at, _)| *posted_at);
        let mut events = events.into_iter().map(|(_, event)| event).peekable();
        loop {
            self.parcel.events.extend(events.by_ref().take(PARCEL_EVENTS));
            let is_last = events.peek().is_none();
            if is_last {
                self.parcel.cursor = Some(Cursor::of(&place));
            }
            outlet.send(self.parcel.take()).await?;
            if is_last {
                break;
            }
        }
        (self.place, self.handed) = (place, Some(Instant::now()));
        Ok(())
    }

    async fn wait(&mut self, reason: &str, wait: Duration, outlet: &Outlet) {
        let until = wall_clock().shift(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
        let until = until.floor(crate::time::SECOND_US);
        outlet.waiting(&format!("{reason}; asked again at {until}"));
        outlet.pause(wait + self.backoff.next_wait()).await;
    }
}

#[async_trait]
impl Source for Poll {
    async fn read(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        self.bell.iter().for_each(Bell::begin);
        let ended = self.ask_on(outlet).await;
        self.bell.iter().for_each(Bell::end);
        ended
    }
}

impl Poll {
    /// Looks again and again.
    async fn ask_on(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        // Its hub is asked to tell from now on; what is there already, the first look finds.
        self.has_news(outlet).await?;
        loop {
            let begun = Instant::now();
            self.asker.cost = 0;
            match self.look(outlet).await {
                Ok(true) => {
                    self.backoff.reset();
                    let every = self.plan.interval.max(self.asker.pace());
                    let rest = every.saturating_sub(begun.elapsed());
                    if !outlet.pause_or(rest, knock(&mut self.bell)).await {
                        self.await_news(outlet).await?;
                    }
                }
                // What the platform closed can be opened again.
                Ok(false) => {
                    let wait = self.plan.interval;
                    self.wait("there is nothing to hear there now", wait, outlet).await;
                }
                Err(stop) => match (stop.wait(), stop) {
                    // A limit is not a loss: nothing is missed but time.
                    (Some((reason, wait)), _) => self.wait(&reason, wait, outlet).await,
                    (None, Stop::Fault(fault)) => return Err(fault),
                    (None, Stop::Wait { .. }) => {}
                },
            }
            if outlet.is_closing() {
                return Err(Fault::Closed);
            }
        }
    }
}

impl Poll {
    /// Where a feed tells of news: waits for some, while posts that are young are asked for again.
    async fn await_news(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        let begun = Instant::now();
        while self.bell.is_some() && begun.elapsed() < BLIND && !self.has_news(outlet).await? {
            match self.look_again(outlet).await {
                // The next look says what is wrong.
                Err(Stop::Fault(Fault::Closed)) => return Err(Fault::Closed),
                Err(_) => return Ok(()),
                Ok(()) => {}
            }
            let is_knocked = outlet.pause_or(self.plan.interval, knock(&mut self.bell)).await;
            if is_knocked || outlet.is_closing() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether a feed tells of news. One that cannot be read is no reason to ask less often.
    async fn has_news(&mut self, outlet: &Outlet) -> Result<bool, Fault> {
        let Some(bell) = &mut self.bell else { return Ok(false) };
        match bell.has_rung(outlet).await {
            Err(Fault::Closed) => Err(Fault::Closed),
            Err(fault) => {
                outlet.remark(&format!("its feed tells nothing of news: {fault}"));
                Ok(true)
            }
            rung => rung,
        }
    }
}

/// Waits until a hub knocks; for ever, if none can.
async fn knock(bell: &mut Option<Bell>) {
    match bell {
        Some(bell) => bell.knock().await,
        None => std::future::pending().await,
    }
}

/// Ids that were taken in already on this look.
type Seen = HashSet<String>;
