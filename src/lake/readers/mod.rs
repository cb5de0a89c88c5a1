//! What do committed rows say? For queries, for reports of our own and for a check of the whole.

mod listing;
mod scratch;
mod posts;
mod standing;
mod verify;

pub(crate) use listing::{Listing, lakes};
pub use posts::{PostDay, PostReader};
pub use scratch::{DayFile, Scratch, day_files};
pub use standing::cursors;
pub use verify::{Problem, TableStats, Verified, stats, verify};
