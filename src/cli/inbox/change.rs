//! What is decided about a mention?

use std::io::Write;
use std::sync::Arc;

use super::{Asked, failure};
use crate::cli::alerts::author;
use crate::cli::noted::{self, Deed};
use crate::cli::output::people;
use crate::cli::places::LakePlace;
use crate::cli::{Ending, Failure, runtime};
use crate::inbox::{InboxDesk, InboxError, InboxOrder, Outcome, Step};
use crate::lake::{Folder, Lake, LakeError};
use crate::report::short_name;
use crate::sql::Session;
use crate::state::{Change, Standing, StateError, Triage};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The mention and the state that you saw: the first column of the list, as 3f0c91d2@0
    mention: String,
    /// A comment
    #[arg(long)]
    note: Option<String>,
    /// Who decides [default: $USER]
    #[arg(long, alias = "author")]
    by: Option<String>,
    #[command(flatten)]
    place: LakePlace,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct AssignArgs {
    /// Whom to assign it to [default: the person of --by]
    #[arg(long)]
    to: Option<String>,
    #[command(flatten)]
    change: Args,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct NoteArgs {
    /// The mention and the state that you saw: the first column of the list, as 3f0c91d2@0
    mention: String,
    /// What there is to say
    #[arg(required_unless_present = "text")]
    note: Option<String>,
    /// The same, as the other commands take it
    #[arg(long = "note", value_name = "NOTE", conflicts_with = "note")]
    text: Option<String>,
    /// Who says it [default: $USER]
    #[arg(long, alias = "author")]
    by: Option<String>,
    #[command(flatten)]
    place: LakePlace,
}

pub(super) fn assign(args: &AssignArgs) -> Result<Ending, Failure> {
    let to = args.to.clone().unwrap_or_else(|| author(args.change.by.as_ref()));
    change(&args.change, Step::Assign { to })
}

pub(super) fn answer(args: &Args) -> Result<Ending, Failure> {
    change(args, Step::Answer)
}

pub(super) fn ignore(args: &Args) -> Result<Ending, Failure> {
    change(args, Step::Ignore)
}

pub(super) fn reopen(args: &Args) -> Result<Ending, Failure> {
    change(args, Step::Reopen)
}

pub(super) fn note(args: &NoteArgs) -> Result<Ending, Failure> {
    let NoteArgs { mention, note, text, by, place } = args;
    let (mention, by, place) = (mention.clone(), by.clone(), place.clone());
    let note = note.clone().or_else(|| text.clone());
    change(&Args { mention, note, by, place }, Step::Note)
}

fn change(args: &Args, step: Step) -> Result<Ending, Failure> {
    let asked = Asked::open(&args.place)?;
    let runtime = runtime()?;
    let (handle, seen) = match args.mention.split_once('@') {
        Some((handle, seen)) => (handle, seen.parse().ok()),
        None => (args.mention.as_str(), None),
    };
    let Some(seen) = seen else {
        let message =
            format!("\"{}\" does not say which state of the mention you saw", args.mention);
        let hint = format!(
            "look it up and give its name with @ and the number: resonanz inbox show {handle}"
        );
        return Err(Failure::usage(message, hint));
    };
    let order = InboxOrder {
        mention: handle.to_owned(),
        seen,
        step,
        note: args.note.clone(),
        by: author(args.by.as_ref()),
    };
    let outcome = runtime.block_on(async {
        let desk = InboxDesk::open(&asked.folder).await?;
        let session = Session::open(&asked.folder).await;
        let session = session
            .map_err(|error| InboxError::Report(crate::report::ReportError::Other(error.into())))?;
        let ask = asked.ask(&session).await?;
        desk.apply(&ask, order).await
    });
    let change = match outcome.map_err(refused)? {
        Outcome::Changed(change) => *change,
        Outcome::Held(now) => {
            let (handle, revision) = (&now.handle, now.revision);
            let owner = now.owner.as_deref().unwrap_or_default();
            writeln!(people(), "{handle}@{revision} is assigned to {owner} already")?;
            return Ok(Ending::Done);
        }
    };
    runtime.block_on(take_in(&asked))?;
    let Change { topic, source, post_id, state, owner, revision, .. } = change;
    let name = short_name(&topic, &source, &post_id);
    let (topic, detail) = (Some(&*topic), Some(&*name));
    let deed = Deed { action: "change", what: "inbox", topic, detail };
    runtime.block_on(noted::note(&asked.site, deed))?;
    let owner = owner.filter(|_| state == Standing::Assigned);
    let to = owner.map(|owner| format!(" to {owner}")).unwrap_or_default();
    writeln!(people(), "{handle}@{revision} is {}{to}", state.as_str())?;
    Ok(Ending::Done)
}

/// Moves the change into the table, unless a process runs that does so.
async fn take_in(asked: &Asked) -> Result<(), LakeError> {
    match Folder::write(&asked.site) {
        Ok(folder) => {
            let (mut lake, _) = Lake::open(Arc::new(folder)).await?;
            let triage = Triage::of(lake.folder());
            lake.take_changes(&triage, drop).await
        }
        Err(LakeError::State(StateError::Locked { .. })) => Ok(()),
        Err(error) => Err(error),
    }
}

fn refused(error: InboxError) -> Failure {
    match error {
        InboxError::Report(error) => failure(error),
        InboxError::State(error) => error.into(),
        other => {
            let hint = other.hint();
            Failure::usage(other.to_string(), hint)
        }
    }
}
