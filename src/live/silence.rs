//! How much time has passed in silence? What nobody says moves windows on, too.

use std::time::{Duration, Instant};

/// Longest silence before windows move on without posts.
pub(super) const QUIET: Duration = Duration::from_millis(500);
/// What may still be on its way when rules are looked at ahead of the watermark.
const ON_ITS_WAY: Duration = Duration::from_millis(250);

/// Since when nothing has come.
#[derive(Debug)]
pub(super) struct Silence {
    /// The instant that the engine's time has come to.
    heard: Instant,
    /// Up to where the engine was told, or nobody knew what to tell.
    told: Instant,
    /// How far the engine's time stays behind the silence that is seen here.
    behind: Duration,
}

impl Silence {
    /// A silence that begins now, in which rules are looked at ahead of the watermark or not.
    pub(super) fn begin(looks_ahead: bool) -> Self {
        let now = Instant::now();
        let behind = if looks_ahead { ON_ITS_WAY } else { Duration::ZERO };
        Self { heard: now, told: now, behind }
    }

    /// Time that has come to pass since the engine was last told, in microseconds; `None` while it is
    /// not worth telling.
    pub(super) fn passed_us(&mut self) -> Option<i64> {
        if self.told.elapsed() < QUIET {
            return None;
        }
        let passed = self.told.elapsed().saturating_sub(self.behind);
        self.told += passed;
        self.heard += passed;
        Some(micros(passed))
    }

    /// Lets time wait, as nobody knows whether it is silence; how long nothing has come, in
    /// microseconds.
    pub(super) fn wait_us(&mut self) -> i64 {
        self.told = Instant::now();
        micros(self.heard.elapsed().saturating_sub(self.behind))
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
