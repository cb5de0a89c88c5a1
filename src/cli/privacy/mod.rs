//! What does the law want written down? One room per command.

mod record;
mod words;

use clap::Subcommand;

use super::{Ending, Failure};

#[derive(Debug, Subcommand)]
pub(super) enum PrivacyCommand {
    /// Write the record of processing (GDPR, article 30) that follows from a configuration
    Record(record::Args),
}

pub(super) fn privacy(command: &PrivacyCommand) -> Result<Ending, Failure> {
    match command {
        PrivacyCommand::Record(args) => record::record(args),
    }
}
