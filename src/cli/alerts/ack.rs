//! Who takes care of an alert?

use std::io::Write;

use super::{Asked, author};
use crate::cli::noted::{Deed, note};
use crate::cli::output::people;
use crate::cli::places::LakePlace;
use crate::cli::{Ending, Failure, runtime};
use crate::notify::{Again, acknowledge, unacknowledge};
use crate::sql::Session;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The alert's id, or its beginning, such as alt_61
    id: String,
    /// Withdraw the acknowledgement
    #[arg(long)]
    undo: bool,
    /// Take over from whoever acknowledged it
    #[arg(long, conflicts_with = "undo")]
    replace: bool,
    /// A comment
    #[arg(long, default_value = "", hide_default_value = true)]
    comment: String,
    /// Who acknowledges it [default: $USER]
    #[arg(long, alias = "by")]
    author: Option<String>,
    #[command(flatten)]
    place: LakePlace,
}

pub(super) fn ack(args: &Args) -> Result<Ending, Failure> {
    let asked = Asked::open(&args.place)?;
    let runtime = runtime()?;
    let session = runtime.block_on(Session::open(&asked.folder))?;
    let mut out = people();
    if args.undo {
        let id = runtime.block_on(unacknowledge(&session, &asked.folder, &args.id))?;
        runtime.block_on(note(asked.folder.site(), Deed::change("alerts.ack", &id)))?;
        writeln!(out, "{id} is no longer acknowledged")?;
        return Ok(Ending::Done);
    }
    let who = (author(args.author.as_ref()), args.comment.clone());
    let again = if args.replace { Again::Replace } else { Again::Refuse };
    let ack = runtime.block_on(acknowledge(&session, &asked.folder, &args.id, who, again))?;
    runtime.block_on(note(asked.folder.site(), Deed::change("alerts.ack", &ack.alert_id)))?;
    writeln!(
        out,
        "{} is acknowledged by {}: no more messages until it resolves",
        ack.alert_id, ack.author
    )?;
    Ok(Ending::Done)
}
