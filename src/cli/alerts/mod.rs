//! How do people live with alerts on the command line? One room per command.
//!
//! The commands work beside a running process, which sees what is asked here within a second, and
//! without one.

mod ack;
mod backtest;
mod list;
mod receivers;
mod resend;
mod show;
mod silence;
mod test;
mod zone;

use clap::Subcommand;

use super::formats::ReportFormat;
use super::places::LakePlace;
use super::{Ending, Failure};
use crate::config::{Charter, Language};
use crate::lake::Folder;
use crate::policy::{Guide, Policies};
use crate::system::user_name;
pub(super) use test::write_answer;
pub(super) use zone::{Zone, local as local_zone};

#[derive(Debug, Subcommand)]
pub(super) enum AlertsCommand {
    /// List every alert that rules would have raised over posts, or the spike rule over counts
    Backtest(Box<backtest::Args>),
    /// List alerts: those that are firing, and the latest that resolved
    List(list::Args),
    /// Show all about an alert: numbers, drivers, posts, deliveries, silences
    Show(show::Args),
    /// Acknowledge a firing alert: it sends no more notifications until it resolves
    Ack(ack::Args),
    /// Mute alerts for a while, by topic, rule or label
    Silence(silence::Args),
    /// List silences
    Silences(silence::ListArgs),
    /// End a silence; alerts that are still firing are sent then
    Unsilence(silence::EndArgs),
    /// Send a message again under the same id, whether it was delivered or given up
    #[command(alias = "replay")]
    Resend(resend::Args),
    /// Send a receiver a sample alert that fires and resolves, and show what it answers
    Test(test::Args),
}

pub(super) fn alerts(command: &AlertsCommand) -> Result<Ending, Failure> {
    match command {
        AlertsCommand::Backtest(args) => backtest::backtest(args),
        AlertsCommand::List(args) => list::list(args),
        AlertsCommand::Show(args) => show::show(args),
        AlertsCommand::Ack(args) => ack::ack(args),
        AlertsCommand::Silence(args) => silence::silence(args),
        AlertsCommand::Silences(args) => silence::silences(args),
        AlertsCommand::Unsilence(args) => silence::unsilence(args),
        AlertsCommand::Resend(args) => resend::resend(args),
        AlertsCommand::Test(args) => test::test(args),
    }
}

/// Of which lake, and how it is written.
#[derive(Debug, clap::Args)]
struct Listing {
    /// Output format
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
    #[command(flatten)]
    zone: Zone,
    #[command(flatten)]
    place: LakePlace,
}

/// A lake that is asked, and the topics of its configuration.
struct Asked {
    folder: Folder,
    topics: Vec<String>,
    charter: Charter,
}

impl Asked {
    fn open(place: &LakePlace) -> Result<Self, Failure> {
        let found = place.find()?;
        let (topics, charter) =
            found.config.map(|config| (config.topics, config.charter)).unwrap_or_default();
        let topics = topics.into_iter().map(|topic| topic.name).collect();
        Ok(Self { folder: Folder::read(found.site)?, topics, charter })
    }

    /// The page that says what to do about alerts of a rule; a warning where it cannot be read.
    fn guide(&self, rule: &str) -> Option<Guide> {
        let name = self.charter.pages.get(rule)?;
        let page = Policies::of(&self.charter.policies).page(name, Language::En);
        page.inspect_err(|error| tracing::warn!(%error, hint = error.hint(), "no page")).ok()
    }

    fn topics(&self) -> Vec<&str> {
        self.topics.iter().map(String::as_str).collect()
    }
}

/// Who asks: as given, else whoever is logged in.
pub(super) fn author(given: Option<&String>) -> String {
    let named = |name| std::env::var(name).ok().filter(|user: &String| !user.is_empty());
    let author = given.cloned().or_else(|| named("USER")).or_else(|| named("LOGNAME"));
    author.unwrap_or_else(user_name)
}
