//! What is to be done now? Pages in Markdown that a team writes, read when they are needed.
//!
//! A page that is missing or cannot be read is an error of `resonanz check`. A running process says
//! so, and tells the alert all the same.
#![doc = include_str!("policy.md")]

mod page;
mod plain;
mod html;
mod starter;
mod shelf;

pub use page::{Guide, PageFault};
pub use shelf::{Policies, PolicyError};
pub use starter::{STARTER_DE, STARTER_EN};
