//! Is every wave heard? Crises of one size again and again, larger ones on top, and a first day.

use resonanz_core::alert::{Backtest, Condition, Measure, Page, Rule, Transition};
use resonanz_core::time::{EventTime, MINUTE_US};
use resonanz_core::window::Counts;

const DAY: i64 = 24 * 60;

/// Negative posts at even distances.
#[derive(Clone, Copy)]
struct Wave {
    start: i64,
    minutes: i64,
    posts: i64,
}

impl Wave {
    fn until(&self, minute: i64) -> i64 {
        (minute - self.start).clamp(0, self.minutes) * self.posts / self.minutes
    }

    fn in_minute(&self, minute: i64) -> u64 {
        (self.until(minute + 1) - self.until(minute)).unsigned_abs()
    }

    /// The end of the minute with the tenth post.
    fn tenth(&self) -> i64 {
        (self.start..).find(|&minute| self.until(minute) >= 10).expect("it has ten")
    }
}

fn rule(measure: Measure) -> Rule {
    let condition = Condition::spike(measure);
    Rule { name: "r".to_owned(), condition, window_us: 15 * MINUTE_US, ..Rule::default() }
}

/// Some 100 posts a day, one in eight of them negative, and these waves.
fn pages(rule: Rule, minutes: i64, waves: &[Wave]) -> Vec<Page> {
    let mut backtest = Backtest::new(rule, MINUTE_US);
    let judged = (0..minutes).filter_map(|minute| {
        // A fixed mixture of the minute's number stands for chance.
        let dice = minute.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let (posts, negative) = (u64::from(dice % 14 == 0), u64::from(dice % 112 == 0));
        let wave: u64 = waves.iter().map(|wave| wave.in_minute(minute)).sum();
        let counts = Counts {
            mentions: posts + wave,
            negative: negative + wave,
            positive: posts - negative,
            ..Counts::default()
        };
        backtest.observe(EventTime(minute * MINUTE_US), &counts)
    });
    judged.collect()
}

fn told(pages: &[Page], transition: Transition) -> Vec<i64> {
    let own = pages.iter().filter(|page| page.transition == transition);
    own.map(|page| page.at.0 / MINUTE_US).collect()
}

/// Equal waves from the fifth day on; how long after its tenth post each was told. Ordinary negative
/// posts count too, so that it can be sooner.
fn delays(every: i64, posts: i64) -> Vec<Option<i64>> {
    let start = |number: i64| 4 * DAY + 14 * 60 + number * every;
    let waves: Vec<Wave> =
        (0..8).map(|number| Wave { start: start(number), minutes: 30, posts }).collect();
    let fired = told(&pages(rule(Measure::Negative), start(8), &waves), Transition::Fired);
    let first = |wave: &Wave| {
        let own = fired.iter().find(|&&at| (wave.start..wave.start + 60).contains(&at));
        own.map(|at| at - wave.tenth())
    };
    waves.iter().map(first).collect()
}

#[test]
fn each_of_eight_equal_waves_is_told_soon() {
    for (every, posts) in
        [(3 * DAY, 40), (2 * DAY, 40), (DAY, 40), (DAY, 90), (7 * DAY, 25), (6 * 60, 40)]
    {
        let delays = delays(every, posts);
        let soon = |delay: &Option<i64>| delay.is_some_and(|delay| (-3..=5).contains(&delay));
        assert!(delays.iter().all(soon), "every {every} minutes {posts} posts: {delays:?}");
    }
}

#[test]
fn a_larger_wave_on_a_burning_one_escalates_and_an_equal_one_does_not() {
    let start = 6 * DAY;
    let first = Wave { start, minutes: 30, posts: 40 };
    let after = |minutes: i64, posts: i64| {
        let second = Wave { start: start + minutes, posts, ..first };
        let pages = pages(rule(Measure::Negative), start + DAY, &[first, second]);
        assert_eq!(told(&pages, Transition::Fired).len(), 1, "one episode");
        let escalated = told(&pages, Transition::Escalated).into_iter();
        escalated.filter(|at| *at > second.start).count()
    };
    assert!(after(15, 160) >= 1, "it doubles");
    assert_eq!(after(36, 65), 1, "it ebbs, and comes back larger");
    assert_eq!(after(36, 40), 0, "it comes back as it was");
}

#[test]
fn a_steady_crisis_is_told_once() {
    let steady = Wave { start: 6 * DAY, minutes: 8 * 60, posts: 8 * 60 };
    let pages = pages(rule(Measure::Negative), 7 * DAY, &[steady]);
    let calls = pages.iter().filter(|page| page.transition != Transition::Resolved).count();
    assert!((1..=2).contains(&calls), "fired, and escalated at most once: {calls}");
}

#[test]
fn daily_bursts_of_volume_become_usual() {
    let start = |number: i64| 6 * DAY + number * DAY;
    let waves: Vec<Wave> =
        (0..10).map(|number| Wave { start: start(number), minutes: 30, posts: 60 }).collect();
    let fired = told(&pages(rule(Measure::Mentions), start(10), &waves), Transition::Fired);
    assert!(!fired.is_empty() && fired.len() <= 5, "at most every other one: {fired:?}");
}

#[test]
fn on_its_first_day_a_topic_is_heard_when_it_is_alarming_in_itself() {
    let fired = |posts: i64| {
        let wave = Wave { start: 14 * 60, minutes: 30, posts };
        told(&pages(rule(Measure::Negative), DAY, &[wave]), Transition::Fired).len()
    };
    assert_eq!((fired(60), fired(25)), (1, 0), "twice the count within the window, and most of it");
}
