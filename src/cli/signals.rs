//! When is a running process asked to end, or to read its configuration anew?
//!
//! The first signal to end lets it finish what is under way, a later one does not wait. Supervisors
//! signal a process and its group at once: what comes within a second is one request.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::supervisor;
use crate::live::Stop;

/// Signals this close together are one request.
const ONE_REQUEST: Duration = Duration::from_secs(1);

/// Says [`Stop::Interrupt`] at the first signal; at a later one the process exits with 1. SIGHUP asks
/// for `reloads`, of which one waits at most.
///
/// # Errors
/// When the system lets us hear of no signals.
pub(super) fn stop_at_signal(
    stop: watch::Sender<Stop>,
    reloads: mpsc::Sender<()>,
) -> io::Result<()> {
    let mut signals = Signals::listen(reloads)?;
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("signal received, finishing");
        supervisor::ending();
        stop.send_replace(Stop::Interrupt);
        let first = Instant::now();
        loop {
            signals.next().await;
            if first.elapsed() >= ONE_REQUEST {
                std::process::exit(1);
            }
        }
    });
    Ok(())
}

/// The signals that ask a process to end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    reloads: mpsc::Sender<()>,
    /// Whether a terminal that hangs up takes its processes with it.
    has_terminal: bool,
}

impl Signals {
    fn listen(reloads: mpsc::Sender<()>) -> io::Result<Self> {
        Ok(Self {
            reloads,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            has_terminal: io::stdout().is_terminal() || io::stdin().is_terminal(),
        })
    }

    /// Waits for a request to end. Without a terminal SIGHUP is none.
    async fn next(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => {
                    if self.has_terminal {
                        return;
                    }
                    // One that waits already reads what is there by then.
                    let _ = self.reloads.try_send(());
                }
            }
        }
    }
}
