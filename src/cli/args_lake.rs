//! Which options do the commands have that look after a lake?

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use crate::lake::Site;
use crate::time::parse_span;

#[derive(Debug, Subcommand)]
pub(super) enum LakeCommand {
    /// Erase an author or a post everywhere, for good, and write a receipt; a process that writes the
    /// lake does the work
    Erase(Erase),
    /// Print everything that is kept of an author
    Export(Export),
    /// Print all tables and columns with their meaning
    Schema {
        /// For people or for programs
        #[arg(long, value_enum, default_value_t = SchemaFormat::Markdown)]
        format: SchemaFormat,
    },
    /// Count rows, files, bytes and days of each table
    Stats(Which),
    /// Read every file and compare it with its log; exit code 3 if something is wrong
    Verify(Which),
    /// Merge small files into larger, sorted ones; also beside a running process
    Compact(Tidy),
    /// End the keeping of rows, texts and dead letters, as [lake] of the configuration says
    Retain {
        #[command(flatten)]
        tidy: Tidy,
        /// The configuration with the retention; without one, 365 days for texts, 1095 for
        /// mentions, 3650 for panes and alerts, 30 for dead letters
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Remove replaced files and old log entries that nobody needs any more
    Vacuum {
        #[command(flatten)]
        tidy: Tidy,
        /// How long replaced files are kept for readers of older versions
        #[arg(long = "older-than", default_value = "7d", value_parser = parse_span)]
        older_than_us: i64,
    },
}

/// Where a lake is.
#[derive(Debug, clap::Args)]
pub(super) struct LakeAt {
    /// Folder of the lake, or s3://BUCKET/PREFIX
    #[arg(long)]
    pub(super) lake: PathBuf,
    /// Folder of what only the writer of a lake in a bucket needs, as [lake] state names it
    #[arg(long, value_name = "DIR")]
    pub(super) state: Option<PathBuf>,
}

impl LakeAt {
    pub(super) fn site(&self) -> Site {
        Site::new(&self.lake, self.state.as_deref())
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Which {
    #[command(flatten)]
    pub(super) at: LakeAt,
    /// How the outcome is written
    #[arg(long, value_enum, default_value_t = LakeFormat::Table)]
    pub(super) format: LakeFormat,
}

#[derive(Debug, clap::Args)]
pub(super) struct Tidy {
    #[command(flatten)]
    pub(super) which: Which,
    /// Only say what would be done
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LakeFormat {
    /// For people
    Table,
    /// One JSON value
    Json,
}

/// Whose posts, or which.
#[derive(Debug, clap::Args)]
pub(super) struct Erase {
    #[command(flatten)]
    pub(super) at: LakeAt,
    #[command(flatten)]
    pub(super) target: EraseTarget,
    /// Only what the author posted in this source
    #[arg(long, requires = "author")]
    pub(super) source: Option<String>,
    /// The key of the author hashes, if it is not in the lake
    #[arg(long)]
    pub(super) author_key_file: Option<PathBuf>,
    /// Say what would be erased, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Do it: there is no way back
    #[arg(long)]
    pub(super) yes: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct EraseTarget {
    /// Name as the source gives it (on Bluesky the DID), with or without @; or the key from the lake
    #[arg(long)]
    pub(super) author: Option<String>,
    /// Source and id of a post, with a slash between them
    #[arg(long, value_name = "SOURCE/ID")]
    pub(super) post: Option<String>,
    /// What sources deleted or edited, now instead of within the hour
    #[arg(long)]
    pub(super) pending: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Export {
    #[command(flatten)]
    pub(super) at: LakeAt,
    /// Name as the source gives it (on Bluesky the DID), with or without @; or the key from the lake
    #[arg(long)]
    pub(super) author: String,
    /// Only what the author posted in this source
    #[arg(long)]
    pub(super) source: Option<String>,
    /// The key of the author hashes, if it is not in the lake
    #[arg(long)]
    pub(super) author_key_file: Option<PathBuf>,
    /// How rows are written
    #[arg(long, value_enum, default_value_t = ExportFormat::Json)]
    pub(super) format: ExportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportFormat {
    /// One JSON array of objects
    Json,
    /// With a header line
    Csv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaFormat {
    /// Tables in Markdown
    Markdown,
    /// One JSON array
    Json,
}
