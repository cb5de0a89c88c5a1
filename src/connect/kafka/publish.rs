//! How is a topic written? What has one key goes to one partition, so that its order stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use rskafka::chrono::{DateTime, Utc};
use rskafka::client::partition::{Compression, PartitionClient};
use rskafka::record::Record;

use super::dial::{answered, dial, partition, partitions};
use super::settings::KafkaSettings;
use crate::connect::broker::{Outgoing, Publisher};
use crate::connect::source::Fault;
use crate::system::wall_clock;

/// Longest payload: brokers take batches of a megabyte unless they are told otherwise.
const BYTES_MAX: usize = 1_000_000;
/// Bytes written to a partition at once.
const BATCH_BYTES: usize = 900_000;
/// Longest time for a topic that is made, in milliseconds.
const MAKE_MS: i32 = 8_000;

/// A connection that writes to one topic.
pub(super) struct KafkaPublisher {
    partitions: Vec<Arc<PartitionClient>>,
}

impl KafkaPublisher {
    /// `made` are the partitions and replicas of a topic that is not there yet.
    pub(super) async fn open(settings: &KafkaSettings, made: (i32, i16)) -> Result<Self, Fault> {
        let client = dial(&settings.cluster).await?;
        let topic = &settings.topic;
        let mut numbers = partitions(&client, topic).await?;
        if numbers.is_empty() {
            let controller = client.controller_client();
            let controller = controller.map_err(|error| Fault::external(error.to_string()))?;
            answered(controller.create_topic(topic, made.0, made.1, MAKE_MS)).await?;
            numbers = partitions(&client, topic).await?;
        }
        if numbers.is_empty() {
            return Err(Fault::external(format!("topic \"{topic}\" is not there yet")));
        }
        let mut opened = Vec::new();
        for number in numbers {
            opened.push(partition(&client, topic, number).await?);
        }
        Ok(Self { partitions: opened })
    }

    /// The partition of a key, the same in every process as long as their number is.
    fn place(&self, key: &str) -> usize {
        let hash = blake3::hash(key.as_bytes());
        let first = hash.as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
        let count = u64::try_from(self.partitions.len()).unwrap_or(1).max(1);
        usize::try_from(first % count).unwrap_or(0)
    }
}

#[async_trait]
impl Publisher for KafkaPublisher {
    fn bytes_max(&self) -> usize {
        BYTES_MAX
    }

    async fn publish(&mut self, messages: &[Outgoing]) -> Result<(), Fault> {
        let timestamp = DateTime::<Utc>::from_timestamp_micros(wall_clock().0).unwrap_or_default();
        let mut records: BTreeMap<usize, Vec<Record>> = BTreeMap::new();
        for Outgoing { id, key, payload } in messages {
            let headers = [("id".to_owned(), id.clone().into_bytes())].into_iter();
            records.entry(self.place(key)).or_default().push(Record {
                key: Some(key.clone().into_bytes()),
                value: Some(payload.clone()),
                headers: headers.filter(|(_, id)| !id.is_empty()).collect(),
                timestamp,
            });
        }
        let write = |(place, records): (usize, Vec<Record>)| {
            let partition = self.partitions.get(place).cloned();
            async move {
                let Some(partition) = partition else { return Ok(()) };
                for batch in batches(records) {
                    answered(partition.produce(batch, Compression::NoCompression)).await?;
                }
                Ok::<(), Fault>(())
            }
        };
        try_join_all(records.into_iter().map(write)).await.map(drop)
    }
}

/// Records in order, cut where a broker takes no more at once.
fn batches(records: Vec<Record>) -> Vec<Vec<Record>> {
    let (mut all, mut bytes) = (vec![Vec::new()], 0);
    for record in records {
        let size = record.approximate_size();
        if bytes + size > BATCH_BYTES && bytes > 0 {
            all.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(last) = all.last_mut() {
            last.push(record);
        }
    }
    all
}
