//! How sure is a verdict? The share of verdicts that were right, by how far their class led.
//!
//! A curve of a few points, measured on posts that the model had not seen, and read between them by
//! straight lines: no exponential, so that the same text gives the same figure on every machine.

/// Leads at which a curve has its points; beyond the last it stays level.
pub(super) const LEADS: [f64; 8] = [0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.5];

/// The share that was right at each of [`LEADS`].
pub(super) type Curve = [f32; LEADS.len()];

/// What is assumed of a model that says nothing.
pub(super) const UNKNOWN: Curve = [0.40, 0.46, 0.52, 0.61, 0.69, 0.76, 0.86, 0.93];

/// The share in percent at a lead.
pub(super) fn percent(curve: &Curve, lead: f64) -> u8 {
    let next = LEADS.partition_point(|&at| at <= lead).clamp(1, LEADS.len() - 1);
    let (from, to) = (LEADS[next - 1], LEADS[next]);
    let share = ((lead - from) / (to - from)).clamp(0.0, 1.0);
    let [low, high] = [curve[next - 1], curve[next]].map(f64::from);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
    let percent = (100.0 * share.mul_add(high - low, low)).round().clamp(0.0, 100.0) as u8;
    percent
}

/// The share in percent for a compound of the `vader` profile, by its size: measured on the four
/// sets of its authors, a human mean at or beyond 0.5 being polar.
pub(super) fn of_compound(compound: f64) -> u8 {
    let step = VADER_STEPS.partition_point(|&from| from <= compound.abs());
    let curve = if compound < 0.0 { VADER_NEGATIVE } else { VADER_POSITIVE };
    step.checked_sub(1).and_then(|at| curve.get(at)).copied().unwrap_or(VADER_NEUTRAL)
}

const VADER_STEPS: [f64; 7] = [0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9];
const VADER_NEUTRAL: u8 = 37;
const VADER_NEGATIVE: [u8; 7] = [60, 64, 75, 76, 80, 81, 87];
const VADER_POSITIVE: [u8; 7] = [37, 46, 56, 70, 76, 82, 91];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_read_between_its_points() {
        let rows = [(0.0, 40), (0.125, 43), (1.0, 61), (4.5, 93), (99.0, 93)];
        for (lead, want) in rows {
            assert_eq!(percent(&UNKNOWN, lead), want, "{lead}");
        }
    }
}
