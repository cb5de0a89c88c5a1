//! Who is told of an alert, and who not yet? Silences, acknowledgements, parents and groups.
//!
//! A transition of an alert becomes one message for each receiver of its rule. The desk decides
//! what becomes of each, from what it remembers of the alert and of the receiver alone:
//!
//! | what comes | nothing holds it back | something does |
//! |---|---|---|
//! | `fired` | told | held |
//! | `escalated` | told, after what was held | held in place of an earlier one |
//! | `resolved`, the receiver was told | told at once | told at once |
//! | `resolved`, the receiver was not told | dropped, with all that was held | the same |
//! | nothing, but the reason ends while the alert fires | what was held is told | |
//!
//! Five things hold a message back, and the first that applies is given as the reason: a silence
//! that matches the alert; an acknowledgement of the alert; for a receiver of the escalation, that
//! others still have time to take care; for a receiver not told of this alert yet, that he was told
//! of the same kind of alert with the same severity on a parent topic; or of one in the same group.
//! So whoever is spared a message knows of the matter from another one, or need not know yet.
//!
//! The time of an escalation counts from the first message of the alert that is told, by the time
//! of day: what happened in the past gives nobody less time.
#![doc = include_str!("alerts.md")]

mod subject;
mod silence;
mod case;
mod book;

pub use book::{Book, Notice, Orders, Told, Turn};
pub use case::{Case, Grouping, Held, Hold, Letter, Seat};
pub use silence::{Ack, Silence, SilenceError, is_match};
pub use subject::Subject;
