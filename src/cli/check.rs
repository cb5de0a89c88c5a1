//! What is wrong with a configuration, and with what it names?

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
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
use crate::notify::Receiver;
use crate::policy::Policies;
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
    let mut faults = Faults::of(path)?;
    let waiting = look_at_sources(&config, &mut faults)?;
    look_at_words(&config, &mut faults);
    let entrance = Entrance::of(&config)?;
    for receiver in &config.receivers {
        if let Err(fault) = Receiver::fetch(receiver) {
            let line = faults.named("[[receiver]]", &receiver.name);
            faults.add(line, fault.to_string(), fault.hint());
        }
    }
    look_at_pages(&config, &mut faults);
    faults.end()?;
    // The key decides on nothing that can be wrong.
    tuning::analyzer(&config, &AuthorHasher::new([0; 32]))?;
    if let Some(clients) = &config.postgres {
        let known = (&entrance, &Audit::default());
        door(clients, &(&config.lake).into(), known, &SqlGate::of(config.sql))?;
    }
    let reviews = remind(&config)? + miss(&config)?;
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

/// What is wrong with what a configuration names, each with its line.
struct Faults {
    path: PathBuf,
    text: String,
    found: Vec<(String, String)>,
}

impl Faults {
    fn of(path: &Path) -> Result<Self, Failure> {
        Ok(Self { path: path.to_owned(), text: config_file::read(path)?, found: Vec::new() })
    }

    fn add(&mut self, line: Option<usize>, message: impl Display, hint: impl Into<String>) {
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        let message = format!("{}{line}: {message}", self.path.display());
        self.found.push((message, hint.into()));
    }

    /// The line, from 1, that holds something between quotes.
    fn line(&self, quoted: &str) -> Option<usize> {
        let holds = |line: &str| {
            !line.trim_start().starts_with('#')
                && ['"', '\''].iter().any(|quote| line.contains(&format!("{quote}{quoted}{quote}")))
        };
        self.text.lines().position(holds).map(|place| place + 1)
    }

    /// The line of a file's name, as it was written.
    fn file(&self, file: &Path) -> Option<usize> {
        let base = self.path.parent().unwrap_or(Path::new(""));
        self.line(&file.strip_prefix(base).unwrap_or(file).to_string_lossy())
    }

    /// The line at which a table of this name begins.
    fn named(&self, table: &str, name: &str) -> Option<usize> {
        let mut begun = None;
        for (number, line) in (1..).zip(self.text.lines().map(str::trim)) {
            if line.starts_with('[') {
                begun = line.starts_with(table).then_some(number);
            }
            let value =
                line.strip_prefix("name").and_then(|rest| rest.trim_start().strip_prefix('='));
            let value = value.map(|value| value.trim_start());
            let is_it = value.is_some_and(|value| {
                ['"', '\''].iter().any(|quote| value.starts_with(&format!("{quote}{name}{quote}")))
            });
            if is_it && begun.is_some() {
                return begun;
            }
        }
        None
    }

    /// Tells all of them, if there are any.
    fn end(mut self) -> Result<(), Failure> {
        let Some((message, hint)) = self.found.pop() else { return Ok(()) };
        for (message, hint) in self.found {
            let hint = if hint.is_empty() { hint } else { format!("hint: {hint}\n") };
            write!(io::stderr(), "resonanz: {message}\n{hint}")?;
        }
        Err(Failure::usage(message, hint))
    }
}

/// Names what a configuration lacks to do anything; how much.
fn miss(config: &Config) -> io::Result<usize> {
    let hears = !config.sources.is_empty() || config.stream.is_some();
    // Who only passes posts on looks for nothing.
    let passes = !config.sources.is_empty() && config.stream.is_some();
    let lacks = [
        (
            hears,
            "no [[source]]: there is nothing to listen to",
            "add one with a name and a type; resonanz sources list names all types, resonanz init other.toml writes an example",
        ),
        (
            passes || !config.topics.is_empty(),
            "no [[topic]]: nothing is looked for",
            "add one with a name and a query, as: query = 'acme OR \"acme corp\"'",
        ),
    ];
    let lacks = lacks.into_iter().filter(|(is_there, ..)| !is_there);
    let mut count = 0;
    for (_, message, hint) in lacks {
        count += 1;
        writeln!(io::stderr().lock(), "warning: {message}\n  hint: {hint}")?;
    }
    Ok(count)
}

/// Every file of words and weights must be there, and say something.
fn look_at_words(config: &Config, faults: &mut Faults) {
    let lexicons = config.sentiment.lexicons.iter().chain(config.topic_lexicons.iter().flatten());
    let lexicons =
        lexicons.map(|path| (path, tuning::lexicons(std::slice::from_ref(path)).map(drop)));
    let models = config.sentiment.model.iter().map(|path| (path, tuning::model(path).map(drop)));
    for (path, read) in lexicons.chain(models) {
        if let Err(fault) = read {
            let (line, hint) = (faults.file(path), fault.hint());
            faults.add(line, format!("{:#}", anyhow::Error::from(fault)), hint);
        }
    }
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
fn look_at_pages(config: &Config, faults: &mut Faults) {
    let policies = Policies::of(&config.charter.policies);
    let names: BTreeSet<&String> = config.charter.pages.values().collect();
    for name in names {
        if let Err(fault) = policies.check(name) {
            let line = faults.line(name);
            faults.add(line, &fault, fault.hint());
        }
    }
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
fn look_at_sources(config: &Config, faults: &mut Faults) -> io::Result<usize> {
    let mut waiting = 0;
    let stream = config.stream.iter().map(|stream| ("[stream]", "", stream.kind.reading()));
    let sources = config.sources.iter();
    let sources =
        sources.map(|source| ("[[source]]", source.name.as_str(), Arc::clone(&source.settings)));
    for (table, name, settings) in sources.chain(stream) {
        let shown = if name.is_empty() { table.to_owned() } else { format!("source \"{name}\"") };
        match settings.look() {
            Look::Well => {}
            Look::Warns(Finding { reason, hint }) | Look::Waits(Finding { reason, hint }) => {
                waiting += 1;
                writeln!(io::stderr().lock(), "warning: {shown}: {reason}\n  hint: {hint}")?;
            }
            Look::Fails(Finding { reason, hint }) => {
                let line = faults.named(table, name);
                faults.add(line, format!("{shown}: {reason}"), hint);
            }
        }
    }
    Ok(waiting)
}
