//! Which options do the commands have that look into topics, alerts and sentiment: topics, alerts,
//! eval, fit?

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Subcommand, ValueEnum};

use super::args::{ArchiveFormat, ScoreInput, ScorerArgs, language};
use super::args_desk::{
    AlertsAck, AlertsList, AlertsReplay, AlertsShow, AlertsSilence, AlertsSilences, AlertsTest,
    AlertsUnsilence,
};
use crate::decode::FieldMap;
use crate::mention::Dialect;
use crate::post::Lang;
use crate::time::parse_span;

#[derive(Debug, Subcommand)]
pub(super) enum TopicsCommand {
    /// Show which posts match, where, by which branch of the query, and with which verdict
    Test(TopicsTest),
    /// Print a topic's query as it is read, as a tree
    Explain(TopicsExplain),
    /// Turn a rule of another tool into a query, and say what could not be carried over
    Import(TopicsImport),
}

#[derive(Debug, clap::Args)]
pub(super) struct TopicsTest {
    /// Posts, one per line, plain, .gz or .zst; - is standard input
    #[arg(default_value = "-")]
    pub(super) input: PathBuf,
    /// The configuration with the topics
    #[arg(long, default_value = "resonanz.toml")]
    pub(super) config: PathBuf,
    /// What a line is: a text, or a post in resonanz's own JSON
    #[arg(long, value_enum, default_value_t = ScoreInput::Text)]
    pub(super) lines: ScoreInput,
    /// Look at this topic only
    #[arg(long)]
    pub(super) topic: Option<String>,
    /// Show posts that do not match too, with the reason if --topic is given
    #[arg(long)]
    pub(super) all: bool,
    /// Say which words, rules and clauses made each verdict
    #[arg(long)]
    pub(super) explain: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct TopicsExplain {
    /// Name of the topic
    pub(super) name: String,
    /// The configuration with the topics
    #[arg(long, default_value = "resonanz.toml")]
    pub(super) config: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(super) struct TopicsImport {
    /// The rule, such as 'acme -is:retweet lang:de'; what could not be carried over is named
    pub(super) rule: String,
    /// Whose rule it is
    #[arg(long, value_enum, default_value_t = ImportFrom::X)]
    pub(super) from: ImportFrom,
}

/// Whose queries can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ImportFrom {
    /// Rules of X's filtered stream
    X,
    /// Queries of Brandwatch Consumer Research
    Brandwatch,
    /// Queries of Talkwalker
    Talkwalker,
    /// Advanced queries of Sprinklr's listening topics
    Sprinklr,
    /// Boolean searches of Meltwater
    Meltwater,
}

impl From<ImportFrom> for Dialect {
    fn from(from: ImportFrom) -> Self {
        match from {
            ImportFrom::X => Self::X,
            ImportFrom::Brandwatch => Self::Brandwatch,
            ImportFrom::Talkwalker => Self::Talkwalker,
            ImportFrom::Sprinklr => Self::Sprinklr,
            ImportFrom::Meltwater => Self::Meltwater,
        }
    }
}

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
    #[arg(long, value_enum, default_value_t = ArchiveFormat::Archive)]
    pub(super) wire: ArchiveFormat,
    /// Which columns of CSV and Parquet files are which fields, as text=body,id=uid
    #[arg(long, value_name = "FIELD=COLUMN,...", default_value = "")]
    pub(super) map: FieldMap,
    /// Name of the source where posts give none; by default the file's name
    #[arg(long)]
    pub(super) source: Option<String>,
    /// CSV with the columns timestamp (UTC) and value, one line a bin, in order of time; the options
    /// below are for it
    #[arg(long)]
    pub(super) counts: Option<PathBuf>,
    /// Width of the bins
    #[arg(long = "bin", default_value = "5m", value_parser = parse_span)]
    pub(super) bin_us: i64,
    /// Length of the rolling window, a multiple of the bin
    #[arg(long = "window", default_value = "10m", value_parser = parse_span)]
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
    #[arg(long = "history", default_value = "7d", value_parser = parse_span)]
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// For people
    Table,
    /// One JSON object
    Json,
}

#[derive(Debug, clap::Args)]
pub(super) struct Eval {
    /// Labelled posts as JSON lines: text, label (-1, 0, 1 or a word) or human (a graded rating),
    /// optional lang, target, from, to (characters)
    #[arg(required = true)]
    pub(super) datasets: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) scorer: ScorerArgs,
    /// Language of rows that declare none, as ISO 639 code
    #[arg(long, default_value = "und", value_parser = language)]
    pub(super) lang: Lang,
    /// Show so many of the worst mistakes, each with its explanation
    #[arg(long, default_value_t = 0)]
    pub(super) errors: usize,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    pub(super) format: ReportFormat,
}

#[derive(Debug, clap::Args)]
pub(super) struct Fit {
    /// Labelled posts as JSON lines, as for eval; FILE*3 makes all its rows together count 3
    #[arg(required = true)]
    pub(super) data: Vec<Weighed>,
    /// Where to write the model; an existing file is replaced
    #[arg(long)]
    pub(super) out: PathBuf,
    /// What to start from: shipped, nothing, or a model file
    #[arg(long, default_value = "shipped")]
    pub(super) from: FitFrom,
    /// Words of your own, read before fitting
    #[arg(long = "lexicon")]
    pub(super) lexicons: Vec<PathBuf>,
    /// Language of rows that declare none, as ISO 639 code
    #[arg(long, default_value = "und", value_parser = language)]
    pub(super) lang: Lang,
    /// Whether single words are weighed; auto tries both
    #[arg(long, value_enum, default_value_t = Words::Auto)]
    pub(super) words: Words,
    /// Parts in which every setting is tried on what it has not seen
    #[arg(long, default_value_t = 5, value_parser = folds)]
    pub(super) folds: usize,
    /// Posts that a word must be in
    #[arg(long, default_value_t = 3)]
    pub(super) word_posts_min: usize,
    /// Penalties of words to try; higher ties them closer to the start
    #[arg(long, value_delimiter = ',', default_value = "3e-5,1e-4,3e-4,1e-3")]
    pub(super) word_penalties: Vec<f64>,
    /// Words that weigh less are left out
    #[arg(long, default_value_t = 0.02)]
    pub(super) word_weight_min: f32,
    /// 1 weighs all classes alike however rare, 0 each post alike
    #[arg(long, default_value_t = 0.5)]
    pub(super) balance: f64,
    /// Hold out one file after the other instead of folds: how good is it on a source it never saw?
    #[arg(long)]
    pub(super) by_file: bool,
    /// Fit this view only: "en document", "en target", "de document" or "de target"
    #[arg(long)]
    pub(super) view: Option<String>,
    /// Let posts of the other language and scope count for the view too, without their words
    #[arg(long, requires = "view")]
    pub(super) pool: bool,
    /// Added to the sums of negative, neutral and positive, as 0.4,0.6,0: where your posts have other
    /// shares of each than those fitted
    #[arg(long, default_value = "0,0,0", allow_hyphen_values = true)]
    pub(super) prior: Prior,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    pub(super) format: ReportFormat,
}

/// What is added to the sum of each class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Prior(pub(super) [f64; 3]);

impl FromStr for Prior {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<f64> = text
            .split(',')
            .filter_map(|part| part.trim().parse().ok())
            .filter(|part: &f64| part.abs() <= 10.0)
            .collect();
        match parts[..] {
            [negative, neutral, positive] if text.matches(',').count() == 2 => {
                Ok(Self([negative, neutral, positive]))
            }
            _ => Err("write three numbers from -10 to 10, as 0.4,0.6,0".to_owned()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Words {
    /// What cross-validation finds better
    Auto,
    /// Always
    Yes,
    /// Never: features only
    No,
}

/// Where fitting starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FitFrom {
    Shipped,
    Nothing,
    File(PathBuf),
}

impl FromStr for FitFrom {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "shipped" => Self::Shipped,
            "nothing" => Self::Nothing,
            path => Self::File(path.into()),
        })
    }
}

fn folds(text: &str) -> Result<usize, String> {
    let folds = text.parse().ok().filter(|folds| (2..=100).contains(folds));
    folds.ok_or_else(|| "write a number from 2 to 100".to_owned())
}

/// A file, and how much all its rows together count.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weighed {
    pub(super) path: PathBuf,
    pub(super) weight: Option<f64>,
}

impl FromStr for Weighed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((path, weight)) = text.rsplit_once('*') else {
            return Ok(Self { path: text.into(), weight: None });
        };
        let number = weight.parse().ok().filter(|weight: &f64| *weight > 0.0 && weight.is_finite());
        let weight =
            number.ok_or_else(|| format!("\"{weight}\" after the * is no weight above 0"))?;
        Ok(Self { path: path.into(), weight: Some(weight) })
    }
}
