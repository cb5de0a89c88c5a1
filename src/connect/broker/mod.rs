//! How are the messages of a broker heard, whichever it is, and how is one told? What NATS and Kafka
//! share: posts as programs write them, events as a relay of ours passes them on, and the way there.
//!
//! A broker's own memory of what was read is not asked: the position is in the lake's manifest, with
//! the rows behind it.

mod hearing;
mod stream;
mod trust;

pub(super) use hearing::{Hearing, Wire};
pub(crate) use stream::STREAMS;
pub use stream::{Outgoing, Publisher, StreamConfig, StreamKind};
pub(super) use trust::Trust;

use std::time::Duration;

use super::network::{Finding, Look};
use super::source::Fault;
use crate::secret::SecretPlace;
use crate::settings::Section;

/// Longest time for a connection, a question or an acknowledgement.
pub(super) const ANSWER: Duration = Duration::from_secs(10);
/// Longest wait for messages at once; then the broker is asked again, so that a half-open connection
/// is noticed.
pub(super) const LISTEN: Duration = Duration::from_secs(5);

/// Where a source begins that has no position yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Begin {
    /// With the oldest message that the broker has.
    #[default]
    Oldest,
    /// With what comes from now on.
    Now,
}

impl Begin {
    /// Reads the key `begin`.
    pub(super) fn of(section: &mut Section<'_, '_>) -> Self {
        let words = [("oldest", Self::Oldest), ("now", Self::Now)];
        section.choice("begin", &words).unwrap_or_default()
    }
}

/// Fetches a secret at the moment of use, so that a new one counts without a restart.
pub(super) fn fetch(place: &SecretPlace) -> Result<String, Fault> {
    let secret = place.fetch().map_err(|fault| Fault::user(fault.to_string(), fault.hint()))?;
    Ok(secret.expose().to_owned())
}

/// Whether all secrets can be had, and the files of TLS be read.
pub(super) fn look<'a>(
    secrets: impl Iterator<Item = &'a SecretPlace>,
    trust: Option<&Trust>,
) -> Look {
    for secret in secrets {
        if let Err(fault) = secret.fetch() {
            return Look::Fails(Finding { reason: fault.to_string(), hint: fault.hint() });
        }
    }
    match trust.map(Trust::client) {
        Some(Err(fault)) => {
            Look::Fails(Finding { reason: fault.to_string(), hint: fault.hint().to_owned() })
        }
        _ => Look::Well,
    }
}
