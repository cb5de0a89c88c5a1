//! How sure is a share, and how sure a net sentiment? Intervals that cover the true value in about
//! 95 of 100 cases, if mentions are independent.

use serde::Serialize;

/// The normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.96;

/// A value with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// As counted.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Estimate {
    /// The share of `part` in `all`, from 0 to 1, with the interval of Wilson (1927). `None`
    /// without any.
    #[must_use]
    pub fn share(part: u64, all: u64) -> Option<Self> {
        if all == 0 {
            return None;
        }
        let (part, all) = (float(part), float(all));
        let value = part / all;
        let middle = (value + Z * Z / (2.0 * all)) / (1.0 + Z * Z / all);
        let spread = Z / (1.0 + Z * Z / all)
            * (value * (1.0 - value) / all + Z * Z / (4.0 * all * all)).sqrt();
        Some(Self { value, low: (middle - spread).max(0.0), high: (middle + spread).min(1.0) })
    }

    /// The share of positive less the share of negative mentions, from -1 to 1, with the interval of
    /// Bonett and Price (2012), as the view `net_sentiment` has it. `None` without any.
    #[must_use]
    pub fn net(positive: u64, negative: u64, all: u64) -> Option<Self> {
        if all == 0 {
            return None;
        }
        let (middle, error) = net(positive, negative, all);
        let value = (float(positive) - float(negative)) / float(all);
        let spread = Z * error;
        Some(Self { value, low: (middle - spread).max(-1.0), high: (middle + spread).min(1.0) })
    }

    /// How much the net sentiment of one span is above that of another, as `[positive, negative,
    /// all]`, from -2 to 2. `None` where one has no mentions.
    #[must_use]
    pub fn net_change(now: [u64; 3], before: [u64; 3]) -> Option<Self> {
        if now[2] == 0 || before[2] == 0 {
            return None;
        }
        let of = |[positive, negative, all]: [u64; 3]| {
            let value = (float(positive) - float(negative)) / float(all);
            (value, net(positive, negative, all))
        };
        let ((now, (now_middle, now_error)), (before, (middle, error))) = (of(now), of(before));
        let (middle, spread) = (now_middle - middle, Z * now_error.hypot(error));
        Some(Self {
            value: now - before,
            low: (middle - spread).max(-2.0),
            high: (middle + spread).min(2.0),
        })
    }

    /// Whether the interval leaves zero out: a difference that chance hardly makes.
    #[must_use]
    pub fn is_telling(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Middle and standard error of a net sentiment, with one positive and one negative mention more.
fn net(positive: u64, negative: u64, all: u64) -> (f64, f64) {
    let all = float(all) + 2.0;
    let (good, bad) = ((float(positive) + 1.0) / all, (float(negative) + 1.0) / all);
    let middle = good - bad;
    (middle, ((good + bad - middle * middle) / all).sqrt())
}

/// A count in floating point.
#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: Option<Estimate>, wanted: [f64; 3]) {
        let found = found.expect("there are mentions");
        for (found, wanted) in [found.value, found.low, found.high].into_iter().zip(wanted) {
            assert!((found - wanted).abs() < 5e-4, "{found} is not {wanted}");
        }
    }

    #[test]
    fn shares_have_the_interval_of_wilson() {
        // By hand, with z = 1.96: 3 of 10, and none of 10 (upper end z²/(n+z²)).
        near(Estimate::share(3, 10), [0.3, 0.1078, 0.6032]);
        near(Estimate::share(0, 10), [0.0, 0.0, 0.2775]);
        near(Estimate::share(10, 10), [1.0, 0.7225, 1.0]);
        assert_eq!(Estimate::share(0, 0), None);
    }

    #[test]
    fn net_sentiment_has_the_interval_of_bonett_and_price() {
        // By hand: 5 positive and 3 negative of 10; 6/12 - 4/12 = 1/6,
        // error sqrt((10/12 - 1/36) / 12) = 0.2591.
        near(Estimate::net(5, 3, 10), [0.2, 0.1667 - 0.5078, 0.1667 + 0.5078]);
        near(Estimate::net(0, 4, 4), [-1.0, -1.0, -0.0703]);
        assert_eq!(Estimate::net(0, 0, 0), None);
    }

    #[test]
    fn a_small_difference_is_not_telling_and_a_large_one_is() {
        let small = Estimate::net_change([5, 3, 10], [4, 4, 10]).expect("mentions");
        assert!((small.value - 0.2).abs() < 1e-9 && !small.is_telling());
        let large = Estimate::net_change([10, 80, 100], [60, 10, 100]).expect("mentions");
        assert!(large.value < -1.1 && large.is_telling());
        assert_eq!(Estimate::net_change([0, 0, 0], [1, 0, 1]), None);
    }
}
