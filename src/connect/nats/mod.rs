//! How do posts come from NATS JetStream? By a consumer that begins behind our own position, and
//! acknowledges nothing.
//!
//! A server that is killed can forget acknowledgements that it confirmed, so they count for nothing
//! here: the sequence number of the latest message is in the cursor.

mod dial;
mod place;
mod publish;
mod settings;
mod stream;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::{self, Message};
use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};
use tokio::time::{Duration, Instant};

use super::broker::{ANSWER, Begin, Hearing, LISTEN, Wire};
use super::network::SourceSpec;
use super::source::{Fault, Outlet, Source};
use crate::decode::{Cursor, Parcel};
use crate::time::EventTime;
use dial::{Dialed, dial, told};
use place::{Place, Start};
pub use settings::NatsSettings;
pub(super) use settings::configure;
pub(super) use stream::configure_stream;

/// Messages asked for at once, and their bytes.
const BATCH: usize = 1_024;
const BATCH_BYTES: usize = 16 << 20;
/// After which time the server forgets a consumer of ours that asks for nothing.
const FORGET: Duration = Duration::from_secs(60);

/// One stream of a NATS server.
#[derive(Debug)]
pub(super) struct Nats {
    settings: NatsSettings,
    hearing: Hearing,
    /// Up to where everything was handed over.
    place: Option<Place>,
    /// What was read behind that.
    parcel: Parcel,
    /// Messages of the stream behind the latest one, as the server knew when it sent that.
    unread: u64,
}

impl Nats {
    fn new(settings: NatsSettings, wire: &Wire, spec: &SourceSpec) -> Self {
        let hearing = Hearing::new(wire, spec);
        let place = spec.cursor.as_ref().and_then(Cursor::read);
        Self { parcel: hearing.parcel(), settings, hearing, place, unread: 0 }
    }

    /// A consumer that begins behind our position; what the stream does not have any more is a gap.
    async fn consumer(&mut self, dialed: &Dialed, outlet: &Outlet) -> Result<PullConsumer, Fault> {
        let context = jetstream::new(dialed.client.clone());
        let stream = context.get_stream(&self.settings.stream).await;
        let stream = stream.map_err(|error| {
            let name = &self.settings.stream;
            match error.kind() {
                GetStreamErrorKind::JetStream(said) if said.code() == 404 => {
                    Fault::external(format!("the server has no stream \"{name}\" yet"))
                }
                _ => Fault::external(format!("stream \"{name}\": {}", told(&error))),
            }
        })?;
        let info = stream.cached_info();
        let Start { next, place, gap } = Place::start(
            self.place,
            self.settings.begin == Begin::Oldest,
            info.created.unix_timestamp(),
            (info.state.first_sequence, info.state.last_sequence),
        );
        if let Some(gap) = gap {
            outlet.gap(gap);
        }
        if self.place != Some(place) {
            self.place = Some(place);
            let mut parcel = self.hearing.parcel();
            parcel.cursor = Some(Cursor::of(&place));
            outlet.send(parcel).await?;
        }
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: next },
            ack_policy: AckPolicy::None,
            filter_subject: self.settings.subject.clone().unwrap_or_default(),
            inactive_threshold: FORGET,
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        let made = stream.create_consumer(config).await;
        made.map_err(|error| Fault::external(format!("no consumer: {}", told(&error))))
    }

    async fn listen(&mut self, dialed: &Dialed, outlet: &Outlet) -> Result<(), Fault> {
        let consumer = self.consumer(dialed, outlet).await?;
        self.unread = consumer.cached_info().num_pending;
        outlet.unread(self.unread);
        // What was not handed over when a connection ended is read again.
        self.parcel = self.hearing.parcel();
        let mut delivered = 0;
        self.hearing.tell(outlet);
        loop {
            let asked = Instant::now();
            let batch = consumer.batch().max_messages(BATCH).max_bytes(BATCH_BYTES);
            let batch = batch.expires(LISTEN).messages().await;
            let mut batch =
                batch.map_err(|error| Fault::external(format!("no messages: {error}")))?;
            loop {
                let next = match batch.next().now_or_never() {
                    Some(next) => next,
                    None => {
                        self.hand_over(outlet).await?;
                        tokio::select! {
                            next = batch.next() => next,
                            () = dialed.lost() => {
                                return Err(Fault::external("the connection to NATS is lost"));
                            }
                            () = outlet.closing() => return Err(Fault::Closed),
                        }
                    }
                };
                let Some(message) = next else { break };
                let message = message.map_err(|error| Fault::external(format!("NATS: {error}")))?;
                self.take(&message, &mut delivered)?;
                if self.parcel.is_full() {
                    self.hand_over(outlet).await?;
                }
            }
            self.hand_over(outlet).await?;
            if outlet.is_closing() {
                return Err(Fault::Closed);
            }
            if asked.elapsed() >= LISTEN + ANSWER / 4 {
                return Err(Fault::external("the server does not answer any more"));
            }
        }
    }

    fn take(&mut self, message: &Message, delivered: &mut u64) -> Result<(), Fault> {
        let info = message.info();
        let info = info.map_err(|error| Fault::external(format!("no JetStream: {error}")))?;
        if info.consumer_sequence != *delivered + 1 {
            return Err(Fault::external("messages were lost on the way; they are read again"));
        }
        *delivered = info.consumer_sequence;
        self.unread = info.pending;
        let at = info.published.unix_timestamp_nanos() / 1_000;
        let at = EventTime(i64::try_from(at).unwrap_or(i64::MAX));
        self.hearing.take(&message.payload, at, &mut self.parcel);
        let place = self.place.map(|place| Place { sequence: info.stream_sequence, ..place });
        self.parcel.cursor = place.as_ref().map(Cursor::of);
        Ok(())
    }

    async fn hand_over(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        self.hearing.tell(outlet);
        outlet.unread(self.unread);
        let Some(cursor) = &self.parcel.cursor else { return Ok(()) };
        let reached = cursor.read();
        outlet.send(self.parcel.take()).await?;
        self.place = reached.or(self.place);
        Ok(())
    }
}

#[async_trait]
impl Source for Nats {
    async fn read(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        let dialed = tokio::select! {
            dialed = dial(&self.settings.server) => dialed?,
            () = outlet.closing() => return Err(Fault::Closed),
        };
        self.listen(&dialed, outlet).await
    }
}
