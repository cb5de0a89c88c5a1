//! How is a cluster reached, and whose fault is it when it is not?

use std::sync::Arc;
use std::time::Duration;

use rskafka::BackoffConfig;
use rskafka::client::error::Error;
use rskafka::client::partition::{PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder, Credentials, SaslConfig};
use tokio::time::timeout;

use super::settings::{Cluster, Sasl};
use crate::connect::broker::{ANSWER, fetch};
use crate::connect::source::Fault;

/// Largest answer of a broker, in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Connects.
///
/// # Errors
/// Whose fault it is that there is no connection.
pub(super) async fn dial(cluster: &Cluster) -> Result<Client, Fault> {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(1),
        deadline: Some(ANSWER / 2),
        ..BackoffConfig::default()
    };
    let mut builder = ClientBuilder::new(cluster.brokers.clone())
        .client_id("resonanz")
        .max_message_size(ANSWER_BYTES_MAX)
        .backoff_config(backoff);
    if let Some(trust) = &cluster.tls {
        builder = builder.tls_config(trust.client()?);
    }
    if let (Some(user), Some(password)) = (&cluster.user, &cluster.password) {
        let credentials = Credentials::new(user.clone(), fetch(password)?);
        builder = builder.sasl_config(match cluster.sasl {
            Sasl::Plain => SaslConfig::Plain(credentials),
            Sasl::Scram256 => SaslConfig::ScramSha256(credentials),
            Sasl::Scram512 => SaslConfig::ScramSha512(credentials),
        });
    }
    answered(builder.build()).await.map_err(|fault| match fault {
        Fault::External { reason, .. } if reason.to_lowercase().contains("sasl") => {
            Fault::user(reason, "look at sasl, user and password")
        }
        Fault::External { reason, wait } => {
            let reason = format!("{}: {reason}", cluster.brokers.join(", "));
            Fault::External { reason, wait }
        }
        fault => fault,
    })
}

/// The partitions of a topic, ascending; none of a topic that is not there.
pub(super) async fn partitions(client: &Client, topic: &str) -> Result<Vec<i32>, Fault> {
    let topics = answered(client.list_topics()).await?;
    let found = topics.into_iter().find(|known| known.name == topic);
    Ok(found.map(|known| known.partitions.into_iter().collect()).unwrap_or_default())
}

/// The partition's leader.
pub(super) async fn partition(
    client: &Client,
    topic: &str,
    number: i32,
) -> Result<Arc<PartitionClient>, Fault> {
    let found = client.partition_client(topic, number, UnknownTopicHandling::Error);
    answered(found).await.map(Arc::new)
}

/// An answer in time, or a fault that passes.
pub(super) async fn answered<T>(
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Fault> {
    match timeout(ANSWER, answer).await {
        Ok(answer) => answer.map_err(|error| Fault::external(told(&error))),
        Err(_) => Err(Fault::external("the broker does not answer in time")),
    }
}

/// What an error says, without the library's inner words.
pub(super) fn told(error: &Error) -> String {
    match error {
        Error::ServerError { protocol_error, error_message, .. } => match error_message {
            Some(message) => format!("the broker says: {protocol_error}: {message}"),
            None => format!("the broker says: {protocol_error}"),
        },
        other => other.to_string(),
    }
}
