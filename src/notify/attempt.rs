//! Did it arrive? How one attempt to bring one message went, whatever the road.

use std::time::Duration;

/// How one attempt went.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The endpoint has it.
    Arrived,
    /// It has not.
    Failed(Failure),
    /// It will not take this message, however often it is tried; why, without address or secret.
    Refused(String),
    /// The endpoint is gone for good.
    Gone,
}

/// Why an attempt failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// In words, without address or secret.
    pub(super) why: String,
    /// How long the endpoint asks us to wait.
    pub(super) retry_after: Option<Duration>,
    /// Whether other messages would fare better.
    pub(super) fault: Fault,
}

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// No message would arrive.
    Endpoint,
    /// The endpoint answers, but does not like this one.
    Message,
}

impl Attempt {
    /// Nothing arrives there now.
    pub(super) fn unreached(why: impl Into<String>) -> Self {
        Self::Failed(Failure { why: why.into(), retry_after: None, fault: Fault::Endpoint })
    }
}
