//! Where is a lake meant to be? In a folder, or in a bucket with a folder for what only its writer
//! needs.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::LakeConfig;

/// How the URL of a bucket begins.
const SCHEME: &str = "s3://";

/// Where a lake is meant to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    root: PathBuf,
    state: Option<PathBuf>,
}

impl Site {
    /// A folder, or an address such as `s3://bucket/prefix` with the folder of its writer's state,
    /// which readers do not need.
    #[must_use]
    pub fn new(root: &Path, state: Option<&Path>) -> Self {
        let below = root.to_str().and_then(|text| text.strip_prefix(SCHEME));
        let below = below.map(|below| format!("{SCHEME}{}", below.trim_end_matches('/')).into());
        Self { root: below.unwrap_or_else(|| root.to_owned()), state: state.map(Path::to_owned) }
    }

    /// The folder, or the address of the bucket.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it is in a bucket.
    #[must_use]
    pub fn is_bucket(&self) -> bool {
        self.root.to_str().is_some_and(|text| text.starts_with(SCHEME))
    }

    /// Whether it says where the writer's state is.
    #[must_use]
    pub fn has_state(&self) -> bool {
        self.state.is_some() || !self.is_bucket()
    }

    /// Where the writer's state is, if that is said.
    pub(crate) fn named_state(&self) -> Option<&Path> {
        self.state.as_deref()
    }

    /// A file or folder of the writer's state.
    #[must_use]
    pub fn own(&self, name: &str) -> PathBuf {
        self.state().join(name)
    }

    /// The folder of the writer's state; for a bucket without one, a place where nothing is.
    pub(crate) fn state(&self) -> PathBuf {
        self.state.clone().unwrap_or_else(|| self.root.join("_resonanz"))
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.display().fmt(f)
    }
}

impl From<&Path> for Site {
    fn from(root: &Path) -> Self {
        Self::new(root, None)
    }
}

impl From<&PathBuf> for Site {
    fn from(root: &PathBuf) -> Self {
        Self::new(root, None)
    }
}

impl From<&Self> for Site {
    fn from(site: &Self) -> Self {
        site.clone()
    }
}

impl From<&LakeConfig> for Site {
    fn from(config: &LakeConfig) -> Self {
        Self::new(&config.path, config.state.as_deref())
    }
}
