//! What does the service manager hear? That the process is ready, how it gets on, and that it ends.
//!
//! By sd_notify(3), as systemd and its peers speak it; without `NOTIFY_SOCKET` nothing is said.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::watch;

use crate::live::Progress;

/// Distance of words to a manager that does not watch.
const STEP: Duration = Duration::from_secs(10);

/// Says when posts can be taken, and from then on how it goes. A manager that watches
/// (`WatchdogSec=`) is told for as long as the engine moves, or says what it waits for.
pub(super) async fn report(mut progress: watch::Receiver<Progress>) {
    if std::env::var_os("NOTIFY_SOCKET").is_none() {
        return;
    }
    // The engine names its topics as soon as it runs.
    if progress.wait_for(|progress| !progress.topics.is_empty()).await.is_err() {
        return;
    }
    ready();
    let step = sd_notify::watchdog_enabled().map_or(STEP, |span| span / 3);
    loop {
        let (line, is_waiting) = line(&progress.borrow_and_update());
        say(&[NotifyState::Status(&line)]);
        tokio::time::sleep(step).await;
        match progress.has_changed() {
            Ok(moved) if moved || is_waiting => say(&[NotifyState::Watchdog]),
            Ok(_) => {
                tracing::warn!("the engine does not move; the service manager is not notified")
            }
            Err(_) => return,
        }
    }
}

/// Says that another configuration is taken, until [`ready`] is said.
pub(super) fn reloading() {
    let now = NotifyState::monotonic_usec_now();
    say(&[NotifyState::Reloading].into_iter().chain(now.ok()).collect::<Vec<_>>());
}

/// Says that posts can be taken.
pub(super) fn ready() {
    say(&[NotifyState::Ready]);
}

/// Says that the process ends.
pub(super) fn ending() {
    say(&[NotifyState::Stopping]);
}

/// How it goes, on one line, and whether the lake or another configuration is waited for.
fn line(progress: &Progress) -> (String, bool) {
    let (posts, tally) = (progress.posts(), progress.tally);
    let mut line =
        format!("{posts} posts, {} mentions, {} negative", tally.mentions, tally.negative);
    if let Some(trouble) = &progress.trouble {
        line += &format!("; the lake cannot be written: {}", trouble.why);
    }
    let is_waiting = progress.trouble.is_some() || progress.rounds.under_way;
    (line.replace(char::is_control, " "), is_waiting)
}

fn say(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager cannot be notified");
    }
}
