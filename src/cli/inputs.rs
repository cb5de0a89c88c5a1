//! How do commands say what their input looks like? One option `--input-format`, its older names
//! still understood.

use clap::ValueEnum;

use super::args_reading::ReadingArgs;
use crate::connect::Layout;
use crate::decode::Format;

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
    /// Each file by its extension, lines in resonanz's own JSON
    #[value(hide = true)]
    Archive,
}

/// What files of posts look like.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct InputArgs {
    /// What the files are; by default each says so by its extension
    #[arg(long, value_enum, aliases = ["format", "wire"], overrides_with = "input_format")]
    input_format: Option<InputFormat>,
    /// Character between the fields of CSV files; by default the header tells it; a tab in .tsv files
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    delimiter: Option<u8>,
    #[command(flatten)]
    pub(super) reading: ReadingArgs,
    /// Source of posts that name none; the file's name by default
    #[arg(long, value_name = "NAME")]
    pub(super) source: Option<String>,
}

impl InputArgs {
    /// The layout of all files, if the options say one.
    pub(super) fn layout(&self) -> Option<Layout> {
        match (self.input_format, self.delimiter) {
            (None | Some(InputFormat::Archive), None) => None,
            (Some(InputFormat::Jsonl | InputFormat::Jetstream), _) => Some(Layout::Lines),
            (Some(InputFormat::Parquet), _) => Some(Layout::Parquet),
            (Some(InputFormat::Tsv), delimiter) => Some(Layout::Csv(delimiter.or(Some(b'\t')))),
            (_, delimiter) => Some(Layout::Csv(delimiter)),
        }
    }

    /// What a line of those that are lines is.
    pub(super) fn wire(&self) -> Format {
        match self.input_format {
            Some(InputFormat::Jetstream) => Format::Jetstream,
            _ => Format::Archive,
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
