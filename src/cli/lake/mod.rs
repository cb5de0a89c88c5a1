//! Which commands look after a lake?

mod copy;
mod erase;
mod export;
mod inspect;
mod posts;
mod tidy;

use std::io::{self, Write};

use clap::{Subcommand, ValueEnum};

use super::{Ending, Failure};
use crate::lake::{schema_json, schema_markdown};

#[derive(Debug, Subcommand)]
pub(super) enum LakeCommand {
    /// Erase an author or a post everywhere, for good, and write a receipt
    Erase(erase::Args),
    /// Print everything that is stored about an author
    Export(export::Args),
    /// Print all tables and columns with their meaning
    Schema(SchemaArgs),
    /// Copy the lake as of its last commit, also while it is written; move it to a bucket or back
    Copy(copy::Args),
    /// Count rows, files, bytes and days of each table
    Stats(inspect::Args),
    /// Read every file and compare it with its log; exit code 3 if something is wrong
    Verify(inspect::Args),
    /// Merge small files into larger, sorted ones
    Compact(tidy::Args),
    /// Delete rows, texts and dead letters past their retention
    Retain(tidy::Args),
    /// Remove replaced files and old log entries that are no longer needed
    Vacuum(tidy::VacuumArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct SchemaArgs {
    /// Output format
    #[arg(long, value_enum, default_value_t = SchemaFormat::Markdown)]
    format: SchemaFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SchemaFormat {
    /// Tables in Markdown
    Markdown,
    /// One JSON array
    Json,
}

pub(super) fn lake(command: &LakeCommand) -> Result<Ending, Failure> {
    match command {
        LakeCommand::Erase(args) => erase::erase(args),
        LakeCommand::Export(args) => export::export(args),
        LakeCommand::Copy(args) => copy::copy(args),
        LakeCommand::Schema(args) => schema(args.format),
        LakeCommand::Stats(args) => inspect::stats(args),
        LakeCommand::Verify(args) => inspect::verify(args),
        LakeCommand::Compact(args) => tidy::compact(args),
        LakeCommand::Retain(args) => tidy::retain(args),
        LakeCommand::Vacuum(args) => tidy::vacuum(args),
    }
}

fn schema(format: SchemaFormat) -> Result<Ending, Failure> {
    let text = match format {
        SchemaFormat::Markdown => schema_markdown(),
        SchemaFormat::Json => format!("{}\n", schema_json()),
    };
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(Ending::Done)
}
