//! How are we doing? All topics at a glance.

use serde::{Deserialize, Serialize};

use super::ask::{Ask, within};
use super::counts::{COUNTED, Sentiment, Volume};
use super::error::ReportError;
use super::heard::{Coverage, Heard};
use super::interval::Estimate;
use super::span::Span;
use super::step::Step;
use super::topics::TopicInfo;
use super::trend::{binned, fold};
use super::voice::Voice;
use crate::notify::AlertSummary;

/// All topics at a glance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overview {
    /// From when to when.
    pub span: Span,
    /// What it is compared with.
    pub before: Span,
    /// When posts were heard.
    pub heard: Heard,
    /// How long the buckets of each topic are.
    pub step: Step,
    /// The topics, most mentions first.
    pub topics: Vec<TopicOverview>,
    /// Shares of voice.
    pub voices: Vec<Voice>,
    /// Alerts that fire now, whatever the span.
    pub open_alerts: Vec<AlertSummary>,
}

/// One topic at a glance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopicOverview {
    /// The topic.
    #[serde(flatten)]
    pub topic: TopicInfo,
    /// What was said in the span.
    pub now: Sentiment,
    /// What was said before; null where nothing was heard then.
    pub then: Option<Sentiment>,
    /// How much the net sentiment rose, from -2 to 2; null where one of the spans has no mentions.
    pub net_change: Option<Estimate>,
    /// Mentions of each bucket in order; null where nothing was heard.
    pub line: Vec<Option<u64>>,
}

#[derive(Deserialize)]
struct Row {
    topic: String,
    at: String,
    #[serde(flatten)]
    volume: Volume,
}

impl Ask<'_> {
    /// All topics at a glance.
    ///
    /// # Errors
    /// When a limit is reached, or the lake cannot be read.
    pub async fn overview(&self, span: &Span) -> Result<Overview, ReportError> {
        let (before, step) = (span.before(), Step::fitting(span.minutes()));
        let mut buckets = vec![(before.from, before.to)];
        buckets.extend(span.buckets(step)?);
        let rows: Vec<Row> = self
            .rows(&format!(
                "SELECT topic, {} AS at, {COUNTED} FROM mentions WHERE {} GROUP BY 1, 2",
                binned(step, before.from, span.from),
                within("posted_at", before.from, span.to),
            ))
            .await?;
        let mut topics: Vec<TopicOverview> = Vec::new();
        for topic in self.topics().await? {
            let own = rows.iter().filter(|row| row.topic == topic.name);
            let counts = fold(&buckets, own.map(|row| (row.at.clone(), row.volume)));
            topics.push(self.at_a_glance(topic, &buckets, &counts));
        }
        topics.sort_by_key(|topic| std::cmp::Reverse(topic.now.volume.mentions));
        Ok(Overview {
            voices: self.share_of_voice(None, span).await?,
            open_alerts: self.open_alerts().await?,
            heard: self.heard.clone(),
            span: span.clone(),
            before,
            step,
            topics,
        })
    }

    fn at_a_glance(
        &self,
        topic: TopicInfo,
        buckets: &[(crate::time::EventTime, crate::time::EventTime)],
        counts: &[Volume],
    ) -> TopicOverview {
        let mut both = buckets.iter().zip(counts);
        let heard = |(from, to): (_, _), count: &Volume| {
            count.mentions > 0 || self.heard.of(from, to) != Coverage::Nothing
        };
        let then = both.next();
        let mut now = Volume::default();
        let mut line = Vec::new();
        for (bucket, count) in both {
            now.add(count);
            line.push(heard(*bucket, count).then_some(count.mentions));
        }
        let then = then.filter(|(bucket, count)| heard(**bucket, count)).map(|(_, count)| *count);
        TopicOverview {
            net_change: then.and_then(|then| Estimate::net_change(now.parts(), then.parts())),
            now: now.sentiment(),
            then: then.map(Volume::sentiment),
            topic,
            line,
        }
    }
}
