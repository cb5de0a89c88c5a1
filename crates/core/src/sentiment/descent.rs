//! Which weights fit labelled rows best? Multinomial logistic regression by L-BFGS.
//!
//! Full batches in fixed order, so the same rows give the same weights to the last bit. The loss is
//! convex: there is one optimum, and the penalty decides how far from the anchor it may lie.

use std::collections::VecDeque;

use super::features;
use super::model::CLASSES;

/// Labelled rows: dense features, then words in compressed rows.
#[derive(Debug, Default, Clone)]
pub(super) struct Rows {
    pub(super) dense: Vec<features::Row>,
    /// Index and value of each word of each row.
    pub(super) grams: Vec<Vec<(u32, f32)>>,
    /// Class of each row: 0, 1, 2.
    pub(super) classes: Vec<usize>,
    pub(super) weights: Vec<f64>,
    /// Source of each row.
    pub(super) sources: Vec<usize>,
}

/// What is to be found, and how far it may lie from the anchor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task {
    /// Penalty of features.
    pub(super) feature_penalty: f64,
    /// Penalty of words.
    pub(super) gram_penalty: f64,
}

/// Steps back that the search remembers.
const MEMORY: usize = 8;
/// Rounds at most.
const ROUNDS_MAX: usize = 80;
/// The search ends when no slope is steeper.
const SLOPE_MIN: f64 = 1e-5;

impl Task {
    /// The weights of least loss over `chosen` rows, starting from and tied to `anchor`.
    pub(super) fn solve(&self, rows: &Rows, chosen: &[usize], anchor: &[f64]) -> Vec<f64> {
        let mut weights = anchor.to_vec();
        let mut slope = vec![0.0; weights.len()];
        let mut loss = self.loss(rows, chosen, anchor, &weights, &mut slope);
        let mut memory: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
        for _ in 0..ROUNDS_MAX {
            if slope.iter().all(|slope| slope.abs() < SLOPE_MIN) {
                break;
            }
            let mut direction = direction(&slope, &memory);
            let mut descent = dot(&direction, &slope);
            if descent >= 0.0 {
                direction = slope.iter().map(|slope| -slope).collect();
                descent = dot(&direction, &slope);
                memory.clear();
            }
            let first =
                if memory.is_empty() { 1.0 / (1.0 + dot(&slope, &slope).sqrt()) } else { 1.0 };
            let Some((next, next_slope, next_loss)) =
                self.step(rows, chosen, anchor, (&weights, loss), (&direction, descent), first)
            else {
                break;
            };
            let moved: Vec<f64> = next.iter().zip(&weights).map(|(a, b)| a - b).collect();
            let turned: Vec<f64> = next_slope.iter().zip(&slope).map(|(a, b)| a - b).collect();
            let curvature = dot(&moved, &turned);
            if curvature > 1e-12 {
                memory.truncate(MEMORY - 1);
                memory.push_front((moved, turned, 1.0 / curvature));
            }
            let gain = loss - next_loss;
            (weights, slope, loss) = (next, next_slope, next_loss);
            if gain < 1e-9 * loss.abs() {
                break;
            }
        }
        weights
    }

    /// Goes along a direction, halving the step until the loss falls enough.
    fn step(
        &self,
        rows: &Rows,
        chosen: &[usize],
        anchor: &[f64],
        (weights, loss): (&[f64], f64),
        (direction, descent): (&[f64], f64),
        first: f64,
    ) -> Option<(Vec<f64>, Vec<f64>, f64)> {
        let mut size = first;
        for _ in 0..20 {
            let next: Vec<f64> =
                weights.iter().zip(direction).map(|(from, by)| from + size * by).collect();
            let mut slope = vec![0.0; next.len()];
            let next_loss = self.loss(rows, chosen, anchor, &next, &mut slope);
            if next_loss <= loss + 1e-4 * size * descent {
                return Some((next, slope, next_loss));
            }
            size *= 0.5;
        }
        None
    }

    /// Mean loss and penalty; fills the slope.
    fn loss(
        &self,
        rows: &Rows,
        chosen: &[usize],
        anchor: &[f64],
        weights: &[f64],
        slope: &mut [f64],
    ) -> f64 {
        let total: f64 = chosen.iter().map(|&row| rows.weights[row]).sum();
        let mut loss = 0.0;
        for &row in chosen {
            let weight = rows.weights[row] / total;
            let mut shares = sums(rows, row, weights);
            let most = shares.iter().copied().fold(f64::MIN, f64::max);
            let norm: f64 = shares.iter().map(|sum| (sum - most).exp()).sum();
            let class = rows.classes[row];
            loss += weight * (most + norm.ln() - shares[class]);
            for (at, share) in shares.iter_mut().enumerate() {
                let want = if at == class { 1.0 } else { 0.0 };
                *share = weight * ((*share - most).exp() / norm - want);
            }
            for (at, value) in values(rows, row) {
                let slopes = slope[at * CLASSES..].iter_mut();
                slopes.zip(&shares).for_each(|(slope, share)| *slope += share * value);
            }
        }
        let grams_from = (1 + features::COUNT) * CLASSES;
        for (at, (slope, (weight, anchor))) in
            slope.iter_mut().zip(weights.iter().zip(anchor)).enumerate().skip(CLASSES)
        {
            let penalty = if at < grams_from { self.feature_penalty } else { self.gram_penalty };
            let off = weight - anchor;
            loss += 0.5 * penalty * off * off;
            *slope += penalty * off;
        }
        loss
    }
}

/// The place of each weight of a row, and the value it is multiplied by.
fn values(rows: &Rows, row: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
    let dense = rows.dense[row].iter().enumerate().map(|(at, &value)| (1 + at, value));
    let grams = rows.grams[row].iter();
    let grams = grams.map(|&(at, value)| (1 + features::COUNT + at as usize, f64::from(value)));
    std::iter::once((0, 1.0)).chain(dense.filter(|(_, value)| *value != 0.0)).chain(grams)
}

/// The sum of each class for a row.
pub(super) fn sums(rows: &Rows, row: usize, weights: &[f64]) -> [f64; CLASSES] {
    let mut sums = [0.0; CLASSES];
    for (at, value) in values(rows, row) {
        let weights = weights[at * CLASSES..].iter();
        sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight * value);
    }
    sums
}

/// The two-loop recursion.
fn direction(slope: &[f64], memory: &VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut direction: Vec<f64> = slope.iter().map(|slope| -slope).collect();
    let mut factors = Vec::with_capacity(memory.len());
    for (moved, turned, scale) in memory {
        let factor = scale * dot(moved, &direction);
        direction.iter_mut().zip(turned).for_each(|(to, by)| *to -= factor * by);
        factors.push(factor);
    }
    if let Some((moved, turned, _)) = memory.front() {
        let scale = dot(moved, turned) / dot(turned, turned);
        direction.iter_mut().for_each(|to| *to *= scale);
    }
    for ((moved, turned, scale), factor) in memory.iter().zip(factors).rev() {
        let back = scale * dot(turned, &direction);
        direction.iter_mut().zip(moved).for_each(|(to, by)| *to += (factor - back) * by);
    }
    direction
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
