//! Is a door open yet? What its running source gave it, for all who come.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// How long who comes early waits for the source.
const EARLY: Duration = Duration::from_secs(5);

/// Holds what a running source gives its door: nothing before it runs, and when it has ended.
#[derive(Debug)]
pub(in crate::connect) struct Latch<T>(watch::Sender<State<T>>);

#[derive(Debug)]
enum State<T> {
    Early,
    Open(Arc<T>),
    Closed,
}

impl<T> Default for Latch<T> {
    fn default() -> Self {
        Self(watch::Sender::new(State::Early))
    }
}

impl<T> Latch<T> {
    pub(in crate::connect) fn open(&self, held: Arc<T>) {
        self.0.send_replace(State::Open(held));
    }

    pub(in crate::connect) fn close(&self) {
        self.0.send_replace(State::Closed);
    }

    /// What the source gave, while it runs.
    pub(in crate::connect) fn held(&self) -> Option<Arc<T>> {
        match &*self.0.borrow() {
            State::Open(held) => Some(Arc::clone(held)),
            State::Early | State::Closed => None,
        }
    }

    /// Waits a moment for a source that is just starting.
    pub(in crate::connect) async fn ready(&self) {
        let mut state = self.0.subscribe();
        let begun = state.wait_for(|state| !matches!(state, State::Early));
        let _ = tokio::time::timeout(EARLY, begun).await;
    }
}
