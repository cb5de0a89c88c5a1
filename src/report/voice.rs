//! Which part of what was said belongs to whom?

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ask::{Ask, within};
use super::counts::{COUNTED, Sentiment, Volume};
use super::error::ReportError;
use super::interval::Estimate;
use super::span::Span;
use crate::lake::quoted;

/// The shares of one group of topics.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Voice {
    /// The topics' label `group`; null for topics without one, which are a group of their own.
    pub group: Option<String>,
    /// From when to when.
    pub span: Span,
    /// Mentions of all brands; a post that speaks of two brands counts for both.
    pub mentions: u64,
    /// The brands, most mentions first.
    pub shares: Vec<Share>,
}

/// One brand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    /// The topics' label `brand`; a topic without one is a brand of its own name.
    pub brand: String,
    /// Its part of the group's mentions, from 0 to 1; null where nobody spoke.
    pub share: Option<Estimate>,
    /// The same in the span before; null where nobody spoke then, or nothing was heard.
    pub before: Option<Estimate>,
    /// What was said of it.
    #[serde(flatten)]
    pub sentiment: Sentiment,
}

#[derive(Deserialize)]
struct Row {
    topic_group: Option<String>,
    brand: String,
    now: bool,
    #[serde(flatten)]
    volume: Volume,
}

impl Ask<'_> {
    /// Shares of voice in each group, or in one.
    ///
    /// # Errors
    /// When a limit is reached, or the lake cannot be read.
    pub async fn share_of_voice(
        &self,
        group: Option<&str>,
        span: &Span,
    ) -> Result<Vec<Voice>, ReportError> {
        if let Some(group) = group {
            self.known_group(group).await?;
        }
        let before = span.before();
        let wanted =
            group.map_or("true".to_owned(), |group| format!("topic_group = {}", quoted(group)));
        // A post that two topics of one brand mention counts once for it.
        let rows: Vec<Row> = self
            .rows(&format!(
                "SELECT topic_group, brand, now, {COUNTED} FROM (\
                 SELECT topic_group, coalesce(brand, topic) AS brand, \
                 posted_at >= to_timestamp_micros({}) AS now, source, post_id, \
                 min(polarity) AS polarity, max(reach) AS reach, max(engagement) AS engagement, \
                 min(target_score) AS target_score \
                 FROM mentions WHERE {wanted} AND {} GROUP BY 1, 2, 3, 4, 5) \
                 GROUP BY 1, 2, 3 ORDER BY 1, 2",
                span.from.0,
                within("posted_at", before.from, span.to),
            ))
            .await?;
        Ok(voices(&rows, span))
    }
}

/// The rows of one group, now or before.
struct Group<'r> {
    rows: &'r [Row],
    name: Option<&'r str>,
}

impl<'r> Group<'r> {
    fn rows(&self, now: bool) -> impl Iterator<Item = &'r Row> + use<'r> {
        let (rows, name) = (self.rows, self.name);
        rows.iter().filter(move |row| row.topic_group.as_deref() == name && row.now == now)
    }

    fn mentions(&self, now: bool) -> u64 {
        self.rows(now).map(|row| row.volume.mentions).sum()
    }

    fn volume(&self, brand: &str, now: bool) -> Volume {
        let row = self.rows(now).find(|row| row.brand == brand);
        row.map_or(Volume::default(), |row| row.volume)
    }

    fn voice(&self, span: &Span) -> Voice {
        let (mentions, earlier) = (self.mentions(true), self.mentions(false));
        let both = self.rows(true).chain(self.rows(false));
        let brands: BTreeSet<&str> = both.map(|row| row.brand.as_str()).collect();
        let share = |brand: &str| Share {
            brand: brand.to_owned(),
            share: Estimate::share(self.volume(brand, true).mentions, mentions),
            before: Estimate::share(self.volume(brand, false).mentions, earlier),
            sentiment: self.volume(brand, true).sentiment(),
        };
        let mut shares: Vec<Share> = brands.into_iter().map(share).collect();
        shares.sort_by_key(|share| Reverse(share.sentiment.volume.mentions));
        Voice { group: self.name.map(str::to_owned), span: span.clone(), mentions, shares }
    }
}

fn voices(rows: &[Row], span: &Span) -> Vec<Voice> {
    let names: BTreeSet<Option<&str>> = rows.iter().map(|row| row.topic_group.as_deref()).collect();
    names.into_iter().map(|name| Group { rows, name }.voice(span)).collect()
}
