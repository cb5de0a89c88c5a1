//! What is counted? Totals that add up exactly, in any order.

use datasketches::hll::{HllSketch, HllType, HllUnion};
use serde::{Deserialize, Serialize};

use super::observation::{Observation, Originality};
use crate::post::{AuthorKey, Polarity};
use crate::privacy::Rotation;

/// HyperLogLog precision: 2^10 registers, a relative standard error of about 3 %.
const AUTHORS_LG_K: u8 = 10;

/// Counts and exact sums over mentions.
///
/// Scores are summed in ten-thousandths, so that merging is exact and associative.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Mentions.
    pub mentions: u64,
    /// Mentions that are negative.
    pub negative: u64,
    /// Mentions that are neutral.
    pub neutral: u64,
    /// Mentions that are positive.
    pub positive: u64,
    /// Mentions whose text repeats, or nearly repeats, one counted before.
    pub copies: u64,
    /// Negative ones among the copies.
    pub negative_copies: u64,
    /// Positive ones among the copies.
    pub positive_copies: u64,
    /// Sum of target scores in ten-thousandths.
    pub score_sum: i64,
    /// Sum of squared target scores in (ten-thousandths)^2.
    pub score_square_sum: u64,
    /// Sum of reach, unknown counted as 0.
    pub reach_sum: u64,
    /// Sum of engagement, unknown counted as 0.
    pub engagement_sum: u64,
}

impl Counts {
    /// Adds other counts.
    pub fn merge(&mut self, other: &Self) {
        self.mentions += other.mentions;
        self.negative += other.negative;
        self.neutral += other.neutral;
        self.positive += other.positive;
        self.copies += other.copies;
        self.negative_copies += other.negative_copies;
        self.positive_copies += other.positive_copies;
        self.score_sum += other.score_sum;
        self.score_square_sum += other.score_square_sum;
        self.reach_sum = self.reach_sum.saturating_add(other.reach_sum);
        self.engagement_sum = self.engagement_sum.saturating_add(other.engagement_sum);
    }

    /// Mean target score from -1 to 1; 0 without mentions.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "sums stay far below 2^53")]
    pub fn mean_score(&self) -> f64 {
        if self.mentions == 0 {
            0.0
        } else {
            self.score_sum as f64 / self.mentions as f64 / 10_000.0
        }
    }

    /// Counts a mention.
    pub(super) fn observe(&mut self, observation: &Observation) {
        self.mentions += 1;
        match observation.polarity {
            Polarity::Negative => self.negative += 1,
            Polarity::Neutral => self.neutral += 1,
            Polarity::Positive => self.positive += 1,
        }
        if observation.originality == Originality::Copy {
            self.copies += 1;
            match observation.polarity {
                Polarity::Negative => self.negative_copies += 1,
                Polarity::Neutral => {}
                Polarity::Positive => self.positive_copies += 1,
            }
        }
        let score = i64::from(observation.score.0);
        self.score_sum += score;
        self.score_square_sum += score.unsigned_abs().pow(2);
        self.reach_sum = self.reach_sum.saturating_add(observation.reach);
        self.engagement_sum = self.engagement_sum.saturating_add(observation.engagement);
    }
}

/// Counts and distinct authors; a commutative monoid under [`Totals::merge`].
#[derive(Debug, Default, Clone)]
pub struct Totals {
    /// Counts and sums.
    pub counts: Counts,
    authors: Authors,
    negative_authors: Authors,
}

impl Totals {
    /// Adds one mention.
    pub fn observe(&mut self, observation: &Observation) {
        self.counts.observe(observation);
        self.authors.observe(observation.author);
        if observation.polarity == Polarity::Negative {
            self.negative_authors.observe(observation.author);
        }
    }

    /// Adds another total.
    pub fn merge(&mut self, other: &Self) {
        self.counts.merge(&other.counts);
        self.authors.merge(&other.authors);
        self.negative_authors.merge(&other.negative_authors);
    }

    /// Estimated number of distinct authors; exact while they are few.
    ///
    /// Flajolet, Fusy, Gandouet, Meunier: "HyperLogLog" (2007), as in Apache DataSketches.
    #[must_use]
    pub fn authors(&self) -> u64 {
        self.authors.estimate()
    }

    /// Estimated number of distinct authors of negative mentions.
    #[must_use]
    pub fn negative_authors(&self) -> u64 {
        self.negative_authors.estimate()
    }

    /// The totals in a form that can be stored.
    #[must_use]
    pub fn to_state(&self) -> TotalsState {
        TotalsState {
            counts: self.counts,
            authors: self.authors.to_state(),
            negative_authors: self.negative_authors.to_state(),
        }
    }

    /// The totals back from their stored form; `None` when its sketches are damaged.
    #[must_use]
    pub fn from_state(state: &TotalsState) -> Option<Self> {
        Some(Self {
            counts: state.counts,
            authors: Authors::from_state(&state.authors)?,
            negative_authors: Authors::from_state(&state.negative_authors)?,
        })
    }
}

impl PartialEq for Totals {
    fn eq(&self, other: &Self) -> bool {
        self.counts == other.counts
            && self.authors() == other.authors()
            && self.negative_authors() == other.negative_authors()
    }
}

/// [`Totals`] as stored in a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalsState {
    counts: Counts,
    authors: AuthorsState,
    negative_authors: AuthorsState,
}

/// Distinct authors. Most panes hold one or two, so the sketch is made only for the third.
#[derive(Debug, Default, Clone)]
pub(super) enum Authors {
    #[default]
    None,
    One(AuthorKey),
    Two(AuthorKey, AuthorKey),
    Many(Box<HllSketch>),
}

impl Authors {
    pub(super) fn observe(&mut self, author: AuthorKey) {
        match self {
            Self::None => *self = Self::One(author),
            Self::One(first) if *first != author => *self = Self::Two(*first, author),
            Self::Two(first, second) if *first != author && *second != author => {
                if let Ok(mut sketch) = HllSketch::new(AUTHORS_LG_K, HllType::Hll8) {
                    for key in [*first, *second, author] {
                        sketch.update(key.0);
                    }
                    *self = Self::Many(Box::new(sketch));
                }
            }
            Self::One(_) | Self::Two(..) => {}
            Self::Many(sketch) => sketch.update(author.0),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        match other {
            Self::None => {}
            Self::One(first) => self.observe(*first),
            Self::Two(first, second) => {
                self.observe(*first);
                self.observe(*second);
            }
            Self::Many(theirs) => {
                let Ok(mut union) = HllUnion::new(AUTHORS_LG_K) else { return };
                union.update(theirs);
                match self {
                    Self::Many(mine) => union.update(mine),
                    Self::None => {}
                    Self::One(first) => union.update_value(first.0),
                    Self::Two(first, second) => {
                        union.update_value(first.0);
                        union.update_value(second.0);
                    }
                }
                *self = Self::Many(Box::new(union.to_sketch(HllType::Hll8)));
            }
        }
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate is finite and not negative"
    )]
    pub(super) fn estimate(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::One(_) => 1,
            Self::Two(..) => 2,
            Self::Many(sketch) => sketch.composite_estimate().round() as u64,
        }
    }

    pub(super) fn to_state(&self) -> AuthorsState {
        match self {
            Self::None => AuthorsState::None,
            Self::One(first) => AuthorsState::One(first.0),
            Self::Two(first, second) => AuthorsState::Two(first.0, second.0),
            Self::Many(sketch) => AuthorsState::Many(sketch.serialize()),
        }
    }

    pub(super) fn from_state(state: &AuthorsState) -> Option<Self> {
        Some(match state {
            AuthorsState::None => Self::None,
            AuthorsState::One(first) => Self::One(AuthorKey(*first)),
            AuthorsState::Two(first, second) => Self::Two(AuthorKey(*first), AuthorKey(*second)),
            AuthorsState::Many(bytes) => Self::Many(Box::new(HllSketch::deserialize(bytes).ok()?)),
        })
    }
}

impl TotalsState {
    /// The same after the key of the author hashes was rotated.
    pub(super) fn rotate(&mut self, rotation: &Rotation, heard: Known<'_>) {
        self.authors.rotate(rotation, &mut || heard(Heard::All));
        self.negative_authors.rotate(rotation, &mut || heard(Heard::Negative));
    }
}

/// Of whose authors a pane has a sketch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// All of its mentions.
    All,
    /// The negative ones.
    Negative,
    /// The negative ones that are at least so sure, in percent.
    Sure(u8),
}

/// The authors of a pane as they are known elsewhere, after a rotation.
pub(super) type Known<'k> = &'k mut dyn FnMut(Heard) -> Option<Vec<AuthorKey>>;

/// [`Authors`] as stored in a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AuthorsState {
    None,
    One([u8; 16]),
    Two([u8; 16], [u8; 16]),
    Many(Vec<u8>),
}

impl AuthorsState {
    /// The same after a rotation. A sketch does not tell whom it counted: it is made anew of those who
    /// are known, and left as it is if nobody is.
    pub(super) fn rotate(
        &mut self,
        rotation: &Rotation,
        known: &mut dyn FnMut() -> Option<Vec<AuthorKey>>,
    ) {
        let turned = |author: [u8; 16]| rotation.counted(AuthorKey(author)).0;
        match self {
            Self::None => {}
            Self::One(first) => *first = turned(*first),
            Self::Two(first, second) => (*first, *second) = (turned(*first), turned(*second)),
            Self::Many(_) => {
                if let Some(known) = known().filter(|known| !known.is_empty()) {
                    let mut authors = Authors::None;
                    known.into_iter().for_each(|author| authors.observe(author));
                    *self = authors.to_state();
                }
            }
        }
    }
}
