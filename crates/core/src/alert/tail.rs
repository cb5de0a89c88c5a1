//! How improbable is a count? Tails of the negative binomial, and bounds of a share.
//!
//! Constant time for any count: the tail is a regularized incomplete beta function, evaluated by
//! its continued fraction (DLMF 8.17.22, modified Lentz) with Lanczos' log-gamma.

/// The smallest probability told; below it only the size of the count says more.
const SMALLEST: f64 = 1e-300;
/// Steps of the continued fraction; it needs about the square root of the larger parameter.
const STEPS_MAX: i32 = 5_000;

/// P(X >= count) for a negative binomial with this mean and variance = `dispersion` * mean.
///
/// `mean` must be positive and `dispersion` above 1.
pub(super) fn upper_tail(count: u64, mean: f64, dispersion: f64) -> f64 {
    if count == 0 {
        return 1.0;
    }
    let size = mean / (dispersion - 1.0);
    beta_regularized(1.0 - 1.0 / dispersion, real(count), size).clamp(SMALLEST, 1.0)
}

/// P(X <= count) for the same distribution.
pub(super) fn lower_tail(count: u64, mean: f64, dispersion: f64) -> f64 {
    let size = mean / (dispersion - 1.0);
    beta_regularized(1.0 / dispersion, size, real(count) + 1.0).clamp(SMALLEST, 1.0)
}

/// Lower end of the 95 % confidence interval of a share (Wilson 1927); 0 without trials.
pub(super) fn wilson_lower(hits: u64, trials: u64) -> f64 {
    if trials == 0 {
        return 0.0;
    }
    let z: f64 = 1.96;
    let n = real(trials);
    let share = real(hits) / n;
    let spread = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    (share + z * z / (2.0 * n) - spread) / (1.0 + z * z / n)
}

/// A count as a real number.
#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(super) fn real(count: u64) -> f64 {
    count as f64
}

/// I_x(a, b), by whichever side converges quickly.
fn beta_regularized(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * continued_fraction(x, a, b) / a
    } else {
        1.0 - front * continued_fraction(1.0 - x, b, a) / b
    }
}

fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    let away_from_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut product = d;
    for step in 1..STEPS_MAX {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for numerator in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + numerator * d);
            c = away_from_zero(1.0 + numerator / c);
            change = c * d;
            product *= change;
        }
        if (change - 1.0).abs() < 1e-12 {
            break;
        }
    }
    product
}

/// Lanczos (1964), g = 7, nine terms: about fifteen digits for positive arguments.
fn ln_gamma(x: f64) -> f64 {
    const TERMS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        // Reflection; arguments are positive.
        let pi = std::f64::consts::PI;
        return (pi / (pi * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let mut sum = 0.999_999_999_999_809_9;
    for (place, term) in (1_i32..).zip(TERMS) {
        sum += term / (x + f64::from(place));
    }
    let t = x + 7.5;
    0.918_938_533_204_672_7 + (x + 0.5) * t.ln() - t + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_agree_with_known_values() {
        // scipy.stats.nbinom(n, p).sf(k - 1) with n = mean / (d - 1), p = 1 / d.
        let rows = [
            (0, 2.0, 2.0, 1.0),
            (1, 2.0, 2.0, 0.75),
            (5, 2.0, 2.0, 0.109_375),
            (10, 3.0, 1.5, 0.008_504_3),
        ];
        for (count, mean, dispersion, want) in rows {
            let tail = upper_tail(count, mean, dispersion);
            assert!((tail - want).abs() < 1e-6, "{count} {mean} {dispersion}: {tail}");
            let rest = if count == 0 { 0.0 } else { lower_tail(count - 1, mean, dispersion) };
            assert!((tail + rest - 1.0).abs() < 1e-9, "both tails make one");
        }
    }

    #[test]
    fn tails_fall_with_the_count_however_large() {
        for (mean, dispersion) in [(0.05, 1.3), (20.0, 4.0), (50_000.0, 30.0)] {
            let mut before = 1.0;
            for count in [1, 2, 10, 1_000, 100_000, 10_000_000] {
                let tail = upper_tail(count, mean, dispersion);
                assert!(tail.is_finite() && tail <= before + 1e-9, "{mean} {count}: {tail}");
                before = tail;
            }
        }
    }

    #[test]
    fn wilson_agrees_with_the_textbook() {
        assert!((wilson_lower(8, 10) - 0.490_16).abs() < 1e-4);
        assert!(wilson_lower(0, 0).abs() < f64::EPSILON);
    }
}
