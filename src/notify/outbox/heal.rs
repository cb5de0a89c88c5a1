//! How does the store go on after the disk refused something? It is opened anew.

use std::sync::atomic::Ordering;
use std::sync::{PoisonError, RwLockReadGuard};

use redb::Database;

use super::{Outbox, OutboxError};

impl Outbox {
    /// Held as long as a transaction, or it could end in a file that is no more. After a failure the
    /// file is opened anew: redb refuses everything until then.
    pub(super) fn database(&self) -> Result<RwLockReadGuard<'_, Option<Database>>, redb::Error> {
        if self.refused.load(Ordering::Acquire) {
            let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
            if self.refused.load(Ordering::Acquire) {
                // It holds the file's lock as long as it lives.
                *database = None;
                *database = Some(Database::create(&self.path)?);
                self.refused.store(false, Ordering::Release);
            }
        }
        Ok(self.database.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Remembers when the disk refused.
    pub(super) fn noted<T>(&self, outcome: Result<T, redb::Error>) -> Result<T, OutboxError> {
        if outcome.is_err() {
            self.refused.store(true, Ordering::Release);
        }
        outcome.map_err(OutboxError)
    }
}

/// The store, unless the file could not be opened.
pub(super) fn opened(database: &Option<Database>) -> Result<&Database, redb::Error> {
    database.as_ref().ok_or(redb::Error::DatabaseClosed)
}
