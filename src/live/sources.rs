//! Which source tasks run, and when have they all ended?

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use anyhow::Context;
use tokio::task::JoinSet;

use crate::config::{Config, Follow, SourceConfig, SourceKind};
use crate::connect::{Inbox, WebSocketSource, follow_file, read_file, read_stdin, websocket};
use crate::decode::{AuthorHasher, Cursor, Decoder, Format};

/// The running source tasks.
#[derive(Debug)]
pub(super) struct Sources {
    tasks: JoinSet<anyhow::Result<()>>,
}

pub(super) fn spawn(
    config: &Config,
    cursors: &BTreeMap<String, Cursor>,
    authors: &AuthorHasher,
    inbox: Inbox,
    lost: &Arc<AtomicU32>,
) -> Sources {
    let mut tasks = JoinSet::new();
    for source in &config.sources {
        let cursor = cursors.get(source.name.as_str()).copied();
        tasks.spawn(read(source.clone(), cursor, authors.clone(), inbox.clone(), Arc::clone(lost)));
    }
    Sources { tasks }
}

async fn read(
    source: SourceConfig,
    cursor: Option<Cursor>,
    authors: AuthorHasher,
    inbox: Inbox,
    lost: Arc<AtomicU32>,
) -> anyhow::Result<()> {
    let name = source.name;
    let decoder = |format| Decoder::new(format, name.clone(), authors);
    let ended = match source.kind {
        SourceKind::WebSocket { url } => {
            let decoder = decoder(Format::Jetstream);
            websocket(WebSocketSource { source: name.clone(), url, cursor, decoder, lost }, inbox)
                .await;
            Ok(())
        }
        SourceKind::File { path, follow: Follow::Once } => {
            read_file(&path, &name, decoder(Format::Archive), cursor, &inbox).await
        }
        SourceKind::File { path, follow: Follow::Forever } => {
            follow_file(&path, &name, decoder(Format::Archive), cursor, &inbox).await
        }
        SourceKind::Stdin => read_stdin(&name, decoder(Format::Archive), &inbox).await,
    };
    ended.with_context(|| format!("source \"{name}\""))
}

impl Sources {
    /// Waits until every source has ended.
    pub(super) async fn all_ended(&mut self) -> anyhow::Result<()> {
        while let Some(ended) = self.tasks.join_next().await {
            ended.context("a source task")??;
        }
        Ok(())
    }

    /// Ends all sources; what they handed over is still processed.
    pub(super) async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}
