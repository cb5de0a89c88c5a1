//! Which options do the commands have that look after a lake?

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(super) enum LakeCommand {
    /// Print all tables and columns with their meaning
    Schema {
        /// For people or for programs
        #[arg(long, value_enum, default_value_t = SchemaFormat::Markdown)]
        format: SchemaFormat,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaFormat {
    /// Tables in Markdown
    Markdown,
    /// One JSON array
    Json,
}
