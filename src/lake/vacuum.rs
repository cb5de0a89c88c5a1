//! Which files does nothing need any more? What replaced files left behind, drafts, old log entries.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use deltalake_core::checkpoints::{cleanup_expired_logs_for, create_checkpoint};
use futures_util::TryStreamExt;
use serde::Serialize;

use super::commit::Lake;
use super::folder::{LakeError, io_error};
use super::table::{TableWriter, delta_error};
use crate::time::EventTime;

/// What a vacuum removes, or removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Vacuumed {
    /// Files that the tables no longer name.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// Entries of the logs that a checkpoint stands for.
    pub log_entries: u64,
}

/// Whether to do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Do it.
    Real,
    /// Only say what would be done.
    Dry,
}

impl Lake {
    /// Removes files that left their table more than `older_than_us` before `now`, files that never
    /// became part of it and are as old, and log entries as old that a checkpoint stands for.
    /// Readers of versions from before then lose them.
    ///
    /// # Errors
    /// When a folder cannot be read or a file not removed; run it again to go on.
    pub async fn vacuum(
        &mut self,
        older_than_us: i64,
        now: EventTime,
        mode: Mode,
    ) -> Result<Vacuumed, LakeError> {
        let mut vacuumed = Vacuumed::default();
        let before_ms = now.shift(-older_than_us).0 / 1_000;
        for writer in &self.tables {
            let folder = self.folder().table(writer.table());
            let left = tombstones(writer).await?;
            let live: HashSet<String> = writer.files()?.into_iter().map(|file| file.path).collect();
            sweep(&folder, &live, &left, before_ms, mode, &mut vacuumed)?;
            if mode == Mode::Real {
                vacuumed.log_entries += forget_log(writer, before_ms).await?;
            }
        }
        Ok(vacuumed)
    }
}

/// When each file that the log still remembers left the table, in milliseconds.
async fn tombstones(writer: &TableWriter) -> Result<HashMap<String, i64>, LakeError> {
    let error = delta_error(writer.table());
    let store = writer.delta().log_store();
    let state = writer.delta().snapshot().map_err(&error)?;
    let left = state.all_tombstones(store.as_ref());
    left.map_ok(|file| (file.path().into_owned(), file.deletion_timestamp().unwrap_or(i64::MAX)))
        .try_collect()
        .await
        .map_err(error)
}

fn sweep(
    folder: &Path,
    live: &HashSet<String>,
    left: &HashMap<String, i64>,
    before_ms: i64,
    mode: Mode,
    vacuumed: &mut Vacuumed,
) -> Result<(), LakeError> {
    for day in fs::read_dir(folder).map_err(io_error(folder))?.flatten() {
        let name = day.file_name();
        let Some(name) = name.to_str().filter(|name| name.starts_with("day=")) else { continue };
        let place = day.path();
        for file in fs::read_dir(&place).map_err(io_error(&place))?.flatten() {
            let path = format!("{name}/{}", file.file_name().to_string_lossy());
            let metadata = file.metadata().map_err(io_error(&place))?;
            let made =
                metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let made = made.and_then(|made| i64::try_from(made.as_millis()).ok());
            let left = left.get(&path).copied().or(made).unwrap_or(i64::MAX);
            if live.contains(&path) || left >= before_ms {
                continue;
            }
            if mode == Mode::Real {
                fs::remove_file(file.path()).map_err(io_error(&file.path()))?;
            }
            vacuumed.files += 1;
            vacuumed.bytes += metadata.len();
        }
        if mode == Mode::Real {
            // Fails while files are left in it, as it should.
            let _ = fs::remove_dir(&place);
        }
    }
    Ok(())
}

/// Writes a checkpoint and removes the entries before it that are old enough.
async fn forget_log(writer: &TableWriter, before_ms: i64) -> Result<u64, LakeError> {
    let error = delta_error(writer.table());
    let version = writer.delta().snapshot().map_err(&error)?.version();
    if version == 0 {
        return Ok(0);
    }
    create_checkpoint(writer.delta(), None).await.map_err(&error)?;
    let store = writer.delta().log_store();
    let removed = cleanup_expired_logs_for(version, store.as_ref(), before_ms, None).await;
    removed.map(|entries| entries as u64).map_err(error)
}
