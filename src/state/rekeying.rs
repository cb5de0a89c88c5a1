//! How do the writer's files change as one with the tables when the key of the author hashes is rotated?
//!
//! ```text
//! LAKE/_resonanz/rotation/files/NAME   what takes the place of NAME
//! LAKE/_resonanz/rotation/plan.json    the commit that decides about it
//! ```
//!
//! All is written beside, then the commit is made, then the files take their places. While there is a
//! plan nobody else writes: whoever rotates again sees whether the commit was made, and goes on behind
//! it or begins anew.

use std::borrow::Cow;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{StateError, io_error};
use super::whole::{json_bytes, write_whole};
use crate::post::AuthorKey;
use crate::privacy::{Rotation, Tombstone};
use crate::system::crash_point;

/// The folder of it all.
pub(crate) const ROTATION: &str = "rotation";
const PLAN: &str = "plan.json";
/// Tells under which keys a lake stands: it takes its place last.
const CHECK: &str = "author.check";
/// Messages on their way, which an outbox takes in when it is opened, and the store that holds them
/// until then.
const MESSAGES: &str = "outbox.json";
/// Fields whose values are ids of posts, which can name authors.
const IDS: [&str; 3] = ["post_id", "parent", "thread"];

/// The commit that decides whether the files take their places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// Its number.
    pub(crate) sequence: i64,
    /// The hash of the checkpoint that it names; none of a lake without a commit.
    pub(crate) checkpoint_blake3: Option<String>,
}

/// Files of a lake that wait to take the places of others.
#[derive(Debug, Clone)]
pub(crate) struct Rekeying {
    home: PathBuf,
    folder: PathBuf,
}

impl Rekeying {
    /// Those of a lake, by the folder of its writer's files.
    pub(crate) fn of(home: PathBuf) -> Self {
        Self { folder: home.join(ROTATION), home }
    }

    /// What was planned and is not done.
    pub(crate) fn planned(&self) -> Result<Option<Plan>, StateError> {
        let path = self.folder.join(PLAN);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(io_error(&path))?,
        };
        let damaged = |error: serde_json::Error| StateError::Damaged {
            path: path.clone(),
            what: error.to_string(),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }

    /// Whether a rotation began and did not come to its end.
    pub(crate) fn is_begun(&self) -> bool {
        self.folder.exists()
    }

    /// Refuses what must not happen between the commit and the files behind it.
    pub(crate) fn refuse(&self) -> Result<(), StateError> {
        match self.planned()? {
            None => Ok(()),
            Some(_) => Err(StateError::Rekeying { path: self.folder.clone() }),
        }
    }

    /// Lets a file wait.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), StateError> {
        let path = self.waiting(name);
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder).map_err(io_error(folder))?;
        write_whole(&path, bytes)
    }

    /// Notes which commit decides.
    pub(crate) fn plan(&self, plan: &Plan) -> Result<(), StateError> {
        fs::create_dir_all(&self.folder).map_err(io_error(&self.folder))?;
        let path = self.folder.join(PLAN);
        write_whole(&path, &json_bytes(&path, plan)?)
    }

    /// Where a file is as of the commit that is planned, if one is.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        let waiting = self.waiting(name);
        let is_planned = self.folder.join(PLAN).exists() && waiting.exists();
        if is_planned { waiting } else { self.home.join(name) }
    }

    /// The commit was made: all files take their places, then nothing is planned any more.
    pub(crate) fn settle(&self) -> Result<(), StateError> {
        let mut names = Vec::new();
        list(&self.folder.join("files"), "", &mut names)?;
        names.sort_by_key(|name| (name == CHECK, name.clone()));
        for name in names {
            let (from, to) = (self.waiting(&name), self.home.join(&name));
            fs::rename(&from, &to).map_err(io_error(&to))?;
            sync_folder(&to)?;
            crash_point("rotate.moved");
        }
        // What it holds is in the file beside it.
        if self.home.join(MESSAGES).exists() {
            remove(&self.home.join("outbox.redb"))?;
        }
        self.clear()
    }

    /// Nothing is planned, and nothing waits.
    pub(crate) fn clear(&self) -> Result<(), StateError> {
        remove(&self.folder.join(PLAN))?;
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(io_error(&self.folder)(error)),
            _ => Ok(()),
        }
    }

    fn waiting(&self, name: &str) -> PathBuf {
        self.folder.join("files").join(name)
    }
}

fn list(folder: &Path, below: &str, names: &mut Vec<String>) -> Result<(), StateError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(io_error(folder))?,
    };
    for entry in entries.flatten() {
        let Ok(own) = entry.file_name().into_string() else { continue };
        let name = if below.is_empty() { own } else { format!("{below}/{own}") };
        if entry.path().is_dir() {
            list(&entry.path(), &name, names)?;
        } else if !name.ends_with(".draft") {
            names.push(name);
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), StateError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(io_error(path)),
    }
}

fn sync_folder(path: &Path) -> Result<(), StateError> {
    let folder = path.parent().unwrap_or(path);
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error(folder))
}

/// A JSON text with the authors in it, their posts and tombstones as they stand after a rotation; texts
/// inside that are JSON themselves included. `None` when it stays as it is.
#[must_use]
pub fn rotated_json(text: &str, rotation: &Rotation) -> Option<String> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    rotate(&mut value, rotation).then(|| value.to_string())
}

/// Whether something changed.
pub(crate) fn rotate(value: &mut Value, rotation: &Rotation) -> bool {
    match value {
        Value::Array(list) => {
            list.iter_mut().fold(false, |changed, entry| changed | rotate(entry, rotation))
        }
        Value::Object(fields) => fields.iter_mut().fold(false, |changed, (name, field)| {
            let turned: Option<Value> = match (name.as_str(), &*field) {
                ("author", Value::String(key)) => {
                    AuthorKey::parse(key).map(|key| rotation.author(key).to_string().into())
                }
                ("tombstones", Value::Array(marks)) => {
                    let turned = |mark: &Value| {
                        let mark = Tombstone::parse(mark.as_str()?)?;
                        Some(Value::from(rotation.tombstone(mark).to_string()))
                    };
                    Some(
                        marks
                            .iter()
                            .map(|mark| turned(mark).unwrap_or_else(|| mark.clone()))
                            .collect(),
                    )
                }
                (name, Value::String(id)) if IDS.contains(&name) => {
                    Some(rotation.id(Cow::Borrowed(id)).into_owned().into())
                }
                _ => None,
            };
            match turned {
                Some(turned) => std::mem::replace(field, turned) != *field || changed,
                None => rotate(field, rotation) || changed,
            }
        }),
        Value::String(text) if text.starts_with(['{', '[']) => match rotated_json(text, rotation) {
            Some(turned) => {
                *text = turned;
                true
            }
            None => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::{AuthorHasher, Keyring, Names};

    #[test]
    fn authors_are_turned_at_any_depth_and_nothing_else() {
        let old = Keyring::from([1; 32]);
        let new = old.clone().rotated([2; 32]);
        let rotation = Rotation::new(&old, &new, Names::Hash);
        let [old, new] = [old, new].map(|ring| AuthorHasher::new(ring).hash("kim").to_string());
        let id = |key: &str| format!("at://{key}/p/1");
        let body = |key: &str| {
            let posts = serde_json::json!([{"post_id": id(key), "text": id(&old)}]);
            serde_json::json!({"author": key, "other": old, "body": posts.to_string()})
        };
        let turned = rotated_json(&body(&old).to_string(), &rotation).expect("it changes");
        assert_eq!(serde_json::from_str::<Value>(&turned).expect("JSON"), body(&new));
        for text in ["{\"author\":\"Kim\",\"note\":\"x\"}", "no JSON", "[{\"post_id\":\"7\"}]"] {
            assert_eq!(rotated_json(text, &rotation), None, "{text}");
        }
    }
}
