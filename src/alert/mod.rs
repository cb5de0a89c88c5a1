//! When must people be told? Rules over windows, and the life of an alert.
//!
//! Judged at each tick of event time from window totals alone: no clock, no post, no I/O.

mod hours;
mod tail;
mod season;
mod baseline;
mod rule;
mod episode;
mod watch;
mod judge;
mod backtest;
mod terms;

pub use backtest::{Backtest, Page};
pub use episode::Transition;
pub use hours::ActiveHours;
pub use judge::{Alert, Coordination, Judge, JudgeState};
pub use rule::{Condition, Measure, Rule};
pub use terms::{Term, TermCounts, telling_terms};
