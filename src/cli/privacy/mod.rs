//! What does the law want written down? One room per command.

mod record;
mod rotate;
mod words;

use clap::Subcommand;

use super::{Ending, Failure};

#[derive(Debug, Subcommand)]
pub(super) enum PrivacyCommand {
    /// Write the record of processing (GDPR, article 30) that follows from a configuration
    Record(record::Args),
    /// Replace the key of the author hashes, if it may be known to others
    RotateKey(rotate::Args),
}

pub(super) fn privacy(command: &PrivacyCommand) -> Result<Ending, Failure> {
    match command {
        PrivacyCommand::Record(args) => record::record(args),
        PrivacyCommand::RotateKey(args) => rotate::rotate_key(args),
    }
}
