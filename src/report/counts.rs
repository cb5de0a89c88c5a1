//! How much was said, and how was it meant? Counts, and the sentiment that follows from them.

use serde::{Deserialize, Serialize};

use super::interval::{Estimate, float};

/// What SQL counts of mentions: the fields of [`Volume`].
pub(super) const COUNTED: &str = "count(*) AS mentions, \
     count(*) FILTER (WHERE polarity = 'negative') AS negative, \
     count(*) FILTER (WHERE polarity = 'neutral') AS neutral, \
     count(*) FILTER (WHERE polarity = 'positive') AS positive, \
     coalesce(sum(reach), 0) AS reach, coalesce(sum(engagement), 0) AS engagement, \
     coalesce(sum(CAST(round(target_score * 10000) AS BIGINT)), 0) AS score_sum";

/// Counts of mentions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Posts that mention the topic; one that speaks of two topics counts for both.
    pub mentions: u64,
    /// Those that are negative.
    pub negative: u64,
    /// Those that are neutral.
    pub neutral: u64,
    /// Those that are positive.
    pub positive: u64,
    /// Followers or views, summed; unknown counts as 0, and whoever follows two authors twice.
    pub reach: u64,
    /// Likes, reposts and replies, summed; unknown counts as 0.
    pub engagement: u64,
    /// Target scores in ten-thousandths, summed: whole numbers give the same sum in any order.
    #[serde(skip_serializing, default)]
    pub(super) score_sum: i64,
}

impl Volume {
    /// Adds other counts.
    pub fn add(&mut self, other: &Self) {
        self.mentions += other.mentions;
        self.negative += other.negative;
        self.neutral += other.neutral;
        self.positive += other.positive;
        self.reach = self.reach.saturating_add(other.reach);
        self.engagement = self.engagement.saturating_add(other.engagement);
        self.score_sum = self.score_sum.saturating_add(other.score_sum);
    }

    /// How it was meant.
    #[must_use]
    pub fn sentiment(self) -> Sentiment {
        Sentiment {
            net: Estimate::net(self.positive, self.negative, self.mentions),
            negative_share: Estimate::share(self.negative, self.mentions),
            mean_score: (self.mentions > 0).then(|| self.mean()),
            volume: self,
        }
    }

    /// Of the target scores, in steps of 0.0001.
    fn mean(self) -> f64 {
        let mean = float(self.score_sum.unsigned_abs()) / float(self.mentions);
        mean.round().copysign(if self.score_sum < 0 { -1.0 } else { 1.0 }) / 10_000.0
    }

    pub(super) fn parts(&self) -> [u64; 3] {
        [self.positive, self.negative, self.mentions]
    }
}

/// How much was said, how it was meant, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sentiment {
    /// The counts.
    #[serde(flatten)]
    pub volume: Volume,
    /// The share of positive less the share of negative mentions, from -1 to 1; null without
    /// mentions.
    pub net: Option<Estimate>,
    /// The share of negative mentions, from 0 to 1; null without mentions.
    pub negative_share: Option<Estimate>,
    /// Mean target score, from -1 to 1; null without mentions.
    pub mean_score: Option<f64>,
}
