//! Where do rows end up? Delta tables over Parquet, written exactly once, open to every reader.
//!
//! Arrow lives here. Five tables, each a folder: `posts`, `mentions`, `panes`, `alerts`, `triage`,
//! and where people log in a sixth, `audit`, with commits of its own; the folder `_resonanz` beside
//! them holds what only resonanz needs.
//!
//! A room uses only rooms above it.
#![doc = include_str!("schema.md")]
#![doc = include_str!("upkeep.md")]
#![doc = include_str!("bucket.md")]

mod error;
mod rows;
mod store;
mod commit;
mod readers;
mod changes;

pub use changes::{
    AuditBook, Chore, Deed, EraseMode, Erasure, Gaps, Job, OldAlerts, Replaced, Replacement,
    Rewritten, Rotated, RotatedFrom, Vacuumed, erase_author, erase_post, gone_for_good,
    try_erasure,
};
pub(crate) use changes::{has_audit, rows_of_changes};
pub use commit::{Checkpoint, Copied, Lake, Recovered, copy_lake};
pub use error::{LakeError, LakeFault};
pub use readers::{
    DayFile, PostDay, PostReader, Problem, Scratch, TableStats, Verified, cursors, day_files,
    stats, verify,
};
pub(crate) use readers::{Listing, lakes};
pub(crate) use rows::DAY;
pub use rows::{
    AlertRow, Column, Kind, Labels, Rows, Table, arrow_schema, quoted, schema_json,
    schema_markdown, unpack_alert, without_posts,
};
pub use store::Folder;
pub(crate) use store::{day_name, is_missing, refusal};
