//! Who is to be answered first? Points from 0 to 100 for a mention, with the parts they are made of.
//!
//! ```text
//! points = wants * certainty / 100 * (50 + reach + wait) / 100
//! ```
//!
//! `wants` is what the most urgent intent asks for, `certainty` how sure that is, in percent. Half
//! of the points are there at once; up to 30 in a hundred come with the number of people who may
//! have read it, up to 20 with the time for which it has waited. Who wants nothing has no points,
//! however large the audience: a priority ranks work, not fame.

use crate::intent::Intent;
use crate::post::Polarity;

/// Points of a negative mention without a clear intent.
const NEGATIVE: u8 = 60;
/// What is there at once, of a hundred.
const AT_ONCE: u32 = 50;
/// What the audience adds at most, and for each power of ten of it.
const REACH_MAX: u8 = 30;
const REACH_PER_TEN: f64 = 5.0;
/// What waiting adds at most.
const WAIT_MAX: u8 = 20;

/// The time within which an answer is promised where nothing else is said: a day.
pub const PROMISED_MS: i64 = 24 * 60 * 60 * 1_000;

/// A share from 0 to 1 as a certainty in percent, rounded; what is beyond counts as the end of the scale.
#[must_use]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is between 0 and 100"
)]
pub fn percent(share: f64) -> u8 {
    (share * 100.0).round().clamp(0.0, 100.0) as u8
}

/// What is known of a mention that may wait for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The most urgent intent with its certainty in percent.
    pub intent: Option<(Intent, u8)>,
    /// How it speaks of the topic.
    pub polarity: Polarity,
    /// How sure the polarity is, in percent.
    pub confidence: u8,
    /// Followers or views, where known.
    pub reach: Option<u64>,
    /// Since it was written, in milliseconds; less than nothing counts as nothing.
    pub age_ms: i64,
    /// Within which an answer is promised, in milliseconds; [`PROMISED_MS`] as a rule. Time that
    /// does not count, such as a weekend, is for the caller to leave out of both.
    pub promised_ms: i64,
}

/// Points with the parts they are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Priority {
    /// 0 to 100.
    pub points: u8,
    /// What the intent asks for: churn 100, complaint 90, question 70, purchase 60, negative without
    /// an intent 60, recommendation and praise 20, else 0.
    pub wants: u8,
    /// How sure that is, in percent.
    pub certainty: u8,
    /// 5 for each power of ten of the audience, 0 to 30.
    pub reach: u8,
    /// Share of the promised time that is gone, 0 to 20.
    pub wait: u8,
}

/// The priority of a mention.
///
/// # Example
/// ```
/// use resonanz_core::intent::Intent;
/// use resonanz_core::post::Polarity;
/// use resonanz_core::priority::{PROMISED_MS, Waiting, priority};
///
/// let found = priority(&Waiting {
///     intent: Some((Intent::Complaint, 80)),
///     polarity: Polarity::Negative,
///     confidence: 74,
///     reach: Some(999),
///     age_ms: PROMISED_MS / 2,
///     promised_ms: PROMISED_MS,
/// });
/// assert_eq!((found.wants, found.certainty, found.reach, found.wait), (90, 80, 15, 10));
/// assert_eq!(found.points, 54); // 90 * 80 % * (50 + 15 + 10) %
/// ```
#[must_use]
pub fn priority(waiting: &Waiting) -> Priority {
    let negative =
        (waiting.polarity == Polarity::Negative).then_some((NEGATIVE, waiting.confidence));
    let stated = waiting.intent.map(|(intent, sure)| (wants_of(intent), sure));
    // A complaint that is doubtful is still a negative mention.
    let weigh = |&(wants, sure): &(u8, u8)| u32::from(wants) * u32::from(sure);
    let best = stated.into_iter().chain(negative).max_by_key(weigh).unwrap_or((0, 0));
    let (wants, certainty) = (best.0, best.1.min(100));
    let (reach, wait) = (reach_of(waiting.reach), wait_of(waiting.age_ms, waiting.promised_ms));
    let share = AT_ONCE + u32::from(reach) + u32::from(wait);
    let points = (u32::from(wants) * u32::from(certainty) * share + 5_000) / 10_000;
    let points = u8::try_from(points).unwrap_or(100);
    Priority { points, wants, certainty, reach, wait }
}

fn wants_of(intent: Intent) -> u8 {
    match intent {
        Intent::Churn => 100,
        Intent::Complaint => 90,
        Intent::Question => 70,
        Intent::Purchase => 60,
        Intent::Recommendation | Intent::Praise => 20,
    }
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rounded logarithm, from 0 to 30"
)]
fn reach_of(reach: Option<u64>) -> u8 {
    let tens = (reach.unwrap_or(0) as f64 + 1.0).log10();
    (REACH_PER_TEN * tens).round().min(f64::from(REACH_MAX)) as u8
}

fn wait_of(age_ms: i64, promised_ms: i64) -> u8 {
    let (age, promised) = (i128::from(age_ms.max(0)), i128::from(promised_ms.max(1)));
    let most = i128::from(WAIT_MAX);
    u8::try_from((age * most / promised).min(most)).unwrap_or(WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting() -> Waiting {
        Waiting {
            intent: None,
            polarity: Polarity::Neutral,
            confidence: 60,
            reach: None,
            age_ms: 0,
            promised_ms: PROMISED_MS,
        }
    }

    #[test]
    fn who_is_about_to_leave_comes_before_who_is_pleased() {
        let sure = |intent| priority(&Waiting { intent: Some((intent, 80)), ..waiting() }).points;
        let points = Intent::ALL.map(sure);
        assert!(points.is_sorted_by(|a, b| a >= b), "{points:?}");
        assert_eq!(points, [40, 36, 28, 24, 8, 8]);
    }

    #[test]
    fn the_points_are_the_product_of_their_parts_and_stay_within_their_bounds() {
        let extreme = Waiting {
            intent: Some((Intent::Churn, 255)),
            reach: Some(u64::MAX),
            age_ms: i64::MAX,
            promised_ms: 0,
            ..waiting()
        };
        let found = priority(&extreme);
        let want = Priority { points: 100, wants: 100, certainty: 100, reach: 30, wait: 20 };
        assert_eq!(found, want);
        let early = priority(&Waiting { age_ms: i64::MIN, promised_ms: i64::MIN, ..extreme });
        assert_eq!((early.wait, early.points), (0, 80));
    }

    #[test]
    fn fame_alone_is_no_work_and_a_doubtful_intent_hides_no_negative_mention() {
        let famous = Waiting { reach: Some(9_999_999), age_ms: 2 * PROMISED_MS, ..waiting() };
        assert_eq!(priority(&famous).points, 0);
        let doubtful = Waiting {
            intent: Some((Intent::Praise, 55)),
            polarity: Polarity::Negative,
            ..waiting()
        };
        assert_eq!((priority(&doubtful).wants, priority(&doubtful).points), (60, 18));
    }
}
