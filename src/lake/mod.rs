//! Where do rows end up? Delta tables over Parquet, written exactly once, open to every reader.
//!
//! Arrow lives here. Five tables, each a folder: `posts`, `mentions`, `panes`, `alerts`, `triage`,
//! and where people log in a sixth, `audit`, with commits of its own; the folder `_resonanz` beside
//! them holds what only resonanz needs.

mod alert_row;
mod audit;
mod bucket;
mod catalog;
mod columns;
mod commit;
mod encode;
mod errand;
mod error;
mod delta_error;
mod files;
mod shards;
mod folder;
mod listing;
mod place;
mod posts;
mod evidence;
mod labels;
mod quote;
mod replace;
mod rows;
mod schema;
mod scratch;
mod table;
mod upkeep;
mod vacuum;
mod verify;
mod read;
mod recount;
mod strip;
mod triage;
mod erase;

pub use alert_row::{AlertRow, unpack as unpack_alert};
pub use audit::AuditBook;
pub(crate) use audit::has_audit;
pub(crate) use bucket::{is_missing, refusal};
pub use catalog::{Column, Kind};
pub use commit::{Checkpoint, Lake, Recovered};
pub(crate) use encode::day_name;
pub use erase::{Erasure, Mode as EraseMode, Rewritten, erase_author, erase_post, gone_for_good};
pub use error::{LakeError, LakeFault};
pub use folder::Folder;
pub use labels::Labels;
pub(crate) use listing::{Listing, lakes};
pub use posts::{PostDay, PostReader};
pub use quote::quoted;
pub use replace::{Gaps, OldAlerts, Replaced, Replacement};
pub use rows::Rows;
pub(crate) use schema::DAY;
pub use schema::{Table, arrow_schema, schema_json, schema_markdown};
pub use scratch::{DayFile, Scratch, day_files};
pub use strip::without_posts;
pub(crate) use triage::rows_of as rows_of_changes;
pub use upkeep::{Chore, Deed, Job};
pub use vacuum::Vacuumed;
pub use verify::{Problem, TableStats, Verified, stats, verify};
