//! How does the engine treat time, and what does it remember?

use crate::time::SECOND_US;

/// How the engine treats time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineConfig {
    /// How long windows wait for late posts, in microseconds.
    pub lateness_us: i64,
    /// After how long a silent source is no longer waited for, in microseconds.
    pub idle_us: i64,
    /// Distance of judgements, in microseconds; divides a minute.
    pub tick_us: i64,
    /// Distance of looks at what was heard, ahead of the watermark, in microseconds of reception
    /// time; divides a minute. `None` waits for the watermark.
    pub beat_us: Option<i64>,
    /// Which posts a restart must recognize when a source repeats them.
    pub remember: Remember,
    /// How long panes are kept at least, in microseconds, where rules ask for less: a shard keeps them
    /// as long as the rules of all shards ask.
    pub retain_us: i64,
}

/// Which posts a restart must recognize: those that leave something behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Remember {
    /// Those that mention a topic.
    #[default]
    Matched,
    /// Every one, because every one is archived.
    All,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            lateness_us: 5 * SECOND_US,
            idle_us: 30 * SECOND_US,
            tick_us: 5 * SECOND_US,
            beat_us: Some(SECOND_US / 4),
            remember: Remember::Matched,
            retain_us: 0,
        }
    }
}
