//! When must people be told? Rules over windows, and the life of an alert.
//!
//! Judged at each tick of event time, and looked at ahead of it, from window totals alone: no clock, no
//! post, no I/O.
#![doc = include_str!("rules.md")]

mod hours;
mod tail;
mod season;
mod baseline;
mod rule;
mod episode;
mod watch;
mod terms;
mod evidence;
mod naming;
mod due;
mod judge;
mod ahead;
mod backtest;

pub use backtest::Backtest;
pub use episode::Transition;
pub use evidence::Evidence;
pub use hours::ActiveHours;
pub use judge::{Alert, Coordination, Judge, JudgeState};
pub use rule::{Condition, EscalationStep, Measure, Rule, WHOLE_SOURCE};
pub use terms::{Term, telling_terms};
pub use watch::Page;
