//! Where are the pages? In a folder: `NAME.md`, or `NAME.de.md` for readers of German.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::page::{Guide, PageFault};
use crate::config::Language;

/// Longest page, in bytes.
const PAGE_BYTES_MAX: u64 = 64 << 10;

/// The folder of a team's pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    folder: PathBuf,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// No file of this name.
    #[error("policy \"{name}\": there is no {}", path.display())]
    Missing {
        /// Name of the page.
        name: String,
        /// Where it would be.
        path: PathBuf,
        /// Names of the pages that are there.
        known: Vec<String>,
    },
    /// It cannot be read, or is no text.
    #[error("policy \"{name}\": {}: {source}", path.display())]
    Unreadable {
        /// Name of the page.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its head is wrong; the page itself can be shown.
    #[error("policy \"{name}\": {}: {fault}", path.display())]
    Fault {
        /// Name of the page.
        name: String,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: PageFault,
    },
}

impl PolicyError {
    /// How to mend it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Missing { known, .. } if known.is_empty() => {
                "write the page, or begin with ours: resonanz init --policy".to_owned()
            }
            Self::Missing { known, .. } => format!(
                "write the page, or name one that is there: {}",
                known.join(", ")
            ),
            Self::Unreadable { .. } => {
                "a page is Markdown in UTF-8, at most 64 KiB, that this user can read".to_owned()
            }
            Self::Fault { fault: PageFault::Empty, .. } => {
                "write what is to be done first".to_owned()
            }
            Self::Fault { .. } => {
                "a head has lines such as \"who: Head of communications\" and \"within: 30 minutes\" between two lines of ---"
                    .to_owned()
            }
        }
    }
}

impl Policies {
    /// The pages of a folder, which need not be there.
    #[must_use]
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// A page in the reader's language, else in whichever there is. A fault of its head hides nothing.
    ///
    /// # Errors
    /// When there is no such page, or it cannot be read.
    pub fn page(&self, name: &str, language: Language) -> Result<Guide, PolicyError> {
        let path = self.path(name, language)?;
        read(name, &path).map(|(guide, _)| guide)
    }

    /// Whether a page is there and whole, in each language in which there is one.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self, name: &str) -> Result<(), PolicyError> {
        let paths = [Language::En, Language::De].map(|language| self.path(name, language));
        for path in paths {
            let path = path?;
            let (_, faults) = read(name, &path)?;
            if let Some(fault) = faults.into_iter().next() {
                return Err(PolicyError::Fault { name: name.to_owned(), path, fault });
            }
        }
        Ok(())
    }

    /// The file of a page.
    fn path(&self, name: &str, language: Language) -> Result<PathBuf, PolicyError> {
        let (own, other) = match language {
            Language::En => ("en", "de"),
            Language::De => ("de", "en"),
        };
        let files =
            [format!("{name}.{own}.md"), format!("{name}.md"), format!("{name}.{other}.md")];
        let paths = files.map(|file| self.folder.join(file));
        let is_plain = is_plain(name);
        paths.iter().find(|path| is_plain && path.is_file()).cloned().ok_or_else(|| {
            PolicyError::Missing {
                name: name.to_owned(),
                path: self.folder.join(format!("{name}.md")),
                known: self.names(),
            }
        })
    }

    /// The names of all pages that are there.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| {
            let file = entry.file_name();
            let name = file.to_str()?.strip_suffix(".md")?;
            let name = name.strip_suffix(".en").or(name.strip_suffix(".de")).unwrap_or(name);
            is_plain(name).then(|| name.to_owned())
        });
        names.take(1_000).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Whether a name can be a page's: letters, digits, `-` and `_`.
#[must_use]
pub(super) fn is_plain(name: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    (1..=64).contains(&name.len()) && name.chars().all(allowed)
}

fn read(name: &str, path: &Path) -> Result<(Guide, Vec<PageFault>), PolicyError> {
    let text = || {
        let mut text = String::new();
        fs::File::open(path)?.take(PAGE_BYTES_MAX + 1).read_to_string(&mut text)?;
        if text.len() as u64 > PAGE_BYTES_MAX {
            return Err(io::Error::other("it is longer than 64 KiB"));
        }
        Ok(text)
    };
    let unreadable =
        |source| PolicyError::Unreadable { name: name.to_owned(), path: path.to_owned(), source };
    Ok(Guide::read(name, &text().map_err(unreadable)?))
}
