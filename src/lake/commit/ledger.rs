//! Who may make the next commit of a lake in a bucket, and what does a successor go on from? A manifest
//! is put under its number only if none is there: the moment of truth, and the fence.
//!
//! Beside the manifest lie the checkpoint and what else the writer remembers, by its hash: silences,
//! tombstones, withdrawals, and messages on their way. The writer's own folder holds a copy.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path};

use super::{Manifest, checkpoint_path, last_sequence, manifest_path};
use crate::lake::error::{LakeError, io_error};
use crate::lake::store::{Bucket, Folder};
use crate::state::{ROTATION, StateError, write_whole};

/// Where commits are, below the lake's own prefix.
const COMMITS: &str = "commits";
/// Where files are by their hash.
const FILES: &str = "state";
/// What of a state folder is not for a bucket: secrets, locks, what is made anew, and what is written
/// down elsewhere.
const LEFT: [&str; 12] = [
    "author.key",
    "author.place",
    "commits",
    "dead-letter.jsonl",
    "errands",
    "lake.json",
    "lock",
    "outbox.redb",
    "probe",
    "reprocess",
    ROTATION,
    "sessions",
];
/// Messages on their way, as they travel.
pub(super) const MESSAGES: &str = "outbox.json";
/// How often it is looked for a commit that is replaced meanwhile.
const LOOKS: usize = 5;

/// The commits in a bucket.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    bucket: Bucket,
    writer: String,
}

impl Ledger {
    /// That of a lake open for writing; `None` for one in a folder.
    pub(super) fn of(folder: &Folder) -> Option<Self> {
        let bucket = folder.bucket()?.below("_resonanz");
        Some(Self { bucket, writer: folder.writer()?.to_owned() })
    }

    /// Who writes here.
    pub(super) fn writer(&self) -> &str {
        &self.writer
    }

    /// Brings the folder to where the bucket is; whether the bucket had a commit. A bucket of an older
    /// version, which has none, gets the folder's.
    pub(super) async fn sync(&self, folder: &Folder) -> Result<bool, LakeError> {
        for look in 0..LOOKS {
            let Some(sequence) = self.numbers().await?.last().copied() else {
                return self.begin(folder).await.map(|()| false);
            };
            match self.fetch(folder, sequence).await {
                // Somebody made another commit, and removed this one.
                Err(error) if look + 1 == LOOKS => return Err(error),
                Err(LakeError::Bucket { .. }) => {}
                fetched => return fetched.map(|()| true),
            }
        }
        Ok(true)
    }

    /// Puts the folder's last commit into a bucket without one.
    async fn begin(&self, folder: &Folder) -> Result<(), LakeError> {
        let Some(sequence) = last_sequence(folder)? else { return Ok(()) };
        let path = manifest_path(folder, sequence);
        let text = fs::read(&path).map_err(io_error(&path))?;
        let manifest = parse(&path, &text)?;
        let checkpoint = checkpoint_path(folder, sequence);
        let bytes = fs::read(&checkpoint).map_err(io_error(&checkpoint))?;
        self.put_checkpoint(&manifest, bytes).await?;
        self.put_manifest(folder, sequence, &text).await.map(drop)
    }

    async fn fetch(&self, folder: &Folder, sequence: i64) -> Result<(), LakeError> {
        let text = self.bucket.get(&manifest_name(sequence)).await?;
        let path = manifest_path(folder, sequence);
        let is_same = fs::read(&path).is_ok_and(|own| own == text);
        if is_same && last_sequence(folder)? == Some(sequence) {
            return Ok(());
        }
        let manifest = parse(&path, &text)?;
        let checkpoint = self.bucket.get(&checkpoint_name(&manifest)).await?;
        if manifest.writer.as_ref().is_some_and(|writer| *writer != self.writer) {
            tracing::warn!(commit = sequence, "continuing from another writer's last commit");
            self.restore(folder, &manifest.carried).await?;
        }
        write_whole(&checkpoint_path(folder, sequence), &checkpoint)?;
        write_whole(&path, &text)?;
        // What the folder has beyond never happened.
        let entries = fs::read_dir(folder.commits()).map_err(io_error(&folder.commits()))?;
        for entry in entries.flatten().map(|entry| entry.path()) {
            if number_of(&entry) != Some(sequence) {
                fs::remove_file(&entry).map_err(io_error(&entry))?;
            }
        }
        Ok(())
    }

    /// Makes the folder what it was with whoever made the commit.
    async fn restore(
        &self,
        folder: &Folder,
        carried: &BTreeMap<String, String>,
    ) -> Result<(), LakeError> {
        self.check_key(folder, carried).await?;
        for (name, hash) in carried {
            if !Path::new(name).components().all(|part| matches!(part, Component::Normal(_))) {
                continue;
            }
            let bytes = self.file(name, hash).await?;
            let path = folder.own(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(io_error(parent))?;
            }
            write_whole(&path, &bytes)?;
        }
        for name in files(folder)?.into_iter().filter(|name| !carried.contains_key(name)) {
            let path = folder.own(&name);
            fs::remove_file(&path).map_err(io_error(&path))?;
        }
        let outbox = folder.outbox();
        match fs::remove_file(&outbox) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(io_error(&outbox)(error))
            }
            _ => Ok(()),
        }
    }

    /// Refuses to go on under another key for the names of authors.
    async fn check_key(
        &self,
        folder: &Folder,
        carried: &BTreeMap<String, String>,
    ) -> Result<(), LakeError> {
        let own = folder.own("author.check");
        let Ok(known) = fs::read(&own) else { return Ok(()) };
        let Some(hash) = carried.get("author.check") else { return Ok(()) };
        if self.file("author.check", hash).await? == known {
            return Ok(());
        }
        // What was noted here was never used: the right key can still be given.
        fs::remove_file(&own).map_err(io_error(&own))?;
        Err(StateError::OtherKey { path: folder.root().to_owned() }.into())
    }

    async fn file(&self, name: &str, hash: &str) -> Result<Vec<u8>, LakeError> {
        let bytes = self.bucket.get(&format!("{FILES}/{hash}")).await?;
        if blake3::hash(&bytes).to_hex().as_str() != hash {
            let what = "its hash is not the one in the manifest".to_owned();
            let path = self.bucket.address(&format!("{FILES}/{hash}")).join(name);
            return Err(StateError::Damaged { path, what }.into());
        }
        Ok(bytes.to_vec())
    }

    /// Puts what the writer remembers beside its tables; files by their hashes, which are known of those
    /// that are there since the last commit.
    pub(super) async fn carry(
        &self,
        folder: &Folder,
        messages: Option<&[u8]>,
        known: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, LakeError> {
        let mut carried = BTreeMap::new();
        let there: BTreeSet<&String> = known.values().collect();
        let mut all = Vec::new();
        for name in files(folder)? {
            let path = folder.rekeying().place(&name);
            match fs::read(&path) {
                // A wish that was granted meanwhile.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                bytes => all.push((name, bytes.map_err(io_error(&path))?)),
            }
        }
        match messages {
            Some(messages) => all.push((MESSAGES.to_owned(), messages.to_vec())),
            None => {
                let before = known.get(MESSAGES).map(|hash| (MESSAGES.to_owned(), hash.clone()));
                carried.extend(before);
            }
        }
        for (name, bytes) in all {
            let hash = blake3::hash(&bytes).to_hex().to_string();
            if !there.contains(&hash) {
                self.bucket.put(&format!("{FILES}/{hash}"), bytes).await?;
            }
            carried.insert(name, hash);
        }
        Ok(carried)
    }

    pub(super) async fn put_checkpoint(
        &self,
        manifest: &Manifest,
        bytes: Vec<u8>,
    ) -> Result<(), LakeError> {
        self.bucket.put(&checkpoint_name(manifest), bytes).await
    }

    /// Makes a commit, if nobody else has made it, or a later one. Gives the names of all that lies in the
    /// bucket then.
    pub(super) async fn put_manifest(
        &self,
        folder: &Folder,
        sequence: i64,
        text: &[u8],
    ) -> Result<Vec<String>, LakeError> {
        let name = manifest_name(sequence);
        let lost = || StateError::Fenced { path: folder.root().to_owned(), sequence };
        if !self.bucket.put_new(&name, text.to_vec()).await? {
            // The answer to an earlier attempt can be lost when the commit is not.
            let there = self.bucket.get(&name).await;
            if there.ok().is_none_or(|there| there[..] != *text) {
                return Err(lost().into());
            }
        }
        let names: Vec<String> =
            self.bucket.list().await?.into_iter().map(|(name, _)| name).collect();
        if names.iter().filter_map(|name| number_in(name)).any(|number| number > sequence) {
            self.bucket.delete(&name).await?;
            return Err(lost().into());
        }
        Ok(names)
    }

    /// Removes what the last commit does not need.
    pub(super) async fn forget(&self, names: Vec<String>, manifest: &Manifest) {
        let needed: BTreeSet<String> =
            manifest.carried.values().map(|hash| format!("{FILES}/{hash}")).collect();
        let own = checkpoint_name(manifest);
        let is_old = |name: &String| match number_of(Path::new(name)) {
            Some(number) if name.starts_with(COMMITS) => {
                number < manifest.sequence
                    || (number == manifest.sequence
                        && name.ends_with(".checkpoint")
                        && *name != own)
            }
            _ => name.starts_with(FILES) && !needed.contains(name),
        };
        for name in names.iter().filter(|name| is_old(name)) {
            if let Err(error) = self.bucket.delete(name).await {
                tracing::warn!(%error, "an old commit could not be removed");
            }
        }
    }

    /// The numbers of the commits, ascending.
    async fn numbers(&self) -> Result<BTreeSet<i64>, LakeError> {
        let all = self.bucket.list().await?;
        Ok(all.iter().filter_map(|(name, _)| number_in(name)).collect())
    }
}

fn parse(path: &Path, text: &[u8]) -> Result<Manifest, LakeError> {
    serde_json::from_slice(text).map_err(|error| {
        StateError::Damaged { path: path.to_owned(), what: error.to_string() }.into()
    })
}

fn manifest_name(sequence: i64) -> String {
    format!("{COMMITS}/{sequence:012}.json")
}

/// By its hash as well: two writers that race for a number overwrite nothing of each other.
fn checkpoint_name(manifest: &Manifest) -> String {
    let hash = manifest.checkpoint_blake3.get(..16).unwrap_or_default();
    format!("{COMMITS}/{:012}-{hash}.checkpoint", manifest.sequence)
}

/// The number of the manifest that has this name.
fn number_in(name: &str) -> Option<i64> {
    name.strip_prefix(COMMITS)?.strip_prefix('/')?.strip_suffix(".json")?.parse().ok()
}

/// The number of the commit to which a file belongs.
fn number_of(path: &Path) -> Option<i64> {
    path.file_stem()?.to_str()?.split('-').next()?.parse().ok()
}

/// What a state folder holds that a successor needs, by names below it.
pub(in crate::lake) fn files(folder: &Folder) -> Result<Vec<String>, LakeError> {
    let (root, mut found) = (folder.own(""), Vec::new());
    let mut folders = vec![String::new()];
    while let Some(below) = folders.pop() {
        let place = root.join(&below);
        for entry in fs::read_dir(&place).map_err(io_error(&place))?.flatten() {
            let Ok(own) = entry.file_name().into_string() else { continue };
            let is_left = below.is_empty() && (LEFT.contains(&own.as_str()) || own == MESSAGES);
            let Ok(kind) = entry.file_type() else { continue };
            let name = if below.is_empty() { own } else { format!("{below}/{own}") };
            if is_left || name.ends_with(".draft") {
                continue;
            }
            if kind.is_dir() {
                folders.push(name);
            } else if kind.is_file() {
                found.push(name);
            }
        }
    }
    found.sort();
    Ok(found)
}
