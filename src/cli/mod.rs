//! What did the user type? Arguments, the mode they choose, and the exit code that follows.
//!
//! Exit codes: 0 done; 1 finished, but some input was refused or a message was not delivered, or
//! the run broke off; 2 usage or configuration; 3 our own data is damaged.

mod alerts;
mod args;
mod args_desk;
mod args_lake;
mod args_reprocess;
mod args_study;
mod config_file;
mod demo;
mod desk;
mod erase;
mod eval;
mod eval_rows;
mod fit;
mod lake;
mod postgres;
mod query;
mod receiver_test;
mod reprocess;
mod backtest;
mod reprocess_view;
mod run;
mod score;
mod serve;
mod topics;
mod view;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::lake::LakeError;
use crate::notify::ReceiverError;
use crate::tuning::TuningError;
use args::{Args, Command};
use args_study::{AlertsCommand, TopicsCommand};

/// How a command ended, if not by an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Everything was done.
    Done,
    /// Finished, but something was refused or not delivered.
    Incomplete,
}

/// An error with the exit code and the hint that go with it.
#[derive(Debug)]
struct Failure {
    error: anyhow::Error,
    code: u8,
    hint: Option<String>,
}

impl Failure {
    /// Wrong usage or configuration.
    fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { error: anyhow::anyhow!(message.into()), code: 2, hint: Some(hint.into()) }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let lake = error.downcast_ref::<LakeError>();
        let code = match lake {
            Some(lake) if lake.is_damage() => 3,
            Some(
                LakeError::NoLake { .. }
                | LakeError::NotEmpty { .. }
                | LakeError::Gap { .. }
                | LakeError::NoState { .. }
                | LakeError::Foreign { .. }
                | LakeError::OtherKey { .. }
                | LakeError::Locked { .. }
                | LakeError::Format { .. },
            ) => 2,
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
        let hint = lake.map(|lake| lake.hint().to_owned());
        Self { error, code, hint }
    }
}

/// Runs what the command line asks for.
#[must_use]
pub fn run() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    start_logs(&args);
    // Two TLS libraries are in the tree; without a choice rustls refuses to work.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let ended = match args.command {
        Command::Demo(demo) => demo::demo(&demo),
        Command::Run(run) => run::run(&run),
        Command::Check(check) => run::check(&check),
        Command::Init(init) => run::init(&init),
        Command::Score(score) => score::score(&score),
        Command::Topics(TopicsCommand::Test(test)) => topics::test(&test),
        Command::Topics(TopicsCommand::Explain(explain)) => topics::explain(&explain),
        Command::Topics(TopicsCommand::Import(import)) => topics::import(&import),
        Command::Alerts(command) => alerts(&command),
        Command::Eval(eval) => eval::eval(&eval),
        Command::Fit(fit) => fit::fit(&fit),
        Command::Query(query) => query::query(&query),
        Command::Serve(args) => serve::serve(&args),
        Command::Lake(command) => lake::lake(&command),
        Command::Reprocess(job) => reprocess::reprocess(&job),
        Command::Replay(replay) => run::replay(&replay),
    };
    match ended {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Incomplete) => ExitCode::from(1),
        Err(failure) => report(&failure),
    }
}

fn alerts(command: &AlertsCommand) -> Result<Ending, Failure> {
    match command {
        AlertsCommand::Backtest(args) => alerts::backtest(args),
        AlertsCommand::List(args) => desk::list(args),
        AlertsCommand::Show(args) => desk::show(args),
        AlertsCommand::Ack(args) => desk::ack(args),
        AlertsCommand::Silence(args) => desk::silence(args),
        AlertsCommand::Silences(args) => desk::silences(args),
        AlertsCommand::Unsilence(args) => desk::unsilence(args),
        AlertsCommand::Replay(args) => desk::replay(args),
        AlertsCommand::Test(args) => receiver_test::test(args),
    }
}

/// Prints an error, unless it is only that nobody reads our output any more.
fn report(failure: &Failure) -> ExitCode {
    let broken_pipe = failure.error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    });
    if broken_pipe || failure.error.to_string().contains("Broken pipe") {
        return ExitCode::SUCCESS;
    }
    let mut out = io::stderr().lock();
    let _ = writeln!(out, "resonanz: {:#}", failure.error);
    if let Some(hint) = &failure.hint {
        let _ = writeln!(out, "hint: {hint}");
    }
    ExitCode::from(failure.code)
}

fn start_logs(args: &Args) {
    let default = match args.verbose {
        0 => "resonanz=warn",
        1 => "resonanz=info,object_store::client::retry=info",
        _ => "resonanz=debug,object_store::client::retry=info",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("RESONANZ_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_target(false);
    let _ = if args.log_json { logs.json().try_init() } else { logs.with_ansi(false).try_init() };
}

/// The runtime of the commands that need one.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
