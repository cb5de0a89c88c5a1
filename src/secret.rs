//! Where is a secret kept, and what is it? In an environment variable or a file, never in the
//! configuration itself.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::settings::Section;
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
}

impl SecretPlace {
    /// Reads the secret, without the line end that an editor leaves behind it.
    ///
    /// # Errors
    /// When there is none.
    pub fn fetch(&self) -> Result<Secret, SecretFault> {
        let text = match self {
            Self::Env(name) => std::env::var(name).map_err(|_| SecretFault::Env(name.clone())),
            Self::File(path) => std::fs::read_to_string(path).map_err(|error| SecretFault::File {
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
        let written = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()?;
        let since = written.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(EventTime(i64::try_from(since.as_micros()).ok()?))
    }
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
        }
    }
}

/// Where the section says that a secret is, by the key of a variable or the one of a file.
pub(crate) fn place(
    section: &mut Section<'_, '_>,
    base: &Path,
    [env, file]: [&'static str; 2],
) -> Option<SecretPlace> {
    let in_env = section.text(env).map(SecretPlace::Env);
    let in_file = section.text(file).map(|path| SecretPlace::File(base.join(path)));
    if in_env.is_some() && in_file.is_some() {
        let at = section.place(file);
        section.problems.add(at, format!("both {env} and {file} are given"), "keep one of them");
    }
    in_env.or(in_file)
}
