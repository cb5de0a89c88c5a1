//! Which feeds does an OPML file of the user list?

use std::path::Path;

use super::address::checked;
use crate::decode::feed::{feeds_of_opml, text_of};

/// Most feeds of one file.
const FEEDS_MAX: usize = 5_000;
/// Largest file that is read.
const BYTES_MAX: u64 = 16 << 20;

/// The addresses in an OPML file; else what is wrong with it and how to mend it.
pub(super) fn read(path: &Path) -> Result<Vec<String>, (String, String)> {
    let shown = path.display();
    let unreadable = |why: String| {
        (format!("{shown}: {why}"), "give the file that a feed reader exported".to_owned())
    };
    let length = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if length > BYTES_MAX {
        return Err(unreadable(format!("larger than {} MiB", BYTES_MAX >> 20)));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let urls =
        feeds_of_opml(&text_of(&bytes, None)).map_err(|error| unreadable(error.to_string()))?;
    if urls.is_empty() {
        return Err(unreadable("it lists no feed".to_owned()));
    }
    if urls.len() > FEEDS_MAX {
        return Err(unreadable(format!("it lists {} feeds; at most {FEEDS_MAX}", urls.len())));
    }
    for url in &urls {
        // The address itself may hold the secret.
        checked(url).map_err(|(message, hint)| (format!("{shown}: {message}"), hint.to_owned()))?;
    }
    Ok(urls)
}
