//! Which options do the commands have that look into alerts?

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::args_desk::{
    AlertsAck, AlertsList, AlertsReplay, AlertsShow, AlertsSilence, AlertsSilences, AlertsTest,
    AlertsUnsilence,
};
use super::args_reading::ReadingArgs;
use super::inputs::ArchiveFormat;
use crate::time::parse_span;

#[derive(Debug, Subcommand)]
pub(super) enum AlertsCommand {
    /// List every call that rules would have made over posts, or the spike rule over counts
    Backtest(Box<Backtest>),
    /// List alerts: those that fire, and the latest that resolved
    List(AlertsList),
    /// Tell the whole story of an alert: transitions, evidence, deliveries, silences
    Show(AlertsShow),
    /// Take care of a firing alert: nobody is told more of it, until it resolves
    Ack(AlertsAck),
    /// Tell nobody of alerts for a while, by topic, rule or label
    Silence(AlertsSilence),
    /// List silences
    Silences(AlertsSilences),
    /// End a silence; alerts that still fire are told then
    Unsilence(AlertsUnsilence),
    /// Send a message once more under the same id, whether it arrived or was given up
    Replay(AlertsReplay),
    /// Send a receiver a sample alert that fires and resolves, and show what it answers
    Test(AlertsTest),
}

#[derive(Debug, clap::Args)]
pub(super) struct Backtest {
    /// Posts, as reprocess reads them: files, folders, patterns, URLs; - is standard input
    #[arg(required_unless_present_any = ["lake", "counts"], conflicts_with_all = ["lake", "counts"])]
    pub(super) inputs: Vec<String>,
    /// Read the posts that a lake keeps, instead of files
    #[arg(long, conflicts_with = "counts")]
    pub(super) lake: Option<PathBuf>,
    /// Folder of what only the writer of a lake in a bucket needs; it holds the key of the authors
    #[arg(long, value_name = "DIR", requires = "lake")]
    pub(super) state: Option<PathBuf>,
    /// Topics, rules and scorer for posts
    #[arg(long, default_value = "resonanz.toml")]
    pub(super) config: PathBuf,
    /// Wire format of lines
    #[arg(long, value_enum, default_value_t = ArchiveFormat::Jsonl)]
    pub(super) wire: ArchiveFormat,
    #[command(flatten)]
    pub(super) reading: ReadingArgs,
    /// Name of the source where posts give none; by default the file's name
    #[arg(long)]
    pub(super) source: Option<String>,
    /// CSV with the columns timestamp (UTC) and value, one line a bin, in order of time; the options
    /// below are for it
    #[arg(long)]
    pub(super) counts: Option<PathBuf>,
    /// Width of the bins
    #[arg(long = "bin", value_name = "DURATION", default_value = "5m", value_parser = parse_span)]
    pub(super) bin_us: i64,
    /// Length of the rolling window, a multiple of the bin
    #[arg(long = "window", value_name = "DURATION", default_value = "10m", value_parser = parse_span)]
    pub(super) window_us: i64,
    /// Fewest mentions in the window
    #[arg(long, default_value_t = 10)]
    pub(super) count: u64,
    /// Largest tail probability
    #[arg(long, default_value_t = 1e-7)]
    pub(super) p_value: f64,
    /// Fewest multiples of the decayed record
    #[arg(long, default_value_t = 1.2)]
    pub(super) novelty: f64,
    /// After which time the past counts half
    #[arg(long = "history", value_name = "DURATION", default_value = "7d", value_parser = parse_span)]
    pub(super) history_us: i64,
    /// How calls are listed; over counts, csv gives timestamp and anomaly_score, as NAB reads them
    #[arg(long, value_enum, default_value_t = PageFormat::Table)]
    pub(super) format: PageFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PageFormat {
    /// Every transition with its numbers, for people
    Table,
    /// The same for programs; over counts, one line for each bin that would have called somebody
    Csv,
    /// JSON objects, over counts one a line, else in an array
    Json,
}
