//! What can be wrong with a receiver before it is called?

use super::format::TemplateError;
use super::sign::SecretError;
use crate::secret::SecretFault;

/// What is wrong with a receiver.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiverFault {
    /// Not there.
    #[error("{0}")]
    Missing(#[from] SecretFault),
    /// Not a signing secret.
    #[error("{0}")]
    Secret(#[from] SecretError),
    /// Not an address, or not one that is allowed.
    #[error("its address cannot be used: {0}")]
    Url(String),
    /// Certificates of a mail server that cannot be read.
    #[error("{0}")]
    Certificates(String),
    /// Not a template, or one that names what no message has.
    #[error("{0}")]
    Template(#[from] TemplateError),
}
