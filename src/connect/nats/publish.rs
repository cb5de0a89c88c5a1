//! How is a stream of NATS written? Each message under an id, acknowledged one by one.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::{self, Context, stream};
use async_trait::async_trait;

use super::dial::{Dialed, dial, told};
use super::settings::NatsSettings;
use crate::connect::broker::{Outgoing, Publisher};
use crate::connect::source::Fault;

/// Room for headers and subject in the server's largest message, in bytes.
const HEADERS_BYTES: usize = 4 << 10;
/// For how long a stream that we make knows ids again.
const DUPLICATES: Duration = Duration::from_secs(120);

/// How a stream is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retention {
    pub(super) keep: Duration,
    pub(super) replicas: usize,
}

/// A connection that writes to one subject.
pub(super) struct NatsPublisher {
    context: Context,
    subject: String,
    bytes_max: usize,
    /// Kept for the connection.
    dialed: Dialed,
}

impl NatsPublisher {
    pub(super) async fn open(settings: &NatsSettings, retention: Retention) -> Result<Self, Fault> {
        let dialed = dial(&settings.server).await?;
        let context = jetstream::new(dialed.client.clone());
        let subject = settings.subject.clone().unwrap_or_default();
        let made = context.get_or_create_stream(stream::Config {
            name: settings.stream.clone(),
            subjects: vec![subject.clone()],
            max_age: retention.keep,
            num_replicas: retention.replicas,
            duplicate_window: DUPLICATES.min(retention.keep),
            ..stream::Config::default()
        });
        let made = made.await.map_err(|error| {
            Fault::external(format!("stream \"{}\": {}", settings.stream, told(&error)))
        })?;
        if made.cached_info().config.retention != stream::RetentionPolicy::Limits {
            let reason = format!("stream \"{}\" drops what somebody has read", settings.stream);
            return Err(Fault::user(
                reason,
                "make it with --retention limits: all shards read all",
            ));
        }
        let bytes_max = dialed.client.max_payload().saturating_sub(HEADERS_BYTES);
        Ok(Self { context, subject, bytes_max, dialed })
    }
}

#[async_trait]
impl Publisher for NatsPublisher {
    fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    async fn publish(&mut self, messages: &[Outgoing]) -> Result<(), Fault> {
        let failed = |error: &jetstream::context::PublishError| {
            Fault::external(format!("NATS does not take messages: {}", told(error)))
        };
        let work = async {
            let mut acknowledged = Vec::with_capacity(messages.len());
            for message in messages {
                let mut headers = HeaderMap::new();
                if !message.id.is_empty() {
                    headers.insert(NATS_MESSAGE_ID, message.id.as_str());
                }
                let payload = message.payload.clone().into();
                let subject = self.subject.clone();
                let sent = self.context.publish_with_headers(subject, headers, payload).await;
                acknowledged.push(sent.map_err(|error| failed(&error))?);
            }
            for ack in acknowledged {
                ack.into_future().await.map_err(|error| failed(&error))?;
            }
            Ok(())
        };
        tokio::select! {
            done = work => done,
            () = self.dialed.lost() => Err(Fault::external("the connection to NATS is lost")),
        }
    }
}
