//! Up to which event time is the picture complete? One watermark over all sources.
//!
//! Each source's own mark is the latest posting time it has shown, less the allowed lateness; the
//! watermark is the earliest mark of the sources that are not idle. A posting time ahead of its
//! reception counts as its reception, so that one wrong clock cannot make everybody late.
//!
//! Where no reception is known, the order of the posts themselves can stand in for it: a step of
//! more than a minute counts once several of the latest posts have made it, so that a few wrong
//! dates move nothing, wherever they stand.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::post::{FUTURE_US_MAX, SourceId};
use crate::time::EventTime;

/// Latest posts of a source that are looked at when one of them steps ahead.
const RECENT_MAX: usize = 8;
/// How many of them must have made the step.
const QUORUM: usize = 4;
/// A step ahead that is believed at once, in microseconds.
const STEP_US: i64 = FUTURE_US_MAX;

/// Tracks the watermark; moves only forward, and per post, so batches leave no trace.
#[derive(Debug, Clone)]
pub struct Watermark {
    lateness_us: i64,
    idle_us: i64,
    state: WatermarkState,
    dates: Dates,
}

/// Whether the dates of posts can be wrong where no reception is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dates {
    Trusted,
    Checked,
}

/// The latest posting times of a source that does not say when its posts were received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    source: SourceId,
    posted: VecDeque<EventTime>,
}

/// What a [`Watermark`] has seen, in a form that can be stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatermarkState {
    sources: Vec<SourceMark>,
    clock: Option<EventTime>,
    mark: Option<EventTime>,
    /// Stored apart, at the end of a checkpoint, where older ones have nothing.
    #[serde(skip)]
    recent: Vec<Recent>,
}

impl WatermarkState {
    /// The latest instant that time is believed to have come to.
    pub(crate) fn latest(&self) -> Option<EventTime> {
        let marks = self.sources.iter().map(|mark| mark.posted_max.max(mark.received_max));
        marks.max().max(self.clock).max(self.mark)
    }

    pub(crate) fn recent(&self) -> &[Recent] {
        &self.recent
    }

    pub(crate) fn with_recent(self, recent: Vec<Recent>) -> Self {
        Self { recent, ..self }
    }
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
        Self { lateness_us, idle_us, state, dates: Dates::Trusted }
    }

    /// The same watermark, for input whose dates may be wrong: where no reception is known, a step
    /// ahead of more than a minute counts once several of the latest posts have made it.
    #[must_use]
    pub fn checking(self) -> Self {
        Self { dates: Dates::Checked, ..self }
    }

    /// Takes note of a post.
    pub fn observe(&mut self, source: &SourceId, posted_at: EventTime, received_at: EventTime) {
        if posted_at != received_at || self.dates == Dates::Trusted {
            self.advance(source, posted_at.min(received_at), received_at);
        } else if let Some(time) = self.believed(source, posted_at) {
            self.advance(source, time, time);
        }
    }

    /// Up to where reception time moves with a post at once, if that can be told before.
    #[must_use]
    pub fn moves_to(&self, posted_at: EventTime, received_at: EventTime) -> Option<EventTime> {
        let is_near = |clock: EventTime| received_at.since(clock) <= STEP_US;
        let is_sure = posted_at != received_at || self.dates == Dates::Trusted;
        let believed = is_sure || self.state.clock.is_some_and(is_near);
        self.state.clock.max(believed.then_some(received_at))
    }

    /// Takes note of a post that counts from its reception.
    pub fn observe_reception(&mut self, source: &SourceId, received_at: EventTime) {
        self.advance(source, received_at, received_at);
    }

    /// Takes note that nothing more comes for now: the posts that stepped ahead are all there is to
    /// go by.
    pub fn rest(&mut self) {
        for Recent { source, posted } in std::mem::take(&mut self.state.recent) {
            let quorum = posted.len().div_ceil(2).min(QUORUM);
            if let Some(time) = largest(&posted, quorum) {
                self.advance(&source, time, time);
            }
        }
    }

    /// Up to where a source's time has come with this post, if that can be told.
    fn believed(&mut self, source: &SourceId, posted_at: EventTime) -> Option<EventTime> {
        let place = self.state.recent.iter().position(|recent| recent.source == *source);
        let place = place.unwrap_or_else(|| {
            self.state.recent.push(Recent { source: source.clone(), posted: VecDeque::new() });
            self.state.recent.len() - 1
        });
        let recent = self.state.recent.get_mut(place)?;
        if recent.posted.len() >= RECENT_MAX {
            recent.posted.pop_front();
        }
        recent.posted.push_back(posted_at);
        let known = self.state.sources.iter().find(|mark| mark.source == *source);
        let before = known.map(|mark| mark.posted_max).max(self.state.clock);
        if before.is_some_and(|before| posted_at.since(before) <= STEP_US) {
            return Some(posted_at);
        }
        largest(&recent.posted, QUORUM)
    }

    fn advance(&mut self, source: &SourceId, posted_at: EventTime, received_at: EventTime) {
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

/// The largest but `place` - 1 of these times; `None` where there are not so many.
fn largest(times: &VecDeque<EventTime>, place: usize) -> Option<EventTime> {
    let mut sorted: Vec<EventTime> = times.iter().copied().collect();
    sorted.sort_unstable_by(|one, other| other.cmp(one));
    sorted.get(place.checked_sub(1)?).copied()
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
    fn a_few_wrong_dates_move_nothing_wherever_they_stand() {
        let wrong = at(2_900_000_000);
        for places in [vec![0], vec![0, 1, 2], vec![20], vec![20, 21, 23], vec![98, 99]] {
            let mut watermark = fresh().checking();
            for post in 0..100usize {
                let right = at(1_700_000_000 + 10 * i64::try_from(post).expect("small"));
                let time = if places.contains(&post) { wrong } else { right };
                watermark.observe(&SourceId::new("0"), time, time);
                assert!(watermark.mark() < Some(wrong), "{places:?}, post {post}");
            }
            let last = at(1_700_000_000 + 10 * 97 - 5);
            assert!(watermark.mark() >= Some(last), "{places:?}: {:?}", watermark.mark());
        }
    }

    #[test]
    fn a_gap_is_believed_once_several_posts_lie_behind_it() {
        let mut watermark = fresh().checking();
        let posts = [0, 1, 2, 3, 10_000, 10_001, 10_002];
        for second in posts {
            watermark.observe(&SourceId::new("0"), at(second), at(second));
        }
        assert_eq!(watermark.mark(), Some(at(-2)));
        watermark.observe(&SourceId::new("0"), at(10_003), at(10_003));
        assert_eq!(watermark.mark(), Some(at(9_995)));
    }

    #[test]
    fn silence_settles_what_no_further_post_confirms() {
        let mut watermark = fresh().checking();
        watermark.observe(&SourceId::new("0"), at(1_000), at(1_000));
        assert_eq!(watermark.mark(), None);
        watermark.rest();
        assert_eq!(watermark.mark(), Some(at(995)));
    }

    #[test]
    fn a_clock_ahead_makes_nobody_late() {
        let mut watermark = fresh();
        watermark.observe(&SourceId::new("0"), at(159), at(100));
        assert_eq!(watermark.mark(), Some(at(95)));
    }
}
