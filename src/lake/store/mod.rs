//! How do rows lie there? Files of Parquet and Delta logs, in a folder or in a bucket.

mod bucket;
mod shards;
mod place;
mod folder;
mod delta_error;
mod encode;
mod files;
mod table;
pub(super) mod read;

pub(super) use bucket::Bucket;
pub(crate) use bucket::{is_missing, refusal};
pub(super) use delta_error::delta_error;
pub(crate) use encode::day_name;
pub(super) use encode::{Begun, Draft, Origin, add, by_day, sort_keys, statistics};
pub(super) use files::{LakeFile, SMALL_BYTES, committed};
pub use folder::Folder;
pub(super) use place::Place;
pub(super) use table::{Swap, TableWriter, last_commit, list, open};
