//! What is wrong with a configuration, and with what it names?

use std::io::{self, Write};

use super::places::ConfigAt;
use super::postgres::door;
use super::run::token;
use super::{Ending, Failure, config_file};
use crate::config::Config;
use crate::connect::{Finding, Look};
use crate::decode::AuthorHasher;
use crate::notify::{Receiver, ReceiverError};
use crate::serve::SqlGate;
use crate::tuning;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigAt,
}

pub(super) fn check(args: &Args) -> Result<Ending, Failure> {
    let path = args.config.path();
    let config = config_file::load(path)?;
    config_file::print_warnings(path, &config);
    let waiting = look_at_sources(&config)?;
    // The key decides on nothing that can be wrong.
    tuning::analyzer(&config, &AuthorHasher::new([0; 32]))?;
    token(&config)?;
    let mut faults: Vec<ReceiverError> =
        config.receivers.iter().filter_map(|receiver| Receiver::fetch(receiver).err()).collect();
    if let Some(last) = faults.pop() {
        for fault in faults {
            writeln!(io::stderr(), "resonanz: {fault}\nhint: {}", fault.hint())?;
        }
        return Err(last.into());
    }
    if let Some(clients) = &config.postgres {
        door(clients, &(&config.lake).into(), &SqlGate::of(config.sql))?;
    }
    let warnings = match config.warnings.len() + waiting {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        count => format!(", {count} warnings"),
    };
    writeln!(
        io::stdout().lock(),
        "{}: {}, no problems{warnings}",
        path.display(),
        contents(&config)
    )?;
    Ok(Ending::Done)
}

/// How much of what a configuration holds.
fn contents(config: &Config) -> String {
    let parts = [
        (config.sources.len(), "source"),
        (config.topics.len(), "topic"),
        (config.rules.len(), "rule"),
        (config.receivers.len(), "receiver"),
    ];
    parts.map(|(count, noun)| counted(count, noun)).join(", ")
}

/// A count with its noun: `1 source`, `2 sources`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// Looks at what can be looked at without a connection; how many sources would wait.
fn look_at_sources(config: &Config) -> Result<usize, Failure> {
    let mut waiting = 0;
    for source in &config.sources {
        match source.settings.look() {
            Look::Well => {}
            Look::Waits(Finding { reason, hint }) => {
                waiting += 1;
                let said = format!("warning: source \"{}\": {reason}", source.name);
                writeln!(io::stderr().lock(), "{said}\n  hint: {hint}")?;
            }
            Look::Fails(Finding { reason, hint }) => {
                return Err(Failure::usage(format!("source \"{}\": {reason}", source.name), hint));
            }
        }
    }
    Ok(waiting)
}
