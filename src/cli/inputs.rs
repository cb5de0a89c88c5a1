//! How do commands say what their input looks like? One option `--input-format`, its older names
//! still understood.

use clap::ValueEnum;

use super::Failure;
use super::args_reading::ReadingArgs;
use crate::connect::{Input, Layout};
use crate::decode::{Export, Format};

/// What a line is, for commands that judge texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TextFormat {
    /// One text per line
    Text,
    /// One JSON object per line
    Jsonl,
}

/// What a line of an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ArchiveFormat {
    /// resonanz's own JSON lines
    #[value(alias = "archive")]
    Jsonl,
    /// Frames of Bluesky's Jetstream, one per line
    Jetstream,
}

impl From<ArchiveFormat> for Format {
    fn from(format: ArchiveFormat) -> Self {
        match format {
            ArchiveFormat::Jsonl => Self::Archive,
            ArchiveFormat::Jetstream => Self::Jetstream,
        }
    }
}

/// What a file of posts is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum InputFormat {
    /// resonanz's own JSON lines
    Jsonl,
    /// Frames of Bluesky's Jetstream, one per line
    Jetstream,
    /// Comma-separated values with a header line
    Csv,
    /// Tab-separated values with a header line
    Tsv,
    /// Parquet
    Parquet,
    /// tweets.js of an archive of X, and objects of its first API
    XArchive,
    /// Pages of the second API of X, with data and includes
    XApi,
    /// Comments and submissions of Reddit's dumps
    Reddit,
    /// Outbox of a Mastodon account
    MastodonOutbox,
    /// Statuses of Mastodon's API
    Mastodon,
    /// Download from Facebook, and pages of its API
    Facebook,
    /// Download from Instagram, and pages of its API
    Instagram,
    /// Comments of YouTube, from its API or Takeout
    Youtube,
    /// Posts of Google+ in Takeout
    GooglePlus,
    /// Headlines of GDELT's graph, or its lists of articles
    Gdelt,
    /// Each file by its extension, lines in resonanz's own JSON
    #[value(hide = true)]
    Archive,
}

/// What files of posts look like.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct InputArgs {
    /// Format of the files; by default detected from each file's extension and content
    #[arg(long, value_enum, aliases = ["format", "wire"], overrides_with = "input_format")]
    input_format: Option<InputFormat>,
    /// Field separator of CSV files; by default detected from the header; a tab in .tsv files
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// Sheet of workbooks, by its name or its number from the left; by default the first with names of columns that are
    /// known, else the first with rows
    #[arg(long, value_name = "NAME|NUMBER")]
    pub(super) sheet: Option<String>,
    #[command(flatten)]
    pub(super) reading: ReadingArgs,
    /// Source of posts that name none; the file's name by default
    #[arg(long, value_name = "NAME")]
    pub(super) source: Option<String>,
}

impl InputArgs {
    /// The layout of all files, if the options say one.
    pub(super) fn layout(&self) -> Option<Layout> {
        match self.input_format {
            Some(format) => format.layout(self.delimiter),
            None => self.delimiter.map(|delimiter| Layout::Csv(Some(delimiter))),
        }
    }

    /// Whether the options suit these files.
    ///
    /// # Errors
    /// Where a sheet is named, and none of them is a workbook.
    pub(super) fn fit(&self, inputs: &[Input]) -> Result<(), Failure> {
        match &self.sheet {
            Some(_) if !inputs.iter().any(Input::is_workbook) => Err(Failure::usage(
                "--sheet is for workbooks of Excel, and none of the files is one",
                "leave --sheet out",
            )),
            _ => Ok(()),
        }
    }

    /// What a line or object is, if the options say so.
    pub(super) fn wire(&self) -> Option<Format> {
        self.input_format?.wire()
    }
}

impl InputFormat {
    /// How the files are laid out, unless each is to say so itself.
    pub(super) fn layout(self, delimiter: Option<u8>) -> Option<Layout> {
        match (self, delimiter) {
            (Self::Archive, None) => None,
            (format, None) if format.export().is_some() => None,
            (Self::Jsonl | Self::Jetstream, _) => Some(Layout::Lines),
            (Self::Parquet, _) => Some(Layout::Parquet),
            (Self::Tsv, delimiter) => Some(Layout::Csv(delimiter.or(Some(b'\t')))),
            (_, delimiter) => Some(Layout::Csv(delimiter)),
        }
    }

    /// What a line or object is, unless each file is to tell.
    pub(super) fn wire(self) -> Option<Format> {
        match self {
            Self::Jetstream => Some(Format::Jetstream),
            Self::Jsonl => Some(Format::Archive),
            format => format.export().map(Format::Export),
        }
    }

    /// Whose archive it is, if it is one.
    fn export(self) -> Option<Export> {
        Some(match self {
            Self::XArchive => Export::XArchive,
            Self::XApi => Export::XApi,
            Self::Reddit => Export::Reddit,
            Self::MastodonOutbox => Export::Outbox,
            Self::Mastodon => Export::Mastodon,
            Self::Facebook => Export::Facebook,
            Self::Instagram => Export::Instagram,
            Self::Youtube => Export::YouTube,
            Self::GooglePlus => Export::GooglePlus,
            Self::Gdelt => Export::Gdelt,
            Self::Jsonl
            | Self::Jetstream
            | Self::Csv
            | Self::Tsv
            | Self::Parquet
            | Self::Archive => {
                return None;
            }
        })
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        _ if text == "\\t" => Ok(b'\t'),
        [byte] => Ok(*byte),
        _ => Err("write one ASCII character, or \\t for a tab".to_owned()),
    }
}
