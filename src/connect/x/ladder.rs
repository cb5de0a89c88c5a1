//! How long to wait before X is asked again? By X's own rule, which gets longer for each kind of
//! refusal.
//!
//! See "handling disconnections" in X's documentation: at once after a connection that stood, then
//! a little longer each time; from 5 seconds after an error of the server; from a minute after "too
//! many", of which each lengthens the ban.

use std::time::Duration;

/// Why a connection is lost or does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// It broke, or nobody answers.
    Broken,
    /// The server has an error of its own.
    Server,
    /// Too many connections or requests.
    TooMany,
}

/// The waits so far.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    last: Option<Loss>,
    step: u32,
}

impl Ladder {
    /// The next wait.
    pub(super) fn wait(&mut self, loss: Loss) -> Duration {
        if self.last != Some(loss) {
            (self.last, self.step) = (Some(loss), 0);
        }
        let step = self.step;
        self.step = self.step.saturating_add(1);
        let doubled = |first: u64, max: u64| {
            Duration::from_secs(first.saturating_mul(1 << step.min(16)).min(max))
        };
        match loss {
            Loss::Broken => Duration::from_millis(250 * u64::from(step.min(64))),
            Loss::Server => doubled(5, 320),
            Loss::TooMany => doubled(60, 3_600),
        }
    }

    /// Something came: the next loss is a first one.
    pub(super) fn begin_anew(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_as_x_asks() {
        let waits = |loss, count| {
            let mut ladder = Ladder::default();
            (0..count).map(|_| ladder.wait(loss).as_millis()).collect::<Vec<_>>()
        };
        assert_eq!(waits(Loss::Broken, 4), [0, 250, 500, 750]);
        assert_eq!(waits(Loss::Broken, 100).last(), Some(&16_000));
        assert_eq!(waits(Loss::Server, 8)[5..], [160_000, 320_000, 320_000]);
        assert_eq!(waits(Loss::TooMany, 3), [60_000, 120_000, 240_000]);
    }
}
