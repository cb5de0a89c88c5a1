//! How is a bucket reached? Through `object_store`, as the environment's `AWS_*` variables say.
//!
//! Whole objects are put under names that a repetition of the same work uses again; logs of tables
//! grow by put-if-absent. Errors tell the store's code and never its answer, which may quote keys.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use datafusion::execution::object_store::ObjectStoreUrl;
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use tokio::runtime::Handle;
use url::Url;

use crate::lake::error::LakeError;

/// How long a store may keep one silent: who asks a question does not wait long, a commit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Patience {
    /// Five seconds.
    Short,
    /// Four minutes: credentials of a request may be older then than a store allows.
    Long,
}

impl Patience {
    fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Self::Short => 5,
            Self::Long => 240,
        })
    }
}

/// Stores by the name of their bucket: each keeps its connections and credentials. A process knows
/// one lake or two.
type Stores = BTreeMap<(String, Patience), Arc<dyn ObjectStore>>;
static STORES: LazyLock<Mutex<Stores>> = LazyLock::new(Mutex::default);

/// A prefix of a bucket.
#[derive(Clone)]
pub(crate) struct Bucket {
    store: Arc<dyn ObjectStore>,
    /// Without a slash at its end.
    url: Url,
    prefix: Path,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bucket").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl Bucket {
    /// The bucket behind an address such as `s3://bucket/prefix`. Asks nobody.
    pub(crate) fn new(address: &FilePath, patience: Patience) -> Result<Self, LakeError> {
        let address = address.display().to_string();
        let wrong = || LakeError::Bucket {
            url: address.clone(),
            what: "it is not the address of a bucket".to_owned(),
            hint: "write it as s3://bucket/prefix",
        };
        let url = Url::parse(&address).map_err(|_| wrong())?;
        let name = url.host_str().filter(|name| !name.is_empty()).ok_or_else(wrong)?.to_owned();
        let plain = url.query().is_none() && url.username().is_empty() && url.port().is_none();
        let prefix = Path::from_url_path(url.path()).ok().filter(|_| plain).ok_or_else(wrong)?;
        let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
        let store = match stores.get(&(name.clone(), patience)) {
            Some(store) => Arc::clone(store),
            None => connect(&address, &name, patience)?,
        };
        stores.insert((name, patience), Arc::clone(&store));
        Ok(Self { store, url, prefix })
    }

    /// What is below a name.
    pub(crate) fn below(&self, name: &str) -> Self {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{name}", self.url.path().trim_end_matches('/')));
        Self { store: Arc::clone(&self.store), url, prefix: self.prefix.clone().join(name) }
    }

    /// The address of an object, for messages.
    pub(crate) fn address(&self, name: &str) -> PathBuf {
        let url = FilePath::new(self.url.as_str());
        if name.is_empty() { url.to_owned() } else { url.join(name) }
    }

    /// The object's place in the bucket.
    pub(crate) fn path(&self, name: &str) -> Path {
        name.split('/').fold(self.prefix.clone(), |path, part| path.join(part))
    }

    /// The store of the whole bucket, as DataFusion finds it.
    pub(crate) fn store(&self) -> Result<(ObjectStoreUrl, Arc<dyn ObjectStore>), LakeError> {
        let name = self.url.host_str().unwrap_or_default();
        let url = ObjectStoreUrl::parse(format!("s3://{name}"));
        let url = url.map_err(|error| self.wrong("", error.strip_backtrace()))?;
        Ok((url, Arc::clone(&self.store)))
    }

    /// The log of the table that is here.
    pub(crate) fn log(&self) -> LogStoreRef {
        let table = PrefixStore::new(Arc::clone(&self.store), self.prefix.clone());
        let root = Arc::clone(&self.store);
        default_logstore(Arc::new(table), root, &self.url, &StorageConfig::default())
    }

    pub(crate) async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), LakeError> {
        let put = self.store.put(&self.path(name), bytes.into()).await;
        put.map(drop).map_err(|error| self.error(name, &error))
    }

    /// Puts an object if none is there; whether none was.
    pub(crate) async fn put_new(&self, name: &str, bytes: Vec<u8>) -> Result<bool, LakeError> {
        let absent = PutOptions::from(PutMode::Create);
        match self.store.put_opts(&self.path(name), bytes.into(), absent).await {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(self.error(name, &error)),
        }
    }

    pub(crate) async fn get(&self, name: &str) -> Result<Bytes, LakeError> {
        let got = async { self.store.get(&self.path(name)).await?.bytes().await }.await;
        got.map_err(|error| self.error(name, &error))
    }

    pub(crate) async fn size(&self, name: &str) -> Result<u64, LakeError> {
        let head = self.store.head(&self.path(name)).await;
        head.map(|meta| meta.size).map_err(|error| self.error(name, &error))
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<(), LakeError> {
        match self.store.delete(&self.path(name)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.error(name, &error)),
        }
    }

    /// All objects, by their names below this prefix.
    pub(crate) async fn list(&self) -> Result<Vec<(String, ObjectMeta)>, LakeError> {
        let all: Result<Vec<ObjectMeta>, Error> =
            self.store.list(Some(&self.prefix)).try_collect().await;
        let all = all.map_err(|error| self.error("", &error))?;
        let named = |meta: ObjectMeta| {
            let parts = meta.location.prefix_match(&self.prefix)?;
            let name: Vec<String> = parts.map(|part| part.as_ref().to_owned()).collect();
            Some((name.join("/"), meta))
        };
        Ok(all.into_iter().filter_map(named).collect())
    }

    /// The names of what is directly below this prefix and has something below itself.
    pub(crate) async fn folders(&self) -> Result<Vec<String>, LakeError> {
        let listed = self.store.list_with_delimiter(Some(&self.prefix)).await;
        let listed = listed.map_err(|error| self.error("", &error))?;
        let names = listed.common_prefixes.iter().filter_map(|path| path.filename());
        Ok(names.map(str::to_owned).collect())
    }

    /// Whether nothing is here.
    pub(crate) async fn is_empty(&self) -> Result<bool, LakeError> {
        let first = self.store.list(Some(&self.prefix)).next().await;
        first.transpose().map(|first| first.is_none()).map_err(|error| self.error("", &error))
    }

    /// Refuses a store that replaces what was to be put only if absent: two writers would not see
    /// each other there.
    pub(crate) async fn check_absence(&self, name: &str) -> Result<(), LakeError> {
        let bytes = self.get(name).await?;
        let absent = PutOptions::from(PutMode::Create);
        match self.store.put_opts(&self.path(name), bytes.into(), absent).await {
            Err(Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(self.error(name, &error)),
            Ok(_) => Err(LakeError::Bucket {
                url: self.url.to_string(),
                what: "its store ignores If-None-Match".to_owned(),
                hint: "a lake needs a store with conditional writes, such as S3, R2 or MinIO",
            }),
        }
    }

    /// Waits for the store, from any thread of a runtime with several of them or of none.
    pub(crate) fn wait<T>(runtime: &Handle, work: impl Future<Output = T>) -> T {
        tokio::task::block_in_place(|| runtime.block_on(work))
    }

    fn wrong(&self, name: &str, what: String) -> LakeError {
        let url = self.address(name).display().to_string();
        LakeError::Bucket { url, what, hint: "check the address" }
    }

    fn error(&self, name: &str, error: &Error) -> LakeError {
        told(self.address(name).display().to_string(), error)
    }
}

/// The refusal of a store beyond the network, if it is behind an error. Libraries pass its text on,
/// and not always the error itself.
pub(crate) fn refusal(
    url: impl Into<String>,
    error: &(dyn std::error::Error + 'static),
) -> Option<LakeError> {
    let is_remote = error.to_string().contains("Error performing ");
    is_remote.then(|| told(url.into(), error))
}

/// Whether a store says that an object is not there.
pub(crate) fn is_missing(error: &(dyn std::error::Error + 'static)) -> bool {
    error.to_string().contains("status code: 404")
}

/// What an error of a store says, in our words.
fn told(url: String, error: &(dyn std::error::Error + 'static)) -> LakeError {
    let text = error.to_string();
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    let code = code.map(|(code, _)| code);
    let is_denied = ["status code: 401", "status code: 403"].iter().any(|said| text.contains(said));
    let hint = match code {
        Some("NoSuchBucket") => "create the bucket first, or correct its name",
        Some("PermanentRedirect" | "AuthorizationHeaderMalformed") => {
            "set AWS_REGION to the bucket's region"
        }
        _ if is_denied => "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and their permissions",
        _ if is_missing(error) => "restore it from the bucket's versions or a backup",
        _ => {
            "check AWS_ENDPOINT_URL and the network, then try again: a run resumes from its last commit"
        }
    };
    let what = match code {
        Some(code) => format!("the store says {code}"),
        None if is_denied => "the store denies access".to_owned(),
        None if is_missing(error) => "it is not there".to_owned(),
        None => format!("the store cannot be reached: {}", root_of(error)),
    };
    LakeError::Bucket { url, what, hint }
}

/// The last cause of an error, on one line.
fn root_of(error: &(dyn std::error::Error + 'static)) -> String {
    let last = std::iter::successors(Some(error), |error| error.source()).last();
    let text = last.map(ToString::to_string).unwrap_or_default();
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}

#[cfg(feature = "s3")]
fn connect(
    address: &str,
    name: &str,
    patience: Patience,
) -> Result<Arc<dyn ObjectStore>, LakeError> {
    use object_store::RetryConfig;
    use object_store::aws::AmazonS3Builder;

    let retry = RetryConfig {
        max_retries: 1_000,
        retry_timeout: patience.duration(),
        ..RetryConfig::default()
    };
    let built = AmazonS3Builder::from_env().with_bucket_name(name).with_retry(retry).build();
    built.map(|store| Arc::new(store) as Arc<dyn ObjectStore>).map_err(|error| LakeError::Bucket {
        url: address.to_owned(),
        what: root_of(&error),
        hint: "check the AWS_* variables of the environment",
    })
}

#[cfg(not(feature = "s3"))]
fn connect(
    address: &str,
    _name: &str,
    patience: Patience,
) -> Result<Arc<dyn ObjectStore>, LakeError> {
    let _ = patience.duration();
    Err(LakeError::Bucket {
        url: address.to_owned(),
        what: "this build of resonanz has no support for buckets".to_owned(),
        hint: "build it with: cargo build --release --features s3",
    })
}
