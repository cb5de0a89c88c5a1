//! Was the inbox cleared? What came into it of the topic that something happened to.

use std::cmp::Reverse;
use std::sync::Arc;

use super::TOPIC;
use crate::config::{ServiceConfig, Services};
use crate::lake::Folder;
use crate::promise::Service;
use crate::report::{Ask, Counts, InboxSearch, Known, Waiting};
use crate::sql::Session;
use crate::state::{Site, Standing};
use crate::time::MINUTE_US;

/// Within which time of the archive an answer is promised, and how far back the inbox reaches: what
/// was said before the exercise is not part of it.
const PROMISE_US: i64 = 20 * MINUTE_US;
const HORIZON_US: i64 = 60 * MINUTE_US;
/// Mentions that are looked at, and those that count as urgent.
const LOOKED_AT: usize = 200;
pub(super) const URGENT: usize = 10;

/// What is promised in an exercise.
pub(super) fn services() -> Arc<Services> {
    let service = Service { promise_us: PROMISE_US, ..Service::default() };
    let usual = ServiceConfig { service, horizon_us: HORIZON_US, ..ServiceConfig::default() };
    Arc::new(Services::alike(usual))
}

/// The inbox of an exercise.
#[derive(Debug, Default)]
pub(super) struct Office {
    pub(super) counts: Counts,
    /// The most urgent, whatever their state.
    pub(super) urgent: Vec<Waiting>,
}

impl Office {
    /// As it is now; empty before the first commit.
    pub(super) async fn look(site: impl Into<Site>) -> anyhow::Result<Self> {
        let folder = Folder::read(site)?;
        let session = Session::open(&folder).await?;
        let known = Known { services: services(), ..Known::default() };
        let ask = Ask::new(&session, &folder, &[], known).await?;
        let search = InboxSearch {
            topics: vec![TOPIC.to_owned()],
            states: Standing::ALL.to_vec(),
            limit: Some(LOOKED_AT),
            ..InboxSearch::default()
        };
        let found = ask.inbox(&search).await?;
        let mut urgent = found.entries;
        urgent.sort_by_key(|entry| Reverse(entry.priority.points));
        urgent.truncate(URGENT);
        Ok(Self { counts: found.counts, urgent })
    }

    /// Whether something came, and nothing of it is open.
    pub(super) fn is_cleared(&self) -> bool {
        !self.urgent.is_empty() && self.counts.open == 0
    }

    /// How many of the most urgent somebody took care of.
    pub(super) fn taken(&self) -> usize {
        self.urgent.iter().filter(|entry| entry.state != Standing::Open).count()
    }
}
