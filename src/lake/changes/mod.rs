//! What changes rows that were committed? Erasure, replacement, upkeep, and people's own changes.

mod recount;
mod triage;
mod erase;
mod leaving;
mod erase_trial;
mod replace;
mod rotate;
mod upkeep;
mod vacuum;
mod errand;
mod audit;

pub use audit::AuditBook;
pub(crate) use audit::has_audit;
pub use erase::{Erasure, Mode as EraseMode, Rewritten, erase_author, erase_post, gone_for_good};
pub use erase_trial::try_erasure;
pub use replace::{Gaps, OldAlerts, Replaced, Replacement};
pub use rotate::{Rotated, RotatedFrom};
pub(crate) use triage::rows_of as rows_of_changes;
pub use upkeep::{Chore, Deed, Job};
pub use vacuum::Vacuumed;
