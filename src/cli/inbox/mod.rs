//! Who waits for an answer, and what becomes of it, on the command line? One room per command.
//!
//! The commands work beside a running process, which takes in what is decided here within a second,
//! and without one.

mod change;
mod list;
mod show;

use clap::Subcommand;

use super::places::LakePlace;
use super::{Ending, Failure};
use crate::config::Services;
use crate::lake::Folder;
use crate::mention::Topic;
use crate::report::{Ask, Known, ReportError};
use crate::sql::Session;
use crate::state::Site;
use std::sync::Arc;

#[derive(Debug, Subcommand)]
pub(super) enum InboxCommand {
    /// List mentions that wait for an answer, the most urgent first
    List(list::Args),
    /// Show a mention and all that happened to it
    Show(show::Args),
    /// Assign a mention to somebody
    Assign(change::AssignArgs),
    /// Record that a mention was answered; replies from your own accounts are recognized without this
    Answer(change::Args),
    /// Record that a mention needs no answer
    Ignore(change::Args),
    /// Reopen a mention: it waits for an answer again
    Reopen(change::Args),
    /// Add a note, and change nothing else
    Note(change::NoteArgs),
}

pub(super) fn inbox(command: &InboxCommand) -> Result<Ending, Failure> {
    match command {
        InboxCommand::List(args) => list::list(args),
        InboxCommand::Show(args) => show::show(args),
        InboxCommand::Assign(args) => change::assign(args),
        InboxCommand::Answer(args) => change::answer(args),
        InboxCommand::Ignore(args) => change::ignore(args),
        InboxCommand::Reopen(args) => change::reopen(args),
        InboxCommand::Note(args) => change::note(args),
    }
}

/// A lake that is asked, and what its configuration says.
struct Asked {
    site: Site,
    folder: Folder,
    topics: Vec<Topic>,
    services: Arc<Services>,
}

impl Asked {
    fn open(place: &LakePlace) -> Result<Self, Failure> {
        let found = place.find()?;
        let (topics, services) =
            found.config.map(|config| (config.topics, config.services)).unwrap_or_default();
        let folder = Folder::read(&found.site)?;
        Ok(Self { site: found.site, folder, topics, services })
    }

    /// Who answers over a version of the lake.
    async fn ask<'a>(&'a self, session: &'a Session) -> Result<Ask<'a>, ReportError> {
        let known = Known { services: Arc::clone(&self.services), ..Known::default() };
        Ask::new(session, &self.folder, &self.topics, known).await
    }
}

/// How the command line says why a question has no answer.
fn failure(error: ReportError) -> Failure {
    let hint = match &error {
        ReportError::Unknown { what: "mention", .. } => {
            "list them with: resonanz inbox list".to_owned()
        }
        _ => error.hint(),
    };
    let code = match &error {
        ReportError::Wrong { .. } | ReportError::Unknown { .. } => 2,
        ReportError::Sql(_) | ReportError::Other(_) => 1,
    };
    Failure { error: error.into(), code, hint: Some(hint).filter(|hint| !hint.is_empty()) }
}
