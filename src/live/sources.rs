//! Which source tasks run, when have they all ended, and which were given up?

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::config::Config;
use crate::connect::{Closing, Fault, Inbox, Outlet, SourceSpec, SourcesHealth, supervise};
use crate::decode::{AuthorHasher, Cursor};
use crate::mention::Topic;
use crate::post::SourceId;

/// How long sources may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// The running source tasks.
#[derive(Debug)]
pub(crate) struct Sources {
    tasks: JoinSet<Option<LostSource>>,
    closing: watch::Sender<Closing>,
    lost: Vec<LostSource>,
}

/// A source that was given up before its end.
#[derive(Debug, Clone, thiserror::Error)]
#[error("source \"{name}\": {fault}")]
pub struct LostSource {
    /// Its name.
    pub name: SourceId,
    /// Why.
    pub fault: Fault,
}

pub(crate) fn spawn(
    config: &Config,
    cursors: &BTreeMap<String, Cursor>,
    authors: &AuthorHasher,
    inbox: Inbox,
    health: &SourcesHealth,
) -> Sources {
    let (mut tasks, (closing, closed)) = (JoinSet::new(), watch::channel(Closing::No));
    let topics: Arc<[Topic]> = config.known_topics().into();
    for (source, health) in config.sources.iter().zip(health.iter()) {
        let cursor = cursors.get(source.name.as_str()).cloned();
        let outlet = Outlet::new(inbox.clone(), Arc::clone(health), closed.clone());
        let name = source.name.clone();
        // Of the highest level, so that warnings name their source whatever is logged.
        let span = tracing::error_span!("source", %name);
        let (topics, authors) = (Arc::clone(&topics), authors.clone());
        let spec = SourceSpec { name: name.clone(), authors, cursor, topics };
        let reading = supervise(source.settings.open(spec), outlet);
        let task = async move { reading.await.err().map(|fault| LostSource { name, fault }) };
        tasks.spawn(task.instrument(span));
    }
    Sources { tasks, closing, lost: Vec::new() }
}

impl Sources {
    /// Waits until every source has ended, or was given up.
    pub(crate) async fn all_ended(&mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            match ended {
                Ok(lost) => self.lost.extend(lost),
                Err(error) if error.is_cancelled() => {}
                Err(error) => {
                    let (name, reason) = (SourceId::new("?"), error.to_string());
                    self.lost.push(LostSource { name, fault: Fault::Internal { reason } });
                }
            }
        }
    }

    /// Those that were given up so far.
    pub(crate) fn lost(&self) -> &[LostSource] {
        &self.lost
    }

    /// Ends all sources; what they handed over is still processed.
    pub(crate) async fn stop(&mut self, closing: Closing) -> Vec<LostSource> {
        self.closing.send_replace(closing);
        if tokio::time::timeout(GOODBYE, self.all_ended()).await.is_err() {
            self.tasks.shutdown().await;
        }
        std::mem::take(&mut self.lost)
    }
}
