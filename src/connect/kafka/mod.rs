//! How do posts come from Kafka, or whatever speaks its protocol? Partition by partition, from our own
//! offsets; no group, no commit.
//!
//! The offset to read next of each partition is in the cursor.

mod dial;
mod place;
mod publish;
mod settings;
mod stream;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use rskafka::client::Client;
use rskafka::client::error::{Error, ProtocolError};
use rskafka::client::partition::{OffsetAt, PartitionClient};
use rskafka::record::RecordAndOffset;
use tokio::time::timeout;

use super::broker::{ANSWER, Begin, Hearing, LISTEN, Wire};
use super::network::SourceSpec;
use super::source::{Fault, Outlet, Source};
use crate::decode::{Cursor, Parcel};
use crate::time::EventTime;
use dial::{answered, dial, partition, partitions, told};
use place::{Place, out_of_range};
pub use settings::KafkaSettings;
pub(super) use settings::configure;
pub(super) use stream::configure_stream;

/// Bytes asked for at once of a partition; a larger record comes alone.
const FETCH_BYTES: i32 = 2 << 20;
/// How long a broker waits for records, in milliseconds.
const FETCH_WAIT_MS: i32 = 500;

/// One topic.
#[derive(Debug)]
pub(super) struct Kafka {
    settings: KafkaSettings,
    hearing: Hearing,
    /// Up to where everything was handed over.
    place: Place,
    /// Records of each partition that were not handed over when it was asked last.
    unread: BTreeMap<i32, u64>,
}

/// What a partition answered.
struct Fetched {
    partition: Arc<PartitionClient>,
    from: i64,
    /// Records, and the offset behind the partition's last one.
    records: Result<(Vec<RecordAndOffset>, i64), Error>,
}

type Fetching = FuturesUnordered<BoxFuture<'static, Result<Fetched, Fault>>>;

impl Kafka {
    fn new(settings: KafkaSettings, wire: &Wire, spec: &SourceSpec) -> Self {
        let place = spec.cursor.as_ref().and_then(Cursor::read).unwrap_or_default();
        Self { settings, hearing: Hearing::new(wire, spec), place, unread: BTreeMap::new() }
    }

    /// Begins to read every partition that there is.
    async fn begin(&mut self, client: &Client, outlet: &Outlet) -> Result<Fetching, Fault> {
        let topic = &self.settings.topic;
        let numbers = partitions(client, topic).await?;
        if numbers.is_empty() {
            return Err(Fault::external(format!("topic \"{topic}\" is not there")));
        }
        let fetching = Fetching::new();
        self.unread.clear();
        // What is new in a topic that is read already is read from its beginning.
        let at = match self.settings.begin {
            Begin::Now if self.place.next.is_empty() => OffsetAt::Latest,
            Begin::Now | Begin::Oldest => OffsetAt::Earliest,
        };
        let mut place = self.place.clone();
        for number in numbers {
            let partition = partition(client, topic, number).await?;
            let next = match place.next.get(&number) {
                Some(next) => *next,
                None => answered(partition.get_offset(at)).await?,
            };
            place.next.insert(number, next);
            fetching.push(fetch(partition, next));
        }
        if place != self.place {
            self.hand_over(self.hearing.parcel(), place, outlet).await?;
        }
        Ok(fetching)
    }

    async fn listen(&mut self, client: &Client, outlet: &Outlet) -> Result<(), Fault> {
        let mut fetching = self.begin(client, outlet).await?;
        self.hearing.tell(outlet);
        loop {
            let fetched = tokio::select! {
                fetched = fetching.next() => fetched,
                () = outlet.closing() => return Err(Fault::Closed),
            };
            let Some(fetched) = fetched else {
                return Err(Fault::external("the topic has no partitions any more"));
            };
            let Fetched { partition, from, records } = fetched?;
            let next = match records {
                Ok((records, end)) => {
                    let unread = u64::try_from(end.saturating_sub(from)).unwrap_or_default();
                    self.unread.insert(partition.partition(), unread);
                    outlet.unread(self.unread.values().sum());
                    self.take(&partition, from, records, outlet).await?
                }
                Err(Error::ServerError {
                    protocol_error: ProtocolError::OffsetOutOfRange, ..
                }) => self.skip(&partition, from, outlet).await?,
                Err(error) => return Err(fault(&error)),
            };
            self.hearing.tell(outlet);
            fetching.push(fetch(partition, next));
        }
    }

    /// Hands over records, and says which one comes next.
    async fn take(
        &mut self,
        partition: &PartitionClient,
        from: i64,
        records: Vec<RecordAndOffset>,
        outlet: &Outlet,
    ) -> Result<i64, Fault> {
        let (mut parcel, mut next) = (self.hearing.parcel(), from);
        for RecordAndOffset { record, offset } in records {
            // A broker sends the batch that an offset lies in from its beginning.
            if offset < next {
                continue;
            }
            next = offset + 1;
            let at = EventTime(record.timestamp.timestamp_micros());
            // A record without a value only says that its key is void.
            if let Some(value) = &record.value {
                self.hearing.take(value, at, &mut parcel);
            }
            if parcel.is_full() {
                let place = self.place.at(partition.partition(), next);
                self.hand_over(parcel.take(), place, outlet).await?;
            }
        }
        if next > from {
            let place = self.place.at(partition.partition(), next);
            self.hand_over(parcel, place, outlet).await?;
        }
        Ok(next)
    }

    /// Reports what a partition does not have any more, and says where it goes on.
    async fn skip(
        &mut self,
        partition: &PartitionClient,
        next: i64,
        outlet: &Outlet,
    ) -> Result<i64, Fault> {
        let oldest = answered(partition.get_offset(OffsetAt::Earliest)).await?;
        let end = answered(partition.get_offset(OffsetAt::Latest)).await?;
        let number = partition.partition();
        let (next, gap) = out_of_range(number, next, (oldest, end));
        outlet.gap(gap);
        let place = self.place.at(number, next);
        self.hand_over(self.hearing.parcel(), place, outlet).await?;
        Ok(next)
    }

    async fn hand_over(
        &mut self,
        mut parcel: Parcel,
        place: Place,
        outlet: &Outlet,
    ) -> Result<(), Fault> {
        parcel.cursor = Some(Cursor::of(&place));
        outlet.send(parcel).await?;
        self.place = place;
        Ok(())
    }
}

impl Place {
    /// The same with another offset of a partition.
    fn at(&self, partition: i32, next: i64) -> Self {
        let mut place = self.clone();
        place.next.insert(partition, next);
        place
    }
}

/// Asks a partition for what comes from an offset on.
fn fetch(partition: Arc<PartitionClient>, from: i64) -> BoxFuture<'static, Result<Fetched, Fault>> {
    Box::pin(async move {
        let asked = partition.fetch_records(from, 1..FETCH_BYTES, FETCH_WAIT_MS);
        let records = timeout(LISTEN + ANSWER, asked).await;
        let records =
            records.map_err(|_| Fault::external("the broker does not answer any more"))?;
        Ok(Fetched { partition, from, records })
    })
}

fn fault(error: &Error) -> Fault {
    let said = told(error);
    if said.contains("Unimplemented compression") {
        let hint = "let producers compress with gzip, snappy, lz4 or zstd, or not at all";
        return Fault::user(format!("the topic's records cannot be unpacked: {said}"), hint);
    }
    Fault::external(said)
}

#[async_trait]
impl Source for Kafka {
    async fn read(&mut self, outlet: &Outlet) -> Result<(), Fault> {
        let client = tokio::select! {
            client = dial(&self.settings.cluster) => client?,
            () = outlet.closing() => return Err(Fault::Closed),
        };
        self.listen(&client, outlet).await
    }
}
