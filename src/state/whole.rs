//! How does a file of ours appear? Whole, whatever happens in between.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::error::{StateError, io_error};
use crate::system::disk_point;

/// A value as JSON for the file at `path`; what cannot be written is an error, never an empty file.
pub(crate) fn json_bytes(path: &Path, value: &impl Serialize) -> Result<Vec<u8>, StateError> {
    serde_json::to_vec(value).map_err(|error| io_error(path)(io::Error::other(error)))
}

/// The same in lines, for a file that people read.
pub(crate) fn json_lines(path: &Path, value: &impl Serialize) -> Result<Vec<u8>, StateError> {
    serde_json::to_vec_pretty(value).map_err(|error| io_error(path)(io::Error::other(error)))
}

/// Writes a file that is there whole or not at all, whatever happens in between, and that only its
/// owner may read.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    write_drafted(path, bytes, private_file).map_err(io_error(path))
}

/// Like [`write_whole`], for a file that analysts read.
pub(crate) fn write_whole_shared(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    write_drafted(path, bytes, |draft| File::create(draft)).map_err(io_error(path))
}

/// Makes a folder in one that is there, unless it is there too.
pub(crate) fn make_dir(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

fn write_drafted(
    path: &Path,
    bytes: &[u8],
    open: impl Fn(&Path) -> io::Result<File>,
) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let write = || {
        disk_point()?;
        let mut file = open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    if let Err(error) = write() {
        // What a full disk has room for is needed elsewhere.
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    // A bare name has an empty parent: it is in the present folder.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// Makes a file that only its owner may read.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
