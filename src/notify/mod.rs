//! How are people told? Signed webhooks from a durable outbox, at least once, in order.

mod guard;
mod subject;
mod message;
mod format;
mod outbox;
mod sign;
mod receiver;
mod webhook;
mod probe;
mod standing;
mod desk;
mod story;

pub use desk::{Desk, wall_clock};
pub use format::{BODY_BYTES_MAX, Body, Style, TemplateError};
pub use guard::{GuardError, is_public};
pub use message::{Message, messages};
pub use outbox::{Outbox, OutboxError, Progress};
pub use probe::{Probe, probe};
pub use receiver::{Address, Receiver, ReceiverError, ReceiverFault};
pub use sign::{SecretError, Signer};
pub use standing::{Delivery, DeskState, Standing};
pub use story::{AlertState, Wanted, stories, story};
pub use webhook::{Courier, CourierStats, RETRY_SCHEDULE};
