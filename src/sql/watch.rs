//! How much memory may a process take for its question? It looks at itself, and ends beyond that.
//!
//! No operator is asked what it holds: what the system counts is what counts. Another thread looks, so
//! that nothing that computes for long is in its way.

use std::time::Duration;

use super::guard::Limits;

/// How a process ends that takes too much.
pub(super) const EXCESS: i32 = 53;
/// What grows fastest, two threads that fill fresh pages, takes some 10 MiB meanwhile.
const PAUSE: Duration = Duration::from_millis(4);
const MIB: usize = 1024 * 1024;

/// Ends the process once it has grown by more than twice what a query may hold. Where the system does
/// not tell (all but Linux), nothing is watched.
pub(super) fn begin(limits: Limits) {
    let Some(before) = held() else { return };
    let most = before.saturating_add(limits.memory_mib.saturating_mul(2 * MIB));
    let look = move || {
        while held().is_some_and(|held| held <= most) {
            std::thread::park_timeout(PAUSE);
        }
        // What else runs must not go on for the time of an orderly end.
        std::process::exit(EXCESS);
    };
    // Without a thread nothing could be computed either.
    let _ = std::thread::Builder::new().name("watch".to_owned()).spawn(look);
}

/// Bytes of memory that are this process's own.
fn held() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kib = line.split_whitespace().next()?.parse::<usize>().ok()?;
    Some(kib * 1024)
}
