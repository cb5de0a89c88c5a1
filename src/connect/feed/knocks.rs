//! Which feeds have rung and are not heeded yet? Each once, in the order in which they rang.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Keys of feeds that rang. Only feeds that are subscribed ring, so that there are never more.
#[derive(Debug, Default)]
pub(super) struct Knocks {
    rung: Mutex<(VecDeque<String>, HashSet<String>)>,
    rings: Notify,
}

impl Knocks {
    /// A feed rings; one that rings already needs no more.
    pub(super) fn ring(&self, key: String) {
        let mut rung = self.lock();
        let (order, known) = &mut *rung;
        if known.insert(key.clone()) {
            order.push_back(key);
        }
        drop(rung);
        self.rings.notify_one();
    }

    /// The next feed that rang.
    pub(super) async fn next(&self) -> String {
        loop {
            if let Some(key) = self.take() {
                return key;
            }
            self.rings.notified().await;
        }
    }

    fn take(&self) -> Option<String> {
        let mut rung = self.lock();
        let key = rung.0.pop_front()?;
        rung.1.remove(&key);
        Some(key)
    }

    fn lock(&self) -> MutexGuard<'_, (VecDeque<String>, HashSet<String>)> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn however_often_some_ring_nobody_is_missed() {
        let knocks = Knocks::default();
        for round in 0..3 {
            knocks.ring("loud".to_owned());
            (0..2_000).for_each(|feed| knocks.ring(format!("{round}-{feed}")));
        }
        let mut heard = HashSet::new();
        for _ in 0..6_001 {
            assert!(heard.insert(knocks.next().await), "each once");
        }
        assert_eq!(knocks.take(), None);
        knocks.ring("loud".to_owned());
        assert_eq!(knocks.next().await, "loud", "and again later");
    }
}
