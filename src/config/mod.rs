//! What does the user want? The configuration file, checked as a whole.
//!
//! Reads no file and no environment: secrets and keys are named here and fetched by the shells.
#![doc = include_str!("configuration.md")]

mod reach;
mod mail;
mod receiver;
mod heard;
mod topic;
mod escalate;
mod page;
mod rules;
mod goal;
mod goal_words;
mod charter;
mod notify;
mod timetable;
mod report;
mod privacy;
mod access;
mod serve;
mod service;
mod doors;
mod stream;
mod shard;
mod build;
mod edit;

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::alert::Rule;
use crate::connect::{Settings, StreamConfig};
use crate::desk::Grouping;
use crate::engine::{Delays, EngineConfig};
use crate::mention::Topic;
use crate::post::SourceId;
use crate::privacy::{Names, Personal};
use crate::sentiment::Profile;
pub use crate::settings::ConfigError;
pub use access::{AccessConfig, Network, Role, TlsConfig, TokenConfig, TokenProof, UserConfig};
pub use charter::{Charter, Duty, Law, LegalBasis};
pub use edit::{EditError, topic_version, with_topic};
pub use goal::{Goal, GoalMeasure, GoalSpan, GoalUnit, Side};
pub use mail::{Encryption, MailConfig};
pub use reach::Reach;
pub use receiver::{About, Evidence, Format, Language, Reader, ReceiverConfig, UrlPlace};
pub use report::{Period, ReportConfig, ReportForm};
pub use serve::{Exposure, Guarded, PostgresConfig, SqlConfig};
pub use service::{ServiceConfig, Services};
pub use shard::Shard;
pub use timetable::Timetable;

/// Under which name the stream is read as a source.
pub const STREAM: &str = "stream";

/// A configuration that is consistent in itself.
#[derive(Debug, Clone)]
pub struct Config {
    /// How the engine treats time.
    pub engine: EngineConfig,
    /// Where rows go.
    pub lake: LakeConfig,
    /// Which scorer.
    pub sentiment: SentimentConfig,
    /// The key under which author names are hashed.
    pub author_key_file: Option<PathBuf>,
    /// What becomes of names in ids, threads and addresses.
    pub names: Names,
    /// What is taken out of texts.
    pub redact: Vec<Personal>,
    /// How often what sources deleted or edited is erased.
    pub follow_deletes: Duration,
    /// Where the HTTP API listens, if anywhere.
    pub listen: Option<SocketAddr>,
    /// Host names under which it is asked, beside addresses and names without a dot.
    pub hosts: Vec<String>,
    /// What SQL over HTTP and by PostgreSQL clients may use.
    pub sql: SqlConfig,
    /// Where PostgreSQL clients connect, if anywhere.
    pub postgres: Option<PostgresConfig>,
    /// The environment variable with the token that changes over HTTP need, if they need one.
    pub token_env: Option<String>,
    /// Who may come in over HTTP and as a PostgreSQL client.
    pub access: AccessConfig,
    /// Where posts come from; by name.
    pub sources: Vec<SourceConfig>,
    /// The stream between those sources and who listens, if they are apart.
    pub stream: Option<StreamConfig>,
    /// What sources delay that are read elsewhere.
    pub delayed: Delays,
    /// Which part of the topics is this process's own, if not all are.
    pub shard: Option<Shard>,
    /// What is listened for; a topic's place is its id.
    pub topics: Vec<Topic>,
    /// What networks call accounts of topics, by what the topics call them; not part of the file.
    pub identities: BTreeMap<String, Vec<String>>,
    /// Lexicons of each topic, by its place.
    pub topic_lexicons: Vec<Vec<PathBuf>>,
    /// What is worth an alert.
    pub rules: Vec<Rule>,
    /// Who is told.
    pub receivers: Vec<ReceiverConfig>,
    /// Which alerts count as one matter.
    pub grouping: Grouping,
    /// What is promised: goals, pages that say what to do, grounds of law.
    pub charter: Charter,
    /// Reports that come by themselves, in the order of their names.
    pub reports: Vec<ReportConfig>,
    /// What is promised to people who wait for an answer.
    pub services: Arc<Services>,
    /// What may not do what was meant, in the order of the file.
    pub warnings: Vec<ConfigError>,
}

/// Which scorer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SentimentConfig {
    /// Whose rules decide.
    pub profile: Profile,
    /// Words of the user's own; later files win.
    pub lexicons: Vec<PathBuf>,
    /// A fitted model instead of the shipped one.
    pub model: Option<PathBuf>,
}

/// Where rows go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakeConfig {
    /// Folder of the lake, or the address of a bucket such as `s3://bucket/prefix`.
    pub path: PathBuf,
    /// Folder of what only the writer of a bucket needs; `None` for a lake in a folder.
    pub state: Option<PathBuf>,
    /// Longest time between two commits, in microseconds.
    pub commit_interval_us: i64,
    /// Which posts the table `posts` keeps.
    pub archive: Archive,
    /// How long rows and texts are kept.
    pub retention: Retention,
    /// How often a run tidies the lake, in microseconds; `None` is never.
    pub upkeep_us: Option<i64>,
    /// How long replaced files are kept for readers of older versions, in microseconds.
    pub vacuum_us: i64,
}

/// How long rows and letters are kept, in whole days after their own; `None` is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Texts, terms and addresses in `mentions`, evidence in `alerts`, rows of `posts`.
    pub text_days: Option<i32>,
    /// Rows of `mentions`.
    pub mentions_days: Option<i32>,
    /// Rows of `panes` and `alerts`.
    pub panes_days: Option<i32>,
    /// What could not be understood.
    pub dead_letters_days: Option<i32>,
    /// From when on all this counts.
    #[serde(default)]
    pub from: RetainFrom,
    /// Rows of `audit`.
    #[serde(default = "audit_days")]
    pub audit_days: Option<i32>,
}

/// A year.
#[allow(clippy::unnecessary_wraps, reason = "serde wants the type of the field")]
fn audit_days() -> Option<i32> {
    Some(365)
}

/// From when on the keeping of a day counts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RetainFrom {
    /// From the day on which `reprocess` brought it, for days that lay in the past by then.
    #[default]
    Import,
    /// From the day itself.
    Posting,
}

impl Default for Retention {
    /// One, three and ten years; dead letters a month, the audit log a year.
    fn default() -> Self {
        Self {
            text_days: Some(365),
            mentions_days: Some(3 * 365),
            panes_days: Some(10 * 365),
            dead_letters_days: Some(30),
            from: RetainFrom::Import,
            audit_days: audit_days(),
        }
    }
}

/// Which posts the table `posts` keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Archive {
    /// Those that mention a topic.
    #[default]
    Matched,
    /// Every one.
    All,
    /// None; mentions carry their text all the same.
    None,
}

/// Where posts come from.
#[derive(Debug, Clone)]
pub struct SourceConfig {
    /// Unique name.
    pub name: SourceId,
    /// How to reach it.
    pub settings: Arc<dyn Settings>,
}

impl Config {
    /// Accounts of all topics, as these name them.
    #[must_use]
    pub fn handles(&self) -> BTreeSet<&str> {
        self.topics.iter().flat_map(|topic| &topic.accounts).map(String::as_str).collect()
    }

    /// The topics, with the ids that networks have for their accounts.
    #[must_use]
    pub fn known_topics(&self) -> Vec<Topic> {
        let mut topics = self.topics.clone();
        for topic in &mut topics {
            let ids = topic.accounts.iter().filter_map(|handle| self.identities.get(handle));
            let ids: Vec<String> = ids.flatten().cloned().collect();
            topic.accounts.extend(ids);
        }
        topics
    }

    /// What sources delay by their nature.
    #[must_use]
    pub fn delays(&self) -> Delays {
        let delay =
            |source: &SourceConfig| Some((source.name.clone(), source.settings.delay_us()?));
        let own = self.sources.iter().filter_map(delay);
        self.delayed.clone().into_iter().chain(own).collect()
    }

    /// The same configuration as it listens: to its stream, where there is one, in the place of the
    /// sources that relays read.
    #[must_use]
    pub fn listening(mut self) -> Self {
        if let Some(stream) = &self.stream {
            self.delayed = self.delays();
            let settings = stream.kind.reading();
            self.sources = vec![SourceConfig { name: SourceId::new(STREAM), settings }];
        }
        self
    }

    /// Reads a configuration from TOML; relative paths in it are taken from `base`.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the file.
    ///
    /// # Example
    /// ```
    /// use resonanz::config::Config;
    /// let errors = Config::parse("[lake]\npth = \"x\"", "".as_ref()).unwrap_err();
    /// assert_eq!((errors[0].line, errors[0].column), (2, 1));
    /// assert_eq!(errors[0].message, "unknown key \"pth\" in [lake]");
    /// ```
    pub fn parse(text: &str, base: &Path) -> Result<Self, Vec<ConfigError>> {
        build::build(text, base)
    }

    /// The commented configuration that `resonanz init` writes.
    pub const STARTER: &'static str = include_str!("starter.toml");

    /// The same with German comments.
    pub const STARTER_DE: &'static str = include_str!("starter.de.toml");
}
