//! When do rows become durable, and alerts leave? The lake's task.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use arrow::array::RecordBatch;
use tokio::sync::{Notify, mpsc, watch};

use super::progress::Progress;
use crate::config::Config;
use crate::connect::decode::AuthorHasher;
use crate::engine::Engine;
use crate::lake::{Checkpoint, Lake, Table};
use crate::notify::{Desk, Message};
use crate::post::TopicId;
use crate::tuning;

/// What the engine's thread asks of the lake's task.
#[derive(Debug)]
pub enum StoreJob {
    /// Keep rows for the next commit.
    Append(Vec<(Table, RecordBatch)>),
    /// Make all rows so far visible, then let the messages leave.
    Commit(Box<Checkpoint>, Vec<Message>),
}

/// The lake's task.
#[derive(Debug)]
pub struct Store {
    /// Where rows go.
    pub lake: Lake,
    /// Where messages go.
    pub desk: Arc<Desk>,
    /// Rung when there are new messages.
    pub bell: Arc<Notify>,
    /// Where commits are counted.
    pub committed: Arc<watch::Sender<Progress>>,
}

impl Store {
    /// Works until the engine's thread hangs up.
    ///
    /// # Errors
    /// When the lake or the outbox refuses. The caller stops; nothing committed is lost.
    pub async fn run(mut self, mut jobs: mpsc::Receiver<StoreJob>) -> anyhow::Result<()> {
        while let Some(job) = jobs.recv().await {
            match job {
                StoreJob::Append(batches) => self.lake.append(&batches),
                StoreJob::Commit(checkpoint, messages) => {
                    let values =
                        messages.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
                    self.lake.commit(&checkpoint, values).await?;
                    self.desk.take(&messages)?;
                    self.bell.notify_waiters();
                    self.committed.send_modify(|progress| progress.commits += 1);
                }
            }
        }
        Ok(())
    }
}

/// The engine of a configuration, going on from a checkpoint; the checkpoint comes back with the
/// topics of this configuration.
///
/// # Errors
/// When a query, lexicon or model cannot be used, or the checkpoint is damaged.
pub fn checkpointed_engine(
    config: &Config,
    authors: &AuthorHasher,
    checkpoint: Option<Checkpoint>,
) -> anyhow::Result<(Engine, Checkpoint)> {
    let analyzer = Arc::new(tuning::analyzer(config, authors)?);
    let mut checkpoint = checkpoint.unwrap_or_default();
    let topics: Vec<String> = config.topics.iter().map(|topic| topic.name.clone()).collect();
    let places: HashMap<&str, u32> = topics.iter().map(String::as_str).zip(0..).collect();
    let renumber = |old: TopicId| {
        let name = checkpoint.topics.get(old.0 as usize)?;
        places.get(name.as_str()).copied().map(TopicId)
    };
    let state = std::mem::take(&mut checkpoint.state).renumbered(renumber);
    let engine = Engine::new(analyzer, config.rules.clone(), topics.clone(), config.engine, state);
    checkpoint.topics = topics;
    Ok((engine.context("the checkpoint holds a damaged sketch")?, checkpoint))
}
