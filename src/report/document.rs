//! What does the report of a span hold? All standard questions at once, topic by topic.

use serde::Serialize;

use super::ask::{Ask, within};
use super::changes::Changes;
use super::counts::{COUNTED, Sentiment, Volume};
use super::error::ReportError;
use super::goals::GoalStanding;
use super::heard::{Coverage, Heard};
use super::interval::Estimate;
use super::service::ServiceFigures;
use super::span::Span;
use super::step::Step;
use super::trend::Trend;
use super::voice::Voice;
use super::waits::Waits;
use crate::lake::quoted;
use crate::notify::AlertSummary;
use crate::system::wall_clock;
use crate::time::{EventTime, rfc3339};

/// Most topics of a report that names none.
const TOPICS_MAX: usize = 30;

/// What was said in a span, and what changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Version of resonanz.
    pub version: &'static str,
    /// When it was made, in RFC 3339.
    #[serde(with = "rfc3339")]
    pub made_at: EventTime,
    /// From when to when.
    pub span: Span,
    /// What it is compared with.
    pub before: Span,
    /// When posts were heard.
    pub heard: Heard,
    /// How much of the span was heard.
    pub coverage: Coverage,
    /// The topics, most mentions first.
    pub topics: Vec<TopicReport>,
    /// Shares of voice.
    pub voices: Vec<Voice>,
    /// Goals of the configuration that are about one of the topics, as they stood at the end of the
    /// span.
    pub goals: Vec<GoalStanding>,
    /// How well mentions that wanted an answer were answered.
    pub service: ServiceFigures,
    /// Alerts of the span, firing first, then latest first.
    pub alerts: Vec<AlertSummary>,
    /// Versions of the scorers that judged the mentions.
    pub scorers: Vec<String>,
}

/// One topic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopicReport {
    /// Its name.
    pub topic: String,
    /// How much was said when.
    pub trend: Trend,
    /// What is different from the span before.
    pub changes: Changes,
    /// How long people waited for our answer.
    pub waits: Waits,
}

/// Volume and net sentiment of a span and of the one before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sentiments {
    /// Name of the topic; null for all together.
    pub topic: Option<String>,
    /// From when to when.
    pub span: Span,
    /// What it is compared with.
    pub before: Span,
    /// What was said.
    pub now: Sentiment,
    /// What was said before; null where nothing was heard then.
    pub then: Option<Sentiment>,
    /// How much the net sentiment rose, from -2 to 2; null where one of the spans has no mentions.
    pub net_change: Option<Estimate>,
}

#[derive(serde::Deserialize)]
struct Row {
    now: bool,
    #[serde(flatten)]
    volume: Volume,
}

#[derive(serde::Deserialize)]
struct ScorerRow {
    scorer: String,
}

impl Ask<'_> {
    /// Volume and net sentiment of a span and of the one before, of a topic or of all.
    ///
    /// # Errors
    /// When a limit is reached, or the lake cannot be read.
    pub async fn sentiment(
        &self,
        topic: Option<&str>,
        span: &Span,
    ) -> Result<Sentiments, ReportError> {
        let before = span.before();
        let wanted = topic.map_or("true".to_owned(), |topic| format!("topic = {}", quoted(topic)));
        let rows: Vec<Row> = self
            .rows(&format!(
                "SELECT posted_at >= to_timestamp_micros({}) AS now, {COUNTED} FROM mentions \
                 WHERE {wanted} AND {} GROUP BY 1",
                span.from.0,
                within("posted_at", before.from, span.to),
            ))
            .await?;
        let of = |now| {
            let row = rows.iter().find(|row| row.now == now);
            row.map_or(Volume::default(), |row| row.volume)
        };
        let (now, then) = (of(true), of(false));
        let was_heard =
            then.mentions > 0 || self.heard.of(before.from, before.to) != Coverage::Nothing;
        Ok(Sentiments {
            topic: topic.map(str::to_owned),
            net_change: Estimate::net_change(now.parts(), then.parts()),
            now: now.sentiment(),
            then: was_heard.then(|| then.sentiment()),
            span: span.clone(),
            before,
        })
    }

    /// The report of a span, of these topics, or of all if none is named.
    ///
    /// # Errors
    /// For a topic that nobody knows; when a limit is reached, or the lake cannot be read.
    pub async fn report(&self, topics: &[String], span: &Span) -> Result<Report, ReportError> {
        for topic in topics {
            self.known_topic(topic).await?;
        }
        let only = topics.to_vec();
        let mut names = topics.to_vec();
        if names.is_empty() {
            names.extend(self.topics().await?.into_iter().map(|topic| topic.name));
        }
        let mut found = Vec::new();
        for topic in names {
            let trend = self.trend(Some(&topic), span, Step::readable(span.minutes())).await?;
            found.push((topic, trend));
        }
        found.sort_by_key(|(_, trend)| std::cmp::Reverse(trend.total.volume.mentions));
        if topics.is_empty() {
            found.truncate(TOPICS_MAX);
        }
        let mut topics = Vec::new();
        for (topic, trend) in found {
            let changes = self.changes(Some(&topic), span).await?;
            let waits = self.waits(&topic, span, &[]).await?;
            topics.push(TopicReport { topic, trend, changes, waits });
        }
        let mut alerts = self.alerts(None, span).await?;
        alerts.retain(|alert| topics.iter().any(|topic| topic.topic == alert.topic));
        let mut goals = self.goals(span.to).await?;
        goals.retain(|goal| topics.iter().any(|topic| goal.topics.contains(&topic.topic)));
        let scorers = format!(
            "SELECT DISTINCT scorer FROM mentions WHERE {} ORDER BY scorer LIMIT 10",
            within("posted_at", span.from, span.to)
        );
        let scorers: Vec<ScorerRow> = self.rows(&scorers).await?;
        Ok(Report {
            version: env!("CARGO_PKG_VERSION"),
            made_at: wall_clock(),
            span: span.clone(),
            before: span.before(),
            heard: self.heard.clone(),
            coverage: self.heard.of(span.from, span.to),
            voices: self.share_of_voice(None, span).await?,
            service: self.service(&only, span).await?,
            scorers: scorers.into_iter().map(|row| row.scorer).collect(),
            topics,
            goals,
            alerts,
        })
    }
}
