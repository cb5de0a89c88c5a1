//! How good are weights on rows that they were not fitted to, and how sure is each verdict?

use super::{Options, classes_of};
use crate::post::Polarity;
use crate::sentiment::descent::{self, Rows, Task};
use crate::sentiment::evaluate::{Report, Tally};
use crate::sentiment::model::{CLASSES, lead};
use crate::sentiment::reliability::{Curve, LEADS};

/// Weighs rare classes up, in each source by itself.
pub(super) fn balance(rows: &mut Rows, strength: f64) {
    let sources = rows.sources.iter().max().map_or(0, |last| last + 1);
    let mut totals = vec![[0.0; CLASSES]; sources];
    for ((class, source), weight) in rows.classes.iter().zip(&rows.sources).zip(&rows.weights) {
        totals[*source][*class] += weight;
    }
    let own = rows.classes.iter().zip(&rows.sources).zip(&mut rows.weights);
    for ((class, source), weight) in own {
        let totals = &totals[*source];
        let total: f64 = totals.iter().sum();
        *weight *= (total / (3.0 * totals[*class])).powf(strength);
    }
}

/// The sums of each row by weights that have not seen its fold.
pub(super) fn held_out(
    task: &Task,
    rows: &Rows,
    folds: &[usize],
    options: &Options,
    anchor: &[f64],
) -> Vec<[f64; CLASSES]> {
    let fold_of = |row: usize| {
        if options.by_source { rows.sources[row] } else { folds[row] % options.folds.max(2) }
    };
    let count = (0..folds.len()).map(fold_of).max().map_or(0, |last| last + 1);
    let mut found = vec![[0.0; CLASSES]; rows.classes.len()];
    for fold in 0..count {
        let (held, seen): (Vec<usize>, Vec<usize>) =
            (0..rows.classes.len()).partition(|&row| fold_of(row) == fold);
        if seen.is_empty() || held.is_empty() {
            continue;
        }
        let weights = task.solve(rows, &seen, anchor);
        for row in held {
            let sums = descent::sums(rows, row, &weights);
            found[row] = [0, 1, 2].map(|class| sums[class] + options.prior[class]);
        }
    }
    found
}

/// The measures of guesses against labels.
pub(super) fn report(rows: &Rows, sums: &[[f64; CLASSES]]) -> Report {
    let mut tally = Tally::default();
    for (gold, sums) in rows.classes.iter().zip(sums) {
        tally.observe(polarity(*gold), polarity(lead(*sums).0));
    }
    tally.finalize()
}

/// The share of right guesses of each class by its lead, each source counting alike; never falling,
/// for a longer lead is no worse.
pub(super) fn reliability(rows: &Rows, sums: &[[f64; CLASSES]]) -> [Curve; CLASSES] {
    let sizes = classes_of(&rows.sources);
    let mut cells = [[(0.0, 0.0); LEADS.len()]; CLASSES];
    for (row, &sums) in sums.iter().enumerate() {
        let (class, lead) = lead(sums);
        let weight = 1.0 / sizes[rows.sources[row]];
        let right = if class == rows.classes[row] { weight } else { 0.0 };
        // Each row counts for the two points beside its lead, the nearer one more.
        let next = LEADS.partition_point(|&at| at <= lead).clamp(1, LEADS.len() - 1);
        let (from, to) = (LEADS[next - 1], LEADS[next]);
        let share = ((lead - from) / (to - from)).clamp(0.0, 1.0);
        for (at, share) in [(next - 1, 1.0 - share), (next, share)] {
            let cell = &mut cells[class][at];
            *cell = (cell.0 + right * share, cell.1 + weight * share);
        }
    }
    cells.map(|cells| rising(&cells))
}

/// The rising curve next to shares with weights: neighbours that fall are pooled (Ayer et al. 1955).
fn rising(cells: &[(f64, f64); LEADS.len()]) -> Curve {
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for &(right, all) in cells {
        // A little of a guess at random keeps an empty cell from being sure.
        let mut pool = (right + 1e-6 / 3.0, all + 1e-6, 1);
        while let Some(&last) = pools.last()
            && last.0 / last.1 >= pool.0 / pool.1
        {
            pools.pop();
            pool = (pool.0 + last.0, pool.1 + last.1, pool.2 + last.2);
        }
        pools.push(pool);
    }
    let mut curve = Curve::default();
    let shares = pools.iter().flat_map(|pool| std::iter::repeat_n(pool.0 / pool.1, pool.2));
    #[allow(clippy::cast_possible_truncation, reason = "shares are written with three decimals")]
    curve.iter_mut().zip(shares).for_each(|(to, share)| *to = (share * 1e3).round() as f32 / 1e3);
    curve
}

/// The polarity of a class.
pub(super) fn polarity(class: usize) -> Polarity {
    match class {
        0 => Polarity::Negative,
        1 => Polarity::Neutral,
        _ => Polarity::Positive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_never_falls() {
        let mut cells = [(0.5, 1.0); LEADS.len()];
        cells[0] = (0.2, 1.0);
        cells[2] = (0.9, 1.0);
        let curve = rising(&cells);
        assert!(curve.windows(2).all(|pair| pair[0] <= pair[1]), "{curve:?}");
        assert!(curve[0] < 0.3 && curve[LEADS.len() - 1] > 0.5);
    }
}
