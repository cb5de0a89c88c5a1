//! Up to which event time is the picture complete? One watermark over all sources.
//!
//! Each source's own mark is the latest posting time it has shown, less the allowed lateness; the
//! watermark is the earliest mark of the sources that are not idle. A posting time ahead of its
//! reception counts as its reception, so that one wrong clock cannot make everybody late.

use serde::{Deserialize, Serialize};

use crate::post::SourceId;
use crate::time::EventTime;

/// Tracks the watermark; moves only forward, and per post, so batches leave no trace.
#[derive(Debug, Clone)]
pub struct Watermark {
    lateness_us: i64,
    idle_us: i64,
    state: WatermarkState,
}

/// What a [`Watermark`] has seen, in a form that can be stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatermarkState {
    sources: Vec<SourceMark>,
    clock: Option<EventTime>,
    mark: Option<EventTime>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SourceMark {
    source: SourceId,
    posted_max: EventTime,
    received_max: EventTime,
}

impl Watermark {
    /// A watermark that waits `lateness_us` for late posts, and `idle_us` for a silent source.
    #[must_use]
    pub fn new(lateness_us: i64, idle_us: i64, state: WatermarkState) -> Self {
        Self { lateness_us, idle_us, state }
    }

    /// Takes note of a post.
    pub fn observe(&mut self, source: &SourceId, posted_at: EventTime, received_at: EventTime) {
        let posted_at = posted_at.min(received_at);
        let known = self.state.sources.iter_mut().find(|mark| mark.source == *source);
        match known {
            Some(mark) => {
                mark.posted_max = mark.posted_max.max(posted_at);
                mark.received_max = mark.received_max.max(received_at);
            }
            None => self.state.sources.push(SourceMark {
                source: source.clone(),
                posted_max: posted_at,
                received_max: received_at,
            }),
        }
        self.tick(received_at);
    }

    /// Takes note that reception time has come to `clock`, with or without a post.
    ///
    /// Ticking in small steps or in one leads to the same mark.
    pub fn tick(&mut self, clock: EventTime) {
        let clock = self.state.clock.map_or(clock, |before| before.max(clock));
        self.state.clock = Some(clock);
        let quiet_since = clock.shift(-self.idle_us);
        let active = self.state.sources.iter().filter(|mark| mark.received_max > quiet_since);
        let computed = match active.map(|mark| mark.posted_max).min() {
            Some(earliest) => Some(earliest.shift(-self.lateness_us)),
            None => self.all_idle(quiet_since),
        };
        self.state.mark = self.state.mark.max(computed);
    }

    /// The watermark; `None` before the first post.
    #[must_use]
    pub fn mark(&self) -> Option<EventTime> {
        self.state.mark
    }

    /// The latest reception time seen; `None` before the first post.
    #[must_use]
    pub fn clock(&self) -> Option<EventTime> {
        self.state.clock
    }

    /// What has been seen, for a checkpoint.
    #[must_use]
    pub fn state(&self) -> &WatermarkState {
        &self.state
    }

    /// The mark once no source is left to wait for: time itself, but never behind what was shown.
    fn all_idle(&self, quiet_since: EventTime) -> Option<EventTime> {
        let latest = self.state.sources.iter().map(|mark| mark.posted_max).max()?;
        Some(latest.max(quiet_since).shift(-self.lateness_us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND_US;

    fn at(seconds: i64) -> EventTime {
        EventTime(seconds * SECOND_US)
    }

    fn fresh() -> Watermark {
        Watermark::new(5 * SECOND_US, 30 * SECOND_US, WatermarkState::default())
    }

    #[test]
    fn the_slowest_active_source_decides() {
        let mut watermark = fresh();
        watermark.observe(&SourceId::new("0"), at(100), at(101));
        watermark.observe(&SourceId::new("1"), at(50), at(101));
        assert_eq!(watermark.mark(), Some(at(95)), "a mark never goes back");
        watermark.observe(&SourceId::new("0"), at(120), at(121));
        assert_eq!(watermark.mark(), Some(at(95)));
        watermark.observe(&SourceId::new("1"), at(110), at(122));
        assert_eq!(watermark.mark(), Some(at(105)));
    }

    #[test]
    fn an_idle_source_holds_nobody_back() {
        let mut watermark = fresh();
        watermark.observe(&SourceId::new("0"), at(100), at(100));
        watermark.observe(&SourceId::new("1"), at(140), at(140));
        assert_eq!(watermark.mark(), Some(at(135)));
        watermark.tick(at(300));
        assert_eq!(watermark.mark(), Some(at(265)), "with nobody left, time itself moves the mark");
    }

    #[test]
    fn steps_do_not_matter() {
        let (mut once, mut often) = (fresh(), fresh());
        for watermark in [&mut once, &mut often] {
            watermark.observe(&SourceId::new("0"), at(100), at(100));
            watermark.observe(&SourceId::new("1"), at(90), at(110));
        }
        (100..400).for_each(|second| often.tick(at(second)));
        once.tick(at(399));
        assert_eq!(once.mark(), often.mark());
    }

    #[test]
    fn a_clock_ahead_makes_nobody_late() {
        let mut watermark = fresh();
        watermark.observe(&SourceId::new("0"), at(159), at(100));
        assert_eq!(watermark.mark(), Some(at(95)));
    }
}
