//! Where is a secret kept, and what is it? In an environment variable or a file, never in the
//! configuration itself.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::settings::Section;
use crate::system::{private_file, replace_file};
use crate::time::EventTime;

/// Where a secret is kept; the secret itself is never part of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// An environment variable.
    Env(String),
    /// A file.
    File(PathBuf),
}

/// A secret, as a server wants it. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a secret cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// No such environment variable.
    #[error("environment variable {0} is not set")]
    Env(String),
    /// A file that cannot be read.
    #[error("{path}: {why}")]
    File {
        /// Which file.
        path: String,
        /// Why it cannot be read.
        why: String,
    },
    /// An environment variable, which nobody can put another secret into.
    #[error("environment variable {0} cannot hold the next token")]
    Fixed(String),
    /// A file that cannot be replaced.
    #[error("{path} cannot be replaced by the next token: {why}")]
    Unwritable {
        /// Which file.
        path: String,
        /// Why it cannot be replaced.
        why: String,
    },
}

/// The turn of whoever may put another secret in a place; others wait while it lives.
#[derive(Debug)]
pub(crate) struct Turn {
    /// Locked; `None` where nothing can be.
    _held: Option<File>,
}

impl SecretPlace {
    /// Reads the secret, without the line end that an editor leaves behind it.
    ///
    /// # Errors
    /// When there is none.
    pub fn fetch(&self) -> Result<Secret, SecretFault> {
        let text = match self {
            Self::Env(name) => std::env::var(name).map_err(|_| SecretFault::Env(name.clone())),
            Self::File(path) => fs::read_to_string(path).map_err(|error| SecretFault::File {
                path: path.display().to_string(),
                why: error.to_string(),
            }),
        };
        Ok(Secret(text?.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// When a file with it was written; unknown of a variable.
    #[must_use]
    pub fn written_at(&self) -> Option<EventTime> {
        let Self::File(path) = self else { return None };
        let written = fs::metadata(path).and_then(|metadata| metadata.modified()).ok()?;
        let since = written.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(EventTime(i64::try_from(since.as_micros()).ok()?))
    }

    /// Puts another secret in its place: one of the two is there, whole, whatever happens in between,
    /// and its owner alone may read it.
    ///
    /// # Errors
    /// When it cannot be kept there.
    pub(crate) fn replace(&self, secret: &Secret) -> Result<(), SecretFault> {
        let path = self.path()?;
        // Where a link leads to, for the link to stay one.
        let real = fs::canonicalize(path).map_err(|error| unwritable(path, &error))?;
        let text = format!("{}\n", secret.0);
        replace_file(&real, &beside(&real, "draft"), text.as_bytes(), private_file)
            .map_err(|error| unwritable(path, &error))
    }

    /// Looks whether another secret could be put there.
    ///
    /// # Errors
    /// When it could not.
    pub(crate) fn try_replacing(&self) -> Result<(), SecretFault> {
        let path = self.path()?;
        let probe = || {
            let probe = beside(&fs::canonicalize(path)?, "probe");
            private_file(&probe)?;
            fs::remove_file(&probe)
        };
        probe().map_err(|error| unwritable(path, &error))
    }

    /// The turn to put another secret there, among all processes of this machine; `None` while
    /// somebody else has it.
    pub(crate) fn turn(&self) -> Option<Turn> {
        let Self::File(path) = self else { return Some(Turn { _held: None }) };
        // What cannot be opened says so when it is read.
        let Ok(file) = File::open(path) else { return Some(Turn { _held: None }) };
        match file.try_lock() {
            Ok(()) => {
                let inode = |metadata: io::Result<fs::Metadata>| metadata.ok().map(|it| it.ino());
                // Whoever had the turn before put another file there, which others may have locked.
                (inode(file.metadata()) == inode(fs::metadata(path)))
                    .then_some(Turn { _held: Some(file) })
            }
            Err(TryLockError::WouldBlock) => None,
            // A file system without locks.
            Err(TryLockError::Error(_)) => Some(Turn { _held: None }),
        }
    }

    fn path(&self) -> Result<&Path, SecretFault> {
        match self {
            Self::Env(name) => Err(SecretFault::Fixed(name.clone())),
            Self::File(path) => Ok(path),
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> SecretFault {
    SecretFault::Unwritable { path: path.display().to_string(), why: error.to_string() }
}

/// A hidden file beside one.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{ending}"))
}

impl Secret {
    /// A text that nobody is to see.
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself; not for logs, errors or the lake.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(...)")
    }
}

impl SecretFault {
    /// How to mend it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Env(name) => format!("export {name}=..."),
            Self::File { .. } => "give a file that this user can read".to_owned(),
            Self::Fixed(_) => "keep it in a file: token_file = \"...\"".to_owned(),
            Self::Unwritable { .. } => {
                "move it to a folder that this user may write into, as the folder of the lake"
                    .to_owned()
            }
        }
    }
}

/// Where the section says that a secret is, by the key of a variable or the one of a file.
pub(crate) fn place(
    section: &mut Section<'_, '_>,
    base: &Path,
    [env, file]: [&'static str; 2],
) -> Option<SecretPlace> {
    if let Some(secret) = env.strip_suffix("_env").filter(|secret| *secret != "key") {
        let hint = format!(
            "a {secret} is not kept here: write it into a file of its own, and name that: {file} = \"FILE\""
        );
        section.elsewhere(secret, hint);
    }
    let in_env = section.text(env).map(SecretPlace::Env);
    let in_file = section.text(file).map(|path| SecretPlace::File(base.join(path)));
    if in_env.is_some() && in_file.is_some() {
        let at = section.place(file);
        section.problems.add(at, format!("both {env} and {file} are given"), "keep one of them");
    }
    in_env.or(in_file)
}
