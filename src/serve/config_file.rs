//! Which topics stand in the configuration, and how are they changed there? In the file that people
//! keep by hand, whole or not at all; what was there before is kept beside the lake's state.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::config::{Config, ConfigError, EditError, topic_version, with_topic};
use crate::mention::Topic;
use crate::state::{Site, make_dir, write_whole};
use crate::system::wall_clock;

/// Earlier states that are kept.
const KEPT: usize = 100;

/// The configuration of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ConfigFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    site: Site,
    /// Held while it is changed.
    turn: Mutex<()>,
}

/// Which state of a topic a change is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// There is none of its name.
    None,
    /// It is as it was seen.
    Version(String),
    /// It is there, however it is.
    Any,
}

/// A topic that was written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) is_new: bool,
    /// What may not do what was meant, of the whole configuration.
    pub(super) warnings: Vec<ConfigError>,
}

/// Why a topic was not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    #[error("{0}")]
    Edit(#[from] EditError),
    #[error("there is a topic \"{0}\" already")]
    There(String),
    #[error("there is no topic \"{0}\" in the configuration")]
    Missing(String),
    #[error("the topic \"{0}\" was changed since you saw it")]
    Changed(String),
    #[error("{path}: {source}", path = .path.display())]
    File { path: PathBuf, source: io::Error },
}

impl WriteError {
    /// How to mend it.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::Edit(EditError::Wrong(error)) => error.hint.clone(),
            Self::Edit(EditError::Broken(_)) => "mend it first: resonanz check".to_owned(),
            Self::Edit(EditError::ByHand(_)) => "change it in the file, with an editor".to_owned(),
            Self::There(_) => "change it with PUT and If-Match".to_owned(),
            Self::Missing(_) => "make it with POST /api/v1/topics".to_owned(),
            Self::Changed(_) => "look at it again, and then change it".to_owned(),
            Self::File { .. } => {
                "let this process write the file and its folder, or change it with an editor"
                    .to_owned()
            }
        }
    }
}

impl ConfigFile {
    /// The file of a process that serves or writes a lake.
    #[must_use]
    pub fn new(path: &Path, site: Site) -> Self {
        // A link stays one: the file behind it is replaced.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Self(Arc::new(Inner { path, site, turn: Mutex::default() }))
    }

    fn error(&self, source: io::Error) -> WriteError {
        WriteError::File { path: self.0.path.clone(), source }
    }

    fn base(&self) -> &Path {
        self.0.path.parent().unwrap_or(Path::new(""))
    }

    /// The topics as they stand there now.
    pub(super) fn topics(&self) -> Result<Vec<Topic>, WriteError> {
        let text = fs::read_to_string(&self.0.path).map_err(|error| self.error(error))?;
        let config = Config::parse(&text, self.base()).map_err(|errors| broken("", errors))?;
        Ok(config.topics)
    }

    /// A topic as it stands there now, if it does.
    pub(super) fn topic(&self, name: &str) -> Result<Option<Topic>, WriteError> {
        Ok(self.topics()?.into_iter().find(|topic| topic.name == name))
    }

    /// Writes a topic, if it still is as expected.
    pub(super) async fn put(
        &self,
        topic: Topic,
        expected: Expected,
    ) -> Result<Written, WriteError> {
        let _turn = self.0.turn.lock().await;
        tokio::task::block_in_place(|| self.write(&topic, &expected))
    }

    fn write(&self, topic: &Topic, expected: &Expected) -> Result<Written, WriteError> {
        let path = &self.0.path;
        let text = fs::read_to_string(path).map_err(|error| self.error(error))?;
        let before =
            Config::parse(&text, self.base()).map_err(|errors| broken(&topic.name, errors))?;
        let old = before.topics.iter().find(|known| known.name == topic.name);
        let name = || topic.name.clone();
        match (expected, old) {
            (Expected::None, Some(_)) => return Err(WriteError::There(name())),
            (Expected::Version(_) | Expected::Any, None) => {
                return Err(WriteError::Missing(name()));
            }
            (Expected::Version(version), Some(old)) if *version != topic_version(old) => {
                return Err(WriteError::Changed(name()));
            }
            _ => {}
        }
        let (edited, after) = with_topic(&text, self.base(), topic)?;
        if edited != text {
            self.keep(&text).map_err(|error| self.error(error))?;
            let mode = fs::metadata(path).map_err(|error| self.error(error))?.permissions();
            let written = write_whole(path, edited.as_bytes());
            written.map_err(|error| self.error(io::Error::other(error)))?;
            fs::set_permissions(path, mode).map_err(|error| self.error(error))?;
        }
        Ok(Written { is_new: old.is_none(), warnings: after.warnings })
    }

    /// Keeps a state before it is replaced, and so many before it.
    fn keep(&self, text: &str) -> io::Result<()> {
        if !self.0.site.has_state() {
            return Ok(());
        }
        let folder = self.0.site.own("configurations");
        make_dir(&folder)?;
        let at = wall_clock().to_string().replace(':', "-");
        let path = folder.join(format!("{at}.toml"));
        write_whole(&path, text.as_bytes()).map_err(io::Error::other)?;
        let mut kept: Vec<PathBuf> = fs::read_dir(&folder)?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .collect();
        kept.sort();
        let old = kept.len().saturating_sub(KEPT);
        kept.iter().take(old).try_for_each(fs::remove_file)
    }
}

fn broken(name: &str, errors: Vec<ConfigError>) -> WriteError {
    let first = errors.into_iter().next();
    let edit = first.map_or_else(|| EditError::ByHand(name.to_owned()), EditError::Broken);
    WriteError::Edit(edit)
}
