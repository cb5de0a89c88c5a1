//! Which files does nothing need any more? What replaced files left behind, drafts, old log entries.

use std::collections::{HashMap, HashSet};

use deltalake_core::DeltaTable;
use deltalake_core::checkpoints::{cleanup_expired_logs_for, create_checkpoint};
use futures_util::TryStreamExt;
use serde::Serialize;

use crate::lake::commit::Lake;
use crate::lake::error::LakeError;
use crate::lake::store::{Place, TableWriter, committed, delta_error};
use crate::state::Mode;
use crate::time::{DAY_US, EventTime};

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
            let place = self.folder().table(writer.table());
            // As it is now: another writer's files are in it, too.
            let delta = writer.load().await?;
            let (left, live) = (tombstones(writer, &delta).await?, live(writer, &delta)?);
            sweep(&place, &live, &left, (before_ms, now), mode, &mut vacuumed)?;
            if mode == Mode::Real {
                vacuumed.log_entries += forget_log(writer, &delta, before_ms).await?;
            }
        }
        Ok(vacuumed)
    }
}

/// The same for a table that is written apart from the lake's commits.
pub(crate) async fn vacuum_alone(
    writer: &TableWriter,
    older_than_us: i64,
    now: EventTime,
) -> Result<(), LakeError> {
    let before_ms = now.shift(-older_than_us).0 / 1_000;
    let delta = writer.load().await?;
    let (left, live) = (tombstones(writer, &delta).await?, live(writer, &delta)?);
    let mut vacuumed = Vacuumed::default();
    sweep(writer.place(), &live, &left, (before_ms, now), Mode::Real, &mut vacuumed)?;
    forget_log(writer, &delta, before_ms).await.map(drop)
}

/// The paths of the files that are part of the table.
fn live(writer: &TableWriter, delta: &DeltaTable) -> Result<HashSet<String>, LakeError> {
    Ok(committed(writer.table(), delta)?.into_iter().map(|file| file.path).collect())
}

/// When each file that the log still remembers left the table, in milliseconds.
async fn tombstones(
    writer: &TableWriter,
    delta: &DeltaTable,
) -> Result<HashMap<String, i64>, LakeError> {
    let error = delta_error(writer.table());
    let store = delta.log_store();
    let state = delta.snapshot().map_err(&error)?;
    let left = state.all_tombstones(store.as_ref());
    left.map_ok(|file| (file.path().into_owned(), file.deletion_timestamp().unwrap_or(i64::MAX)))
        .try_collect()
        .await
        .map_err(error)
}

fn sweep(
    place: &Place,
    live: &HashSet<String>,
    left: &HashMap<String, i64>,
    (before_ms, now): (i64, EventTime),
    mode: Mode,
    vacuumed: &mut Vacuumed,
) -> Result<(), LakeError> {
    let ahead_ms = now.shift(DAY_US).0 / 1_000;
    for file in place.list()? {
        // What left under a clock that was ahead goes by the age of the file itself.
        let left = left.get(&file.name).copied().filter(|left| *left <= ahead_ms);
        let left = left.unwrap_or(file.changed_ms);
        if live.contains(&file.name) || left >= before_ms {
            continue;
        }
        if mode == Mode::Real {
            place.remove(&file.name)?;
        }
        vacuumed.files += 1;
        vacuumed.bytes += file.bytes;
    }
    Ok(())
}

/// Writes a checkpoint and removes the entries before it that are old enough.
async fn forget_log(
    writer: &TableWriter,
    delta: &DeltaTable,
    before_ms: i64,
) -> Result<u64, LakeError> {
    let error = delta_error(writer.table());
    let version = delta.snapshot().map_err(&error)?.version();
    if version == 0 {
        return Ok(0);
    }
    create_checkpoint(delta, None).await.map_err(&error)?;
    let store = delta.log_store();
    let removed = cleanup_expired_logs_for(version, store.as_ref(), before_ms, None).await;
    removed.map(|entries| entries as u64).map_err(error)
}
