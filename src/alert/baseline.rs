//! How unusual is a count, given the topic's own history?
//!
//! History is cut into blocks of the window's length. The count is compared with a negative
//! binomial fitted to the blocks by moments (counts of mentions are overdispersed: one event draws
//! many posts), and with the decayed maximum, which asks whether the topic has seen this before.
//! Blocks during an alert are left out, so that a crisis does not become the new normal.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Fewest blocks before the history speaks.
const BLOCKS_MIN: i64 = 8;
/// The recent past whose mean is the least to expect: quiet nights explain no busy morning.
const RECENT_BLOCKS: i64 = 4;
/// Blocks after which a maximum counts half.
const HALF_LIFE_BLOCKS: f64 = 96.0;
/// Smallest variance to mean ratio: below it mentions would be independent, which they never are.
const DISPERSION_MIN: f64 = 1.3;

/// Counts of past blocks of one topic under one rule. Empty blocks take no room.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Baseline {
    /// Block number and count; `None` for a block during an alert.
    blocks: VecDeque<(i64, Option<u32>)>,
}

/// A count set against its history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unusual {
    /// Mean count to expect.
    pub(super) expected: f64,
    /// Probability of at least this count.
    pub(super) p_value: f64,
    /// Count over the decayed maximum.
    pub(super) novelty: f64,
}

impl Baseline {
    /// Appends a finished block and forgets those before `oldest`.
    pub(super) fn push(&mut self, block: i64, count: Option<u64>, oldest: i64) {
        if count != Some(0) {
            let count = count.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
            self.blocks.push_back((block, count));
        }
        while self.blocks.front().is_some_and(|&(number, _)| number < oldest) {
            self.blocks.pop_front();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Compares `count`, seen in block `now`, with the blocks from `oldest` on; `None` while the
    /// history is too short to speak. Linear in the blocks that are not empty.
    pub(super) fn compare(&self, count: u64, now: i64, oldest: i64) -> Option<Unusual> {
        let span = now - oldest;
        let kept =
            || self.blocks.iter().filter(move |&&(number, _)| number >= oldest && number < now);
        let left_out = kept().filter(|(_, count)| count.is_none()).count();
        let blocks = span - i64::try_from(left_out).unwrap_or(span);
        if blocks < BLOCKS_MIN {
            return None;
        }
        let counted = || kept().filter_map(|&(number, count)| Some((number, f64::from(count?))));
        let blocks = as_f64(blocks);
        let sum: f64 = counted().map(|(_, count)| count).sum();
        let squares: f64 = counted().map(|(_, count)| count * count).sum();
        let recent: f64 = counted()
            .filter(|&(number, _)| number >= now - RECENT_BLOCKS)
            .map(|(_, count)| count)
            .sum();
        // Half a mention of prior: a topic never spoken of is not infinitely surprising.
        let mean = (sum + 0.5) / (blocks + 1.0);
        let expected = mean.max(recent / as_f64(RECENT_BLOCKS));
        let variance = (squares - blocks * (sum / blocks).powi(2)).max(0.0) / (blocks - 1.0);
        let dispersion = (variance / mean).max(DISPERSION_MIN);
        let maximum = counted()
            .map(|(number, count)| count * (-as_f64(now - number) / HALF_LIFE_BLOCKS).exp2())
            .fold(1.0, f64::max);
        Some(Unusual {
            expected,
            p_value: negative_binomial_tail(count, expected, dispersion),
            novelty: as_f64(i64::try_from(count).unwrap_or(i64::MAX)) / maximum,
        })
    }
}

/// P(X >= count) for a negative binomial with this mean and variance = dispersion * mean.
///
/// Sums the lower tail for counts up to 100,000; beyond, and for tails below 1e-15, the result is
/// that smallest value. `dispersion` must be above 1.
fn negative_binomial_tail(count: u64, mean: f64, dispersion: f64) -> f64 {
    const SMALLEST: f64 = 1e-15;
    if count == 0 {
        return 1.0;
    }
    let size = mean / (dispersion - 1.0);
    let success = 1.0 - 1.0 / dispersion;
    let mut log_term = -size * dispersion.ln();
    let mut upper = 0.0;
    let steps = count.saturating_add(2_000).min(100_000);
    for k in 0..steps {
        if k >= count {
            upper += log_term.exp();
        }
        let k = as_f64(i64::try_from(k).unwrap_or(i64::MAX));
        log_term += ((size + k) / (k + 1.0) * success).ln();
    }
    upper.clamp(SMALLEST, 1.0)
}

#[allow(clippy::cast_precision_loss, reason = "block numbers and counts stay far below 2^53")]
fn as_f64(value: i64) -> f64 {
    value as f64
}

/// Lower end of the 95 % confidence interval of a share (Wilson 1927); 0 without trials.
pub(super) fn wilson_lower(hits: u64, trials: u64) -> f64 {
    if trials == 0 {
        return 0.0;
    }
    let z: f64 = 1.96;
    let n = as_f64(i64::try_from(trials).unwrap_or(i64::MAX));
    let share = as_f64(i64::try_from(hits).unwrap_or(i64::MAX)) / n;
    let spread = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    (share + z * z / (2.0 * n) - spread) / (1.0 + z * z / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_agrees_with_known_values() {
        // scipy.stats.nbinom(n, p).sf(k - 1) with n = mean / (d - 1), p = 1 / d.
        let rows = [
            (0, 2.0, 2.0, 1.0),
            (1, 2.0, 2.0, 0.75),
            (5, 2.0, 2.0, 0.109_375),
            (10, 3.0, 1.5, 0.008_504_3),
        ];
        for (count, mean, dispersion, want) in rows {
            let tail = negative_binomial_tail(count, mean, dispersion);
            assert!((tail - want).abs() < 1e-6, "{count} {mean} {dispersion}: {tail}");
        }
    }

    #[test]
    fn history_decides_what_is_unusual() {
        let mut busy = Baseline::default();
        let mut calm = Baseline::default();
        for block in 0..50 {
            busy.push(block, Some(20 + 10 * u64::from(block % 2 == 0)), 0);
            calm.push(block, Some(1), 0);
        }
        let compare =
            |baseline: &Baseline| baseline.compare(30, 50, 0).expect("long enough").p_value;
        assert!(compare(&busy) > 0.05);
        assert!(compare(&calm) < 1e-9);
        assert_eq!(calm.compare(30, 57, 50), None, "seven blocks are too short");
    }

    #[test]
    fn a_past_crisis_is_no_baseline() {
        let mut baseline = Baseline::default();
        for block in 0..50 {
            baseline.push(block, if block == 40 { None } else { Some(1) }, 0);
        }
        assert!(baseline.compare(30, 50, 0).expect("long enough").novelty > 20.0);
    }

    #[test]
    fn wilson_agrees_with_the_textbook() {
        assert!((wilson_lower(8, 10) - 0.490_16).abs() < 1e-4);
        assert!(wilson_lower(0, 0).abs() < f64::EPSILON);
    }
}
