//! Which kinds of source can a configuration name, and how does each read its keys?
//!
//! A network is one folder here and one line in [`NETWORKS`]: typed settings that read their own
//! keys, and a [`Source`] that they open.

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

#[cfg(feature = "kafka")]
use super::kafka;
#[cfg(feature = "nats")]
use super::nats;
use super::source::{Fault, Source};
use super::transport::Door;
use super::{feed, file, ingest, jetstream, mastodon, meta, nostr, poll, x};
use crate::decode::{AuthorHasher, Cursor, Decoder, Format};
use crate::mention::Topic;
use crate::post::{Kind, SourceId};
use crate::settings::Section;
use crate::time::MINUTE_US;

/// Reads the keys of a `[[source]]`; relative paths in them are taken from the path given.
pub(crate) type Configure = fn(&mut Section<'_, '_>, &Path) -> Arc<dyn Settings>;

/// Every `type` of a `[[source]]`, and what reads its keys.
pub(crate) static NETWORKS: &[(&str, Configure)] = &[
    ("bluesky", jetstream::configure_bluesky),
    ("websocket", jetstream::configure),
    ("mastodon", mastodon::configure),
    ("nostr", nostr::configure),
    ("x", x::configure),
    ("feed", feed::configure),
    ("file", file::configure),
    ("stdin", file::configure_stdin),
    ("ingest", ingest::configure),
    ("poll", poll::configure),
    ("meta", meta::configure),
    #[cfg(feature = "nats")]
    ("nats", nats::configure),
    #[cfg(feature = "kafka")]
    ("kafka", kafka::configure),
];

/// The settings of one source.
#[async_trait]
pub trait Settings: Debug + Send + Sync {
    /// What is told of posts, where that is known: lines of a file may tell anything.
    fn telling(&self) -> Option<Telling> {
        None
    }

    /// What it can never hear, a sentence each.
    fn never(&self) -> &[String] {
        &[]
    }

    /// How long after they were written posts come, at most, where the source is asked now and then;
    /// in microseconds.
    fn delay_us(&self) -> Option<i64> {
        None
    }

    /// Whether it comes to an end and can be read again, as a file can.
    fn is_repeatable(&self) -> bool {
        false
    }

    /// Looks whether it could be read now, without a connection.
    fn look(&self) -> Look {
        Look::Well
    }

    /// Where it takes what others bring, if it does; a server of ours leads there.
    fn door(&self) -> Option<Arc<dyn Door>> {
        None
    }

    /// Topics that it cannot be asked for, of a source that must be asked for each; `source` is its
    /// name.
    fn unfit(&self, _source: &str, _topics: &[Topic]) -> Vec<UnfitTopic> {
        Vec::new()
    }

    /// What it calls an account of ours, which the user named by a handle; `None` where that is what it
    /// calls it, or nobody there has such a handle.
    ///
    /// # Errors
    /// When it cannot be asked now, or refuses.
    async fn identify(&self, _handle: &str) -> Result<Option<String>, Fault> {
        Ok(None)
    }

    /// The source, ready to be read.
    fn open(&self, spec: SourceSpec) -> Box<dyn Source>;

    /// What tells whether it could be read: the source itself, unless that costs or disturbs a running
    /// one.
    fn probe(&self, spec: SourceSpec) -> Box<dyn Source> {
        self.open(spec)
    }
}

/// How late posts come from a source that is asked every `interval_us`: one look may fail, and
/// platforms show what is new after a while themselves.
pub(super) fn asked_every(interval_us: i64) -> i64 {
    interval_us.saturating_mul(2).saturating_add(5 * MINUTE_US)
}

/// What a look at a source's settings finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Nothing is wrong.
    Well,
    /// It can be read, and something will go wrong one day.
    Warns(Finding),
    /// It would wait.
    Waits(Finding),
    /// It would be given up.
    Fails(Finding),
}

/// What was found, and what can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was found.
    pub reason: String,
    /// How to mend it.
    pub hint: String,
}

/// A topic that a source cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfitTopic {
    /// Which one, by its place.
    pub place: usize,
    /// Why.
    pub finding: Finding,
}

/// What a source is opened with.
#[derive(Debug, Clone)]
pub struct SourceSpec {
    /// Its name.
    pub name: SourceId,
    /// How names of authors are kept.
    pub authors: AuthorHasher,
    /// Where it goes on; `None` on its first run.
    pub cursor: Option<Cursor>,
    /// What is listened for.
    pub topics: Arc<[Topic]>,
}

impl SourceSpec {
    /// A decoder of its frames.
    #[must_use]
    pub fn decoder(&self, format: Format) -> Decoder {
        Decoder::new(format, self.name.clone(), self.authors.clone())
    }
}

/// Whether an account is named by a domain, as on Bluesky.
pub(crate) fn is_domain(account: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    account.contains('.') && account.split('.').all(is_label)
}

/// What a wire format tells of posts, as `decode` reads it.
#[derive(Debug, Clone, Copy)]
pub struct Telling {
    /// Followers or views.
    pub reach: bool,
    /// Likes, reposts and replies.
    pub engagement: bool,
    /// Whether these two come after a while, where a post itself does not have them.
    pub later: bool,
    /// Which kinds of post there are.
    pub kinds: &'static [Kind],
    /// How the names of all its authors begin.
    pub authors: &'static str,
    /// Tells the handles of which it is asked for the ids, if it is asked.
    pub handles: Option<fn(&str) -> bool>,
    /// The host of all its addresses; empty where they have none in common.
    pub host: &'static str,
}
