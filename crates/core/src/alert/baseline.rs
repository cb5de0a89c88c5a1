//! What does a topic's own history lead to expect? Rolling moments and the decayed record.
//!
//! History is cut into blocks of the window's length, and of each only moments are kept: about
//! 100 bytes for any length of history, and 248 more for the rhythm of topics that have one. Blocks
//! during an alert are left out for a day, outliers are pulled in, and the record remembers of an
//! alert no more than three times what had been seen before: a crisis does not become normal. Of
//! sentiment the record fades within hours, so that the next wave is heard as the first one was.

use serde::{Deserialize, Serialize};

use super::hours::LocalTime;
use super::season::Season;

/// Smallest variance to mean ratio: below it mentions would be independent, which they never are.
/// At 1.3 four of a hundred spikes more are missed at 1,000 posts an hour, at 1.05 false calls
/// double; NAB's score is the same.
const DISPERSION_MIN: f64 = 1.15;
/// A block counts toward the dispersion as at most so many standard deviations (Huber 1964).
/// Without it one burst hides the next ones: on NAB's tweets the score fell by 17 points on average
/// over 1,500 settings.
const CLIP: f64 = 2.0;
/// What clipping leaves of a variance: the mean square of a normal deviate that is clipped at twice its
/// deviation. Without it false calls of sentiment double at 1,000 posts an hour, and one spike of a
/// hundred more is found; volume, which comes in bursts, was tuned as it is.
const CLIPPED: f64 = 0.92;
/// A block counts toward the level as at most so many standard deviations above it.
const LEVEL_CLIP: f64 = 3.0;
/// How much of an alert the record remembers, in multiples of the record before it.
const RECORD_GROWTH: f64 = 3.0;
/// Added to the expected count in ratios, so that the third mention in a quiet week is no record.
const RATIO_FLOOR: f64 = 5.0;
/// Mentions of any other kind that tell as much about the present as the level does. At 10 a topic's
/// nights are expected a fifth too loud.
const COMPANY_PRIOR: f64 = 5.0;
/// Least mean ever expected of a block.
const MEAN_MIN: f64 = 0.05;
/// Rhythm or company are used while they leave less than this share of the flat level's dispersion: they
/// must explain a third. At 0.8 NAB's score falls by 4 points, at 0.5 nothing changes.
const GUIDE_GAIN: f64 = 0.65;
/// Fewest blocks before ratios say anything.
const BLOCKS_MIN: u32 = 8;

/// How a rule cuts time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    /// Blocks after which the past counts half.
    pub(super) half_life: f64,
    /// Blocks after which the record counts half.
    pub(super) record_half_life: f64,
    /// Blocks in an hour; 0 switches the rhythm off, for windows too long for one.
    pub(super) per_hour: f64,
    /// Blocks before the history speaks.
    pub(super) young: u32,
}

/// What is seen of a block or a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    /// Mentions of the measured kind.
    pub(super) counted: f64,
    /// All other mentions; `None` when the kind is not a part of them.
    pub(super) others: Option<f64>,
}

/// Moments of the past blocks of one topic under one rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Baseline {
    /// The first block not learned yet.
    pub(super) next: i64,
    learned: u32,
    /// Decayed sums over blocks: counted mentions, other mentions, blocks.
    counted: f64,
    others: f64,
    weight: f64,
    /// Decayed sums of squared errors over expectation, guided by rhythm or company, and without.
    guided_error: f64,
    flat_error: f64,
    error_weight: f64,
    /// Decayed maximum of the ratio of a rolling count to its expectation; the blocks before last.
    record: f64,
    /// The same maximum within the last block and within the present one: they overlap the window,
    /// so a count is not compared with itself.
    last: f64,
    present: f64,
    /// While an alert fires: the most that the record may remember.
    cap: Option<f64>,
    season: Option<Box<Season>>,
}

/// What history leads to expect of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expectation {
    /// Mean count, given the time and the number of other mentions.
    pub(super) mean: f64,
    /// Variance over mean.
    pub(super) dispersion: f64,
    /// The largest count so far at the present level, decayed.
    pub(super) record: f64,
    /// Usual share of the counted mentions in all.
    pub(super) share: f64,
    /// Whether there is enough history to judge by.
    pub(super) mature: bool,
}

impl Baseline {
    /// An empty history that begins with this block.
    pub(super) fn since(block: i64) -> Self {
        Self { next: block, ..Self::default() }
    }

    /// What to expect of a window at this local time with so many other mentions.
    pub(super) fn expect(&self, cut: &Cut, local: LocalTime, others: Option<f64>) -> Expectation {
        let (flat, guided) = self.levels(cut, local, others);
        let mean = if self.is_guided() {
            guided
        } else if others.is_some() {
            // An ordinary burst brings its usual share of counted mentions along.
            flat.max(guided)
        } else {
            flat
        };
        let error = if self.is_guided() { self.guided_error } else { self.flat_error };
        Expectation {
            mean,
            dispersion: self.dispersion(error, others),
            record: self.record * (mean + RATIO_FLOOR),
            share: (self.counted + 0.5) / (self.counted + self.others + 1.0),
            mature: self.learned >= cut.young,
        }
    }

    /// Whether rhythm or company predict so well that they are used.
    fn is_guided(&self) -> bool {
        self.guided_error < GUIDE_GAIN * self.flat_error
    }

    /// Takes note of a rolling count, for the record.
    pub(super) fn note(&mut self, counted: f64, expectation: &Expectation) {
        if self.learned >= BLOCKS_MIN {
            let ratio = counted / (expectation.mean + RATIO_FLOOR);
            self.present = self.present.max(self.cap.map_or(ratio, |cap| ratio.min(cap)));
        }
    }

    /// An alert fires: from now on the record grows only so far.
    pub(super) fn alarm(&mut self) {
        let cap = RECORD_GROWTH * self.record.max(1.0);
        self.present = self.present.min(cap);
        self.cap = Some(cap);
    }

    /// The alert is over.
    pub(super) fn calm(&mut self) {
        self.cap = None;
    }

    /// Closes the next block; `None` leaves it out of the moments.
    pub(super) fn close(&mut self, cut: &Cut, local: LocalTime, seen: Option<Seen>) {
        let keep = |half_life: f64| (-1.0 / half_life).exp2();
        self.next += 1;
        self.record = (self.record * keep(cut.record_half_life)).max(self.last);
        self.last = self.present;
        self.present = 0.0;
        if let Some(seen) = seen {
            self.learn(cut, local, seen, keep(cut.half_life));
        }
    }

    fn learn(&mut self, cut: &Cut, local: LocalTime, seen: Seen, keep: f64) {
        let (flat, guided) = self.levels(cut, local, seen.others);
        let mut counted = seen.counted;
        if self.learned >= BLOCKS_MIN {
            let (level, error) = if self.guided_error < self.flat_error {
                (guided, self.guided_error)
            } else {
                (flat, self.flat_error)
            };
            let above = LEVEL_CLIP * (self.dispersion(error, seen.others) * level.max(1.0)).sqrt();
            counted = counted.min(level + above);
            let squared = |mean: f64, errors: f64| {
                let most = CLIP * CLIP * self.dispersion(errors, seen.others);
                ((seen.counted - mean).powi(2) / mean).min(most)
            };
            let errors = (squared(flat, self.flat_error), squared(guided, self.guided_error));
            self.flat_error = self.flat_error * keep + errors.0;
            self.guided_error = self.guided_error * keep + errors.1;
            self.error_weight = self.error_weight * keep + 1.0;
        }
        self.counted = self.counted * keep + counted;
        self.others = self.others * keep + seen.others.unwrap_or(0.0);
        self.weight = self.weight * keep + 1.0;
        self.learned = self.learned.saturating_add(1);
        let rhythmic = seen.others.is_none() && cut.per_hour > 0.0;
        if rhythmic && (counted > 0.0 || self.season.is_some()) {
            let season = self.season.get_or_insert_default();
            season.learn(local, counted, cut.per_hour);
        }
    }

    /// Mean count of a block: over all times, and as time and company let it expect. A part of the
    /// mentions follows the rest of them, which show rhythm, news and outages as they happen.
    fn levels(&self, cut: &Cut, local: LocalTime, others: Option<f64>) -> (f64, f64) {
        // Half a mention of prior: a topic never spoken of is not infinitely surprising.
        let flat = ((self.counted + 0.5) / (self.weight + 1.0)).max(MEAN_MIN);
        let season = || self.season.as_ref()?.factor(local, flat, cut.per_hour);
        let factor = match others {
            Some(others) => {
                let usual = self.others / (self.weight + 1.0);
                (others + COMPANY_PRIOR) / (usual + COMPANY_PRIOR)
            }
            None => season().unwrap_or(1.0),
        };
        (flat, (flat * factor).max(MEAN_MIN))
    }

    fn dispersion(&self, error: f64, others: Option<f64>) -> f64 {
        if self.error_weight > 0.0 {
            let left = if others.is_some() { CLIPPED } else { 1.0 };
            (error / self.error_weight / left).max(DISPERSION_MIN)
        } else {
            DISPERSION_MIN
        }
    }
}
