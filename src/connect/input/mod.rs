//! Which files are meant, and how is each laid out? Files, folders, globs, URLs, standard input.

mod archive;
mod chunk;
mod chunks;
mod csv;
mod foreign;
mod heading;
mod json;
mod opened;
mod packed;
mod parquet;
mod read;
mod remote;
mod repository;
mod seek;
mod segment;
mod stamps;
mod text;
mod zip;
mod workbook;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

pub use chunk::{Chunk, Rows, SegmentRows};
pub use chunks::Chunks;
pub use opened::{Beginning, Opening};
pub use parquet::TableRows;
pub use read::Read;
use remote::Remote;
pub use stamps::stamps;
pub use text::Encoding;
pub use workbook::Sheets;
use zip::Member;

use crate::decode::{names_owner, owner_of};
use packed::Bytes;

/// Endings that a folder is searched for; each also with `.gz` or `.zst`, but for Parquet.
const ENDINGS: [&str; 12] =
    ["jsonl", "ndjson", "json", "csv", "tsv", "xlsx", "xlsm", "xls", "parquet", "pq", "jss", "car"];
/// How the names begin of scripts that hold posts, in archives of X.
const SCRIPTS: [&str; 3] = ["tweet", "community_tweet", "community-tweet"];
/// Folders that show that a folder is an unpacked download of Meta: much of it holds no posts.
const DOWNLOADS: [&str; 2] = ["your_facebook_activity", "your_instagram_activity"];
/// Bytes of a file that says whose archive it is.
const OWNER_BYTES_MAX: u64 = 1 << 20;

/// What a folder or zip is searched for.
const KNOWN: &str = "known endings: .jsonl .ndjson .json .csv .tsv .parquet .pq, also with .gz or .zst; .xlsx .xls; .jss; .car; .zip; tweets.js";

/// How the posts of a file are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One frame a line.
    Lines,
    /// Records with a header, and the byte between fields, unless the header tells it.
    Csv(Option<u8>),
    /// Rows in groups.
    Parquet,
    /// Blocks of events, as in Jetstream's archive.
    Segment,
    /// An account of Bluesky, as it can be downloaded there.
    Repository,
}

impl Layout {
    /// What a file's name says; lines where it says nothing.
    #[must_use]
    pub fn of(name: &str) -> Self {
        if archive::is_archive(name) {
            return Self::Segment;
        }
        let (ending, _) = endings(name);
        match ending.as_str() {
            "csv" | "xlsx" | "xlsm" | "xls" => Self::Csv(None),
            "tsv" => Self::Csv(Some(b'\t')),
            "parquet" | "pq" => Self::Parquet,
            "jss" => Self::Segment,
            "car" => Self::Repository,
            _ => Self::Lines,
        }
    }

    /// Whether it is not text, so that it is not packed once more.
    fn is_packed(self) -> bool {
        matches!(self, Self::Parquet | Self::Segment | Self::Repository)
    }
}

/// The ending of a name, and that of its compression, in small letters.
fn endings(name: &str) -> (String, String) {
    let name = name.to_lowercase();
    let (stem, packing) = match name.rsplit_once('.') {
        Some((stem, packing @ ("gz" | "zst"))) => (stem, packing),
        _ => (name.as_str(), ""),
    };
    let ending = stem.rsplit_once('.').map_or("", |(_, ending)| ending);
    (ending.to_owned(), packing.to_owned())
}

/// One file to read.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its path or URL, as people know it.
    pub name: String,
    /// Its bytes, where known, as they are stored.
    pub bytes: Option<u64>,
    /// When it was last changed, in whatever the store counts.
    pub changed: i64,
    /// Whose archive it is part of, where another file of it says so.
    pub owner: Option<String>,
    /// Whether it came along with others, so that it is left out if it holds no posts.
    pub is_optional: bool,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Stdin,
    File(PathBuf),
    Member(PathBuf, Member),
    Workbook(PathBuf),
    Remote(Remote),
    Archive(archive::Archive),
}

impl Input {
    fn new(name: String, bytes: Option<u64>, changed: i64, place: Place) -> Self {
        Self { name, bytes, changed, owner: None, is_optional: false, place }
    }

    /// What it holds, as it is stored.
    fn stored(&self) -> io::Result<Bytes> {
        Ok(match &self.place {
            Place::Stdin => Box::new(io::stdin()),
            Place::File(path) | Place::Workbook(path) => Box::new(File::open(path)?),
            Place::Member(path, member) => zip::open(path, member)?,
            Place::Remote(remote) => Box::new(remote.reader(0)),
            Place::Archive(_) => return Err(io::Error::other("an archive is read event by event")),
        })
    }

    /// The owner of the archive, if this file names it.
    fn names_owner(&self) -> Option<String> {
        let mut said = Vec::new();
        self.stored().ok()?.take(OWNER_BYTES_MAX).read_to_end(&mut said).ok()?;
        owner_of(&self.name, &String::from_utf8_lossy(&said))
    }

    /// Whether it is a workbook of Excel.
    #[must_use]
    pub fn is_workbook(&self) -> bool {
        matches!(self.place, Place::Workbook(_))
    }

    /// Whether what goes wrong here can lie in its bytes alone: not in a network, which may be
    /// there again the next time.
    #[must_use]
    pub fn is_at_hand(&self) -> bool {
        !matches!(self.place, Place::Remote(_) | Place::Archive(_))
    }

    /// Whether it is at fault itself for an error, so that it would be the next time too.
    #[must_use]
    pub fn is_to_blame(&self, error: &io::Error) -> bool {
        let data =
            [io::ErrorKind::InvalidData, io::ErrorKind::InvalidInput, io::ErrorKind::UnexpectedEof];
        self.is_at_hand() || data.contains(&error.kind())
    }

    /// Whether its posts are known not to be in order of time: an archive that was fetched.
    #[must_use]
    pub fn is_disordered(&self) -> bool {
        matches!(self.place, Place::Archive(_))
    }

    /// The name of the source of its posts, unless they name one: the file's name up to its first
    /// dot.
    #[must_use]
    pub fn source_name(&self) -> &str {
        if matches!(self.place, Place::Archive(_)) || Layout::of(&self.name) == Layout::Repository {
            return "bluesky";
        }
        let name = self.name.rsplit('/').next().unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        if stem.is_empty() || stem == "-" { "archive" } else { stem }
    }
}

/// An input that cannot be found.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {what}")]
pub struct InputError {
    name: String,
    what: String,
    /// How to mend it.
    pub hint: &'static str,
}

impl InputError {
    fn new(name: &str, what: impl ToString, hint: &'static str) -> Self {
        Self { name: name.to_owned(), what: what.to_string(), hint }
    }
}

/// The inputs that arguments mean, in the order of the arguments, each once.
///
/// An argument is `-`, a file, a folder (searched with all folders in it for names that end in
/// `.jsonl`, `.ndjson`, `.json`, `.csv`, `.tsv`, `.parquet` or `.pq`, also with `.gz` or `.zst`
/// behind, or in `.xlsx`, `.xls`, `.jss` or `.car`, in order of their paths), a pattern with `*`, `?` or `[`, or a URL of a file or
/// folder. Reads the directories, not the files.
///
/// # Errors
/// For the first argument that means nothing.
pub async fn find_inputs(arguments: &[String]) -> Result<Vec<Input>, InputError> {
    let mut inputs: Vec<Input> = Vec::new();
    for argument in arguments {
        for input in find(argument).await? {
            if inputs.iter().all(|known| known.name != input.name) {
                inputs.push(input);
            }
        }
    }
    Ok(inputs)
}

async fn find(argument: &str) -> Result<Vec<Input>, InputError> {
    if argument == "-" {
        return Ok(vec![Input::new(argument.to_owned(), None, 0, Place::Stdin)]);
    }
    if archive::is_archive(argument) {
        return archive::find(argument).map(|input| vec![input]);
    }
    if argument.contains("://") {
        return remote::find(argument).await;
    }
    let path = Path::new(argument);
    let (is_folder, is_named) = (path.is_dir(), path.exists() && !path.is_dir());
    let found = if is_folder {
        folder(path).map_err(|error| {
            InputError::new(argument, error, "check that the folder may be read")
        })?
    } else if path.exists() {
        vec![path.to_owned()]
    } else if argument.contains(['*', '?', '[']) {
        let wrong = |what: String| {
            InputError::new(argument, what, "quote a pattern such as 'posts/2026-*.jsonl.gz'")
        };
        let paths = glob::glob(argument).map_err(|error| wrong(error.to_string()))?;
        paths.flatten().filter(|path| path.is_file()).collect()
    } else {
        return Err(InputError::new(
            argument,
            "no such file",
            "give files, folders, quoted patterns, URLs, or - for standard input",
        ));
    };
    if found.is_empty() {
        return Err(InputError::new(argument, "no file of posts there", KNOWN));
    }
    let is_optional = is_folder && DOWNLOADS.iter().any(|name| path.join(name).is_dir());
    let mut inputs = Vec::new();
    for path in found {
        if zip::is_zip(&path) {
            match zipped(argument, &path) {
                // One among many is told as damage when it is read.
                Err(_) if !is_named => {
                    let whole = local(argument, path.clone())?;
                    inputs.push(Input { place: Place::Workbook(path), is_optional, ..whole });
                }
                found => inputs.extend(found?),
            }
        } else {
            inputs.push(Input { is_optional, ..local(argument, path)? });
        }
    }
    Ok(inputs)
}

fn local(argument: &str, path: PathBuf) -> Result<Input, InputError> {
    let unreadable = |error| InputError::new(argument, error, "check that the file may be read");
    let metadata = match path.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(Input::new(path.display().to_string(), None, 0, Place::File(path)));
        }
        metadata => metadata.map_err(unreadable)?,
    };
    let changed = metadata.modified().map_err(unreadable)?.duration_since(std::time::UNIX_EPOCH);
    let changed = changed.map_or(0, |age| i64::try_from(age.as_micros()).unwrap_or(i64::MAX));
    let bytes = metadata.is_file().then_some(metadata.len());
    let owner = beside(&path);
    let input = Input::new(path.display().to_string(), bytes, changed, Place::File(path));
    Ok(Input { owner, ..input })
}

/// Who owns the archive of a file, as one of the files beside it says.
fn beside(path: &Path) -> Option<String> {
    let account = path.with_file_name("account.js");
    if !is_script(&path.file_name()?.to_string_lossy()) || !account.is_file() {
        return None;
    }
    Input::new(account.display().to_string(), None, 0, Place::File(account)).names_owner()
}

/// The files of posts in a zip; what else is in it is left out.
fn zipped(argument: &str, path: &Path) -> Result<Vec<Input>, InputError> {
    let whole = local(argument, path.to_owned())?;
    let members = zip::members(path).map_err(|error| {
        InputError::new(&whole.name, error, "unpack it, and give the folder instead")
    })?;
    if workbook::is_book(&members) {
        return Ok(vec![Input { place: Place::Workbook(path.to_owned()), ..whole }]);
    }
    let mut owner = None;
    let mut inputs = Vec::new();
    for member in members {
        let name = format!("{}/{}", whole.name, member.name);
        let bytes = Some(member.packed);
        let hidden = member.name.split('/').any(|part| part.starts_with(['.', '_']));
        let file = member.name.rsplit('/').next().unwrap_or_default();
        // A workbook is a zip itself.
        let is_book = matches!(endings(file).0.as_str(), "xlsx" | "xlsm");
        let known = is_known(file) && !is_book;
        let names = names_owner(&member.name);
        let place = Place::Member(path.to_owned(), member);
        let input = Input { is_optional: true, ..Input::new(name, bytes, whole.changed, place) };
        if names {
            owner = owner.or_else(|| input.names_owner());
        }
        if known && !hidden {
            inputs.push(input);
        }
    }
    inputs.sort_by(|one, other| one.name.cmp(&other.name));
    for input in &mut inputs {
        input.owner.clone_from(&owner);
    }
    if inputs.is_empty() {
        return Err(InputError::new(&whole.name, "no file of posts in it", KNOWN));
    }
    Ok(inputs)
}

/// Files of posts in a folder and all folders in it, in order of their paths. Pipes and devices, which
/// may have no end, are none; links are followed, to each folder once, and it is said where they lead out.
fn folder(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let root = path.canonicalize()?;
    let (mut found, mut folders) = (Vec::new(), vec![(path.to_owned(), false)]);
    let (mut seen, mut beyond) = (HashSet::new(), Vec::new());
    while let Some((folder, is_beyond)) = folders.pop() {
        if !seen.insert(folder.canonicalize()?) {
            continue;
        }
        let entries = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
        let mut entries = entries.collect::<io::Result<Vec<PathBuf>>>()?;
        entries.sort();
        for path in entries {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // Beside a workbook that is open, Excel keeps a file that says so.
            if name.starts_with(['.', '_']) || name.starts_with("~$") {
                continue;
            }
            let is_beyond = if path.is_symlink() {
                path.canonicalize().is_ok_and(|target| !target.starts_with(&root))
            } else {
                is_beyond
            };
            if path.is_dir() {
                folders.push((path, is_beyond));
            } else if is_known(&name) && (path.is_file() || !path.exists()) {
                // A link to nothing is told of with the files that cannot be read.
                beyond.extend(is_beyond.then(|| path.clone()));
                found.push(path);
            }
        }
    }
    if let Some(first) = beyond.iter().min() {
        let (folder, first, files) = (path.display(), first.display(), beyond.len());
        tracing::warn!(%folder, files, %first, "links in the folder lead out of it; their files are read");
    }
    found.sort();
    Ok(found)
}

fn is_script(name: &str) -> bool {
    let name = name.to_lowercase();
    name.ends_with(".js") && SCRIPTS.iter().any(|known| name.starts_with(known))
}

fn is_known(name: &str) -> bool {
    let (ending, packing) = endings(name);
    if is_script(name) {
        return true;
    }
    ENDINGS.contains(&ending.as_str()) && (packing.is_empty() || !Layout::of(name).is_packed())
}
