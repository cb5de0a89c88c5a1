//! How soon is a crisis heard, as people meet them? A rule with all settings as they come, on topics
//! from a few posts a day to ten thousand; by day, at night, on the first day, and growing for hours.

use resonanz_core::alert::{Backtest, Page, Rule, Transition};
use resonanz_core::time::{EventTime, MINUTE_US};
use resonanz_core::window::Counts;

const DAY: i64 = 24 * 60;
const HOUR: i64 = 60;
/// How much more than on average is said between seven and midnight.
const BY_DAY: f64 = 1.33;

/// Angry posts beside the usual ones, at even distances.
#[derive(Clone, Copy)]
struct Crisis {
    start: i64,
    minutes: i64,
    posts: i64,
}

impl Crisis {
    /// Forty posts in ten minutes.
    fn sudden(start: i64) -> Self {
        Self { start, minutes: 10, posts: 40 }
    }

    fn in_minute(&self, minute: i64) -> u64 {
        let until = |age: i64| age.clamp(0, self.minutes) * self.posts / self.minutes;
        (until(minute + 1 - self.start) - until(minute - self.start)).unsigned_abs()
    }
}

/// A number between 0 and 1 that stands for chance.
fn dice(minute: i64, salt: u64) -> f64 {
    let mut mixed = (minute.unsigned_abs() ^ (salt << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    f64::from(u32::try_from(mixed >> 32).expect("32 bits")) / f64::from(u32::MAX)
}

/// A count with this mean: what chance makes of many who do not know of each other.
fn count(mean: f64, minute: i64, salt: u64) -> u64 {
    let (mut product, least) = (1.0, (-mean).exp());
    let mut throws = (0..).map(|throw| dice(minute, salt + throw));
    let below = throws.position(|throw| {
        product *= throw;
        product <= least
    });
    below.unwrap_or(0) as u64
}

/// A minute of a topic with so many posts a day, an eighth of them negative, and hardly any at night.
fn minute(per_day: f64, minute: i64, crisis: Option<Crisis>) -> Counts {
    let is_night = minute % DAY < 7 * HOUR;
    let mean = per_day / 1_440.0 * if is_night { 0.2 } else { BY_DAY };
    let usual = count(mean / 8.0, minute, 1_000);
    let others = count(mean * 7.0 / 8.0, minute, 2_000);
    let negative = usual + crisis.map_or(0, |crisis| crisis.in_minute(minute));
    Counts { mentions: negative + others, negative, neutral: others, ..Counts::default() }
}

fn pages(rule: Rule, per_day: f64, minutes: i64, crisis: Option<Crisis>) -> Vec<Page> {
    let mut backtest = Backtest::new(rule, MINUTE_US);
    let observed = (0..minutes)
        .filter_map(|at| backtest.observe(EventTime(at * MINUTE_US), &minute(per_day, at, crisis)));
    observed.collect()
}

/// After how many minutes somebody is told; nobody may be told before.
fn heard(rule: Rule, per_day: f64, crisis: Crisis) -> Option<i64> {
    let until = crisis.start + crisis.minutes.max(HOUR);
    let pages = pages(rule, per_day, until, Some(crisis));
    let mut fired = pages.iter().filter(|page| page.transition == Transition::Fired);
    let first = fired.next().map(|page| page.at.0 / MINUTE_US - crisis.start);
    assert!(first.is_none_or(|after| after > 0), "a false call {first:?} at {per_day} a day");
    first
}

#[test]
fn forty_angry_posts_in_ten_minutes_are_heard_within_six_by_day_and_at_night() {
    for per_day in [5.0, 100.0, 1_000.0, 10_000.0] {
        for hour in [3, 11, 20] {
            let after = heard(Rule::default(), per_day, Crisis::sudden(9 * DAY + hour * HOUR));
            assert!(after.is_some_and(|after| after <= 6), "{per_day} at {hour}: {after:?}");
        }
    }
}

#[test]
fn on_the_first_day_they_are_heard_at_the_twentieth() {
    for per_day in [5.0, 100.0, 1_000.0] {
        let after = heard(Rule::default(), per_day, Crisis::sudden(11 * HOUR));
        assert!(after.is_some_and(|after| after <= 6), "{per_day}: {after:?}");
    }
}

/// Twice the complaints of ten thousand posts a day, or of a thousand, for six hours.
#[test]
fn what_builds_for_hours_is_heard_by_a_window_of_hours_alone() {
    let start = 16 * DAY + 9 * HOUR;
    let cases = [
        (10_000, HOUR, Some(60)),
        (10_000, 3 * HOUR, Some(90)),
        (1_000, 3 * HOUR, Some(360)),
        (1_000, 10, None),
        (100, 3 * HOUR, None),
    ];
    for (per_day, window, most) in cases {
        let posts = per_day * 6 * HOUR * 4 / 3 / 8 / DAY;
        let rule = Rule { window_us: window * MINUTE_US, ..Rule::default() };
        let per_day = f64::from(i32::try_from(per_day).expect("small"));
        let after = heard(rule.clone(), per_day, Crisis { start, minutes: 6 * HOUR, posts });
        let soon = after.is_some() == most.is_some() && after <= most;
        assert!(soon, "{per_day} a day in {window}: {after:?}");
        assert_eq!(pages(rule, per_day, start, None), [], "{per_day} in {window}: a false call");
    }
}
