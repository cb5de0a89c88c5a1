//! How is a file behind a URL read? In ranges, through `object_store`.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use tokio::runtime::Handle;
use url::Url;

use super::{Input, InputError, Place, is_known};

/// Bytes of one request.
const RANGE_BYTES: u64 = 8 << 20;
/// What to do about a URL that does not work.
const HINT: &str = "URLs: file:///..., and s3://bucket/... with AWS_* from the environment";

/// A file behind a URL.
#[derive(Debug, Clone)]
pub(super) struct Remote {
    store: Arc<dyn ObjectStore>,
    path: Path,
    bytes: u64,
    runtime: Handle,
}

/// The file that a URL names, or the files of posts below it.
pub(super) async fn find(argument: &str) -> Result<Vec<Input>, InputError> {
    let wrong = |what: String| InputError::new(argument, what, HINT);
    let url = Url::parse(argument).map_err(|error| wrong(error.to_string()))?;
    let settings = std::env::vars()
        .filter(|(name, _)| name.starts_with("AWS_"))
        .map(|(name, value)| (name.to_ascii_lowercase(), value));
    let (store, path) =
        object_store::parse_url_opts(&url, settings).map_err(|error| wrong(error.to_string()))?;
    let store: Arc<dyn ObjectStore> = Arc::from(store);
    let base = argument.strip_suffix(url.path()).unwrap_or(argument).to_owned();
    let input = |meta: ObjectMeta| {
        let name = format!("{}/{}", base.trim_end_matches('/'), meta.location);
        let remote = Remote {
            store: Arc::clone(&store),
            bytes: meta.size,
            path: meta.location,
            runtime: Handle::current(),
        };
        let changed = meta.last_modified.timestamp_micros();
        Input::new(name, Some(meta.size), changed, Place::Remote(remote))
    };
    if let Ok(meta) = store.head(&path).await {
        return Ok(vec![input(meta)]);
    }
    let listed: Vec<ObjectMeta> =
        store.list(Some(&path)).try_collect().await.map_err(|error| wrong(error.to_string()))?;
    let known = |meta: &ObjectMeta| {
        let below = meta.location.prefix_match(&path).into_iter().flatten();
        let hidden = below.into_iter().any(|part| part.as_ref().starts_with(['.', '_']));
        !hidden && meta.location.filename().is_some_and(is_known)
    };
    let mut found: Vec<ObjectMeta> = listed.into_iter().filter(known).collect();
    found.sort_by(|one, other| one.location.cmp(&other.location));
    if found.is_empty() {
        return Err(wrong("no file of posts there".to_owned()));
    }
    Ok(found.into_iter().map(input).collect())
}

impl Remote {
    fn range(&self, start: u64, end: u64) -> io::Result<Bytes> {
        let range = start..end.min(self.bytes).max(start);
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let read = self.store.get_range(&self.path, range);
        self.runtime.block_on(read).map_err(io::Error::other)
    }

    /// Its bytes from `start`; to be read outside of the async runtime.
    pub(super) fn reader(&self, start: u64) -> RemoteReader {
        RemoteReader { file: self.clone(), next: start, ready: Bytes::new() }
    }
}

/// A reader of a remote file, one request ahead of nobody.
#[derive(Debug)]
pub(super) struct RemoteReader {
    file: Remote,
    next: u64,
    ready: Bytes,
}

impl Read for RemoteReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ready.is_empty() {
            self.ready = self.file.range(self.next, self.next + RANGE_BYTES)?;
            self.next += u64::try_from(self.ready.len()).unwrap_or(0);
        }
        let part = self.ready.split_to(buffer.len().min(self.ready.len()));
        if let Some(target) = buffer.get_mut(..part.len()) {
            target.copy_from_slice(&part);
        }
        Ok(part.len())
    }
}

impl Length for Remote {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Remote {
    type T = RemoteReader;

    fn get_read(&self, start: u64) -> Result<RemoteReader, ParquetError> {
        Ok(self.reader(start))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        Ok(self.range(start, end)?)
    }
}
