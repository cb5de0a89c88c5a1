//! How are people told? Signed webhooks from a durable outbox, at least once, in order.

mod guard;
mod message;
mod outbox;
mod sign;
mod webhook;

pub use guard::{GuardError, is_public};
pub use message::{Message, messages};
pub use outbox::{Outbox, OutboxError};
pub use sign::{SecretError, Signer};
pub use webhook::{Courier, CourierStats, RETRY_SCHEDULE, Receiver};
