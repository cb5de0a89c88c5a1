//! What did the user type? One room per command, with its arguments; this one only leads there.
//!
//! Exit codes: 0 done; 1 finished, but some input was refused or a message was not delivered, or
//! the run broke off; 2 usage or configuration; 3 our own data is damaged.
#![doc = include_str!("commands.md")]

// what commands share
mod ending;
mod runtime;
mod output;
mod table;
mod rows;
mod spreadsheet;
mod config_file;
mod places;
mod formats;
mod args_reading;
mod inputs;
mod entrance;
mod noted;
mod postgres;
mod serving;
mod signals;
mod supervisor;
mod view;
// commands
mod alerts;
mod answer;
mod check;
mod crisis;
mod demo;
mod eval;
mod eval_intents;
mod eval_rows;
mod fit;
mod fit_reviews;
mod fit_unlabelled;
mod health;
mod import;
mod inbox;
mod init;
mod lake;
mod manual;
mod privacy;
mod mcp;
mod query;
mod reload;
mod renew;
mod relay;
mod replay;
mod report;
mod reprocess;
mod reviews;
mod run;
mod score;
mod score_answer;
mod serve;
mod sources;
#[cfg(feature = "terminal")]
mod top;
mod topics;
mod users;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use ending::{Ending, Failure};
use runtime::{LogArgs, runtime};

/// Listens to what is said in public about brands and topics, and scores how it is meant.
#[derive(Debug, Parser)]
#[command(
    version = env!("RESONANZ_VERSION"),
    max_term_width = 100,
    after_help = "Exit codes: 0 done; 1 finished, but some input was refused or a message was not delivered; 2 usage or configuration; 3 damaged data."
)]
struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    logs: LogArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// See everything at work: replay the bundled archive through sources, alerts and lake
    Demo(demo::Args),
    /// Run a configuration until its sources end or a signal arrives
    Run(run::Args),
    /// Run the sources of a configuration into its [stream], which any number of `run --shard` read
    Relay(relay::Args),
    /// Check a configuration and report every problem in it
    Check(check::Args),
    /// Write a commented starter configuration
    Init(init::Args),
    /// List sources, connect to one, and try presets
    #[command(subcommand)]
    Sources(sources::SourcesCommand),
    /// Score texts from arguments, or lines from standard input
    Score(score::Args),
    /// Test, explain and import the queries of topics
    #[command(subcommand)]
    Topics(topics::TopicsCommand),
    /// List, acknowledge and silence alerts; see which alerts a rule would have raised
    #[command(subcommand)]
    Alerts(alerts::AlertsCommand),
    /// List mentions that wait for an answer; assign them, record answers
    #[command(subcommand)]
    Inbox(inbox::InboxCommand),
    /// Review the least certain verdicts, and correct them
    #[command(subcommand)]
    Reviews(reviews::ReviewsCommand),
    /// Measure the scorer on labeled posts
    Eval(eval::Args),
    /// Train the scorer on labeled posts of your own
    Fit(fit::Args),
    /// Query a lake with SQL: tables posts, mentions, panes, alerts, triage, and views
    Query(query::Args),
    /// Write the report of a week, a month or any days: what was said, what changed and why
    Report(report::Args),
    /// Answer an AI assistant: the Model Context Protocol over standard input and output, read-only
    Mcp(mcp::Args),
    /// Serve a lake over HTTP without running sources: SQL, trends, alerts
    Serve(serve::Args),
    /// Watch a running process in the terminal: topics, alerts, sources; q quits
    #[cfg(feature = "terminal")]
    Top(top::Args),
    /// Ask a running process whether it is well, for health checks: exit code 0, else 1
    Health(health::Args),
    /// Create passwords and tokens for users and programs
    #[command(subcommand)]
    Users(users::UsersCommand),
    /// Inspect and maintain a lake
    #[command(subcommand)]
    Lake(lake::LakeCommand),
    /// Document a configuration for data-protection law, and replace the key of the author hashes
    #[command(subcommand)]
    Privacy(privacy::PrivacyCommand),
    /// Import past posts: exports, archives of accounts, tables; --preview shows how they would be read
    Import(Box<import::Args>),
    /// Run archives, or the posts stored in a lake, through the engine into a lake
    Reprocess(Box<reprocess::Args>),
    /// Serve an archive over a WebSocket in the wire format of Bluesky's Jetstream
    Replay(replay::Args),
    /// Print a script with which a shell completes commands and options
    Completions(manual::CompletionsArgs),
    /// Write man pages to a folder
    Man(manual::ManArgs),
    /// Print the reference of all commands in Markdown
    #[command(hide = true)]
    Reference,
    /// Answer one SELECT for the process that started this one
    #[command(hide = true)]
    Answer(answer::Args),
}

/// Runs what the command line asks for.
#[must_use]
pub fn run() -> ExitCode {
    let typed = match Args::try_parse() {
        Ok(typed) => typed,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    runtime::prepare(&typed.logs);
    crate::sql::start_this_program_again();
    ending::exit(match &typed.command {
        Command::Demo(args) if args.crisis => crisis::crisis(args),
        Command::Demo(args) => demo::demo(args),
        Command::Run(args) => run::run(args, typed.logs.reader()),
        Command::Relay(args) => relay::relay(args, typed.logs.reader()),
        Command::Check(args) => check::check(args),
        Command::Init(args) => init::init(args),
        Command::Sources(command) => sources::sources(command),
        Command::Score(args) => score::score(args),
        Command::Topics(command) => topics::topics(command),
        Command::Alerts(command) => alerts::alerts(command),
        Command::Inbox(command) => inbox::inbox(command),
        Command::Reviews(command) => reviews::reviews(command),
        Command::Eval(args) => eval::eval(args),
        Command::Fit(args) => fit::fit(args),
        Command::Query(args) => query::query(args),
        Command::Report(args) => report::report(args),
        Command::Mcp(args) => mcp::mcp(args),
        Command::Serve(args) => serve::serve(args),
        #[cfg(feature = "terminal")]
        Command::Top(args) => top::top(args),
        Command::Health(args) => health::health(args),
        Command::Users(command) => users::users(command),
        Command::Lake(command) => lake::lake(command),
        Command::Privacy(command) => privacy::privacy(command),
        Command::Import(args) => import::import(args),
        Command::Reprocess(args) => reprocess::reprocess(args),
        Command::Replay(args) => replay::replay(args),
        Command::Completions(args) => manual::completions(args, Args::command()),
        Command::Man(args) => manual::man(args, Args::command()),
        Command::Reference => manual::reference(Args::command()),
        Command::Answer(args) => answer::answer(args),
    })
}
