//! Which file does the user want, and is it there?

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{FileSource, why};
use crate::connect::network::{Finding, Look, Settings, SourceSpec};
use crate::connect::source::Source;
use crate::decode::{Cursor, Format};
use crate::settings::Section;

/// A file of JSON lines, plain, `.gz` or `.zst`, or a pipe of them.
#[derive(Debug, Clone)]
pub struct FileSettings {
    /// Which file; `-` is standard input.
    pub path: PathBuf,
    /// Whether to wait for more at its end.
    pub follow: Follow,
}

/// Whether to wait for more at the end of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Follow {
    /// Stop there.
    #[default]
    Once,
    /// Go on as it grows.
    Forever,
}

/// Endings of files that hold no JSON lines, and that `resonanz import` reads.
const OTHERWISE_READ: [&str; 4] = ["csv", "tsv", "parquet", "zip"];

/// Reads `path` and `follow`.
pub(in crate::connect) fn configure(
    section: &mut Section<'_, '_>,
    base: &Path,
) -> Arc<dyn Settings> {
    let follow = if section.flag("follow") { Follow::Forever } else { Follow::Once };
    let path = section.required_text("path");
    if follow == Follow::Forever && (path.ends_with(".gz") || path.ends_with(".zst")) {
        let at = section.place("follow");
        section.problems.add(
            at,
            "a compressed file cannot be followed",
            "remove follow, or write the file uncompressed",
        );
    }
    let ending = path.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_lowercase());
    if OTHERWISE_READ.contains(&ending.as_str()) {
        let at = section.place("path");
        section.problems.add(
            at,
            format!("a source of type \"file\" reads JSON lines, not .{ending}"),
            format!("bring it in with: resonanz import {path}"),
        );
    }
    Arc::new(FileSettings { path: base.join(path), follow })
}

/// Standard input has no keys.
pub(in crate::connect) fn configure_stdin(_: &mut Section<'_, '_>, _: &Path) -> Arc<dyn Settings> {
    Arc::new(FileSettings { path: PathBuf::from("-"), follow: Follow::Once })
}

impl Settings for FileSettings {
    fn is_repeatable(&self) -> bool {
        self.follow == Follow::Once && self.path.as_os_str() != "-"
    }

    fn look(&self) -> Look {
        if self.path.as_os_str() == "-" {
            return Look::Well;
        }
        let error = match std::fs::metadata(&self.path) {
            Ok(metadata) if metadata.is_dir() => std::io::ErrorKind::IsADirectory.into(),
            Ok(_) => return Look::Well,
            Err(error) => error,
        };
        let reason = format!("{}: {}", self.path.display(), why(&error));
        let finding = |hint: &str| Finding { reason: reason.clone(), hint: hint.to_owned() };
        match self.follow {
            Follow::Forever if error.kind() != std::io::ErrorKind::IsADirectory => {
                Look::Waits(finding("run waits for it; see that the path is the one meant"))
            }
            _ => Look::Fails(finding("name a file that is there, or remove the source")),
        }
    }

    fn open(&self, spec: SourceSpec) -> Box<dyn Source> {
        let decoder = spec.decoder(Format::Archive);
        let cursor: Option<Cursor> = spec.cursor;
        Box::new(FileSource::new(self.path.clone(), self.follow, decoder, cursor))
    }
}
