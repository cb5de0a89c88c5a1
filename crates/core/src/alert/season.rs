//! When does a topic usually speak? Its rhythm over the hours of the day and days of the week.
//!
//! Thirty-one decayed means, 248 bytes. A factor counts only once its hour was seen on three days,
//! or its weekday in two weeks; the baseline uses the rhythm only while it predicts better than none.

use serde::{Deserialize, Serialize};

use super::hours::LocalTime;

/// Days of an hour, and weeks of a weekday, after which its past counts half.
const HALF_LIFE_DAYS: f64 = 14.0;
const HALF_LIFE_WEEKS: f64 = 6.0;
/// Days of an hour, and weeks of a weekday, before its factor counts; a little less than whole
/// numbers, since older ones have faded.
const DAYS_MIN: f64 = 2.5;
const WEEKS_MIN: f64 = 1.7;

/// Decayed sums of block counts, and of blocks, by hour of the day and by weekday.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Season {
    hours: [(f32, f32); 24],
    weekdays: [(f32, f32); 7],
}

impl Season {
    /// Adds a block that began at this local time; `blocks` is how many blocks an hour has.
    pub(super) fn learn(&mut self, local: LocalTime, count: f64, blocks: f64) {
        if let Some(place) = self.hours.get_mut(local.hour()) {
            add(place, count, HALF_LIFE_DAYS * blocks);
        }
        if let Some(place) = self.weekdays.get_mut(usize::from(local.weekday)) {
            add(place, count, HALF_LIFE_WEEKS * 24.0 * blocks);
        }
    }

    /// By which factor this local time differs from the `level`; `None` while that is not known.
    pub(super) fn factor(&self, local: LocalTime, level: f64, blocks: f64) -> Option<f64> {
        let &hour = self.hours.get(local.hour())?;
        let hour = ratio(hour, level, blocks, DAYS_MIN)?;
        let &weekday = self.weekdays.get(usize::from(local.weekday))?;
        Some(hour * ratio(weekday, level, 24.0 * blocks, WEEKS_MIN).unwrap_or(1.0))
    }
}

#[allow(clippy::cast_possible_truncation, reason = "six digits of a mean are enough")]
fn add(place: &mut (f32, f32), count: f64, half_life: f64) {
    let keep = (-1.0 / half_life).exp2();
    place.0 = (f64::from(place.0) * keep + count) as f32;
    place.1 = (f64::from(place.1) * keep + 1.0) as f32;
}

/// The mean over the level, pulled toward 1 by one unit's worth of blocks at the level.
fn ratio((sum, weight): (f32, f32), level: f64, unit: f64, units_min: f64) -> Option<f64> {
    let (sum, weight) = (f64::from(sum), f64::from(weight));
    (weight >= units_min * unit).then(|| (sum + unit * level) / ((weight + unit) * level))
}
