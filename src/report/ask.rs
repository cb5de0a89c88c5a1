//! Who answers? One view of a lake, with what its process knows of sources.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::ReportError;
use super::heard::{Gap, Heard};
use crate::config::{Charter, Goal, Law, Services};
use crate::lake::Folder;
use crate::mention::Topic;
use crate::sql::{QueryFormat, Session};
use crate::time::EventTime;

/// Answers the standard questions over one version of a lake.
#[derive(Debug)]
pub struct Ask<'a> {
    pub(super) session: &'a Session,
    pub(super) folder: &'a Folder,
    /// Topics of the configuration, if there is one.
    pub(super) topics: &'a [Topic],
    pub(super) heard: Heard,
    /// Goals of the configuration, if there is one.
    pub(super) goals: &'a [Goal],
    /// Fewest authors of a source or language whose numbers stand apart.
    pub(super) min_group: u64,
    pub(super) services: Arc<Services>,
    /// Names of the sources of the running process.
    pub(super) sources: Vec<String>,
}

/// What is known of a lake besides its rows.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Up to which event time a running process has heard its sources.
    pub watermark: Option<EventTime>,
    /// What its sources could not give.
    pub gaps: Vec<Gap>,
    /// Names of its sources.
    pub sources: Vec<String>,
    /// What the configuration promises to people who wait for an answer.
    pub services: Arc<Services>,
}

#[derive(Deserialize)]
struct Ends {
    first: Option<String>,
    last: Option<String>,
}

impl<'a> Ask<'a> {
    /// Looks when posts were heard.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub async fn new(
        session: &'a Session,
        folder: &'a Folder,
        topics: &'a [Topic],
        known: Known,
    ) -> Result<Self, ReportError> {
        let ends = "SELECT min(first) AS first, max(last) AS last FROM (\
             SELECT min(posted_at) AS first, max(posted_at) AS last FROM mentions UNION ALL \
             SELECT min(posted_at) AS first, max(posted_at) AS last FROM posts)";
        let ends: Vec<Ends> = rows(session, ends).await?;
        let ends = ends.into_iter().next();
        let time = |text: Option<String>| text.and_then(|text| EventTime::parse(&text).ok());
        let (first, last) = ends.map_or((None, None), |ends| (time(ends.first), time(ends.last)));
        // The last post was heard, too.
        let until = last.map(|last| last.shift(1)).max(known.watermark.filter(|_| first.is_some()));
        let heard = Heard { first, until, gaps: known.gaps, sources: known.sources.len() };
        Ok(Self {
            session,
            folder,
            topics,
            heard,
            services: known.services,
            sources: known.sources,
            goals: &[],
            min_group: Law::default().min_group,
        })
    }

    /// The same, with the goals and the smallest group of a configuration.
    #[must_use]
    pub fn promised(self, charter: &'a Charter) -> Self {
        Self { goals: &charter.goals, min_group: charter.law.min_group, ..self }
    }

    /// When posts were heard.
    #[must_use]
    pub fn heard(&self) -> &Heard {
        &self.heard
    }

    /// The rows of an answer.
    pub(crate) async fn rows<T: DeserializeOwned>(&self, sql: &str) -> Result<Vec<T>, ReportError> {
        rows(self.session, sql).await
    }
}

async fn rows<T: DeserializeOwned>(session: &Session, sql: &str) -> Result<Vec<T>, ReportError> {
    let mut bytes = Vec::new();
    let answer = session.query(sql).await?;
    answer.write(QueryFormat::Json, &mut bytes).await.map_err(anyhow::Error::from)?;
    serde_json::from_slice(&bytes).map_err(|error| ReportError::Other(error.into()))
}

/// A condition that an instant lies in a span.
pub(crate) fn within(column: &str, from: EventTime, to: EventTime) -> String {
    format!(
        "{column} >= to_timestamp_micros({}) AND {column} < to_timestamp_micros({})",
        from.0, to.0
    )
}
