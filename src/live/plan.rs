//! Can a configuration be put to work? What it names is fetched and read before anything ends for it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::progress::Progress;
use crate::analyze::Analyzer;
use crate::config::Config;
use crate::connect::SourcesHealth;
use crate::decode::AuthorHasher;
use crate::lake::Folder;
use crate::notify::{CourierStats, Herald, Outbox, OutboxError, Receiver};
use crate::tuning;

/// What stays with the process while configurations come and go.
pub(super) struct House {
    /// Held for the lake's lock: between two rounds nobody else can write.
    pub(super) folder: Arc<Folder>,
    pub(super) progress: Arc<watch::Sender<Progress>>,
    /// Opened by the first round.
    outbox: Mutex<Option<Arc<Outbox>>>,
}

impl House {
    pub(super) fn new(folder: Folder, progress: Arc<watch::Sender<Progress>>) -> Self {
        Self { folder: Arc::new(folder), progress, outbox: Mutex::default() }
    }

    /// The messages on their way.
    pub(super) fn outbox(&self) -> Result<Arc<Outbox>, OutboxError> {
        let mut known = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some(outbox) => Ok(Arc::clone(outbox)),
            None => {
                let outbox = Arc::new(Outbox::open(&self.folder.outbox())?);
                Ok(Arc::clone(known.insert(outbox)))
            }
        }
    }

    /// Shows the receivers and sources of a configuration; what was counted of them goes on.
    pub(super) fn show(&self, config: &Config) {
        let receivers = config.receivers.iter().map(|receiver| receiver.name.clone());
        let sources = config.sources.iter().map(|source| source.name.clone());
        self.progress.send_modify(|progress| {
            progress.deliveries = Arc::new(progress.deliveries.renewed(receivers));
            progress.sources = progress.sources.renewed(sources);
        });
    }

    /// Where deliveries are counted, and how the sources are.
    pub(super) fn shown(&self) -> (Arc<CourierStats>, SourcesHealth) {
        let progress = self.progress.borrow();
        (Arc::clone(&progress.deliveries), progress.sources.clone())
    }
}

/// A configuration with all that a round of it needs.
pub(super) struct Plan {
    pub(super) config: Config,
    pub(super) receivers: Vec<Receiver>,
    pub(super) authors: AuthorHasher,
    pub(super) analyzer: Arc<Analyzer>,
}

impl Plan {
    /// Fetches secrets and key, reads lexicons and models, and compiles queries. Takes as long as
    /// that does.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub(super) fn of(folder: &Folder, config: Config) -> anyhow::Result<Self> {
        let receivers = config.receivers.iter().map(Receiver::fetch);
        let receivers = receivers.collect::<Result<Vec<_>, _>>()?;
        let key = folder.author_key(config.author_key_file.as_deref())?;
        let authors = AuthorHasher::new(key).with_names(config.names);
        let analyzer = Arc::new(tuning::analyzer(&config, &authors)?);
        Ok(Self { config, receivers, authors, analyzer })
    }

    /// Who tells its receivers how resonanz itself is.
    ///
    /// # Errors
    /// When no connection could ever be made.
    pub(super) fn herald(&self, house: &House) -> anyhow::Result<Herald> {
        Herald::new(&self.receivers, house.shown().0)
    }
}
