//! How many spikes could anybody find who called no more often than this by mistake? No rule, whatever it
//! is made of, is better.
//!
//! Whoever calls `r` times a minute in ordinary traffic calls by mistake within the ten minutes after a
//! given instant with a probability of at most `10 r`. Calling or not within these minutes is a test of
//! whether a spike has begun, and by the lemma of Neyman and Pearson (1933) no test of that size finds
//! more than the one that calls where the likelihood ratio is largest. Here it is computed by somebody who
//! knows the exact rate of each minute, bursts, drift and news included, and the exact size of the
//! spike; one threshold for all topics and hours spends the mistakes where they find most.

use super::{Topic, WEEK_M, real};

/// Minutes within which a spike is to be found.
const WITHIN_M: i64 = 10;
const YEAR_M: f64 = 365.25 * 1_440.0;

/// Log likelihood ratios of spikes that began: largest first.
pub(crate) struct Optimum(Vec<f64>);

impl Optimum {
    /// Spikes of this size at every tenth minute of two weeks, for each of these topics.
    pub(crate) fn of(topics: impl Iterator<Item = Topic>, size: u32) -> Self {
        let mut ratios = Vec::new();
        for mut topic in topics {
            for start in (WEEK_M..3 * WEEK_M).step_by(10) {
                let extra = topic.negative_per_minute(start) * f64::from(size - 1);
                let mut ratio = 0.0;
                for minute in start..start + WITHIN_M {
                    topic.minute(minute, None);
                    // In an outage a single post tells.
                    let usual = topic.negative_now().max(1e-9);
                    let count = topic.draw(usual + extra);
                    ratio += real(count) * (extra / usual).ln_1p() - extra;
                }
                ratios.push(ratio);
            }
        }
        ratios.sort_by(|one, other| other.total_cmp(one));
        Self(ratios)
    }

    /// The share of spikes that the best test finds which calls so often a year where there is none.
    ///
    /// A ratio weighs how much rarer the same is without a spike, so the sizes of tests come from the
    /// spikes themselves.
    pub(crate) fn found(&self, calls_a_year: f64) -> f64 {
        let all = real(self.0.len() as u64);
        let most = calls_a_year * real(WITHIN_M.unsigned_abs()) / YEAR_M;
        let mut by_mistake = 0.0;
        let within = self.0.iter().take_while(|ratio| {
            by_mistake += (-**ratio).exp() / all;
            by_mistake <= most
        });
        real(within.count() as u64) / all
    }
}
