//! Which options do the commands have that look after a lake?

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use crate::time::parse_span;

#[derive(Debug, Subcommand)]
pub(super) enum LakeCommand {
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
    /// End the keeping of rows and texts past their retention, as [lake] of the configuration says
    Retain {
        #[command(flatten)]
        tidy: Tidy,
        /// The configuration with the retention; without one, 365 days for texts, 1095 for
        /// mentions, 3650 for panes and alerts
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

#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// Folder of the lake
    #[arg(long)]
    pub(super) lake: PathBuf,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaFormat {
    /// Tables in Markdown
    Markdown,
    /// One JSON array
    Json,
}
