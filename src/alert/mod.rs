//! When must people be told? Rules over windows, and the life of an alert.
//!
//! Judged at each tick of event time from window totals alone: no clock, no post, no I/O.

mod baseline;
mod episode;
mod judge;
mod rule;

pub use episode::Transition;
pub use judge::{Alert, Judge, JudgeState};
pub use rule::{Condition, Measure, Rule};
