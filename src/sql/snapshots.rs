//! Must the logs be read again for the next question? Not while nothing was committed: the tables as
//! they were last opened, for all questions of a process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use super::beside::Beside;
use super::due::Promises;
use super::guard::Limits;
use super::query::Session;
use super::ready::Ready;
use super::scan::LakeFiles;
use crate::lake::{Folder, LakeError, Table};

/// The tables of one lake as they were last opened.
#[derive(Debug, Default)]
pub struct Snapshots {
    /// In the order of [`Table::ALL`]; held while a log is read, so that others wait for it instead
    /// of reading it, too.
    tables: [Mutex<Option<Arc<LakeFiles>>>; Table::ALL.len()],
    /// The views over them; held while they are planned.
    ready: Mutex<Option<Ready>>,
    /// How often they were.
    planned: AtomicU64,
    logs_read: AtomicU64,
    /// What is promised to people who wait for an answer.
    promises: Promises,
}

impl Snapshots {
    /// Opens the newest version of each table, and reads the logs that went on since the last time.
    /// All calls are about the same lake.
    ///
    /// # Errors
    /// When a table's log cannot be read.
    pub async fn session(&self, folder: &Folder, limits: Limits) -> Result<Session, LakeError> {
        Ok(self.versioned(folder, limits).await?.0)
    }

    /// The same, with a number that is another one once anything in the tables or beside them is.
    ///
    /// # Errors
    /// When a table's log cannot be read.
    pub async fn versioned(
        &self,
        folder: &Folder,
        limits: Limits,
    ) -> Result<(Session, u64), LakeError> {
        let beside = Beside::read(folder)?;
        let tables = self.tables(folder).await?;
        let mut held = self.ready.lock().await;
        if let Some(ready) = held.as_ref().filter(|ready| ready.is_of(&tables, &beside)) {
            return Ok((ready.session(limits)?, self.planned.load(Ordering::Relaxed)));
        }
        let (ready, session) = Ready::open(tables, beside, limits, &self.promises).await?;
        *held = Some(ready);
        Ok((session, self.planned.fetch_add(1, Ordering::Relaxed) + 1))
    }

    /// Reads the logs that went on since the last time; [`Self::logs_read`] then.
    ///
    /// # Errors
    /// When a table's log cannot be read.
    pub async fn refreshed(&self, folder: &Folder) -> Result<u64, LakeError> {
        self.tables(folder).await?;
        Ok(self.logs_read())
    }

    async fn tables(&self, folder: &Folder) -> Result<Vec<Arc<LakeFiles>>, LakeError> {
        let mut tables = Vec::new();
        for (table, held) in Table::ALL.into_iter().zip(&self.tables) {
            let mut held = held.lock().await;
            let known = match held.take() {
                Some(known) if known.is_current().await => known,
                _ => {
                    self.logs_read.fetch_add(1, Ordering::Relaxed);
                    Arc::new(LakeFiles::open(table, folder).await?)
                }
            };
            *held = Some(Arc::clone(&known));
            tables.push(known);
        }
        Ok(tables)
    }

    /// What all sessions know of what is promised.
    #[must_use]
    pub fn promises(&self) -> &Promises {
        &self.promises
    }

    /// How often the log of a table was read.
    #[must_use]
    pub fn logs_read(&self) -> u64 {
        self.logs_read.load(Ordering::Relaxed)
    }
}
