//! Whose name is kept, and what of texts? The table `[privacy]`.

use core::time::Duration;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use crate::privacy::{Names, Personal};
use crate::settings::{Problems, Section};
use crate::time::{MINUTE_US, SECOND_US};

/// What `[privacy]` says.
pub(super) struct Privacy {
    pub(super) author_key_file: Option<PathBuf>,
    pub(super) names: Names,
    pub(super) redact: Vec<Personal>,
    pub(super) follow_deletes: Duration,
}

pub(super) fn privacy<'i>(root: &DeTable<'i>, base: &Path, problems: &mut Problems<'i>) -> Privacy {
    let mut section = Section::open("[privacy]", root.get("privacy"), problems);
    let author_key_file = section.text("author_key_file").map(|path| base.join(path));
    let names = [("hash", Names::Hash), ("keep", Names::Keep)];
    let names = section.choice("authors", &names).unwrap_or_default();
    let redact = redact(&mut section);
    let every_us = section.span("follow_deletes", SECOND_US).unwrap_or(60 * MINUTE_US);
    section.finish();
    let follow_deletes = Duration::from_micros(u64::try_from(every_us).unwrap_or(u64::MAX));
    Privacy { author_key_file, names, redact, follow_deletes }
}

/// Kinds of personal data, each once.
fn redact(section: &mut Section<'_, '_>) -> Vec<Personal> {
    let mut kinds = Vec::new();
    for (name, at) in section.texts("redact").unwrap_or_default() {
        match Personal::ALL.iter().find(|(known, _)| *known == name) {
            Some((_, kind)) if kinds.contains(kind) => {}
            Some((_, kind)) => kinds.push(*kind),
            None => {
                let known = Personal::ALL.map(|(known, _)| known).join(", ");
                let message = format!("nothing called \"{name}\" is found in texts");
                section.problems.add(at, message, format!("write one of {known}"));
            }
        }
    }
    kinds
}
