//! Which stream do relays write and shards read? The table `[stream]` of a configuration.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

#[cfg(feature = "kafka")]
use crate::connect::kafka;
#[cfg(feature = "nats")]
use crate::connect::nats;
use crate::connect::network::Settings;
use crate::connect::source::Fault;
use crate::decode::Cursor;
use crate::settings::Section;

/// Reads the keys of `[stream]`.
pub(crate) type ConfigureStream = fn(&mut Section<'_, '_>, &Path) -> Arc<dyn StreamKind>;

/// Every `type` of `[stream]`, and what reads its keys.
pub(crate) static STREAMS: &[(&str, ConfigureStream)] = &[
    #[cfg(feature = "nats")]
    ("nats", nats::configure_stream),
    #[cfg(feature = "kafka")]
    ("kafka", kafka::configure_stream),
];

/// A stream between relays and those who read them.
#[derive(Debug, Clone)]
pub struct StreamConfig {
    /// Where it is.
    pub kind: Arc<dyn StreamKind>,
    /// The folder in which a relay remembers where its sources go on.
    pub state: PathBuf,
}

/// A broker that holds such a stream.
#[async_trait]
pub trait StreamKind: Debug + Send + Sync {
    /// How it is read, as a source.
    fn reading(&self) -> Arc<dyn Settings>;

    /// Connects for writing; makes the stream if it is not there.
    ///
    /// # Errors
    /// Whose fault it is that nothing can be written.
    async fn publisher(&self) -> Result<Box<dyn Publisher>, Fault>;

    /// The place from which all can go on who stood at these; none if that is the oldest message.
    fn earliest(&self, places: &[Cursor]) -> Option<Cursor>;
}

/// A message on its way to a stream.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The same whenever the same is sent again; empty where it does not matter.
    pub id: String,
    /// The source: what has the same keeps its order.
    pub key: String,
    /// What is said.
    pub payload: Vec<u8>,
}

/// A connection that writes.
#[async_trait]
pub trait Publisher: Send {
    /// Longest payload in bytes.
    fn bytes_max(&self) -> usize;

    /// Writes messages in their order, and waits until the broker has acknowledged each.
    ///
    /// # Errors
    /// When one of them may not be there; then all are to be sent again.
    async fn publish(&mut self, messages: &[Outgoing]) -> Result<(), Fault>;
}
