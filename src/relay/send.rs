//! How do messages reach the broker, whatever happens on the way? In order, again and again, until they
//! are acknowledged.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::connect::{Backoff, Fault, Outgoing, Publisher, StreamKind};
use crate::decode::{Beat, message_id, relayed_beat, relayed_event};
use crate::live::{Progress, Stop, Trouble};
use crate::post::Event;
use crate::system::wall_clock;
use crate::time::EventTime;

const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Longest id that is sent as it is, in bytes.
const ID_BYTES_MAX: usize = 200;
/// Largest message where the broker has said nothing yet: what every one takes.
const BYTES_MAX: usize = 1_000_000;

/// Messages on their way.
pub(super) struct Sender {
    kind: Arc<dyn StreamKind>,
    publisher: Option<Box<dyn Publisher>>,
    backoff: Backoff,
    stop: watch::Receiver<Stop>,
    /// Of the keys under which authors are hashed.
    stamp: String,
    messages: Vec<Outgoing>,
    bytes: usize,
}

impl Sender {
    pub(super) fn new(
        kind: Arc<dyn StreamKind>,
        stamp: String,
        stop: watch::Receiver<Stop>,
    ) -> Self {
        let backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        Self { kind, publisher: None, backoff, stop, stamp, messages: Vec::new(), bytes: 0 }
    }

    pub(super) fn messages(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds an event; refuses one that the broker would not take.
    pub(super) fn push(&mut self, event: &Event) -> Result<(), String> {
        let (Some(payload), Some(id)) = (relayed_event(event, &self.stamp), message_id(event))
        else {
            return Ok(());
        };
        let most = self.publisher.as_ref().map_or(BYTES_MAX, |publisher| publisher.bytes_max());
        if payload.len() > most {
            return Err(format!("a message of {} bytes; the broker takes {most}", payload.len()));
        }
        let key = event.source().as_str().to_owned();
        self.add(Outgoing { id: safe(id), key, payload });
        Ok(())
    }

    /// Adds a sign of life.
    pub(super) fn beat(&mut self, beat: &Beat, now: EventTime) {
        let payload = relayed_beat(beat, now);
        self.add(Outgoing { id: String::new(), key: beat.relay.to_string(), payload });
    }

    fn add(&mut self, message: Outgoing) {
        self.bytes += message.payload.len();
        self.messages.push(message);
    }

    /// Sends all messages until they are acknowledged.
    ///
    /// # Errors
    /// When only the user can mend what the broker says, or the process ends before the broker takes
    /// them; then they are read from their sources again.
    pub(super) async fn send(&mut self, progress: &watch::Sender<Progress>) -> Result<(), Fault> {
        while !self.messages.is_empty() {
            let fault = match self.attempt().await {
                Ok(()) => {
                    self.messages.clear();
                    self.bytes = 0;
                    self.backoff.reset();
                    progress.send_if_modified(|progress| progress.trouble.take().is_some());
                    return Ok(());
                }
                Err(fault) => fault,
            };
            self.publisher = None;
            let Fault::External { reason, .. } = &fault else { return Err(fault) };
            tracing::warn!(reason, "the broker does not accept messages; trying again");
            progress.send_modify(|progress| {
                if progress.trouble.is_none() {
                    progress.troubles += 1;
                    let hint =
                        "check that the broker is running; sources wait meanwhile".to_owned();
                    let why = reason.clone();
                    progress.trouble = Some(Trouble { since: wall_clock(), why, hint });
                }
            });
            let wait = self.backoff.next_wait();
            let stopped = tokio::time::timeout(wait, self.stop.wait_for(|stop| *stop != Stop::No));
            if stopped.await.is_ok() {
                return Err(fault);
            }
        }
        Ok(())
    }

    async fn attempt(&mut self) -> Result<(), Fault> {
        let publisher = match &mut self.publisher {
            Some(publisher) => publisher,
            none => none.insert(self.kind.publisher().await?),
        };
        publisher.publish(&self.messages).await
    }
}

/// An id that fits into a header: one that does not is hashed.
fn safe(id: String) -> String {
    if id.len() <= ID_BYTES_MAX && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        id
    } else {
        blake3::hash(id.as_bytes()).to_hex().to_string()
    }
}
