//! How do the tables, the cursors and the engine's memory change as one?
//!
//! A commit writes, in this order: the Parquet files; the engine's checkpoint; a manifest that
//! names them, with the cursors and the alerts on their way; then one Delta commit per table under
//! the manifest's sequence number. The manifest's rename is the moment of truth: killed before it,
//! the commit never happened; killed after it, the next start finishes what it names, and each
//! table skips a sequence it has seen.

mod checkpoint;
mod copy;
mod ledger;
mod manifest;
mod mend;
mod pending;
mod planned;

pub(super) use ledger::files;
pub(super) use pending::Decided;

use crate::state::{StateError, json_bytes, write_whole};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use deltalake_core::kernel::Add;
use rayon::prelude::*;

use super::error::{LakeError, io_error};
use crate::decode::Cursor;
use crate::lake::rows::Table;
use crate::lake::store::{Begun, Draft, Folder, Swap, TableWriter};
use crate::system::crash_point;
use crate::time::EventTime;
pub use checkpoint::Checkpoint;
use checkpoint::{decode, encode};
pub use copy::{Copied, copy_lake};
use ledger::Ledger;
pub(super) use manifest::lacks;
use manifest::{Manifest, last_sequence, manifest_path, names, read_manifest};

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
    writer: Option<String>,
    carried: BTreeMap<String, String>,
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
    /// Where commits are of a lake in a bucket.
    ledger: Option<Ledger>,
    /// Messages on their way as of the latest commit, for a successor; of a lake in a bucket.
    packed: Option<Vec<u8>>,
}

impl Lake {
    /// Opens the tables in a folder, finishing a commit that a kill interrupted.
    ///
    /// # Errors
    /// When a table cannot be opened or made, or our own files are damaged.
    pub async fn open(folder: Arc<Folder>) -> Result<(Self, Recovered), LakeError> {
        let ledger = Ledger::of(&folder);
        let is_begun = match &ledger {
            Some(ledger) => ledger.sync(&folder).await?,
            None => false,
        };
        check_tables(&folder).await?;
        // Once commits are in the bucket, they say who writes.
        let writer = folder.writer().filter(|_| !is_begun);
        let mut tables = Vec::new();
        for table in Table::ALL {
            tables.push(TableWriter::open(table, folder.table(table), writer).await?);
        }
        let (standing, torn, tried, packed) = (None, false, None, None);
        let mut lake = Self { folder, tables, sequence: 0, standing, torn, tried, ledger, packed };
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

    /// Whether another machine may go on from this lake's commits: then they carry what else is
    /// remembered.
    #[must_use]
    pub fn has_successors(&self) -> bool {
        self.ledger.is_some()
    }

    /// Lets a successor know what is remembered now, and no longer what was before.
    ///
    /// # Errors
    /// As [`Lake::commit`].
    pub async fn note(&mut self) -> Result<(), LakeError> {
        if self.ledger.is_some() { self.swap(Vec::new(), None).await } else { Ok(()) }
    }

    /// Lets the next commits carry messages on their way.
    pub fn pack(&mut self, messages: Vec<u8>) {
        self.packed = Some(messages);
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
            writer: None,
            carried: BTreeMap::new(),
        };
        self.conclude(manifest, bytes).await?;
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

    /// The checkpoint of the last commit, if there was one.
    pub(super) fn last_checkpoint(&self) -> Result<Option<Checkpoint>, LakeError> {
        Ok(read_last(&self.folder)?.map(|(_, checkpoint)| checkpoint))
    }

    /// The minutes that the last checkpoint's engine holds open.
    pub(super) fn open_minutes(&self) -> Result<BTreeSet<EventTime>, LakeError> {
        let last = self.last_checkpoint()?;
        Ok(last.map_or_else(BTreeSet::new, |checkpoint| checkpoint.state.open_minutes()))
    }

    /// Replaces committed files, as one change over all tables; the files that come have been
    /// written under [`Lake::next_sequence`]. Rows that wait for the next commit still do, cursors
    /// and messages stay, and so does the engine's memory unless another `checkpoint` is given.
    pub(super) async fn swap(
        &mut self,
        swaps: Vec<(Table, Swap)>,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<(), LakeError> {
        let Some(Standing { mut checkpoint_blake3, cursors, messages, writer, carried }) =
            self.standing.clone()
        else {
            return Ok(());
        };
        let sequence = self.next_sequence();
        let path = checkpoint_path(&self.folder, sequence);
        let bytes = match checkpoint {
            Some(checkpoint) => {
                let bytes = encode(checkpoint).map_err(io_error(self.folder.root()))?;
                checkpoint_blake3 = blake3::hash(&bytes).to_hex().to_string();
                bytes
            }
            None => {
                let bytes = fs::read(checkpoint_path(&self.folder, self.sequence));
                bytes.map_err(io_error(&path))?
            }
        };
        write_whole(&path, &bytes)?;
        let (mut files, mut removed) = (BTreeMap::new(), BTreeMap::new());
        for (table, Swap { removes, adds }) in swaps {
            files.entry(table.name().to_owned()).or_insert_with(Vec::new).extend(adds);
            removed.entry(table.name().to_owned()).or_insert_with(Vec::new).extend(removes);
        }
        let tables = names();
        let manifest = Manifest {
            sequence,
            checkpoint_blake3,
            cursors,
            files,
            removed,
            messages,
            tables,
            writer,
            carried,
        };
        self.conclude(manifest, bytes).await
    }

    async fn conclude(
        &mut self,
        mut manifest: Manifest,
        checkpoint: Vec<u8>,
    ) -> Result<(), LakeError> {
        let sequence = manifest.sequence;
        let path = manifest_path(&self.folder, sequence);
        self.torn = true;
        let mut there = Vec::new();
        if let Some(ledger) = &self.ledger {
            let known = self.standing.as_ref().map(|standing| &standing.carried);
            let (none, packed) = (BTreeMap::new(), self.packed.as_deref());
            manifest.writer = Some(ledger.writer().to_owned());
            manifest.carried = ledger.carry(&self.folder, packed, known.unwrap_or(&none)).await?;
            ledger.put_checkpoint(&manifest, checkpoint).await?;
            let text = json_bytes(&path, &manifest)?;
            there = ledger.put_manifest(&self.folder, sequence, &text).await?;
        }
        write_whole(&path, &json_bytes(&path, &manifest)?)?;
        crash_point("commit.manifest");
        let ledger = self.ledger.clone().map(|ledger| (ledger, manifest.clone()));
        self.apply(manifest).await?;
        crash_point("commit.applied");
        self.torn = false;
        self.forget_before(sequence);
        if let Some((ledger, manifest)) = ledger {
            ledger.forget(there, &manifest).await;
        }
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
        let Manifest { checkpoint_blake3, cursors, messages, writer, carried, .. } = manifest;
        self.standing = Some(Standing { checkpoint_blake3, cursors, messages, writer, carried });
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
        tracing::warn!("the lake is from an older version: windows and rules start over");
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
