//! How does a file of ours appear? Whole, whatever happens in between.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use serde::Serialize;

use super::error::{StateError, io_error};
use crate::system::{private_file, replace_file};

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
    replace_file(path, &path.with_extension("draft"), bytes, open)
}
