//! When is a source tried again, and when is it given up?
//!
//! By whose fault it is. What passes is tried again after growing random waits, or when the other
//! side asks for it; what the user must mend, or what we did wrong, ends this source and no other.

use std::time::Duration;

use super::backoff::Backoff;
use super::health::SourceState;
use super::source::{Fault, Outlet, Source};

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Longest wait that the other side may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(3_600);

/// Reads a source until its end, trying again what passes.
///
/// # Errors
/// Why the source was given up; everything else goes on.
pub async fn supervise(mut source: Box<dyn Source>, outlet: Outlet) -> Result<(), Fault> {
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    let health = outlet.health();
    loop {
        let before = health.heard();
        let fault = match source.read(&outlet).await {
            Ok(()) => {
                health.set(SourceState::Ended, "", "");
                return Ok(());
            }
            Err(Fault::Closed) => return Ok(()),
            Err(fault) => fault,
        };
        if outlet.is_closing() {
            return Ok(());
        }
        let Fault::External { reason, wait } = &fault else {
            let (reason, hint) = (fault.to_string(), fault.hint());
            health.set(SourceState::Failed, &reason, hint);
            tracing::error!(reason, hint, "source given up");
            return Err(fault);
        };
        if health.heard() != before {
            backoff.reset();
        }
        health.set(SourceState::Down, reason, "");
        health.count_reconnect();
        let own = backoff.next_wait();
        let wait = wait.map_or(own, |asked| asked.min(LONGEST_ASKED) + own);
        tracing::warn!(reason, wait_ms = u64::try_from(wait.as_millis()).ok(), "connection lost");
        outlet.pause(wait).await;
    }
}
