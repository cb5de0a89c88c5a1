//! How long do people wait for our answer?

use serde::{Deserialize, Serialize};

use super::ask::{Ask, within};
use super::error::ReportError;
use super::interval::Estimate;
use super::span::Span;
use crate::lake::quoted;

/// How long mentions of a topic waited for an answer of ours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waits {
    /// Name of the topic.
    pub topic: String,
    /// When the mentions were written.
    pub span: Span,
    /// Negative mentions of others, reposts left out.
    pub negative: u64,
    /// Those among them that one of our accounts answered.
    pub answered: u64,
    /// Their share; null without negative mentions.
    pub share: Option<Estimate>,
    /// Half of the answered ones waited no longer, in seconds; null where none was answered.
    pub median_s: Option<f64>,
    /// Nine of ten answered ones waited no longer, in seconds.
    pub slow_s: Option<f64>,
    /// Whether an account of ours is known: without one, nothing can be said.
    pub accounts_known: bool,
}

#[derive(Deserialize)]
struct Row {
    wait_s: Option<f64>,
}

#[derive(Deserialize)]
struct Author {
    author: String,
}

impl Ask<'_> {
    /// How long negative mentions waited for a reply or comment of one of our accounts, whose keyed
    /// hashes are given; those whose mentions count as our own are known beside them. Only answers
    /// that table `posts` holds are seen.
    ///
    /// # Errors
    /// When a limit is reached, or the lake cannot be read.
    pub async fn waits(
        &self,
        topic: &str,
        span: &Span,
        accounts: &[String],
    ) -> Result<Waits, ReportError> {
        let (rows, accounts_known) = self.each_wait(topic, span, accounts).await?;
        let mut waits: Vec<f64> = rows.iter().copied().flatten().collect();
        waits.sort_by(f64::total_cmp);
        let (negative, answered) = (rows.len() as u64, waits.len() as u64);
        Ok(Waits {
            topic: topic.to_owned(),
            span: span.clone(),
            negative,
            answered,
            share: Estimate::share(answered, negative).filter(|_| accounts_known),
            median_s: super::trend::quantile(&waits, 0.5),
            slow_s: super::trend::quantile(&waits, 0.9),
            accounts_known,
        })
    }

    /// How long each negative mention waited, in seconds; `None` of one that still does. And whether
    /// an account of ours is known.
    async fn each_wait(
        &self,
        topic: &str,
        span: &Span,
        accounts: &[String],
    ) -> Result<(Vec<Option<f64>>, bool), ReportError> {
        let own = "SELECT DISTINCT author FROM (SELECT author FROM mentions WHERE own = 1 UNION ALL \
             SELECT author FROM posts WHERE own IS NOT NULL) ORDER BY author LIMIT 200";
        let own: Vec<Author> = self.rows(own).await?;
        let mut names: Vec<String> = own.into_iter().map(|own| quoted(&own.author)).collect();
        names.extend(accounts.iter().map(|account| quoted(account)));
        let accounts_known = !names.is_empty();
        names.push("''".to_owned());
        let rows: Vec<Row> = self
            .rows(&format!(
                "SELECT date_part('epoch', min(replies.posted_at)) - \
                 date_part('epoch', mentions.posted_at) AS wait_s \
                 FROM mentions LEFT JOIN (SELECT source, parent, posted_at FROM posts \
                 WHERE kind IN ('reply', 'comment') AND author IN ({})) AS replies \
                 ON replies.source = mentions.source AND replies.parent = mentions.post_id \
                 AND replies.posted_at >= mentions.posted_at \
                 WHERE mentions.topic = {} AND mentions.polarity = 'negative' \
                 AND mentions.kind <> 'repost' AND coalesce(mentions.own, 0) = 0 AND {} \
                 GROUP BY mentions.source, mentions.post_id, mentions.posted_at ORDER BY 1",
                names.join(", "),
                quoted(topic),
                within("mentions.posted_at", span.from, span.to),
            ))
            .await?;
        Ok((rows.into_iter().map(|row| row.wait_s).collect(), accounts_known))
    }
}
