//! In which formats do commands write? One enum where choices are the same.

use clap::ValueEnum;

/// For people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// For people
    Table,
    /// One JSON value
    Json,
}
