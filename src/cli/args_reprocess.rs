//! Which options does `reprocess` have?

use std::path::PathBuf;

use clap::ValueEnum;

use super::args::ArchiveFormat;
use super::args_lake::LakeAt;
use crate::connect::Layout;
use crate::decode::FieldMap;
use crate::lake::Site;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Inputs: files, folders (searched for .jsonl .ndjson .json .csv .tsv .parquet .pq, in order of their paths), quoted \
patterns such as 'posts/2026-*.jsonl.gz', URLs (file://, s3://), and - for standard \
input. .gz and .zst are unpacked on the way. Posts should come about in the order in which they were received.

Fields: id, text and posted_at are needed; received_at, source, author, kind, parent, thread, lang, url, reach and \
engagement are not. Times are RFC 3339 with an offset, whole microseconds since the Unix epoch, or Parquet \
timestamps. CSV has a header line; an empty field is an unknown one. Rows that say no post go to the lake's \
dead-letter.jsonl with file and line.

A lake that holds posts keeps them; mentions and panes of the days that the input covers are replaced in one commit \
when all is read. Killed, the same command goes on where the last commit stood.")]
pub(super) struct Reprocess {
    /// Files, folders, patterns, URLs; - is standard input
    #[arg(required_unless_present = "from_lake", conflicts_with = "from_lake")]
    pub(super) inputs: Vec<String>,
    /// Read the posts that a lake keeps, instead of files
    #[arg(long, value_name = "LAKE")]
    pub(super) from_lake: Option<PathBuf>,
    /// Folder of what only the writer of that lake needs, if it is in a bucket
    #[arg(long, value_name = "DIR", requires = "from_lake")]
    pub(super) from_state: Option<PathBuf>,
    /// Topics, rules and scorer; its sources and receivers are not used
    #[arg(long)]
    pub(super) config: PathBuf,
    #[command(flatten)]
    pub(super) at: LakeAt,
    /// Wire format of lines
    #[arg(long, value_enum, default_value_t = ArchiveFormat::Archive)]
    pub(super) format: ArchiveFormat,
    /// Layout of the files; by default each says it by its ending
    #[arg(long, value_enum)]
    pub(super) input_format: Option<InputFormat>,
    /// Character between the fields of CSV files, by default a comma, in .tsv files a tab
    #[arg(long, value_parser = delimiter)]
    pub(super) delimiter: Option<u8>,
    /// Which columns of CSV and Parquet files are which fields, as text=body,id=uid
    #[arg(long, value_name = "FIELD=COLUMN,...", default_value = "")]
    pub(super) map: FieldMap,
    /// Name of the source where posts give none; by default the file's name
    #[arg(long)]
    pub(super) source: Option<String>,
    /// Say what would change, and change nothing; the rows go to a temporary folder
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Compare old mentions with new ones, topic by topic
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "table", value_name = "FORMAT")]
    pub(super) compare: Option<CompareFormat>,
    /// Posts that a comparison shows of each topic and kind of difference
    #[arg(long, default_value_t = 3)]
    pub(super) samples: usize,
    /// Replace the alerts of these days too, by those that the rules would have brought
    #[arg(long)]
    pub(super) replace_alerts: bool,
    /// Replace days of which the input lacks hours, and lose the mentions of these hours
    #[arg(long)]
    pub(super) partial_days: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum InputFormat {
    /// One JSON object or frame a line
    Jsonl,
    /// Comma-separated values with a header line
    Csv,
    /// Tab-separated values with a header line
    Tsv,
    /// Parquet
    Parquet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CompareFormat {
    /// For people
    Table,
    /// One JSON object; everything else goes to standard error
    Json,
}

impl Reprocess {
    /// The lake whose posts are read, if one is named.
    pub(super) fn source_lake(&self) -> Option<Site> {
        let state = self.from_state.as_deref();
        self.from_lake.as_deref().map(|lake| Site::new(lake, state))
    }

    /// The layout of all files, if the options say one.
    pub(super) fn layout(&self) -> Option<Layout> {
        match (self.input_format, self.delimiter) {
            (None, None) => None,
            (Some(InputFormat::Jsonl), _) => Some(Layout::Lines),
            (Some(InputFormat::Parquet), _) => Some(Layout::Parquet),
            (Some(InputFormat::Tsv), delimiter) => Some(Layout::Csv(delimiter.unwrap_or(b'\t'))),
            (_, delimiter) => Some(Layout::Csv(delimiter.unwrap_or(b','))),
        }
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        _ if text == "\\t" => Ok(b'\t'),
        [byte] => Ok(*byte),
        _ => Err("write one ASCII character, or \\t for a tab".to_owned()),
    }
}
