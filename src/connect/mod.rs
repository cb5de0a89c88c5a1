//! Where do posts come from? Networks and files, each a [`Source`].
//!
//! A source turns bytes into parcels of events and puts them through its [`Outlet`] into one bounded
//! inbox; when it is full, the source waits, and so does the socket behind it. [`supervise`] tries
//! again what passes and gives up what does not. How bytes come is a matter of `transport`, what
//! they say one of [`decode`](crate::decode), and where to go on one of the source alone.
#![doc = include_str!("inputs.md")]

mod backoff;
mod health;
mod source;
mod tickets;
mod supervise;
mod transport;
mod ages;
mod feed;
mod file;
mod ingest;
mod meta;
mod input;
mod jetstream;
mod mastodon;
mod nostr;
mod poll;
mod x;
mod broker;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "kafka")]
mod kafka;
mod network;
mod meant;

pub use backoff::Backoff;
pub(crate) use broker::STREAMS;
pub use broker::{Outgoing, Publisher, StreamConfig, StreamKind};
pub use feed::{FeedSettings, Feeds, Ttl};
pub use file::{FileSettings, FileSource, Follow};
pub use health::{Gap, SourceHealth, SourceNow, SourceState, SourcesHealth};
pub use ingest::IngestSettings;
pub use input::{
    Beginning, Chunk, Chunks, Encoding, Input, InputError, Layout, Opening, Read, Rows,
    SegmentRows, Sheets, TableRows, find_inputs, stamps,
};
pub use jetstream::{Jetstream, JetstreamSettings, NumbersSettings};
#[cfg(feature = "kafka")]
pub use kafka::KafkaSettings;
pub use mastodon::{Mastodon, MastodonSettings, Timeline, Transport};
pub(crate) use meant::meant;
pub use meta::MetaSettings;
#[cfg(feature = "nats")]
pub use nats::NatsSettings;
pub(crate) use network::NETWORKS;
pub use network::{Finding, Look, Settings, SourceSpec, Telling, UnfitTopic};
pub use nostr::{Nostr, NostrSettings};
pub use poll::{Poll, PollSettings, PresetCard, preset_cards};
pub use source::{Closing, Fault, Inbox, Outlet, Source};
pub use supervise::supervise;
pub use tickets::Tickets;
pub(crate) use transport::retry_after;
pub use transport::{
    Block, Door, Head, Lines, LinesError, Reply, Said, bundled_lines, numbered, open_lines,
};
pub use x::{X, XSettings};
