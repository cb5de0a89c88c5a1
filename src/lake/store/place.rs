//! Where are the files of a table, and how are they written and read there? In a folder of this
//! machine, or below a prefix of a bucket.
//!
//! Names are paths below the table, with slashes. Calls wait for the disk or the store.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::{SystemTime, UNIX_EPOCH};

use arrow::array::{RecordBatch, RecordBatchReader};
use arrow::compute::concat_batches;
use datafusion::execution::object_store::ObjectStoreUrl;
use deltalake_core::logstore::{LogStoreRef, StorageConfig, logstore_for};
use deltalake_core::{DeltaTableError, ensure_table_uri};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Location;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use url::Url;

use super::bucket::Bucket;
use crate::lake::error::{LakeError, io_error};
use crate::lake::rows::DAY;
use crate::state::{StateError, make_dir, write_whole_shared};
use crate::system::{hex, random};

/// The folder of a table's log.
const LOG: &str = "_delta_log";
/// Rows read at a time.
const BATCH_ROWS: usize = 64 * 1024;

/// Where a table is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// In a folder.
    Folder(PathBuf),
    /// In a bucket, whose answers this runtime takes.
    Bucket(Bucket, Handle),
}

/// A file of rows, whether a log names it or not.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// When it was written, in milliseconds since the Unix epoch.
    pub(crate) changed_ms: i64,
}

/// A file on its way.
#[derive(Debug)]
pub(crate) struct Writing {
    changed_ms: i64,
    upload: Option<(JoinHandle<Result<(), LakeError>>, Handle)>,
}

impl Place {
    /// What names of files have that two writers of a bucket may write at once: so neither takes the
    /// other's place.
    pub(crate) fn mark(&self) -> &'static str {
        static MARK: LazyLock<String> = LazyLock::new(|| {
            random::<4>().map_or_else(|_| "-x".to_owned(), |id| format!("-{}", hex(&id)))
        });
        match self {
            Self::Folder(_) => "",
            Self::Bucket(..) => MARK.as_str(),
        }
    }

    /// Where a file is, for messages.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join(name),
            Self::Bucket(bucket, _) => bucket.address(name),
        }
    }

    /// Where the table is, for messages.
    pub(crate) fn root(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.clone(),
            Self::Bucket(bucket, _) => bucket.address(""),
        }
    }

    /// Writes a file that is there whole or not at all; an older one of the name is replaced. What
    /// goes to a bucket goes while the caller goes on.
    pub(crate) fn begin(&self, name: &str, bytes: Vec<u8>) -> Result<Writing, LakeError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                make_folder(folder, &path)?;
                write_whole_shared(&path, &bytes)?;
                let changed = fs::metadata(&path).and_then(|metadata| metadata.modified());
                let changed_ms = millis(changed.map_err(io_error(&path))?);
                Ok(Writing { changed_ms, upload: None })
            }
            Self::Bucket(bucket, runtime) => {
                let (bucket, name) = (bucket.clone(), name.to_owned());
                let upload = runtime.spawn(async move { bucket.put(&name, bytes).await });
                let changed_ms = millis(SystemTime::now());
                Ok(Writing { changed_ms, upload: Some((upload, runtime.clone())) })
            }
        }
    }

    /// Brings a finished file of another place here.
    pub(crate) fn take(&self, from: &Self, old: &str, name: &str) -> Result<(), LakeError> {
        let bytes = match (self, from) {
            (Self::Folder(folder), Self::Folder(other)) => {
                return link(folder, &other.join(old), &folder.join(name));
            }
            (_, Self::Folder(other)) => {
                let path = other.join(old);
                fs::read(&path).map_err(io_error(&path))?
            }
            (_, Self::Bucket(bucket, runtime)) => Bucket::wait(runtime, bucket.get(old))?.to_vec(),
        };
        self.begin(name, bytes)?.end().map(drop)
    }

    /// The rows of a file, and of its columns only those that are named, if any are.
    pub(crate) fn rows(&self, name: &str, only: &[&str]) -> Result<RecordBatch, LakeError> {
        let rows = match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                decode(File::open(&path).map_err(io_error(&path))?, only)
            }
            Self::Bucket(bucket, runtime) => decode(Bucket::wait(runtime, bucket.get(name))?, only),
        };
        Ok(rows.map_err(|error| StateError::Damaged {
            path: self.path(name),
            what: error.to_string(),
        })?)
    }

    /// The size of a file.
    pub(crate) fn size(&self, name: &str) -> Result<u64, LakeError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                fs::metadata(&path).map(|metadata| metadata.len()).map_err(io_error(&path))
            }
            Self::Bucket(bucket, runtime) => Bucket::wait(runtime, bucket.size(name)),
        }
    }

    /// All files of rows.
    pub(crate) fn list(&self) -> Result<Vec<Stored>, LakeError> {
        match self {
            Self::Folder(folder) => list(folder),
            Self::Bucket(bucket, runtime) => {
                let all = Bucket::wait(runtime, bucket.list())?.into_iter();
                let rows = all.filter(|(name, _)| is_day(name));
                Ok(rows
                    .map(|(name, meta)| Stored {
                        name,
                        bytes: meta.size,
                        changed_ms: meta.last_modified.timestamp_millis(),
                    })
                    .collect())
            }
        }
    }

    /// Removes a file, and the folder of its day with the last one.
    pub(crate) fn remove(&self, name: &str) -> Result<(), LakeError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                fs::remove_file(&path).map_err(io_error(&path))?;
                // Fails while files are left in it, as it should.
                let _ = path.parent().map(fs::remove_dir);
                Ok(())
            }
            Self::Bucket(bucket, runtime) => Bucket::wait(runtime, bucket.delete(name)),
        }
    }

    /// The same without links and relative parts.
    pub(crate) fn resolved(self) -> Result<Self, LakeError> {
        match self {
            Self::Folder(folder) => {
                folder.canonicalize().map(Self::Folder).map_err(io_error(&folder))
            }
            bucket @ Self::Bucket(..) => Ok(bucket),
        }
    }

    /// The same of a table that is not there, in a folder that is.
    pub(crate) fn beside(self) -> Result<Self, LakeError> {
        let Self::Folder(folder) = &self else { return Ok(self) };
        let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) else {
            return Ok(self);
        };
        let parent = parent.canonicalize().map_err(io_error(parent))?;
        Ok(Self::Folder(parent.join(name)))
    }

    /// The store that DataFusion reads from.
    pub(crate) fn store(&self) -> Result<(ObjectStoreUrl, Arc<dyn ObjectStore>), LakeError> {
        match self {
            Self::Folder(_) => {
                Ok((ObjectStoreUrl::local_filesystem(), Arc::new(LocalFileSystem::new())))
            }
            Self::Bucket(bucket, _) => bucket.store(),
        }
    }

    /// A committed file in that store, and its size; of a resolved place. Of a bucket the log is
    /// believed.
    pub(crate) fn location(&self, name: &str, bytes: u64) -> Result<(Location, u64), LakeError> {
        let folder = match self {
            Self::Folder(folder) => folder,
            Self::Bucket(bucket, _) => return Ok((bucket.path(name), bytes)),
        };
        let path = folder.join(name);
        let size = match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let what = "the table's log names it, and it is not there".to_owned();
                return Err(StateError::Damaged { path, what }.into());
            }
            metadata => metadata.map_err(io_error(&path))?.len(),
        };
        let location = Location::from_absolute_path(&path);
        let location = location
            .map_err(|error| StateError::Damaged { path: path.clone(), what: error.to_string() })?;
        Ok((location, size))
    }

    /// An entry of the log in that store, whether it is there or not; of a resolved place.
    pub(crate) fn entry(&self, version: u64) -> Result<Location, LakeError> {
        let path = self.path(&format!("{LOG}/{version:020}.json"));
        match self {
            Self::Folder(_) => Ok(Location::from_absolute_path(&path)
                .map_err(|error| StateError::Damaged { path, what: error.to_string() })?),
            Self::Bucket(bucket, _) => Ok(bucket.path(&format!("{LOG}/{version:020}.json"))),
        }
    }

    /// The files of the table's log.
    pub(crate) async fn log_names(&self) -> Result<Vec<String>, LakeError> {
        let names: Vec<String> = match self {
            Self::Folder(folder) => {
                let log = folder.join(LOG);
                let entries = fs::read_dir(&log).map_err(io_error(&log))?.flatten();
                entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
            }
            Self::Bucket(bucket, _) => {
                bucket.below(LOG).list().await?.into_iter().map(|(name, _)| name).collect()
            }
        };
        let is_entry = |name: &String| name.ends_with(".json") || name.ends_with(".parquet");
        Ok(names.into_iter().filter(is_entry).map(|name| format!("{LOG}/{name}")).collect())
    }

    /// Whether a table was made here; a kill on the way leaves its log without an entry.
    pub(crate) async fn is_made(&self) -> Result<bool, LakeError> {
        let is_absent = matches!(self, Self::Folder(folder) if !folder.join(LOG).exists());
        Ok(!is_absent && !self.log_names().await?.is_empty())
    }

    /// The table's log.
    pub(crate) fn log(&self) -> Result<LogStoreRef, DeltaTableError> {
        match self {
            Self::Folder(folder) => {
                let url = ensure_table_uri(folder.to_string_lossy())?;
                logstore_for(&url, StorageConfig::default())
            }
            Self::Bucket(bucket, _) => Ok(bucket.log()),
        }
    }

    /// Where the log is, for messages.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.path(LOG)
    }

    /// Refuses a store on which a log is not safe; its first entry is there.
    pub(crate) async fn check_log(&self) -> Result<(), LakeError> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Bucket(bucket, _) => bucket.check_absence(&format!("{LOG}/{:020}.json", 0)).await,
        }
    }

    /// What DataFusion calls a file.
    pub(crate) fn url(&self, name: &str) -> String {
        let path = self.path(name).display().to_string();
        match self {
            Self::Folder(_) => Url::from_file_path(&path).map_or(path, String::from),
            Self::Bucket(..) => path,
        }
    }
}

impl Writing {
    /// Waits until the file is there, durably; when that was, in milliseconds since the Unix epoch.
    pub(crate) fn end(self) -> Result<i64, LakeError> {
        if let Some((upload, runtime)) = self.upload {
            let ended = Bucket::wait(&runtime, upload);
            ended.map_err(|error| io_error(Path::new("upload"))(error.into()))??;
        }
        Ok(self.changed_ms)
    }
}

fn decode(input: impl ChunkReader + 'static, only: &[&str]) -> Result<RecordBatch, ParquetError> {
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(input)?.with_batch_size(BATCH_ROWS);
    if !only.is_empty() {
        let mask = ProjectionMask::columns(builder.parquet_schema(), only.iter().copied());
        builder = builder.with_projection(mask);
    }
    let reader = builder.build()?;
    let schema = reader.schema();
    let batches: Result<Vec<RecordBatch>, _> = reader.collect();
    Ok(concat_batches(&schema, &batches?)?)
}

fn list(folder: &Path) -> Result<Vec<Stored>, LakeError> {
    let mut stored = Vec::new();
    for day in fs::read_dir(folder).map_err(io_error(folder))?.flatten() {
        let prefix = day.file_name().to_string_lossy().into_owned();
        if !is_day(&prefix) {
            continue;
        }
        let place = day.path();
        for file in fs::read_dir(&place).map_err(io_error(&place))?.flatten() {
            let metadata = file.metadata().map_err(io_error(&place))?;
            let changed = metadata.modified().map_err(io_error(&place))?;
            stored.push(Stored {
                name: format!("{prefix}/{}", file.file_name().to_string_lossy()),
                bytes: metadata.len(),
                changed_ms: millis(changed),
            });
        }
    }
    Ok(stored)
}

fn is_day(name: &str) -> bool {
    name.strip_prefix(DAY).is_some_and(|rest| rest.starts_with('='))
}

fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    i64::try_from(since).unwrap_or(i64::MAX)
}

/// Makes the file's folder, durably.
fn make_folder(table: &Path, file: &Path) -> Result<(), LakeError> {
    let Some(folder) = file.parent() else { return Ok(()) };
    if !folder.exists() {
        // Not more than that: a table that is gone must not be made anew.
        make_dir(folder).map_err(io_error(folder))?;
        let synced = File::open(table).and_then(|table| table.sync_all());
        synced.map_err(io_error(table))?;
    }
    Ok(())
}

/// Links a finished file to where no log names it yet.
fn link(table: &Path, from: &Path, target: &Path) -> Result<(), LakeError> {
    let parent = target.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(parent).map_err(io_error(parent))?;
    // Left over from an attempt that was killed.
    let _ = fs::remove_file(target);
    if fs::hard_link(from, target).is_err() {
        fs::copy(from, target).map_err(io_error(target))?;
        File::open(target).and_then(|file| file.sync_all()).map_err(io_error(target))?;
    }
    for folder in [parent, table] {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error(folder))?;
    }
    Ok(())
}
