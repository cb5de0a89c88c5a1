//! Which topics are there?

use serde::{Deserialize, Serialize};

use super::ask::Ask;
use super::error::ReportError;

/// A topic that is listened for, or that the lake holds mentions of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicInfo {
    /// Its name.
    pub name: String,
    /// Its query; null where only the lake knows the topic.
    pub query: Option<String>,
    /// Its label `brand`.
    pub brand: Option<String>,
    /// Its label `group`.
    pub group: Option<String>,
    /// Mentions in the lake.
    pub mentions: u64,
    /// When the last of them was written, in RFC 3339; null without any.
    pub last_mention: Option<String>,
    /// Whether the running process listens for it.
    pub listening: bool,
}

#[derive(Deserialize)]
struct Row {
    topic: String,
    brand: Option<String>,
    topic_group: Option<String>,
    mentions: u64,
    last_mention: Option<String>,
}

impl Ask<'_> {
    /// All topics: those of the configuration in its order, then others of the lake by name.
    ///
    /// # Errors
    /// When a limit is reached, or the lake cannot be read.
    pub async fn topics(&self) -> Result<Vec<TopicInfo>, ReportError> {
        let rows: Vec<Row> = self
            .rows(
                "SELECT topic, last_value(brand ORDER BY posted_at) AS brand, \
                 last_value(topic_group ORDER BY posted_at) AS topic_group, count(*) AS mentions, \
                 max(posted_at) AS last_mention FROM mentions GROUP BY topic ORDER BY topic",
            )
            .await?;
        let mut found: Vec<TopicInfo> = self
            .topics
            .iter()
            .map(|topic| {
                let row = rows.iter().find(|row| row.topic == topic.name);
                TopicInfo {
                    name: topic.name.clone(),
                    query: Some(topic.query.clone()),
                    brand: topic.brand.clone(),
                    group: topic.group.clone(),
                    mentions: row.map_or(0, |row| row.mentions),
                    last_mention: row.and_then(|row| row.last_mention.clone()),
                    listening: true,
                }
            })
            .collect();
        let known = |name: &str| self.topics.iter().any(|topic| topic.name == name);
        found.extend(rows.into_iter().filter(|row| !known(&row.topic)).map(|row| TopicInfo {
            name: row.topic,
            query: None,
            brand: row.brand,
            group: row.topic_group,
            mentions: row.mentions,
            last_mention: row.last_mention,
            listening: false,
        }));
        Ok(found)
    }
}
