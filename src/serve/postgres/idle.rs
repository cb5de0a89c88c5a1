//! Who gives up its place when all are taken? The connection that has been idle for longest, outside
//! of a transaction.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Who asked something a moment ago stays.
const IDLE_MIN: Duration = Duration::from_secs(1);

/// Connections that wait to be asked something, the longest idle first.
#[derive(Debug, Clone, Default)]
pub(super) struct Idle(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    last: u64,
    seats: BTreeMap<u64, (Instant, Arc<Notify>)>,
}

impl Idle {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a connection is idle from now on, for as long as it holds what it gets.
    pub(super) fn sit(&self) -> Seat {
        let mut waiting = self.lock();
        waiting.last += 1;
        let (id, leave) = (waiting.last, Arc::new(Notify::new()));
        waiting.seats.insert(id, (Instant::now(), Arc::clone(&leave)));
        drop(waiting);
        Seat { idle: self.clone(), id, leave }
    }

    /// Asks the longest idle connection to go; whether there is one.
    pub(super) fn send_longest_away(&self) -> bool {
        let mut waiting = self.lock();
        let Some(first) = waiting.seats.first_entry() else { return false };
        let (since, leave) = first.get();
        if since.elapsed() < IDLE_MIN {
            return false;
        }
        leave.notify_one();
        first.remove();
        true
    }
}

/// An idle connection's entry, which leaves with it.
#[derive(Debug)]
pub(super) struct Seat {
    idle: Idle,
    id: u64,
    leave: Arc<Notify>,
}

impl Seat {
    /// Waits until the place is needed; never, where there is no seat.
    pub(super) async fn needed(seat: Option<&Self>) {
        match seat {
            Some(seat) => seat.leave.notified().await,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.idle.lock().seats.remove(&self.id);
    }
}
