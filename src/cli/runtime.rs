//! What does a command need of the process: threads for its tasks, logs, encryption?

use std::io;

use clap::ArgAction;

use super::output::{Screened, Script};
use super::view::Reader;
use crate::system::task_threads;

/// What every command takes.
#[derive(Debug, clap::Args)]
pub(super) struct LogArgs {
    /// Log more to standard error: -v for what happens, -vv for details. RESONANZ_LOG takes a filter instead
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,
    /// Log as JSON lines; `run` writes its own lines as JSON too
    #[arg(long, global = true)]
    pub(super) log_json: bool,
}

impl LogArgs {
    /// Who reads what `run` says.
    pub(super) fn reader(&self) -> Reader {
        if self.log_json { Reader::Program } else { Reader::Log }
    }
}

/// Starts what all commands share.
pub(super) fn prepare(args: &LogArgs) {
    let default = match args.verbose {
        0 => "resonanz=warn",
        1 => "resonanz=info,object_store::client::retry=info",
        _ => "resonanz=debug,object_store::client::retry=info",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("RESONANZ_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    // What logs quote, such as addresses and reasons, may come from outside.
    let script = if args.log_json { Script::Json } else { Script::Signs };
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || Screened::new(io::stderr(), Some(script)))
        .with_target(false);
    let _ = if args.log_json { logs.json().try_init() } else { logs.with_ansi(false).try_init() };
    // One line each; where it broke down, the caller is told as well.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let what = panic.payload_as_str().unwrap_or("without words");
        tracing::error!(place, "a bug: {what}");
    }));
    // Two TLS libraries are in the tree; without a choice rustls refuses to work.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// The runtime of the commands that need one.
pub(super) fn runtime() -> io::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(task_threads()).enable_all().build()
}
