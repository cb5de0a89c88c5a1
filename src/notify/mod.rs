//! How are people told? Signed webhooks and mail from a durable outbox, at least once, in order.
#![doc = include_str!("webhooks.md")]
#![doc = include_str!("mail.md")]

mod guard;
mod subject;
mod message;
mod slip;
mod format;
mod health;
mod outbox;
mod sign;
mod enclosure;
mod receiver_fault;
mod letterbox;
mod receiver;
mod schedule;
mod stats;
mod attempt;
mod webhook;
mod mail;
mod endpoint;
mod courier;
mod herald;
mod probe;
mod standing;
mod advice;
mod desk;
mod travel;
mod story;
mod orders;

pub use advice::Advice;
pub use courier::{Courier, Manner};
pub use desk::Desk;
pub use enclosure::{Enclosure, Maker, Press, ReportOrder};
pub use format::{BODY_BYTES_MAX, Body, MailText, Style, TemplateError};
pub use guard::{GuardError, SystemResolver, is_public};
pub use herald::{Herald, Matter};
pub use letterbox::Letterbox;
pub use message::{Message, messages};
pub use orders::{
    Again, Configured, OrderError, acknowledge, alert_id, known_topic, resend, silence, told,
    unacknowledge, unsilence,
};
pub use outbox::{Outbox, OutboxError, Progress, QUEUE_MAX};
pub use probe::{Probe, probe};
pub use receiver::{Address, Receiver, ReceiverError};
pub use receiver_fault::ReceiverFault;
pub use schedule::RETRY_SCHEDULE;
pub use sign::{SecretError, Signer};
pub use slip::{GOAL, goal_messages};
pub use standing::{Delivery, DeskState, Standing};
pub use stats::{CourierStats, ReceiverStats};
pub use story::{
    AlertState, AlertStory, AlertSummary, HeldBack, Known, SeatStory, Wanted, stories, story,
};
