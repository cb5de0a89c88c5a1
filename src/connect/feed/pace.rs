//! When is a feed asked next? Neither more often than it likes, nor all feeds at once.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::settings::{REST_MAX, Ttl};

/// Longest wait that a server may ask for after a refusal.
const ASKED_MAX: Duration = Duration::from_secs(24 * 3_600);
/// The wait after a first failure, if the interval is not shorter.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// Time between the first looks at two feeds.
const START_GAP: Duration = Duration::from_millis(150);

/// Waits, each a little different.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    ttl: Ttl,
    random: RandomState,
    count: u64,
}

impl Pace {
    pub(super) fn new(interval: Duration, ttl: Ttl) -> Self {
        Self { interval, ttl, random: RandomState::new(), count: 0 }
    }

    /// Before the first look at one of `feeds`: a random place in a stretch that gives each its
    /// time, and nothing for the only one.
    pub(super) fn first(&mut self, feeds: usize) -> Duration {
        let others = u32::try_from(feeds.saturating_sub(1)).unwrap_or(u32::MAX);
        let stretch = START_GAP.saturating_mul(others).min(self.interval);
        stretch.mul_f64(self.share())
    }

    /// After an answer: the interval, or what the feed asks for, and up to a tenth more.
    pub(super) fn next(&mut self, rest_s: Option<u64>) -> Duration {
        let asked = rest_s.filter(|_| self.ttl == Ttl::Kept).map(Duration::from_secs);
        let wait = asked.unwrap_or_default().min(REST_MAX).max(self.interval);
        wait.mul_f64(1.0 + self.share() / 10.0)
    }

    /// After a failure, the `fails`-th in a row: twice as long each time, up to an hour or the
    /// interval, and never sooner than the server asks for.
    pub(super) fn after_failure(&mut self, fails: u32, asked: Option<Duration>) -> Duration {
        let doubled = 1u32 << fails.saturating_sub(1).min(16);
        let wait = self.interval.min(FIRST_WAIT).saturating_mul(doubled);
        let wait = wait.min(REST_MAX.max(self.interval));
        let wait = wait.mul_f64(1.0 + self.share() / 2.0);
        asked.unwrap_or_default().min(ASKED_MAX).max(wait)
    }

    /// A random number from 0 to 1.
    fn share(&mut self) -> f64 {
        self.count = self.count.wrapping_add(1);
        let thousandths = u32::try_from(self.random.hash_one(self.count) % 1_000).unwrap_or(0);
        f64::from(thousandths) / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_asked_as_often_as_they_like_and_not_all_at_once() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let mut pace = Pace::new(minutes(15), Ttl::Kept);
        assert_eq!(pace.first(1), Duration::ZERO);
        assert!((0..100).all(|_| pace.first(200) <= START_GAP * 199));
        let first: std::collections::HashSet<Duration> =
            (0..200).map(|_| pace.first(200)).collect();
        assert!(first.len() > 100, "{}", first.len());
        let rows = [(None, 15), (Some(60), 15), (Some(1_800), 30), (Some(86_400), 60)];
        for (asked, wanted) in rows {
            let wait = pace.next(asked);
            assert!(wait >= minutes(wanted) && wait <= minutes(wanted).mul_f64(1.1), "{wait:?}");
        }
        for fails in 1..40 {
            let wait = pace.after_failure(fails, None);
            assert!(wait >= minutes(1) && wait <= minutes(90), "{fails}: {wait:?}");
        }
        assert!(pace.after_failure(1, Some(minutes(240))) == minutes(240));
        assert!(pace.after_failure(1, Some(minutes(9_999))) == ASKED_MAX);
        let mut own = Pace::new(Duration::from_secs(2), Ttl::Ignored);
        assert!(own.next(Some(3_600)) < Duration::from_secs(3));
    }
}
