//! Why was this told? What a window holds besides its counts.

use super::terms::{Term, telling_terms};
use crate::time::EventTime;
use crate::window::{Counts, Exhibit, Late, Mix, Window, Windows};

/// Most posts shown.
const POSTS_MAX: usize = 5;
/// Most terms shown.
const TERMS_MAX: usize = 10;
/// Fewest terms shown where there are enough negative posts, and how many are.
const TERMS_MIN: usize = 5;
const NEGATIVE_MIN: u64 = 5;

/// What a window holds besides its counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Where the window begins; it ends where the alert was judged.
    pub from: EventTime,
    /// Mentions among the counted ones that came late: none but in an alert that fired before.
    pub late: u64,
    /// Where an alert fired before the watermark had come: what was received from this instant on
    /// is not among the counted ones, nor what had not come by then.
    pub heard_until: Option<EventTime>,
    /// Sources and languages of the mentions.
    pub mix: Mix,
    /// Words and pairs of the latest negative posts that stand out against those before, strongest
    /// first; from five negative posts on there are some.
    pub terms: Vec<Term>,
    /// The most negative posts, one per cluster of near-copies; of rules on replies, those that
    /// wait for one, the farthest-reaching first.
    pub posts: Vec<Exhibit>,
}

impl Evidence {
    /// Gathers what a window with these counts holds, around the posts that are `overdue`, if a
    /// rule looks at those.
    pub(super) fn of(
        windows: &Windows,
        window: &Window<'_>,
        counts: &Counts,
        overdue: Option<Vec<Exhibit>>,
    ) -> Self {
        let in_time = || windows.counts(&Window { late: Late::LeftOut, ..*window }).mentions;
        let late = match window.late {
            Late::LeftOut => 0,
            Late::Counted => counts.mentions - in_time(),
        };
        let least = if counts.negative < NEGATIVE_MIN { 0 } else { TERMS_MIN };
        Self {
            from: window.from,
            late,
            heard_until: window.ahead.map(|_| window.to),
            mix: windows.mix(window),
            terms: telling_terms(&windows.wording(window), TERMS_MAX, least),
            posts: overdue.map_or_else(
                || windows.samples(window, POSTS_MAX),
                |overdue| overdue.into_iter().take(POSTS_MAX).collect(),
            ),
        }
    }

    /// What is known of a whole source: nothing but the window.
    pub(super) fn of_source(from: EventTime) -> Self {
        let (terms, posts) = (Vec::new(), Vec::new());
        Self { from, late: 0, heard_until: None, mix: Mix::default(), terms, posts }
    }
}
