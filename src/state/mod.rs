//! What does the one writer of a lake remember, beside its tables? Small files in `_resonanz`, each there
//! whole or not at all.
//!
//! Nothing here knows Arrow or the tables.

mod error;
mod whole;
mod turn;
mod site;
mod mode;
mod errand;
mod dead_letter;
mod rekeying;
mod home;
mod key;
mod imported;
mod identities;
mod answered;
mod audit;
mod desk;
mod requests;
mod triage;
mod withdrawn;
mod reports_sent;
mod reviews;

pub use answered::Answered;
pub(crate) use audit::SLOTS;
pub use audit::{AuditEntry, AuditSlot};
pub use dead_letter::{DeadLetters, Letter};
pub use desk::{DeskFiles, Resend};
pub use errand::{Errand, Errands};
pub use error::StateError;
pub(crate) use error::io_error;
pub use home::Home;
pub use identities::Identities;
pub use imported::Imported;
pub use mode::Mode;
pub use rekeying::rotated_json;
pub(crate) use rekeying::{Plan, ROTATION, rotate};
pub use reports_sent::ReportsSent;
pub use requests::{Done, Erasing, Going, Receipt, Request, Requests, What};
pub use reviews::{Review, Reviews, ReviewsLock, verdict};
pub use site::Site;
pub use triage::{Change, Standing, Triage, TriageLock};
pub(crate) use whole::{json_bytes, make_dir, write_whole, write_whole_shared};
pub(crate) use withdrawn::tombstone_lines;
pub use withdrawn::{Withdrawn, bury, tombstones};

/// The layout this version writes and reads.
pub(crate) const FORMAT: u32 = 2;
