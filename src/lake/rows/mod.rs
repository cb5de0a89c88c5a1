//! What is kept? The columns of each table, and what of an outcome becomes a row.

mod tables;
mod catalog;
mod schema;
mod columns;
mod labels;
mod quote;
mod strip;
mod evidence;
mod alert_row;
mod outcome;

pub use alert_row::{AlertRow, unpack as unpack_alert};
pub use catalog::{Column, Kind};
pub(super) use columns::Columns;
pub use labels::Labels;
pub use outcome::Rows;
pub use quote::quoted;
pub(super) use schema::field;
pub use schema::{arrow_schema, schema_json, schema_markdown};
pub use strip::without_posts;
pub(crate) use tables::DAY;
pub use tables::Table;
pub(super) use tables::day_of;
