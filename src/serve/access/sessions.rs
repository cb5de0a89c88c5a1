//! Who has logged in, and until when? A bounded number of small files beside the lake, which all its
//! processes share and a restart leaves; in memory where there is no place for them.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::state::{Site, make_dir, write_whole};
use crate::system::{hex, random, wall_clock};
use crate::time::EventTime;

/// Most at once; beyond that the one that began first ends.
const SESSIONS_MAX: usize = 4_096;
/// Most bytes of a file.
const FILE_BYTES_MAX: u64 = 4_096;

/// Logins by the hashes of what browsers show for them.
#[derive(Debug)]
pub(super) struct Sessions {
    /// Where they are kept, if anywhere.
    folder: Option<PathBuf>,
    /// Those that could not be kept.
    list: Mutex<HashMap<[u8; 32], Session>>,
}

/// A login.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) name: String,
    /// What it rests on, as a hash: a new password ends it.
    pub(super) ground: [u8; 32],
    pub(super) until: EventTime,
}

impl Sessions {
    pub(super) fn new(site: Option<&Site>) -> Self {
        let folder = site.filter(|site| site.has_state()).map(|site| site.own("sessions"));
        Self { folder, list: Mutex::default() }
    }

    /// Begins one of so many microseconds; what the browser has to show.
    pub(super) fn begin(&self, session: Session, life_us: i64) -> io::Result<String> {
        let shown = hex(&random::<32>()?);
        let key = key(&shown);
        if self.keep(&key, &session, life_us) {
            return Ok(shown);
        }
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if list.len() >= SESSIONS_MAX {
            let now = wall_clock();
            list.retain(|_, session| session.until > now);
        }
        if list.len() >= SESSIONS_MAX
            && let Some(first) = list.iter().min_by_key(|(_, one)| one.until).map(|(key, _)| *key)
        {
            list.remove(&first);
        }
        list.insert(key, session);
        Ok(shown)
    }

    /// What was begun with this, if it still counts.
    pub(super) fn find(&self, shown: &str) -> Option<Session> {
        let key = key(shown);
        let listed = self.list.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let session = listed.or_else(|| self.read(&key))?;
        if session.until > wall_clock() {
            return Some(session);
        }
        self.end(shown);
        None
    }

    /// Ends one.
    pub(super) fn end(&self, shown: &str) {
        let key = key(shown);
        self.list.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        // One that was never kept has no file.
        let _ = self.path(&key).map(fs::remove_file);
    }

    fn path(&self, key: &[u8; 32]) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{}.json", hex(key))))
    }

    fn read(&self, key: &[u8; 32]) -> Option<Session> {
        let path = self.path(key)?;
        let is_small = fs::metadata(&path).is_ok_and(|file| file.len() <= FILE_BYTES_MAX);
        serde_json::from_slice(&fs::read(&path).ok().filter(|_| is_small)?).ok()
    }

    /// Whether one could be kept.
    fn keep(&self, key: &[u8; 32], session: &Session, life_us: i64) -> bool {
        let (Some(folder), Some(path)) = (&self.folder, self.path(key)) else { return false };
        let kept = make_dir(folder).and_then(|()| {
            self.make_room(life_us)?;
            let bytes = serde_json::to_vec(session).map_err(io::Error::other)?;
            write_whole(&path, &bytes).map_err(io::Error::other)
        });
        if let Err(error) = &kept {
            tracing::warn!(%error, "a login is kept in memory, and ends with this process");
        }
        kept.is_ok()
    }

    /// Takes out what has ended, and what is too much.
    fn make_room(&self, life_us: i64) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let life = Duration::from_micros(u64::try_from(life_us).unwrap_or_default());
        let ended = SystemTime::now().checked_sub(life).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut files: Vec<(SystemTime, PathBuf)> = fs::read_dir(folder)?
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        files.sort();
        let surplus = (files.len() + 1).saturating_sub(SESSIONS_MAX);
        let old =
            files.iter().enumerate().filter(|(at, (begun, _))| *at < surplus || *begun < ended);
        // Another process may have taken it out before.
        old.for_each(|(_, (_, path))| drop(fs::remove_file(path)));
        Ok(())
    }
}

/// What is looked up is a hash, so that the time it takes says nothing about what is kept.
fn key(shown: &str) -> [u8; 32] {
    *blake3::hash(shown.as_bytes()).as_bytes()
}
