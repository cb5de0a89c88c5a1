//! Which posts does a file name that are to be erased? A list of them, or what a platform says became of ids that
//! it was asked about.

use std::path::Path;

use serde::Deserialize;

use crate::cli::Failure;

/// Longest file that is read.
const BYTES_MAX: u64 = 256 << 20;
const HINT: &str = "write a post on each line, as SOURCE/ID, or the id alone with --source NAME; or give the result \
                    of a compliance job of X as it was downloaded";

/// What a compliance job says of a post.
#[derive(Deserialize)]
struct Verdict {
    id: String,
    action: String,
}

/// Posts by source and id.
pub(super) type Posts = Vec<(String, String)>;

/// The posts that a file names.
///
/// # Errors
/// When it cannot be read, or a line of it names no post.
pub(super) fn listed(path: &Path, source: Option<&str>) -> Result<Posts, Failure> {
    let unread = |error: std::io::Error| {
        Failure::usage(
            format!("{}: {error}", path.display()),
            "give a file that this user can read",
        )
    };
    if std::fs::metadata(path).map_err(unread)?.len() > BYTES_MAX {
        let message = format!("{} is longer than {} MiB", path.display(), BYTES_MAX >> 20);
        return Err(Failure::usage(message, "cut it, and erase one part after the other"));
    }
    let text = std::fs::read_to_string(path).map_err(unread)?;
    let mut posts = Posts::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let post = named(line, source)
            .map_err(|why| Failure::usage(format!("{}:{number}: {why}", path.display()), HINT))?;
        posts.extend(post);
    }
    posts.sort_unstable();
    posts.dedup();
    if posts.is_empty() {
        let message = format!("{} names no post that is gone", path.display());
        return Err(Failure::usage(message, HINT));
    }
    Ok(posts)
}

/// The post that a line names; `None` for one that is still there.
fn named(line: &str, source: Option<&str>) -> Result<Option<(String, String)>, String> {
    let (id, is_gone) = match line.starts_with('{') {
        false => (line.to_owned(), true),
        true => {
            let verdict: Verdict = serde_json::from_str(line)
                .map_err(|_| "no \"id\" and \"action\" of a compliance job".to_owned())?;
            (verdict.id, verdict.action == "delete")
        }
    };
    let (source, id) = match source {
        Some(source) => (source, id.as_str()),
        None => id.split_once('/').ok_or_else(|| format!("\"{id}\" does not say its source"))?,
    };
    if source.is_empty() || id.is_empty() {
        return Err(format!("\"{line}\" is not a post"));
    }
    Ok(is_gone.then(|| (source.to_owned(), id.to_owned())))
}
