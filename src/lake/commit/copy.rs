//! How is a lake copied as of one commit, also while it is written, and into a bucket or out of it?
//!
//! Files of rows never change, so what one commit names is copied as long as it takes; the copy gets
//! logs of its own, under the number of that commit, with its checkpoint and cursors. What else the
//! writer remembers goes along, messages on their way only where nobody writes: their store changes
//! in place.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deltalake_core::kernel::Add;

use super::ledger::{MESSAGES, files};
use super::{
    Lake, Manifest, check_last_commit, checkpoint_path, lacks, last_sequence, read_manifest,
};
use crate::lake::error::{LakeError, io_error};
use crate::lake::rows::Table;
use crate::lake::store::{Folder, LakeFile, add, committed, day_name, last_commit, open};
use crate::state::{Site, StateError, write_whole};
use crate::system::{crash_point, wall_clock};

/// How often a commit is looked at that is being made, or replaced meanwhile.
const LOOKS: usize = 200;
/// The time between two looks.
const WAIT: Duration = Duration::from_millis(50);
/// What of a state folder goes along besides what a successor in a bucket needs.
const ALONG: [&str; 2] = ["dead-letter.jsonl", MESSAGES];

/// What a copy holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// The commit as of which it is.
    pub sequence: i64,
    /// Files of rows.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// Whether the lake was being written: then messages on their way are not in the copy.
    pub is_live: bool,
}

/// A lake as of one commit.
struct Moment {
    manifest: Manifest,
    checkpoint: Vec<u8>,
    tables: Vec<(Table, Vec<LakeFile>)>,
}

/// Copies a lake as of its last commit to a place where none is. The key of the author hashes stays
/// where it is.
///
/// # Errors
/// When the lake has no commit or cannot be read, or the place holds something or cannot be written.
/// What was begun can be begun again.
pub async fn copy_lake(from: &Site, to: &Site) -> Result<Copied, LakeError> {
    let source = Folder::read(from)?;
    source.need_state()?;
    source.rekeying().refuse()?;
    if is_within(to, from) {
        return Err(StateError::Within { path: to.root().to_owned() }.into());
    }
    if !source.table(Table::Posts).is_made().await? {
        return Err(StateError::NoLake { path: from.root().to_owned() }.into());
    }
    // Where nobody writes, a commit that a kill interrupted is finished first, and nobody begins.
    let (source, is_live) = match Folder::write(from) {
        Ok(folder) => {
            let folder = Arc::new(folder);
            Lake::open(Arc::clone(&folder)).await?;
            (folder, false)
        }
        Err(LakeError::State(StateError::Locked { .. })) => (Arc::new(source), true),
        Err(error) => return Err(error),
    };
    let target = Arc::new(Folder::write(to)?);
    if last_sequence(&target)?.is_some() {
        return Err(taken(to));
    }
    let moment = settled(&source).await?;
    take_state(&source, &target, is_live)?;
    let (lake, recovered) = Lake::open(Arc::clone(&target)).await?;
    if recovered.checkpoint.is_some() {
        return Err(taken(to));
    }
    // The commit comes last: once it is there, nothing is copied again.
    let copied = take_audit(&source, &target, Copied { is_live, ..Copied::default() }).await?;
    crash_point("copy.audit");
    lake.take(&source, moment, copied).await
}

/// Whether a place is a folder of this lake, or the lake itself.
fn is_within(place: &Site, lake: &Site) -> bool {
    if place.is_bucket() || lake.is_bucket() {
        return false;
    }
    let Ok(lake) = fs::canonicalize(lake.root()) else { return false };
    // It need not be there yet.
    let near = place.root().ancestors().find_map(|folder| {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        fs::canonicalize(folder).ok()
    });
    near.is_some_and(|near| near.starts_with(&lake))
}

fn taken(to: &Site) -> LakeError {
    StateError::Taken { path: to.root().to_owned() }.into()
}

impl Lake {
    async fn take(
        mut self,
        source: &Folder,
        moment: Moment,
        mut copied: Copied,
    ) -> Result<Copied, LakeError> {
        let Moment { mut manifest, checkpoint, tables } = moment;
        (manifest.files, manifest.removed) = Default::default();
        (manifest.writer, manifest.carried) = Default::default();
        let now_ms = wall_clock().0 / 1_000;
        for (table, files) in tables {
            let (here, there) = (self.folder.table(table), source.table(table));
            let mut adds: Vec<Add> = Vec::with_capacity(files.len());
            for LakeFile { path, day, bytes, statistics, .. } in files {
                here.take(&there, &path, &path)?;
                (copied.files, copied.bytes) = (copied.files + 1, copied.bytes + bytes);
                let add = add(path, day_name(day), bytes, statistics, true);
                adds.push(Add { modification_time: now_ms, ..add });
            }
            manifest.files.insert(table.name().to_owned(), adds);
        }
        copied.sequence = manifest.sequence;
        write_whole(&checkpoint_path(&self.folder, manifest.sequence), &checkpoint)?;
        self.conclude(manifest, checkpoint).await?;
        Ok(copied)
    }
}

/// The lake as of a commit that all tables show, and none a later one.
async fn settled(folder: &Folder) -> Result<Moment, LakeError> {
    for look in 0..LOOKS {
        match moment(folder).await {
            Ok(Some(moment)) => return Ok(moment),
            // A later commit has removed what was to be read.
            Err(LakeError::State(StateError::Io { source, .. }))
                if source.kind() == ErrorKind::NotFound && look + 1 < LOOKS => {}
            Err(error) => return Err(error),
            Ok(None) => {}
        }
        tokio::time::sleep(WAIT).await;
    }
    let root = folder.root().display();
    Err(LakeError::Internal(format!("{root}: its tables do not come to the state of one commit")))
}

async fn moment(folder: &Folder) -> Result<Option<Moment>, LakeError> {
    let Some(sequence) = last_sequence(folder)? else {
        return Err(StateError::NoLake { path: folder.root().to_owned() }.into());
    };
    let manifest = read_manifest(folder, sequence)?;
    let path = checkpoint_path(folder, sequence);
    let checkpoint = fs::read(&path).map_err(io_error(&path))?;
    if blake3::hash(&checkpoint).to_hex().as_str() != manifest.checkpoint_blake3 {
        // Torn or damaged: the latter is told.
        return check_last_commit(folder).map(|()| None);
    }
    let mut tables = Vec::new();
    for table in Table::ALL {
        if lacks(folder, table).await? {
            continue;
        }
        let delta = open(table, &folder.table(table)).await?;
        let last = last_commit(table, &delta).await?;
        let comes = manifest.files.get(table.name()).is_some_and(|files| !files.is_empty());
        let goes = manifest.removed.get(table.name()).is_some_and(|files| !files.is_empty());
        if last > Some(sequence) || ((comes || goes) && last != Some(sequence)) {
            return Ok(None);
        }
        tables.push((table, committed(table, &delta)?));
    }
    Ok(Some(Moment { manifest, checkpoint, tables }))
}

/// Takes along the audit log, which has commits of its own: the files, then its log as it was before
/// they were looked up, so that it names none that is missing.
async fn take_audit(
    source: &Folder,
    target: &Folder,
    mut copied: Copied,
) -> Result<Copied, LakeError> {
    let (here, there) = (target.table(Table::Audit), source.table(Table::Audit));
    if !there.is_made().await? {
        return Ok(copied);
    }
    let log = there.log_names().await?;
    for file in committed(Table::Audit, &open(Table::Audit, &there).await?)? {
        here.take(&there, &file.path, &file.path)?;
        (copied.files, copied.bytes) = (copied.files + 1, copied.bytes + file.bytes);
    }
    for name in log {
        here.take(&there, &name, &name)?;
    }
    Ok(copied)
}

/// Takes along what the writer remembers beside its tables.
fn take_state(source: &Folder, target: &Folder, is_live: bool) -> Result<(), LakeError> {
    let mut names = files(source)?;
    names.extend(ALONG.map(str::to_owned));
    if !is_live {
        names.push("outbox.redb".to_owned());
    }
    for name in names {
        let (from, path) = (source.own(&name), target.own(&name));
        let bytes = match fs::read(&from) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            bytes => bytes.map_err(io_error(&from))?,
        };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(io_error(parent))?;
        }
        write_whole(&path, &bytes)?;
    }
    Ok(())
}
