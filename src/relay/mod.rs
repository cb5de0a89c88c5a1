//! How do posts get from connectors to a stream that many processes read? A relay runs the sources,
//! writes each of their events to the broker, and remembers where they go on once it has acknowledged.
//!
//! It knows no topics and keeps no posts. What is written twice, since it was killed before it could
//! note the acknowledgement, the broker and the engines know again by its id.

mod place;
mod send;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use crate::config::Config;
use crate::connect::{Closing, SourceState, SourcesHealth, StreamConfig};
use crate::decode::{AuthorHasher, Beat, Landed, Parcel, Ticket};
use crate::live::{LostSource, Progress, Stop, sources};
use crate::post::SourceId;
use crate::state::{Answered, Home, Site};
use crate::system::{crash_point, wall_clock};
use place::{Place, name};
use send::Sender;

/// Parcels that may wait to be sent.
const INBOX_PARCELS: usize = 64;
/// Parcels taken from the inbox at once.
const PARCELS: usize = 32;
/// Messages and bytes that are sent before the next acknowledgement is waited for.
const BATCH_MESSAGES: usize = 2_048;
const BATCH_BYTES: usize = 4 << 20;
/// How often a relay says that it lives.
const BEAT: Duration = Duration::from_secs(5);
/// Longest time between an acknowledgement and the note of it, while messages come without a pause.
const NOTE: Duration = Duration::from_millis(500);

/// What a relay leaves to report.
#[derive(Debug, Clone)]
pub struct Relayed {
    /// Events that the broker has acknowledged.
    pub events: u64,
    /// What could not be understood, or was too large for the broker.
    pub refused: u64,
    /// Sources that were given up.
    pub lost: Vec<LostSource>,
}

/// Runs the sources of a configuration into its stream, until they end or `stop` says so.
///
/// While the broker cannot be reached the sources wait, and nothing is lost.
///
/// # Errors
/// When the relay's folder cannot be used, or the broker refuses what only its user can mend.
pub async fn relay(
    config: &Config,
    stream: &StreamConfig,
    mut stop: watch::Receiver<Stop>,
    progress: &Arc<watch::Sender<Progress>>,
) -> anyhow::Result<Relayed> {
    let home = Arc::new(Home::write(Site::from(&stream.state))?);
    let key = home.relay_keys(config.author_key_file.as_deref())?;
    let authors = AuthorHasher::new(key).with_names(config.names);
    let health = SourcesHealth::new(config.sources.iter().map(|source| source.name.clone()));
    let answered = Answered::open(&home)?;
    for source in health.iter() {
        source.tickets().remember(answered.of(source.name()));
    }
    progress.send_modify(|progress| progress.sources = health.clone());
    let place = Place::open(&home)?;
    let (inbox, parcels) = mpsc::channel(INBOX_PARCELS);
    let mut reading = sources::spawn(config, place.cursors(), &authors, inbox, &health);
    let sender = Sender::new(Arc::clone(&stream.kind), authors.stamp(), stop.clone());
    let beat = name(&home)?;
    let (progress, waiting) = (Arc::clone(progress), Vec::new());
    let mut desk = Relay {
        home,
        health,
        answered,
        place,
        sender,
        name: beat,
        progress,
        waiting,
        events: 0,
        refused: 0,
        noted: Instant::now(),
    };
    let mut working = tokio::spawn(async move { desk.work(parcels).await.map(|()| desk) });
    let ended = tokio::select! {
        () = reading.all_ended() => None,
        _ = stop.wait_for(|stop| *stop != Stop::No) => None,
        ended = &mut working => Some(ended),
    };
    // Whoever hands something over still is heard until its end.
    let lost = reading.stop(Closing::Ended).await;
    let ended = match ended {
        Some(ended) => ended,
        None => working.await,
    };
    let desk = ended.context("the relay's task")??;
    Ok(Relayed { events: desk.events, refused: desk.refused, lost })
}

/// The task between inbox and broker.
struct Relay {
    home: Arc<Home>,
    health: SourcesHealth,
    answered: Answered,
    place: Place,
    sender: Sender,
    name: Box<str>,
    progress: Arc<watch::Sender<Progress>>,
    /// Those who wait until what they brought is safe.
    waiting: Vec<(SourceId, Ticket)>,
    events: u64,
    refused: u64,
    /// When places were noted last.
    noted: Instant,
}

impl Relay {
    /// Works until all sources have hung up.
    async fn work(&mut self, mut parcels: mpsc::Receiver<Parcel>) -> anyhow::Result<()> {
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut taken = Vec::with_capacity(PARCELS);
        loop {
            tokio::select! {
                biased;
                _ = beats.tick() => {
                    let lost = self.lost_sources();
                    self.sender.beat(&Beat { relay: self.name.clone(), lost }, wall_clock());
                    self.send().await?;
                }
                count = parcels.recv_many(&mut taken, PARCELS) => {
                    if count == 0 {
                        self.send().await?;
                        return self.note();
                    }
                    for parcel in taken.drain(..) {
                        self.take(parcel)?;
                        if self.sender.messages() >= BATCH_MESSAGES || self.sender.bytes() >= BATCH_BYTES {
                            self.send().await?;
                        }
                    }
                    self.send().await?;
                    if parcels.is_empty() || !self.waiting.is_empty() || self.noted.elapsed() >= NOTE {
                        self.note()?;
                    }
                }
            }
        }
    }

    /// Names of sources that will be asked for what is missed now.
    fn lost_sources(&self) -> Vec<Box<str>> {
        let is_lost = |state| matches!(state, SourceState::Starting | SourceState::Down);
        let lost = self.health.iter().filter(|source| is_lost(source.state()));
        lost.map(|source| source.name().as_str().into()).collect()
    }

    /// Makes messages of a parcel.
    fn take(&mut self, parcel: Parcel) -> anyhow::Result<()> {
        for refused in &parcel.refused {
            self.refuse(parcel.source.as_str(), &refused.reason, &refused.raw)?;
        }
        let (source, taken) = (parcel.source, parcel.events.len());
        for event in &parcel.events {
            if let Err(reason) = self.sender.push(event) {
                self.refuse(source.as_str(), &reason, b"")?;
            }
        }
        let taken = u64::try_from(taken).unwrap_or(u64::MAX);
        self.events += taken;
        let (refused, malformed) = (parcel.refused.len(), self.refused);
        self.progress.send_modify(|progress| {
            progress.ignored += parcel.ignored;
            progress.cut += parcel.cut;
            progress.mended += parcel.mended;
            progress.tally.events += taken;
            progress.malformed = malformed;
            if refused > 0 {
                parcel.refused.iter().for_each(|letter| {
                    progress.note_refusal(source.as_str(), &letter.reason);
                });
            }
        });
        if let Some(cursor) = parcel.cursor {
            self.place.reach(&source, cursor);
        }
        if let Some(ticket) = parcel.ticket {
            let landed = Landed { taken, ..Landed::default() };
            self.waiting.push((source, Ticket { landed, ..ticket }));
        }
        Ok(())
    }

    fn refuse(&mut self, source: &str, reason: &str, raw: &[u8]) -> anyhow::Result<()> {
        self.refused += 1;
        let letters = self.home.dead_letters();
        letters.write(source, reason, raw).with_context(|| letters.path().display().to_string())
    }

    /// Waits until the broker has acknowledged all messages so far.
    async fn send(&mut self) -> anyhow::Result<()> {
        crash_point("relay.taken");
        self.sender.send(&self.progress).await?;
        crash_point("relay.acknowledged");
        Ok(())
    }

    /// Notes where sources go on, then tells who waits.
    fn note(&mut self) -> anyhow::Result<()> {
        self.noted = Instant::now();
        self.place.write()?;
        crash_point("relay.noted");
        let waiting = std::mem::take(&mut self.waiting);
        self.answered.add(&waiting, wall_clock())?;
        for (name, ticket) in waiting {
            if let Some(source) = self.health.iter().find(|source| *source.name() == name) {
                source.tickets().settle(ticket);
            }
        }
        self.progress.send_modify(|progress| progress.commits += 1);
        Ok(())
    }
}
