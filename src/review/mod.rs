//! Is a verdict right? What people correct, what they should look at first, and what the scorer can
//! learn from it.
//!
//! A correction is durable before it is answered, and seen by every query from then on; two people
//! never overwrite each other unseen. Agreement is counted over posts, never by person.
#![doc = include_str!("reviews.md")]

mod error;
mod correct;
mod queue;
mod agreement;
mod samples;

pub use agreement::{Agreement, AgreementPart};
pub use correct::{Correction, correct};
pub use error::ReviewError;
pub use queue::{Seen, reviews_of};
pub use samples::{Labeled, is_held_out, samples, unlabelled};
