//! Is a goal reached? Intervals, and when there is too little to say.

use serde::{Deserialize, Serialize};

use super::interval::{Estimate, float};
use crate::config::{GoalUnit, Side};

/// Fewest mentions of a share or a net sentiment.
pub(super) const MENTIONS_MIN: u64 = 30;
/// Fewest answers of a median time.
pub(super) const ANSWERS_MIN: usize = 10;
/// Fewest whole days of a count.
pub(super) const DAYS_MIN: usize = 3;
/// Widest interval of a share that leaves the target open, and still says "on track".
const SHARE_WIDTH: f64 = 0.2;
/// The same of a net sentiment, whose scale is twice as long.
const NET_WIDTH: f64 = 0.4;

/// Quantiles of a two-sided 95 % interval of Student's t with 1, 2, ... degrees of freedom.
const STUDENT: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// How a goal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoalState {
    /// The whole interval is on the good side of the target.
    Ahead,
    /// The target lies within the interval, which is narrow enough to say so.
    OnTrack,
    /// The whole interval is on the wrong side.
    Behind,
    /// There are too few mentions or days, or the interval is too wide.
    TooLittleData,
}

/// Why there is too little to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooLittle {
    /// Fewer than 30 mentions, or 10 answers.
    FewMentions,
    /// Fewer than three days, or less than half of a span that moves along, was heard.
    FewDays,
    /// The interval leaves open which side is true, and is wide.
    WideInterval,
    /// No mention has its intents in this lake: that column is not there, or empty.
    NoIntents,
    /// No account of ours is known that could answer.
    NoAccounts,
}

/// How a value with its interval stands to a target.
pub(super) fn state(
    found: &Estimate,
    target: f64,
    side: Side,
    unit: GoalUnit,
) -> Result<GoalState, TooLittle> {
    let (well, badly) = match side {
        Side::AtLeast => (found.low >= target, found.high < target),
        Side::AtMost => (found.high <= target, found.low > target),
    };
    let widest = match unit {
        GoalUnit::Share => SHARE_WIDTH,
        GoalUnit::Net => NET_WIDTH,
        // Half of the target to both sides.
        GoalUnit::Count | GoalUnit::Seconds => target,
    };
    match (well, badly) {
        (true, _) => Ok(GoalState::Ahead),
        (_, true) => Ok(GoalState::Behind),
        _ if found.high - found.low > widest => Err(TooLittle::WideInterval),
        _ => Ok(GoalState::OnTrack),
    }
}

/// Whether a value is on the good side of its target, whatever its interval.
pub(super) fn is_met(value: f64, target: f64, side: Side) -> bool {
    match side {
        Side::AtLeast => value >= target,
        Side::AtMost => value <= target,
    }
}

/// What is known of a count that grows day by day.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Daily {
    /// Counted so far.
    pub(super) total: f64,
    /// What each day that was heard as a whole brought.
    pub(super) days: Vec<f64>,
    /// How many days of the span were not heard, or are still to come.
    pub(super) missing: f64,
    /// Whether the days are a sample of what is usual, or are the whole that is meant.
    pub(super) sampled: Sampled,
}

/// What the days of a count stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sampled {
    /// Of a span that moves along: for the level that there is.
    Level,
    /// Of a span that ends: for themselves. Only what is missing is uncertain.
    Themselves,
}

impl Daily {
    /// The count of the whole span, as far as the days that were heard let expect, with the interval
    /// of Student (1908) for means of days, and for days that are missing that of a prediction. For
    /// authors a day brings those seen on no other day: their variance is the jackknife's (Efron &
    /// Stein 1981), their number the expectation for a further day (Good 1953). `None` with fewer
    /// than three days.
    pub(super) fn estimate(&self) -> Option<Estimate> {
        let count = self.days.len();
        if count < DAYS_MIN {
            return None;
        }
        let number = float(count as u64);
        let mean = self.days.iter().sum::<f64>() / number;
        let squares = self.days.iter().map(|day| (day - mean).powi(2)).sum::<f64>();
        let variance = squares / (number - 1.0);
        let missing = self.missing.max(0.0);
        let ahead = missing * missing / number + missing;
        let sampled = match self.sampled {
            Sampled::Level => number,
            Sampled::Themselves => 0.0,
        };
        let value = self.total + missing * mean;
        let spread = student(count - 1) * ((ahead + sampled) * variance).sqrt();
        let least = if self.sampled == Sampled::Themselves { self.total } else { 0.0 };
        Some(Estimate { value, low: (value - spread).max(least), high: value + spread })
    }
}

/// The median of sorted values, with the interval of the sign test: the values whose ranks a
/// binomial with even chances leaves out in 5 of 100 cases (Conover 1999, section 3.2). `None` with
/// fewer than ten.
pub(super) fn median(sorted: &[f64]) -> Option<Estimate> {
    if sorted.len() < ANSWERS_MIN {
        return None;
    }
    let count = float(sorted.len() as u64);
    let spread = 1.96 * count.sqrt() / 2.0;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "ranks in the list")]
    let (low, high) = (
        (count / 2.0 - spread).floor().max(0.0) as usize,
        ((count / 2.0 + spread).ceil() as usize).min(sorted.len() - 1),
    );
    let value = super::trend::quantile(sorted, 0.5)?;
    Some(Estimate { value, low: *sorted.get(low)?, high: *sorted.get(high)? })
}

fn student(freedom: usize) -> f64 {
    STUDENT.get(freedom.saturating_sub(1)).copied().unwrap_or(1.96 + 2.5 / float(freedom as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: &Estimate, wanted: [f64; 3]) {
        for (found, wanted) in [found.value, found.low, found.high].into_iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-3, "{found} is not {wanted}");
        }
    }

    #[test]
    fn a_state_is_said_only_where_the_interval_says_it() {
        let of = |low, high| Estimate { value: (low + high) / 2.0, low, high };
        for (found, side, wanted) in [
            (of(0.5, 0.6), Side::AtLeast, Ok(GoalState::Ahead)),
            (of(0.4, 0.49), Side::AtLeast, Ok(GoalState::Behind)),
            (of(0.45, 0.55), Side::AtLeast, Ok(GoalState::OnTrack)),
            (of(0.3, 0.7), Side::AtLeast, Err(TooLittle::WideInterval)),
            (of(0.0, 0.49), Side::AtLeast, Ok(GoalState::Behind)),
            (of(0.4, 0.5), Side::AtMost, Ok(GoalState::Ahead)),
            (of(0.51, 0.6), Side::AtMost, Ok(GoalState::Behind)),
        ] {
            assert_eq!(state(&found, 0.5, side, GoalUnit::Share), wanted, "{found:?}");
        }
        let found = of(-0.1, 0.2);
        assert_eq!(state(&found, 0.1, Side::AtLeast, GoalUnit::Net), Ok(GoalState::OnTrack));
        let found = of(60.0, 170.0);
        assert_eq!(
            state(&found, 100.0, Side::AtLeast, GoalUnit::Count),
            Err(TooLittle::WideInterval)
        );
    }

    #[test]
    fn counts_are_expected_from_whole_days() {
        // By hand: mean 10, variance 4 (8, 10, 12), t(2) = 4.303.
        let mut daily = Daily {
            total: 30.0,
            days: vec![8.0, 10.0, 12.0],
            missing: 0.0,
            sampled: Sampled::Level,
        };
        let spread = 4.303 * (3.0_f64 * 4.0).sqrt();
        near(&daily.estimate().expect("days"), [30.0, 30.0 - spread, 30.0 + spread]);
        daily.sampled = Sampled::Themselves;
        near(&daily.estimate().expect("days"), [30.0; 3]);
        // Four more days: 30 + 40, variance 4 (16/3 + 4).
        daily.missing = 4.0;
        let spread = 4.303 * (4.0_f64 * (16.0 / 3.0 + 4.0)).sqrt();
        near(&daily.estimate().expect("days"), [70.0, 70.0 - spread, 70.0 + spread]);
        daily.days.pop();
        assert_eq!(daily.estimate(), None);
    }

    #[test]
    fn a_median_lies_between_ranks_that_chance_hardly_leaves() {
        let waits: Vec<f64> = (1..=25).map(f64::from).collect();
        // By hand: 12.5 - 4.9 and 12.5 + 4.9, outwards: places 7 and 18, from 0.
        near(&median(&waits).expect("waits"), [13.0, 8.0, 19.0]);
        assert_eq!(median(&waits[..9]), None);
    }
}
