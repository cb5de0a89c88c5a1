//! How do the tables, the cursors and the engine's memory change as one?
//!
//! A commit writes, in this order: the Parquet files; the engine's checkpoint; a manifest that
//! names them, with the cursors and the alerts on their way; then one Delta commit per table under
//! the manifest's sequence number. The manifest's rename is the moment of truth: killed before it,
//! the commit never happened; killed after it, the next start finishes what it names, and each
//! table skips a sequence it has seen.

mod manifest;
mod mend;
mod pending;

pub(super) use pending::Decided;

use crate::state::{StateError, json_bytes, write_whole};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use deltalake_core::kernel::Add;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::encode::{Begun, Draft};
use super::error::{LakeError, io_error};
use super::folder::Folder;
use super::schema::Table;
use super::table::{Swap, TableWriter};
use crate::decode::Cursor;
use crate::engine::{EngineState, Tally};
use crate::system::crash_point;
use crate::time::EventTime;
use crate::window::Recent;

pub(super) use manifest::lacks;
use manifest::{Manifest, last_sequence, manifest_path, names, read_manifest};

/// First bytes of a checkpoint, before its version.
const MAGIC: &[u8; 7] = b"RESOCP\x00";
/// Raised by one whenever [`Checkpoint`] changes. Of an older one only the cursors are kept.
const VERSION: u8 = 7;

/// All that a restart needs besides the tables.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Names of the topics that the state numbers.
    pub topics: Vec<String>,
    /// The engine's memory.
    pub state: EngineState,
    /// Where each source goes on.
    pub cursors: BTreeMap<String, Cursor>,
    /// Where every event of this lake went so far.
    pub tally: Tally,
}

/// What the last commit left.
#[derive(Debug, Default)]
pub struct Recovered {
    /// The checkpoint, if there was a commit.
    pub checkpoint: Option<Checkpoint>,
    /// The alerts of the last commit, which may not have reached the outbox.
    pub messages: Vec<serde_json::Value>,
}

/// What a swap of files leaves as it is.
#[derive(Debug, Clone)]
struct Standing {
    checkpoint_blake3: String,
    cursors: BTreeMap<String, Cursor>,
    messages: Vec<serde_json::Value>,
}

/// A lake open for writing.
#[derive(Debug)]
pub struct Lake {
    folder: Arc<Folder>,
    /// In the order of [`Table::ALL`].
    pub(super) tables: Vec<TableWriter>,
    sequence: i64,
    /// Of the last commit; `None` before the first.
    standing: Option<Standing>,
    /// Whether a change began that did not come to its end.
    torn: bool,
    /// The number under which the waiting rows were to be committed, once that was tried.
    tried: Option<i64>,
}

impl Lake {
    /// Opens the tables in a folder, finishing a commit that a kill interrupted.
    ///
    /// # Errors
    /// When a table cannot be opened or made, or our own files are damaged.
    pub async fn open(folder: Arc<Folder>) -> Result<(Self, Recovered), LakeError> {
        check_tables(&folder).await?;
        let mut tables = Vec::new();
        for table in Table::ALL {
            tables.push(TableWriter::open(table, folder.table(table), folder.writer()).await?);
        }
        let (standing, torn, tried) = (None, false, None);
        let mut lake = Self { folder, tables, sequence: 0, standing, torn, tried };
        let recovered = lake.recover().await?;
        lake.check_sequence()?;
        Ok((lake, recovered))
    }

    /// The lake's folder.
    #[must_use]
    pub fn folder(&self) -> &Arc<Folder> {
        &self.folder
    }

    /// A table.
    pub(super) fn table(&self, table: Table) -> &TableWriter {
        &self.tables[table as usize]
    }

    /// Keeps rows in memory; they become visible with the next commit.
    pub fn append(&mut self, batches: &[(Table, RecordBatch)]) {
        for (table, rows) in batches {
            self.tables[*table as usize].append(rows);
        }
    }

    /// Makes all rows since the last commit visible, together with the checkpoint that stands
    /// behind them and the messages that follow from them.
    ///
    /// # Errors
    /// When the disk refuses. The same call again tries once more with the same rows; a restart
    /// goes on from the last commit that succeeded.
    pub async fn commit(
        &mut self,
        checkpoint: &Checkpoint,
        messages: Vec<serde_json::Value>,
    ) -> Result<(), LakeError> {
        if self.torn {
            let tried = self.tried;
            self.mend().await?;
            if tried.is_some_and(|tried| self.sequence >= tried) {
                return Ok(());
            }
        }
        let sequence = self.sequence + 1;
        (self.torn, self.tried) = (true, Some(sequence));
        let drafts: Vec<Draft> =
            self.tables.iter().flat_map(|table| table.drafts(sequence)).collect();
        let files = tokio::task::spawn_blocking(|| write_files(drafts)).await;
        let files = files.map_err(|error| self.broken(error))??;
        crash_point("commit.files");
        let bytes = encode(checkpoint).map_err(io_error(self.folder.root()))?;
        let checkpoint_blake3 = blake3::hash(&bytes).to_hex().to_string();
        write_whole(&checkpoint_path(&self.folder, sequence), &bytes)?;
        crash_point("commit.checkpoint");
        let manifest = Manifest {
            sequence,
            checkpoint_blake3,
            cursors: checkpoint.cursors.clone(),
            files,
            removed: BTreeMap::new(),
            messages,
            tables: names(),
        };
        self.conclude(manifest).await?;
        self.tables.iter_mut().for_each(TableWriter::settle);
        self.tried = None;
        Ok(())
    }

    /// Whether there is a commit that a swap can build on.
    pub(super) fn has_committed(&self) -> bool {
        self.standing.is_some()
    }

    /// The number of the commit that comes next, which names its files.
    pub(super) fn next_sequence(&self) -> i64 {
        self.sequence + 1
    }

    /// The minutes that the last checkpoint's engine holds open.
    pub(super) fn open_minutes(&self) -> Result<BTreeSet<EventTime>, LakeError> {
        let last = read_last(&self.folder)?;
        Ok(last.map_or_else(BTreeSet::new, |(_, checkpoint)| checkpoint.state.open_minutes()))
    }

    /// Replaces committed files, as one change over all tables; the files that come have been
    /// written under [`Lake::next_sequence`]. Rows that wait for the next commit still do, cursors
    /// and messages stay, and so does the engine's memory unless another `checkpoint` is given.
    pub(super) async fn swap(
        &mut self,
        swaps: Vec<(Table, Swap)>,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<(), LakeError> {
        let Some(Standing { mut checkpoint_blake3, cursors, messages }) = self.standing.clone()
        else {
            return Ok(());
        };
        let sequence = self.next_sequence();
        let path = checkpoint_path(&self.folder, sequence);
        match checkpoint {
            Some(checkpoint) => {
                let bytes = encode(checkpoint).map_err(io_error(self.folder.root()))?;
                checkpoint_blake3 = blake3::hash(&bytes).to_hex().to_string();
                write_whole(&path, &bytes)?;
            }
            None => {
                let bytes = fs::read(checkpoint_path(&self.folder, self.sequence));
                write_whole(&path, &bytes.map_err(io_error(&path))?)?;
            }
        }
        let (mut files, mut removed) = (BTreeMap::new(), BTreeMap::new());
        for (table, Swap { removes, adds }) in swaps {
            files.entry(table.name().to_owned()).or_insert_with(Vec::new).extend(adds);
            removed.entry(table.name().to_owned()).or_insert_with(Vec::new).extend(removes);
        }
        let tables = names();
        let manifest =
            Manifest { sequence, checkpoint_blake3, cursors, files, removed, messages, tables };
        self.conclude(manifest).await
    }

    async fn conclude(&mut self, manifest: Manifest) -> Result<(), LakeError> {
        let sequence = manifest.sequence;
        let path = manifest_path(&self.folder, sequence);
        let text = json_bytes(&path, &manifest)?;
        self.torn = true;
        write_whole(&path, &text)?;
        crash_point("commit.manifest");
        self.apply(manifest).await?;
        crash_point("commit.applied");
        self.torn = false;
        self.forget_before(sequence);
        Ok(())
    }

    async fn apply(&mut self, mut manifest: Manifest) -> Result<(), LakeError> {
        let cursors = serde_json::to_value(&manifest.cursors).unwrap_or_default();
        for (table, writer) in Table::ALL.into_iter().zip(&mut self.tables) {
            let adds = manifest.files.remove(table.name()).unwrap_or_default();
            let removes = manifest.removed.remove(table.name()).unwrap_or_default();
            writer.commit(Swap { removes, adds }, manifest.sequence, &cursors).await?;
            crash_point("commit.table");
        }
        self.sequence = manifest.sequence;
        let Manifest { checkpoint_blake3, cursors, messages, .. } = manifest;
        self.standing = Some(Standing { checkpoint_blake3, cursors, messages });
        Ok(())
    }

    async fn recover(&mut self) -> Result<Recovered, LakeError> {
        let Some((manifest, checkpoint)) = read_last(&self.folder)? else {
            return Ok(Recovered::default());
        };
        let messages = manifest.messages.clone();
        self.apply(manifest).await?;
        Ok(Recovered { checkpoint: Some(checkpoint), messages })
    }

    /// Removes older commits: the one before is no longer needed once this one is applied.
    fn forget_before(&self, sequence: i64) {
        let Ok(entries) = fs::read_dir(self.folder.commits()) else { return };
        for entry in entries.flatten() {
            let number =
                entry.path().file_stem().and_then(|stem| stem.to_str()?.parse::<i64>().ok());
            if number.is_some_and(|number| number < sequence)
                && let Err(error) = fs::remove_file(entry.path())
            {
                tracing::warn!(%error, "an old commit could not be removed");
            }
        }
    }
}

/// Whether all tables are there that commits were made to, and a place for them is free otherwise.
async fn check_tables(folder: &Folder) -> Result<(), LakeError> {
    let last =
        last_sequence(folder)?.map(|sequence| read_manifest(folder, sequence)).transpose()?;
    for table in Table::ALL {
        let place = folder.table(table);
        if place.is_made().await? {
            continue;
        }
        if last.as_ref().is_some_and(|last| last.knows(table)) {
            let what = "the table's log is gone".to_owned();
            return Err(StateError::Damaged { path: place.root(), what }.into());
        }
        if table == Table::Posts && !folder.is_vacant().await? {
            return Err(StateError::NotEmpty { path: folder.root().to_owned() }.into());
        }
    }
    Ok(())
}

/// Whether the last commit's own files are sound.
pub(super) fn check_last_commit(folder: &Folder) -> Result<(), LakeError> {
    read_last(folder).map(drop)
}

/// The manifest and the checkpoint of the last commit, if there was one.
fn read_last(folder: &Folder) -> Result<Option<(Manifest, Checkpoint)>, LakeError> {
    let Some(sequence) = last_sequence(folder)? else { return Ok(None) };
    let damaged = |path: &PathBuf, what: String| {
        LakeError::from(StateError::Damaged { path: path.clone(), what })
    };
    let manifest = read_manifest(folder, sequence)?;
    let path = checkpoint_path(folder, sequence);
    let bytes = fs::read(&path).map_err(io_error(&path))?;
    if blake3::hash(&bytes).to_hex().as_str() != manifest.checkpoint_blake3 {
        return Err(damaged(&path, "its hash is not the one in the manifest".to_owned()));
    }
    let decoded = decode(&bytes).map_err(|what| damaged(&path, what))?;
    let checkpoint = decoded.unwrap_or_else(|| {
        tracing::warn!("the lake is of an older version: windows and rules begin anew");
        Checkpoint { cursors: manifest.cursors.clone(), ..Checkpoint::default() }
    });
    Ok(Some((manifest, checkpoint)))
}

fn checkpoint_path(folder: &Folder, sequence: i64) -> PathBuf {
    folder.commits().join(format!("{sequence:012}.checkpoint"))
}

/// Encodes and writes files on rayon's threads; their actions by the name of their table.
fn write_files(drafts: Vec<Draft>) -> Result<BTreeMap<String, Vec<Add>>, LakeError> {
    let begun: Result<Vec<Begun>, LakeError> = drafts.into_par_iter().map(Draft::begin).collect();
    let mut files: BTreeMap<String, Vec<Add>> = BTreeMap::new();
    for begun in begun? {
        files.entry(begun.table.name().to_owned()).or_default().push(begun.end()?);
    }
    Ok(files)
}

fn encode(checkpoint: &Checkpoint) -> io::Result<Vec<u8>> {
    let parts = (checkpoint, checkpoint.state.recent());
    let plain = postcard::to_stdvec(&parts).map_err(io::Error::other)?;
    let packed = zstd::bulk::compress(&plain, 1)?;
    let length = u64::try_from(plain.len()).map_err(io::Error::other)?.to_le_bytes();
    Ok([MAGIC.as_slice(), &[VERSION], &length, &packed].concat())
}

/// `None` for a checkpoint of an older version.
fn decode(bytes: &[u8]) -> Result<Option<Checkpoint>, String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("it is not a checkpoint")?;
    let (&version, rest) = rest.split_first().ok_or("it ends too early")?;
    match version {
        ..VERSION => return Ok(None),
        VERSION => {}
        _ => return Err(format!("its version {version} is newer than {VERSION}")),
    }
    let (length, packed) = rest.split_first_chunk::<8>().ok_or("it ends too early")?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|error| error.to_string())?;
    let mut plain = zstd::bulk::decompress(packed, length).map_err(|error| error.to_string())?;
    // The latest times are the last part: what an older version left out is 0.
    plain.extend([0; 64]);
    let parts = postcard::from_bytes::<(Checkpoint, Vec<Recent>)>(&plain);
    let (checkpoint, recent) = parts.map_err(|error| error.to_string())?;
    Ok(Some(Checkpoint { state: checkpoint.state.with_recent(recent), ..checkpoint }))
}
