//! What is wrong with a configuration, and with what it names?

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::ToSpan;
use jiff::tz::TimeZone;

use super::entrance::Entrance;
use super::places::ConfigAt;
use super::postgres::door;
use super::{Ending, Failure, config_file};
use crate::chart::zoned;
use crate::config::Config;
use crate::connect::{Finding, Look};
use crate::decode::AuthorHasher;
use crate::notify::{Receiver, ReceiverError};
use crate::policy::{Policies, PolicyError};
use crate::serve::{Audit, SqlGate};
use crate::system::wall_clock;
use crate::tuning;

/// How many days before a review is due it is told.
const REMINDED_DAYS: i64 = 30;

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
    let entrance = Entrance::of(&config)?;
    let mut faults: Vec<ReceiverError> =
        config.receivers.iter().filter_map(|receiver| Receiver::fetch(receiver).err()).collect();
    if let Some(last) = faults.pop() {
        for fault in faults {
            writeln!(io::stderr(), "resonanz: {fault}\nhint: {}", fault.hint())?;
        }
        return Err(last.into());
    }
    if let Some(clients) = &config.postgres {
        let known = (&entrance, &Audit::default());
        door(clients, &(&config.lake).into(), known, &SqlGate::of(config.sql))?;
    }
    look_at_pages(&config)?;
    let reviews = remind(&config)?;
    let warnings = match config.warnings.len() + waiting + reviews {
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
    let goals = config.charter.goals.len();
    let goals = (goals > 0).then(|| counted(goals, "goal"));
    let parts = parts.map(|(count, noun)| counted(count, noun)).into_iter().chain(goals);
    parts.collect::<Vec<_>>().join(", ")
}

/// A count with its noun: `1 source`, `2 sources`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// Every page that a rule or a goal names must be there.
fn look_at_pages(config: &Config) -> Result<(), Failure> {
    let policies = Policies::of(&config.charter.policies);
    let names: BTreeSet<&String> = config.charter.pages.values().collect();
    let faults = names.into_iter().filter_map(|name| policies.check(name).err());
    let mut faults: Vec<PolicyError> = faults.collect();
    let Some(last) = faults.pop() else { return Ok(()) };
    for fault in faults {
        writeln!(io::stderr(), "resonanz: {fault}\nhint: {}", fault.hint())?;
    }
    let hint = last.hint();
    Err(Failure::usage(last.to_string(), hint))
}

/// Names topics whose grounds must be looked at again, now or within a month; how many.
fn remind(config: &Config) -> io::Result<usize> {
    let today = zoned(wall_clock(), &TimeZone::UTC).date();
    let soon = today.checked_add(REMINDED_DAYS.days()).unwrap_or(today);
    let due = config.charter.reviews_due(soon);
    for (topic, review) in &due {
        let when = if *review <= today { "was due on" } else { "is due on" };
        let hint = "check purpose and legal_basis again, then set review to a later day";
        let said = format!("warning: topic \"{topic}\": its review {when} {review}");
        writeln!(io::stderr().lock(), "{said}\n  hint: {hint}")?;
    }
    Ok(due.len())
}

/// Looks at what can be looked at without a connection; how many sources are warned of.
fn look_at_sources(config: &Config) -> Result<usize, Failure> {
    let mut waiting = 0;
    let stream = config.stream.iter().map(|stream| ("[stream]".to_owned(), stream.kind.reading()));
    let sources = config.sources.iter();
    let sources =
        sources.map(|source| (format!("source \"{}\"", source.name), Arc::clone(&source.settings)));
    for (name, settings) in sources.chain(stream) {
        match settings.look() {
            Look::Well => {}
            Look::Warns(Finding { reason, hint }) | Look::Waits(Finding { reason, hint }) => {
                waiting += 1;
                writeln!(io::stderr().lock(), "warning: {name}: {reason}\n  hint: {hint}")?;
            }
            Look::Fails(Finding { reason, hint }) => {
                return Err(Failure::usage(format!("{name}: {reason}"), hint));
            }
        }
    }
    Ok(waiting)
}
