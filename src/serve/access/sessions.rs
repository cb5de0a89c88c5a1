//! Who has logged in, and until when? A bounded table in memory: a restart asks all to log in again.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use super::Viewer;
use crate::system::{hex, random, wall_clock};
use crate::time::EventTime;

/// Most at once; beyond that the one that would end first ends.
const SESSIONS_MAX: usize = 4_096;

/// Logins by the hashes of what browsers show for them.
#[derive(Debug)]
pub(super) struct Sessions {
    list: Mutex<HashMap<[u8; 32], Session>>,
    life_us: i64,
}

#[derive(Debug)]
struct Session {
    viewer: Viewer,
    until: EventTime,
}

impl Sessions {
    pub(super) fn new(life_us: i64) -> Self {
        Self { list: Mutex::default(), life_us }
    }

    /// How long one lasts, in seconds.
    pub(super) fn life_s(&self) -> i64 {
        self.life_us / 1_000_000
    }

    /// Begins one; what the browser has to show.
    pub(super) fn begin(&self, viewer: Viewer) -> io::Result<String> {
        let shown = hex(&random::<32>()?);
        let now = wall_clock();
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if list.len() >= SESSIONS_MAX {
            list.retain(|_, session| session.until > now);
        }
        if list.len() >= SESSIONS_MAX
            && let Some(first) = list.iter().min_by_key(|(_, one)| one.until).map(|(key, _)| *key)
        {
            list.remove(&first);
        }
        list.insert(key(&shown), Session { viewer, until: now.shift(self.life_us) });
        Ok(shown)
    }

    /// Who shows this, if they may still come in.
    pub(super) fn find(&self, shown: &str) -> Option<Viewer> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(shown);
        let session = list.get(&key)?;
        if session.until > wall_clock() {
            return Some(session.viewer.clone());
        }
        list.remove(&key);
        None
    }

    /// Ends one.
    pub(super) fn end(&self, shown: &str) {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(shown));
    }
}

/// What is looked up is a hash, so that the time it takes says nothing about what is kept.
fn key(shown: &str) -> [u8; 32] {
    *blake3::hash(shown.as_bytes()).as_bytes()
}
