//! How is a table's log read, and which tables are refused?

use std::io;
use std::path::Path;

use deltalake_core::kernel::{LogicalFileView, Metadata, Snapshot, StructType, Version};
use deltalake_core::logstore::LogStore;
use deltalake_core::{DeltaTable, DeltaTableError};
use futures_util::TryStreamExt;

use super::{FORMAT_PROPERTY, RETRIES};
use crate::lake::error::LakeError;
use crate::lake::rows::{Column, Table};
use crate::lake::store::bucket::{is_missing, refusal};
use crate::lake::store::delta_error::delta_error;
use crate::lake::store::files::LakeFile;
use crate::lake::store::place::Place;
use crate::state::{FORMAT, StateError};

/// Opens a table as it was last committed; again if a vacuum took entries of the log away meanwhile.
pub(crate) async fn open(table: Table, place: &Place) -> Result<DeltaTable, LakeError> {
    let mut opened = load(place).await;
    for _ in 0..RETRIES {
        if opened.is_err() && place.is_made().await? {
            opened = load(place).await;
        }
    }
    let delta = match opened {
        Ok(delta) => delta,
        Err(error) => return Err(unreadable(table, place, error).await),
    };
    let state = delta.snapshot().map_err(delta_error(table))?;
    check(table, place, state.metadata(), &state.schema())?;
    Ok(delta)
}

/// The files of a table as it was last committed, in order of path, and the version of its log. What
/// the log says of their values is handed on as text: to parse it takes longer than all else.
pub(crate) async fn list(
    table: Table,
    place: &Place,
) -> Result<(Version, Vec<LakeFile>), LakeError> {
    let mut seen = look(place).await;
    for _ in 0..RETRIES {
        if seen.is_err() && place.is_made().await? {
            seen = look(place).await;
        }
    }
    let (snapshot, views) = match seen {
        Ok(seen) => seen,
        Err(error) => return Err(unreadable(table, place, error).await),
    };
    check(table, place, snapshot.metadata(), &snapshot.schema())?;
    let mut files: Vec<LakeFile> = views.iter().map(|view| LakeFile::seen(table, view)).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok((snapshot.version(), files))
}

/// Refuses a table of another layout, or another table.
fn check(
    table: Table,
    place: &Place,
    metadata: &Metadata,
    known: &StructType,
) -> Result<(), LakeError> {
    let format = metadata.configuration().get(FORMAT_PROPERTY);
    if let Some(found) = format.and_then(|format| format.parse().ok())
        && found != FORMAT
    {
        return Err(StateError::Format { path: place.root(), found }.into());
    }
    let missing = |column: &&Column| column.null.is_none() && !known.contains(column.name);
    match table.columns().iter().find(missing) {
        None => Ok(()),
        Some(Column { name, .. }) => {
            let what = format!("it is another table: it has no column {name}");
            Err(StateError::Damaged { path: place.root(), what }.into())
        }
    }
}

async fn look(place: &Place) -> Result<(Snapshot, Vec<LogicalFileView>), DeltaTableError> {
    let log = place.log()?;
    log.refresh().await?;
    let snapshot = Snapshot::try_new(log.as_ref(), None).await?;
    let views = snapshot.file_views(log.as_ref(), None).try_collect().await?;
    Ok((snapshot, views))
}

pub(super) async fn load(place: &Place) -> Result<DeltaTable, DeltaTableError> {
    let mut delta = DeltaTable::new(place.log()?);
    delta.load().await?;
    Ok(delta)
}

/// A log that was made and cannot be read is damage, unless the operating system or a store refused.
async fn unreadable(table: Table, place: &Place, source: DeltaTableError) -> LakeError {
    let first: &(dyn std::error::Error + 'static) = &source;
    let refused = std::iter::successors(Some(first), |error| error.source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| error.kind() != io::ErrorKind::NotFound);
    let log = place.log_path();
    if let Some(refusal) = refusal(log.display().to_string(), first).filter(|_| !is_missing(first))
    {
        return refusal;
    }
    match (place.is_made().await, place) {
        (Ok(true), _) if !refused => {
            StateError::Damaged { path: log, what: source.to_string() }.into()
        }
        (Ok(false), Place::Bucket(..)) => {
            let lake = place.root().parent().map(Path::to_owned);
            StateError::NoLake { path: lake.unwrap_or_default() }.into()
        }
        (Ok(_), _) => delta_error(table)(source),
        (Err(error), _) => error,
    }
}
