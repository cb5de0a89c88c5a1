//! Which commands and options are there?

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};

use super::args_lake::{LakeAt, LakeCommand};
use super::args_reprocess::Reprocess;
use super::args_study::{AlertsCommand, Eval, Fit, TopicsCommand};
use crate::config::{PostgresConfig, SentimentConfig};
use crate::post::Lang;

/// Listens to what is said in public about brands and topics, and says how it is meant.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 done; 1 finished, but some input was refused or a message not delivered; 2 usage or configuration; 3 damaged data."
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Log more to standard error: -v what happens, -vv details. Also by RESONANZ_LOG
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,
    /// Log as JSON lines
    #[arg(long, global = true)]
    pub(super) log_json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show everything at work: replay the bundled archive through sources, alerts and lake
    Demo(Demo),
    /// Run a configuration until its sources end or a signal comes
    Run(Run),
    /// Check a configuration and report everything that is wrong with it
    Check(Check),
    /// Write a commented starter configuration
    Init(Init),
    /// Score texts from arguments, or from lines on standard input
    Score(Score),
    /// Say which posts match a topic and why, or what its query means
    #[command(subcommand)]
    Topics(TopicsCommand),
    /// Live with alerts: list, show, acknowledge, silence; or say whom a rule would have called
    #[command(subcommand)]
    Alerts(AlertsCommand),
    /// Measure the scorer on labelled posts
    Eval(Eval),
    /// Suit the scorer to labelled posts of your own
    Fit(Fit),
    /// Ask a lake with SQL: tables posts, mentions, panes, alerts
    Query(Query),
    /// Serve a lake over HTTP, without sources: SQL, trends, alerts; another process may write it
    Serve(Serve),
    /// Look after a lake
    #[command(subcommand)]
    Lake(LakeCommand),
    /// Work archives, or a lake's own posts, through the engine into a lake
    Reprocess(Box<Reprocess>),
    /// Serve an archive over a WebSocket in Bluesky Jetstream's wire format
    Replay(Replay),
}

#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Folder of the lake; an earlier demo's lake there is replaced
    #[arg(long, default_value = "resonanz-demo")]
    pub(super) lake: PathBuf,
    /// How many times faster than it happened
    #[arg(long, default_value_t = 7200.0, value_parser = speed)]
    pub(super) speed: f64,
    /// Keep a small HTTP API up afterwards: health, metrics, topics, trends, alerts
    #[arg(long)]
    pub(super) keep_serving: bool,
    /// Where that API listens
    #[arg(long, default_value = "127.0.0.1:8600")]
    pub(super) listen: SocketAddr,
}

#[derive(Debug, clap::Args)]
pub(super) struct Run {
    /// The configuration file
    #[arg(long, default_value = "resonanz.toml")]
    pub(super) config: PathBuf,
    /// Call this receiver again, which was disabled because it failed for long or answered 410
    #[arg(long, value_name = "RECEIVER")]
    pub(super) enable: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The configuration file
    #[arg(long, default_value = "resonanz.toml")]
    pub(super) config: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// Where to write it; an existing file is never overwritten
    #[arg(default_value = "resonanz.toml")]
    pub(super) path: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(super) struct Score {
    /// Texts to score; without any, lines are read from standard input
    pub(super) texts: Vec<String>,
    #[command(flatten)]
    pub(super) scorer: ScorerArgs,
    /// What a line of standard input is: a text, or a JSON object with a field "text"
    #[arg(long, value_enum, default_value_t = ScoreInput::Text)]
    pub(super) input: ScoreInput,
    /// How scores are written
    #[arg(long, value_enum, default_value_t = ScoreFormat::Table)]
    pub(super) format: ScoreFormat,
    /// Language of the texts, as ISO 639 code; JSON input may give it as "lang"
    #[arg(long, default_value = "und", value_parser = language)]
    pub(super) lang: Lang,
    /// Show which words and rules made each score
    #[arg(long)]
    pub(super) explain: bool,
}

/// Which scorer.
#[derive(Debug, clap::Args)]
pub(super) struct ScorerArgs {
    /// Whose rules decide: resonanz (English and German), or vader (vaderSentiment 3.3.2 exactly)
    #[arg(long, default_value = "resonanz")]
    pub(super) profile: crate::sentiment::Profile,
    /// Words of your own, as lines of word, tab, weight from -4 to 4; later files win
    #[arg(long = "lexicon")]
    pub(super) lexicons: Vec<PathBuf>,
    /// A model that `resonanz fit` wrote, instead of the shipped one
    #[arg(long)]
    pub(super) model: Option<PathBuf>,
}

impl From<&ScorerArgs> for SentimentConfig {
    fn from(args: &ScorerArgs) -> Self {
        let ScorerArgs { profile, lexicons, model } = args;
        Self { profile: *profile, lexicons: lexicons.clone(), model: model.clone() }
    }
}

/// Reads the language of an option.
pub(super) fn language(code: &str) -> Result<Lang, String> {
    match Lang::parse(code) {
        Lang::UND if code != "und" => Err("no language; write an ISO 639 code, as de".to_owned()),
        lang => Ok(lang),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ScoreInput {
    /// One text per line
    Text,
    /// JSON objects; other fields are passed through to JSONL output
    Jsonl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ScoreFormat {
    /// For people
    Table,
    /// One JSON object per line
    Jsonl,
    /// With a header line
    Csv,
}

#[derive(Debug, clap::Args)]
pub(super) struct Query {
    /// One SELECT over the tables posts, mentions, panes and alerts, or over views
    #[arg(required_unless_present = "views")]
    pub(super) sql: Option<String>,
    /// Folder of the lake, or s3://BUCKET/PREFIX
    #[arg(long, required_unless_present = "views")]
    pub(super) lake: Option<PathBuf>,
    /// List the views, with columns and an example of each
    #[arg(long)]
    pub(super) views: bool,
    /// Longest time until the last row
    #[arg(long, default_value = "1m", value_parser = super::query::span)]
    pub(super) timeout: std::time::Duration,
    /// Most memory for joins, sorts and groups, in MiB
    #[arg(long, default_value_t = 1024)]
    pub(super) memory_mib: usize,
    /// How rows are written
    #[arg(long, value_enum, default_value_t = QueryFormat::Table)]
    pub(super) format: QueryFormat,
}

#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    pub(super) at: LakeAt,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8600")]
    pub(super) listen: SocketAddr,
    /// Allow an address beyond this machine, although whoever reaches it can read every text
    #[arg(long)]
    pub(super) exposed: bool,
    /// A host name under which it is asked, such as that of a proxy; addresses need none
    #[arg(long, value_name = "NAME")]
    pub(super) host: Vec<String>,
    /// Longest time of a query
    #[arg(long, default_value = "1m", value_parser = super::query::span)]
    pub(super) timeout: std::time::Duration,
    /// Most memory of a query for joins, sorts and groups, in MiB
    #[arg(long, default_value_t = 1024)]
    pub(super) memory_mib: usize,
    /// Most queries at once
    #[arg(long, default_value_t = 2)]
    pub(super) concurrent: usize,
    #[command(flatten)]
    pub(super) clients: PostgresArgs,
}

/// Where PostgreSQL clients connect, as the one user there is.
#[derive(Debug, clap::Args)]
pub(super) struct PostgresArgs {
    /// Let PostgreSQL clients (psql, Grafana, Metabase) read here, as 127.0.0.1:5432
    #[arg(long, value_name = "ADDRESS")]
    pub(super) postgres: Option<SocketAddr>,
    /// Name of their user
    #[arg(long, value_name = "NAME", default_value = PostgresConfig::USER)]
    pub(super) postgres_user: String,
    /// Environment variable with the user's password
    #[arg(long, value_name = "NAME")]
    pub(super) postgres_password_env: Option<String>,
    /// File with the user's password
    #[arg(long, value_name = "FILE", conflicts_with = "postgres_password_env")]
    pub(super) postgres_password_file: Option<PathBuf>,
    /// Allow an address beyond this machine, although nothing is encrypted
    #[arg(long)]
    pub(super) postgres_exposed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum QueryFormat {
    /// For people
    Table,
    /// One JSON array of objects
    Json,
    /// With a header line
    Csv,
    /// Arrow IPC stream
    Arrow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ArchiveFormat {
    /// resonanz's own JSON lines
    Archive,
    /// Frames of Bluesky's Jetstream, one per line
    Jetstream,
}

impl From<ArchiveFormat> for crate::decode::Format {
    fn from(format: ArchiveFormat) -> Self {
        match format {
            ArchiveFormat::Archive => Self::Archive,
            ArchiveFormat::Jetstream => Self::Jetstream,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Replay {
    /// The archive, plain, .gz or .zst
    pub(super) file: PathBuf,
    /// How many times faster than it happened; 0 for as fast as possible
    #[arg(long, default_value_t = 600.0, value_parser = speed)]
    pub(super) speed: f64,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8601")]
    pub(super) listen: SocketAddr,
    /// Format of the archive
    #[arg(long, value_enum, default_value_t = ArchiveFormat::Archive)]
    pub(super) format: ArchiveFormat,
}

/// A speed; 0 stands for as fast as possible.
fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(0.0) => Ok(f64::INFINITY),
        Ok(speed) if speed > 0.0 && speed.is_finite() => Ok(speed),
        _ => Err("write a number above 0, or 0 for as fast as possible".to_owned()),
    }
}
