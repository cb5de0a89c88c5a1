//! How did a command end, which exit code says so, and what does the user read of it?

use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use super::output::{Screened, Script};
use crate::lake::LakeFault;
use crate::notify::{OrderError, OutboxError, ReceiverError};
use crate::tuning::TuningError;

/// How a command ended, if not by an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Everything was done.
    Done,
    /// Finished, but something was refused or not delivered.
    Incomplete,
}

/// What to do about an outbox that cannot be read.
const OUTBOX: &str = "put it back from a backup, or move it away and begin again: messages that still wait in it are lost \
                      then, and alerts that are on may be told once more";

/// An error with the exit code and the hint that go with it.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: anyhow::Error,
    pub(super) code: u8,
    pub(super) hint: Option<String>,
}

impl Failure {
    /// Wrong usage or configuration.
    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { error: anyhow::anyhow!(message.into()), code: 2, hint: Some(hint.into()) }
    }

    /// A file of the user's that cannot be read or written; `hint` says what to give instead.
    pub(super) fn file(path: &Path, error: &io::Error, hint: impl Into<String>) -> Self {
        Self::usage(format!("{}: {}", path.display(), cause(error)), hint)
    }

    /// An address on which nothing can be served.
    pub(super) fn listen(address: impl std::fmt::Display, error: &io::Error) -> Self {
        let hint = match error.kind() {
            ErrorKind::AddrInUse => {
                "another process listens there: stop it, or choose another port; 0 takes a free one"
            }
            ErrorKind::AddrNotAvailable => {
                "this machine does not have that address; 127.0.0.1 is this machine only, 0.0.0.0 all networks"
            }
            ErrorKind::PermissionDenied => "ports below 1024 need root: choose a higher one",
            _ => "choose another address",
        };
        Self::usage(format!("cannot listen on {address}: {}", cause(error)), hint)
    }

    /// A name that nothing bears; the hint lists what there is, or says that there is nothing.
    pub(super) fn unknown<'n>(
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let hint = match known.as_slice() {
            [] => format!("the configuration has no {what}"),
            [only] => format!("the only {what} is {only}"),
            all => format!("the {what}s are {}", all.join(", ")),
        };
        Self::usage(format!("no {what} is called \"{name}\""), hint)
    }
}

/// What the system says of an error, without its number.
fn cause(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    let mut text: String = text.get(..end).unwrap_or_default().to_owned();
    if error.raw_os_error().is_some()
        && let Some(first) = text.get_mut(..1)
    {
        first.make_ascii_lowercase();
    }
    text
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = match error.into().downcast() {
            Ok(OrderError::Lake(error)) => error,
            Ok(order) => {
                let hint = order.hint();
                return Self::usage(order.to_string(), hint);
            }
            Err(error) => error,
        };
        let fault = LakeFault::of(&error);
        let code = match fault {
            Some(LakeFault { is_damage: true, .. }) => 3,
            Some(LakeFault { is_usage: true, .. }) => 2,
            _ => 1,
        };
        if let Some(tuning) = error.downcast_ref::<TuningError>() {
            let hint = Some(tuning.hint().to_owned());
            return Self { error, code: 2, hint };
        }
        if let Some(receiver) = error.downcast_ref::<ReceiverError>() {
            let hint = Some(receiver.hint());
            return Self { error, code: 2, hint };
        }
        if let Some(OutboxError::Damaged { .. }) = error.downcast_ref() {
            return Self { error, code: 3, hint: Some(OUTBOX.to_owned()) };
        }
        let hint = fault.map(|fault| fault.hint.to_owned());
        Self { error, code, hint }
    }
}

/// The exit code; says what went wrong.
pub(super) fn exit(ended: Result<Ending, Failure>) -> ExitCode {
    match ended {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Incomplete) => ExitCode::from(1),
        Err(failure) => report(&failure),
    }
}

/// Prints an error, unless it is only that nobody reads our output any more.
fn report(failure: &Failure) -> ExitCode {
    let broken_pipe = failure.error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
    });
    if broken_pipe || failure.error.to_string().contains("Broken pipe") {
        return ExitCode::SUCCESS;
    }
    // Messages quote what was given, or what came from outside.
    let mut out = Screened::new(io::stderr().lock(), Some(Script::Signs));
    let _ = writeln!(out, "resonanz: {}", said(&failure.error));
    if let Some(hint) = &failure.hint {
        let _ = writeln!(out, "hint: {hint}");
    }
    ExitCode::from(failure.code)
}

/// An error and its causes, none of which repeats what stands before it.
fn said(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_once() {
        let missing = || io::Error::from_raw_os_error(2);
        let doubled = anyhow::Error::new(missing()).context(missing().to_string());
        assert_eq!(said(&doubled), "No such file or directory (os error 2)");
        let chained = anyhow::Error::new(missing()).context("source \"f\"");
        assert_eq!(said(&chained), "source \"f\": No such file or directory (os error 2)");
        assert_eq!(cause(&missing()), "no such file or directory");
        assert_eq!(cause(&io::Error::other("Own words")), "Own words");
    }
}
